package apply

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// awaitsMakers reports whether a comment by an author with write access must wait until the makers of what it approves
// are known. Its author and the pull request are then read again.
func awaitsMakers(s *pipeline.State, r *pipeline.Request, read bot.ActorRead, headMoved bool) (later bool) {
	head := read.Pull.Head
	if r.Via != "" {
		head = string(r.Via) // no pull request is read
	}
	if r.MakersRead != "" || head == "" || bot.RoleRank[read.Role] < bot.RoleRank[bot.RoleWrite] || len(s.UnreadPeople(r)) == 0 {
		return false
	}
	r.MakersRead, r.HeadMoved = head, headMoved
	return true
}

// forgetPeople drops the makers that no approval is checked against.
func forgetPeople(s *pipeline.State) {
	if len(s.People) == 0 {
		return
	}
	needed := s.Approved()
	for i := range s.Requests {
		if r := &s.Requests[i]; r.Actor == nil && r.Closed == "" {
			for key, do := range s.WouldApprove(r) {
				needed[key] = do
			}
		}
	}
	for key := range s.People {
		if _, yes := needed[key]; !yes {
			delete(s.People, key)
		}
	}
}
