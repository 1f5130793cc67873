package apply

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// awaitsMakers reports whether a comment by an author with write access is to be run later: when it is known who made
// what it approves. Its author and the pull request are then read again.
func awaitsMakers(s *pipeline.State, r *pipeline.Request, read bot.ActorRead, headMoved bool) (later bool) {
	if r.MakersRead != "" || read.Pull.Head == "" || bot.RoleRank[read.Role] < bot.RoleRank[bot.RoleWrite] || len(s.UnreadPeople(r)) == 0 {
		return false
	}
	r.MakersRead, r.HeadMoved = read.Pull.Head, headMoved
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
