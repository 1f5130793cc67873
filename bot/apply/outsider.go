package apply

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/release"
)

const (
	// maxWaiting bounds how many comments of one author wait for the author's role. GitHub may not answer for a while.
	maxWaiting = 50
	// CommandAge is how long after it was written a command is obeyed at most. Seen comments are remembered for
	// CommandAge + CommandSlack.
	CommandAge = 7 * 24 * time.Hour
)

// receiveOutsiders handles the waiting comments whose authors are now known to be outsiders. Their questions are
// answered from what is known of the pull request.
func receiveOutsiders(s *pipeline.State, at time.Time) {
	waiting := map[string]int{}
	for _, old := range s.Requests {
		if old.Via != "" || old.Closed != "" || old.Actor != nil || old.Admitted || old.Silent || actorBeingRead(s, &old) {
			continue
		}
		key := old.OutsiderKey()
		waiting[key]++
		switch {
		case s.KnownOutsider(&old, at):
			release.EditRequest(s, old.Comment, func(r *pipeline.Request) {
				p, known := s.Pulls[r.Number]
				answered := s.AdmitOutsider(r, at)
				v, _ := s.Outsider(r, at)
				switch read := (bot.ActorRead{Comment: r.Comment, Role: v.Role}); {
				case !answered, r.Route != nil:
					r.Actor = &read
				case known: // otherwise the pull request is read
					read.Pull = p.PullRequestChanged
					runCommands(s, r, read, at)
				}
			})
		case waiting[key] > maxWaiting && !s.Member(&old):
			release.EditRequest(s, old.Comment, func(r *pipeline.Request) { r.Silent, r.Closed = true, "not answered" })
		}
	}
	s.Requests = slices.DeleteFunc(slices.Clone(s.Requests), func(r pipeline.Request) bool { return r.Silent && r.Closed != "" })
}

// actorBeingRead reports whether a comment's author is being read.
func actorBeingRead(s *pipeline.State, r *pipeline.Request) bool {
	return s.Pending[pipeline.ActorKey(r)].Underway
}

// authorRead folds the rights of the author of a comment that is handed on to other pipelines. If GitHub does not
// answer, those pipelines find out.
func authorRead(s *pipeline.State, do bot.ReadRights, f bot.Finished, at time.Time) {
	if f.Outcome != bot.Done && f.Outcome != bot.Refuse {
		return
	}
	role := bot.RoleNone
	read, known := f.Fact.(bot.RightsRead)
	if known && len(read.People) > 0 {
		role = read.People[0].Role
	}
	release.EditRequest(s, do.Comment, func(r *pipeline.Request) {
		if r.Actor == nil {
			r.Actor = &bot.ActorRead{Comment: r.Comment, Role: role}
			if known {
				s.RoleRead(r, role, at)
			}
		}
	})
	receiveOutsiders(s, at)
}
