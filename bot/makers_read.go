package bot

import (
	"fmt"
	"slices"
	"strings"
)

// Who made what lies between a stage and a candidate is read when somebody approves there
// who may write. The comment is run when that is known. What was read stays as long as the approval waits to be used: it is held against it once more
// when the candidate enters.

// readMakers reads who made what a comment may approve, and reports whether that is known by
// now. It is not asked for strangers.
func (d *decision) readMakers(r *Request) bool {
	if r.MakersRead == "" {
		return true
	}
	open := d.s.unread(r)
	for _, key := range sortedKeys(open) {
		d.want(key, open[key])
	}
	return len(open) == 0
}

// unread lists what has to be read, and was not since the comment came, before its
// approvals are judged.
func (s *State) unread(r *Request) map[string]ReadPeople {
	open := s.wouldApprove(r)
	for key := range open {
		if seen, read := s.People[key]; read && !seen.At.Before(r.At) {
			delete(open, key)
		}
	}
	return open
}

// awaitsMakers reports whether a comment, of whose author it is known now that they may write, is
// to be run later, when it is known who made what it approves. Its author, and the pull
// request, are read once more then.
func (s *State) awaitsMakers(r *Request, read ActorRead, headMoved bool) (later bool) {
	if r.MakersRead != "" || read.Pull.Head == "" || rank[read.Role] < rank[RoleWrite] || len(s.unread(r)) == 0 {
		return false
	}
	r.MakersRead, r.HeadMoved = read.Pull.Head, headMoved
	return true
}

// readApproved reads it for approvals that were given when the stage had no four eyes yet.
func (d *decision) readApproved() {
	if !d.s.Config.anyFourEyes() {
		return
	}
	for key, do := range d.s.approved() {
		if _, read := d.s.People[key]; !read {
			d.want(key, do)
		}
	}
}

// wouldApprove lists what has to be read before a comment's approvals are judged, by key.
func (s *State) wouldApprove(r *Request) map[string]ReadPeople {
	list := map[string]ReadPeople{}
	if !s.Config.anyFourEyes() {
		return list
	}
	for _, command := range r.Commands {
		if command.Problem != "" || command.Alone || command.Verb != VerbApprove && command.Verb != VerbPromote {
			continue
		}
		only := ""
		if command.Stage != "" {
			only, _ = resolveStage(command.Stage, s.Config.StageNames())
		}
		for _, c := range s.meant(r, command) {
			for _, stage := range s.Config.Stages {
				p := c.Progress[stage.Name].State
				if !stage.FourEyes || only != "" && stage.Name != only || p == ProgressReleasing || c.Approvals[stage.Name].good() ||
					c.FromPull && !stage.PullRequests {
					continue
				}
				s.compared(list, c, stage.Name)
			}
		}
	}
	return list
}

// approved lists what approvals that are good are held against, by key.
func (s *State) approved() map[string]ReadPeople {
	list := map[string]ReadPeople{}
	for _, c := range s.all() {
		for _, stage := range s.Config.Stages {
			if a := c.Approvals[stage.Name]; stage.FourEyes && a.good() && a.Alone == "" {
				s.compared(list, c, stage.Name)
			}
		}
	}
	return list
}

func (s *State) compared(list map[string]ReadPeople, c *Candidate, stage string) {
	bases, _ := s.makerBases(c, stage)
	for _, base := range bases {
		list[peopleKey(base, c.SHA)] = ReadPeople{Base: base, Head: c.SHA, Branch: s.Branch()}
	}
}

// meant lists the commits that a command of a comment may be about, as far as can be said
// before the pull request is read. The head of an open one may be no candidate yet.
func (s *State) meant(r *Request, command Command) (list []*Candidate) {
	pull, known := s.Pulls[r.Number]
	for i := range s.Candidates {
		c := &s.Candidates[i]
		if command.SHA != "" && strings.HasPrefix(c.SHA, command.SHA) ||
			command.SHA == "" && (c.Pull == r.Number || known && pull.Merged && pull.MergeSHA == c.SHA) {
			list = append(list, c)
		}
	}
	if known && pull.Open && !pull.Fork && pull.Head != "" && (command.SHA == "" || strings.HasPrefix(pull.Head, command.SHA)) {
		head := s.candidate(pull.Head)
		if head == nil {
			head = &Candidate{SHA: pull.Head, Pull: r.Number, FromPull: true}
		}
		if !slices.Contains(list, head) {
			list = append(list, head)
		}
	}
	return list
}

// peopleRead takes who made what lies between two commits.
func (s *State) peopleRead(do ReadPeople, f Finished) {
	if f.Outcome != Done && f.Outcome != Refuse {
		return
	}
	seen := PeopleSeen{At: f.Effect.At, Refused: f.Reason}
	if read, ok := f.Fact.(PeopleRead); ok {
		seen.PeopleRead, seen.Refused = read, ""
	} else if seen.Refused == "" {
		seen.Refused = "it gave no answer"
	}
	put(&s.People, peopleKey(do.Base, do.Head), seen)
}

// forgetPeople drops what nobody's approval is held against.
func (s *State) forgetPeople() {
	if len(s.People) == 0 {
		return
	}
	needed := s.approved()
	for i := range s.Requests {
		if r := &s.Requests[i]; r.Actor == nil && r.Closed == "" {
			for key, do := range s.wouldApprove(r) {
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

// mayNotReview says why somebody's approval of a candidate at a stage with four eyes is not
// good; empty if it is.
func (s *State) mayNotReview(c *Candidate, stage string, who Account) string {
	e := s.makersOf(c, stage)
	switch what := e.made[who.ID]; {
	case !who.known():
		return "the account of @" + who.Login + " is not known; say it again"
	case what != "":
		return fmt.Sprintf("@%s %s: this stage needs the approval of another person", who.Login, what)
	case e.unread:
		return e.unknown + "; say it again"
	case e.unknown != "":
		return fmt.Sprintf("%s; an admin may take it on: /approve %s %s %s REASON", e.unknown, s.qualified(stage), Short(c.SHA), aloneWord)
	}
	return ""
}

// refusedToMaker says why the approval of a candidate by the command's author is not
// good at a stage that takes it only from somebody who has made nothing of it; empty if
// it is.
func (x execution) refusedToMaker(c *Candidate, stage Stage) string {
	if x.command.Alone {
		return ""
	}
	return x.refusedToMakerIn(x.d, c, stage)
}

// refusedToMakerIn is refusedToMaker by what a decision sees.
func (x execution) refusedToMakerIn(d *view, c *Candidate, stage Stage) string {
	if !stage.FourEyes {
		return ""
	}
	return d.s.mayNotReview(c, stage.Name, Account{ID: x.request.UserID, Login: x.request.User})
}

// approvedByMaker says why an approval that was good is not, by what is known now; empty if it
// is, or if that is being read.
func (s *State) approvedByMaker(c *Candidate, stage string, a Approval) string {
	cfg, _ := s.Config.Stage(stage)
	if !cfg.FourEyes || a.Alone != "" || s.makersOf(c, stage).unread {
		return ""
	}
	return s.mayNotReview(c, stage, Account{ID: a.ByID, Login: a.By})
}
