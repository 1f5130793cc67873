package apply

import (
	"cmp"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/release"
	"github.com/headstart-cd/headstart/bot/render"
	"github.com/headstart-cd/headstart/bot/steer"
)

// rememberRequests is how many comments are remembered with their results. The store remembers for longer that a
// comment was seen.
const rememberRequests = 50

// comment folds a comment. A known comment, or one without commands, changes nothing.
func comment(s *pipeline.State, f bot.Commented, at time.Time) {
	if s.Pipeline.Name != "" {
		return // its commands are routed, and come as CommandsRouted
	}
	commands := command.ParseCommands(f.Body)
	known := slices.ContainsFunc(s.Requests, func(r pipeline.Request) bool { return r.Comment == f.ID })
	if known || len(commands) == 0 || !s.Configured && !s.Multi() {
		return
	}
	r := request(s, f, commands, at)
	if s.Multi() {
		r.Route = &pipeline.Route{Names: s.Names}
	}
	s.Requests = append(slices.Clone(s.Requests), r)
	receiveOutsiders(s, at)
}

// request returns what a comment asks for. It is stale if it is too old to know whether it was obeyed; then it is
// refused.
func request(s *pipeline.State, f bot.Commented, commands []command.Command, at time.Time) pipeline.Request {
	r := pipeline.Request{Comment: f.ID, Number: f.Number, User: f.User, UserID: f.UserID, At: at, WrittenAt: f.At, Commands: commands, Kept: true}
	r.Stale = at.Sub(f.At) >= CommandAge && !f.At.IsZero() || !s.CommentsForgottenUntil.IsZero() && !f.At.After(s.CommentsForgottenUntil)
	return r
}

// forgetRequests drops the oldest closed requests. Their results remain in the pull request's comment.
func forgetRequests(s *pipeline.State) {
	for len(s.Requests) > rememberRequests {
		i := slices.IndexFunc(s.Requests, func(r pipeline.Request) bool { return r.Closed != "" })
		if i < 0 {
			return
		}
		r := s.Requests[i]
		s.Requests = slices.Concat(s.Requests[:i], s.Requests[i+1:])
		if !r.Kept && r.WrittenAt.After(s.CommentsForgottenUntil) {
			s.CommentsForgottenUntil = r.WrittenAt
		}
		if p, ok := s.Pulls[r.Number]; ok {
			p.Earlier = append(slices.Clone(p.Earlier), render.AnswerLines(&r, false)...)
			p.Earlier = p.Earlier[max(len(p.Earlier)-render.ShownAnswers, 0):]
			s.Pulls[r.Number] = p
		}
	}
}

// actorRead runs a comment's commands once its author's role and the pull request's current state are known.
func actorRead(s *pipeline.State, do bot.ReadActor, f bot.Finished, at time.Time) {
	var read bot.ActorRead
	var headMoved, known bool
	switch fact := f.Fact.(type) {
	case bot.ActorRead:
		read, known = fact, true
		if i := slices.IndexFunc(s.Requests, func(r pipeline.Request) bool { return r.Comment == do.Comment }); i >= 0 {
			r := s.Requests[i]
			headMoved = r.Via == "" && (r.HeadMoved || r.MakersRead == "" && headMovedSince(s, r.WrittenAt, read.Pull) || r.MakersRead != "" && r.MakersRead != read.Pull.Head)
		}
		if read.Pull.Number != 0 {
			pull(s, read.Pull, at)
		}
	default:
		if f.Outcome != bot.Refuse {
			return
		}
		read = bot.ActorRead{Comment: do.Comment, Role: bot.RoleNone, Unread: cmp.Or(f.Reason, "it gave no answer")}
	}
	release.EditRequest(s, do.Comment, func(r *pipeline.Request) {
		if r.Actor != nil {
			return // it was run before
		}
		switch {
		case known && r.Via == "" && !s.RoleRead(r, read.Role, at):
			r.Actor = &read
		case known && r.Via == "" && read.Pull.Number == 0: // it is to be answered after all: the rest is read
		case known && awaitsMakers(s, r, read, headMoved): // the makers of what it approves are read
		default:
			r.HeadMoved = headMoved
			runCommands(s, r, read, at)
		}
	})
	receiveOutsiders(s, at)
}

func runCommands(s *pipeline.State, r *pipeline.Request, by bot.ActorRead, at time.Time) {
	r.Actor = &by
	for _, c := range r.Commands {
		x := steer.Execution{Subject: pipeline.Subject{State: s, Request: r, Command: c}, View: gate.NewView(s, at), At: at}
		r.Answers = append(r.Answers, x.Run())
	}
}

func reacted(s *pipeline.State, do bot.React, f bot.Finished) {
	if f.Outcome != bot.Done && f.Outcome != bot.Refuse {
		return
	}
	release.EditRequest(s, do.Comment, func(r *pipeline.Request) {
		if do.Content == pipeline.ReactionSeen {
			r.Seen = true
		} else {
			r.Closed = do.Content
		}
	})
	s.Requests = slices.DeleteFunc(slices.Clone(s.Requests), func(r pipeline.Request) bool { return r.Silent && r.Closed != "" })
	forgetRequests(s)
}

func changesRead(s *pipeline.State, do bot.ReadChanges, f bot.Finished) {
	if f.Outcome != bot.Done && f.Outcome != bot.Refuse {
		return
	}
	read, _ := f.Fact.(bot.ChangesRead) // refused: nothing is known
	release.EditRequest(s, do.Comment, func(r *pipeline.Request) { r.Changes = &read })
	if p, ok := s.Pulls[do.Number]; ok && p.Head == do.Head {
		p.Changes, p.ChangesOf = read, do.Head
		s.Pulls[do.Number] = p
	}
}

func replied(s *pipeline.State, do bot.Reply, f bot.Finished) {
	if f.Outcome != bot.Done && f.Outcome != bot.Refuse {
		return
	}
	for _, comment := range append([]int64{do.Comment}, do.Also...) {
		release.EditRequest(s, comment, func(r *pipeline.Request) { r.Replied = true })
	}
	if fact, ok := f.Fact.(bot.Replied); ok {
		if p, ok := s.Pulls[do.Number]; ok {
			p.Answer = fact.ID
			s.Pulls[do.Number] = p
		}
	}
}

// abandonRequests answers every open request once the pipeline's file is gone. A rollback in progress will finish.
func abandonRequests(s *pipeline.State) {
	why := s.NoFile()
	for _, stage := range pipeline.SortedKeys(s.Stages) {
		if st := s.Stage(stage); st.Rollback != nil && st.Promoting == nil {
			release.EndRollback(s, stage, false, why)
		}
	}
	for _, r := range s.Requests {
		if r.Closed != "" || r.Route != nil {
			continue
		}
		release.EditRequest(s, r.Comment, func(r *pipeline.Request) {
			if r.Actor == nil {
				r.Actor, r.Answers = &bot.ActorRead{Comment: r.Comment, Role: bot.RoleNone}, make([]pipeline.Answer, len(r.Commands))
				for i := range r.Answers {
					r.Answers[i] = steer.Refuse("%s", why)
				}
			}
			r.Replied = true
			for i, a := range r.Answers {
				if !a.Open || a.Rollback {
					continue
				}
				if c := s.Candidate(a.SHA); c != nil {
					delete(c.Ordered, a.Stage)
				}
				r.Answers[i] = steer.Refuse("%s", why)
			}
		})
	}
}

// settleAnswers closes the answers whose result is known.
func settleAnswers(s *pipeline.State, at time.Time) {
	for i := range s.Requests {
		for j, a := range s.Requests[i].Answers {
			if !a.Open {
				continue
			}
			if b := steer.OutcomeOf(s, a, at); !b.Open {
				if c := s.Candidate(b.SHA); c != nil && !b.OK {
					delete(c.Ordered, b.Stage) // the answer is no, and remains no
				}
				release.EditRequest(s, s.Requests[i].Comment, func(r *pipeline.Request) { r.Answers[j] = b })
			}
		}
	}
}
