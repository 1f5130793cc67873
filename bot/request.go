package bot

import (
	"cmp"
	"slices"
	"time"
)

// Request is a comment that asks for something, from the moment it is seen
// until everything in it is answered.
type Request struct {
	Comment    int64
	Number     int // of the pull request
	User       string
	UserID     int64     // 0: not known
	At         time.Time // when it was seen
	WrittenAt  time.Time // by GitHub's clock
	Commands   []Command
	Actor      *ActorRead   // nil: who that is has not been read yet
	Answers    []Answer     // one for each command that was run, in their order
	HeadMoved  bool         // the pull request got another head since the comment was written
	MakersRead string       // the pull request's head when it was seen that the author may write, where it waits to be run; empty: it does not
	Seen       bool         // people see that it was read
	Changes    *ChangesRead // what the pull request would bring, where it was asked for
	Replied    bool         // its questions are answered
	Closed     string       // the reaction that closed it; empty: not closed
	Admitted   bool         // its author is known to be a outsider, and it is answered
	Silent     bool         // its author has had the answers of the hour: a reaction closes it, or nothing does
	Stale      bool         // nobody knows whether it was obeyed long ago
	Kept       bool         // the store remembers it when this does not any more
	Route      *Route       // it is routed to others; nil: its commands are this pipeline's
}

// Answer is what became of one command.
type Answer struct {
	Text string // for people, one or two sentences
	OK   bool
	// Open says that the result is still to come: a promotion of SHA at Stage.
	Open       bool
	Stage, SHA string
	Rollback   bool // of the stage; SHA is empty
}

// membership is what its author may do.
func (r *Request) membership() Membership {
	return Membership{Person: Person{r.User, r.UserID}, Role: r.Actor.Role, Teams: r.Actor.Teams}
}

// rememberRequests is how many comments are remembered with what became of them. That
// they were seen is remembered for longer, in the store.
const rememberRequests = 50

// comment takes in a comment. One that is known already, or that asks for
// nothing, changes nothing.
func (s *State) comment(f Commented, at time.Time) {
	if s.Pipeline.Name != "" {
		return // its commands are routed, and come as CommandsRouted
	}
	commands := ParseCommands(f.Body)
	known := slices.ContainsFunc(s.Requests, func(r Request) bool { return r.Comment == f.ID })
	if known || len(commands) == 0 || !s.Configured && !s.multi() {
		return
	}
	r := s.request(f, commands, at)
	if s.multi() {
		r.Route = &Route{Names: s.Names}
	}
	s.Requests = append(slices.Clone(s.Requests), r)
	s.receiveOutsiders(at)
}

// request is what a comment asks for. What is too old for anybody to remember whether it
// was obeyed is told so.
func (s *State) request(f Commented, commands []Command, at time.Time) Request {
	r := Request{Comment: f.ID, Number: f.Number, User: f.User, UserID: f.UserID, At: at, WrittenAt: f.At, Commands: commands, Kept: true}
	r.Stale = at.Sub(f.At) >= CommandAge && !f.At.IsZero() || !s.CommentsForgottenUntil.IsZero() && !f.At.After(s.CommentsForgottenUntil)
	return r
}

// forgetRequests drops the oldest requests that are closed. What became of them
// stays in the comment of their pull request.
func (s *State) forgetRequests() {
	for len(s.Requests) > rememberRequests {
		i := slices.IndexFunc(s.Requests, func(r Request) bool { return r.Closed != "" })
		if i < 0 {
			return
		}
		r := s.Requests[i]
		s.Requests = slices.Concat(s.Requests[:i], s.Requests[i+1:])
		if !r.Kept && r.WrittenAt.After(s.CommentsForgottenUntil) {
			s.CommentsForgottenUntil = r.WrittenAt
		}
		if p, ok := s.Pulls[r.Number]; ok {
			p.Earlier = append(slices.Clone(p.Earlier), r.lines(false)...)
			p.Earlier = p.Earlier[max(len(p.Earlier)-shownAnswers, 0):]
			s.Pulls[r.Number] = p
		}
	}
}

// editRequest changes the request of a comment, if it is remembered.
func (s *State) editRequest(comment int64, edit func(*Request)) {
	i := slices.IndexFunc(s.Requests, func(r Request) bool { return r.Comment == comment })
	if i < 0 {
		return
	}
	s.Requests = slices.Clone(s.Requests)
	r := s.Requests[i]
	r.Answers = slices.Clone(r.Answers)
	edit(&r)
	s.Requests[i] = r
}

// actorRead runs a comment's commands, now that it is known who asks, and
// what the pull request is at this moment.
func (s *State) actorRead(do ReadActor, f Finished, at time.Time) {
	var read ActorRead
	var headMoved, known bool
	switch fact := f.Fact.(type) {
	case ActorRead:
		read, known = fact, true
		if i := slices.IndexFunc(s.Requests, func(r Request) bool { return r.Comment == do.Comment }); i >= 0 {
			r := s.Requests[i]
			headMoved = r.HeadMoved || r.MakersRead == "" && s.headMovedSince(r.WrittenAt, read.Pull) || r.MakersRead != "" && r.MakersRead != read.Pull.Head
		}
		if read.Pull.Number != 0 {
			s.pull(read.Pull, at)
		}
	default:
		if f.Outcome != Refuse {
			return
		}
		read = ActorRead{Comment: do.Comment, Role: RoleNone, Unread: cmp.Or(f.Reason, "it gave no answer")}
	}
	s.editRequest(do.Comment, func(r *Request) {
		if r.Actor != nil {
			return // it was run before
		}
		switch {
		case known && !s.roleRead(r, read.Role, at):
			r.Actor = &read
		case known && read.Pull.Number == 0: // it is answered after all: the rest is read
		case known && s.awaitsMakers(r, read, headMoved): // what it approves is read
		default:
			r.HeadMoved = headMoved
			s.runCommands(r, read, at)
		}
	})
	s.receiveOutsiders(at)
}

// runCommands runs a comment's commands.
func (s *State) runCommands(r *Request, by ActorRead, at time.Time) {
	r.Actor = &by
	for _, c := range r.Commands {
		x := execution{target: target{s: s, request: r, command: c}, d: newView(s, at), at: at}
		r.Answers = append(r.Answers, x.run())
	}
}

func (s *State) reacted(do React, f Finished) {
	if f.Outcome != Done && f.Outcome != Refuse {
		return
	}
	s.editRequest(do.Comment, func(r *Request) {
		if do.Content == reactionSeen {
			r.Seen = true
		} else {
			r.Closed = do.Content
		}
	})
	s.Requests = slices.DeleteFunc(slices.Clone(s.Requests), func(r Request) bool { return r.Silent && r.Closed != "" })
	s.forgetRequests()
}

func (s *State) changesRead(do ReadChanges, f Finished) {
	if f.Outcome != Done && f.Outcome != Refuse {
		return
	}
	read, _ := f.Fact.(ChangesRead) // refused: nothing is known
	s.editRequest(do.Comment, func(r *Request) { r.Changes = &read })
	if p, ok := s.Pulls[do.Number]; ok && p.Head == do.Head {
		p.Changes, p.ChangesOf = read, do.Head
		s.Pulls[do.Number] = p
	}
}

func (s *State) replied(do Reply, f Finished) {
	if f.Outcome != Done && f.Outcome != Refuse {
		return
	}
	for _, comment := range append([]int64{do.Comment}, do.Also...) {
		s.editRequest(comment, func(r *Request) { r.Replied = true })
	}
	if fact, ok := f.Fact.(Replied); ok {
		if p, ok := s.Pulls[do.Number]; ok {
			p.Answer = fact.ID
			s.Pulls[do.Number] = p
		}
	}
}

// abandonRequests answers everybody who waits for something once the pipeline's
// file is gone. A rollback that has begun goes to its end.
func (s *State) abandonRequests() {
	why := s.noFile()
	for _, stage := range sortedKeys(s.Stages) {
		if st := s.Stages[stage]; st.Rollback != nil && st.Promoting == nil {
			s.endRollback(stage, false, why)
		}
	}
	for _, r := range s.Requests {
		if r.Closed != "" || r.Route != nil {
			continue
		}
		s.editRequest(r.Comment, func(r *Request) {
			if r.Actor == nil {
				r.Actor, r.Answers = &ActorRead{Comment: r.Comment, Role: RoleNone}, make([]Answer, len(r.Commands))
				for i := range r.Answers {
					r.Answers[i] = refuse("%s", why)
				}
			}
			r.Replied = true
			for i, a := range r.Answers {
				if !a.Open || a.Rollback {
					continue
				}
				if c := s.candidate(a.SHA); c != nil {
					delete(c.Ordered, a.Stage)
				}
				r.Answers[i] = refuse("%s", why)
			}
		})
	}
}

// settleAnswers closes the answers whose result has come.
func (s *State) settleAnswers(at time.Time) {
	for i := range s.Requests {
		for j, a := range s.Requests[i].Answers {
			if !a.Open {
				continue
			}
			if b := s.outcomeOf(a, at); !b.Open {
				if c := s.candidate(b.SHA); c != nil && !b.OK {
					delete(c.Ordered, b.Stage) // the answer is no, and stays so
				}
				s.editRequest(s.Requests[i].Comment, func(r *Request) { r.Answers[j] = b })
			}
		}
	}
}
