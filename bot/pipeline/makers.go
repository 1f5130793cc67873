package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
)

// UnreadPeople lists the readings that a comment's approvals need and that were not made
// since the comment came.
func (s *State) UnreadPeople(r *Request) map[string]bot.ReadPeople {
	open := s.WouldApprove(r)
	for key := range open {
		if seen, read := s.People[key]; read && !seen.At.Before(r.At) {
			delete(open, key)
		}
	}
	return open
}

// WouldApprove lists the readings that a comment's approvals need, by key.
func (s *State) WouldApprove(r *Request) map[string]bot.ReadPeople {
	list := map[string]bot.ReadPeople{}
	if !s.Config.AnyFourEyes() {
		return list
	}
	for _, cmd := range r.Commands {
		if cmd.Problem != "" || cmd.Alone || cmd.Verb != command.VerbApprove && cmd.Verb != command.VerbPromote {
			continue
		}
		only := ""
		if cmd.Stage != "" {
			only, _ = command.ResolveStage(cmd.Stage, s.Config.StageNames())
		}
		for _, c := range s.meant(r, cmd) {
			for _, stage := range s.Config.Stages {
				p := c.Progress[stage.Name].State
				if !stage.FourEyes || only != "" && stage.Name != only || p == ProgressReleasing || c.Approvals[stage.Name].Good() ||
					c.FromPull && !stage.PullRequests {
					continue
				}
				s.compared(list, c, stage.Name)
			}
		}
	}
	return list
}

// Approved lists the readings that good approvals are compared with, by key.
func (s *State) Approved() map[string]bot.ReadPeople {
	list := map[string]bot.ReadPeople{}
	for _, c := range s.All() {
		for _, stage := range s.Config.Stages {
			if a := c.Approvals[stage.Name]; stage.FourEyes && a.Good() && a.Alone == "" {
				s.compared(list, c, stage.Name)
			}
		}
	}
	return list
}

func (s *State) compared(list map[string]bot.ReadPeople, c *Candidate, stage string) {
	bases, _ := s.makerBases(c, stage)
	for _, base := range bases {
		list[PeopleKey(base, c.SHA)] = bot.ReadPeople{Base: base, Head: c.SHA, Branch: s.Branch()}
	}
}

// meant lists the commits that a command may mean, before the pull request is read. The
// head of an open pull request may be no candidate yet.
func (s *State) meant(r *Request, command command.Command) (list []*Candidate) {
	pull, known := s.Pulls[r.Number]
	for i := range s.Candidates {
		c := &s.Candidates[i]
		if command.SHA != "" && strings.HasPrefix(c.SHA, command.SHA) ||
			command.SHA == "" && (c.Pull == r.Number || known && pull.Merged && pull.MergeSHA == c.SHA) {
			list = append(list, c)
		}
	}
	if known && pull.Open && !pull.Fork && pull.Head != "" && (command.SHA == "" || strings.HasPrefix(pull.Head, command.SHA)) {
		head := s.Candidate(pull.Head)
		if head == nil {
			head = &Candidate{SHA: pull.Head, Pull: r.Number, FromPull: true}
		}
		if !slices.Contains(list, head) {
			list = append(list, head)
		}
	}
	return list
}

// PeopleRead takes the answer of a reading of makers.
func (s *State) PeopleRead(do bot.ReadPeople, f bot.Finished) {
	if f.Outcome != bot.Done && f.Outcome != bot.Refuse {
		return
	}
	seen := PeopleSeen{At: f.Effect.At, Refused: f.Reason}
	if read, ok := f.Fact.(bot.PeopleRead); ok {
		seen.PeopleRead, seen.Refused = read, ""
	} else if seen.Refused == "" {
		seen.Refused = "it gave no answer"
	}
	Put(&s.People, PeopleKey(do.Base, do.Head), seen)
}

// MayNotReview says why a person's approval of a candidate at a stage with four eyes is
// not good; empty if it is.
func (s *State) MayNotReview(c *Candidate, stage string, who bot.Account) string {
	e := s.MakersOf(c, stage)
	switch what := e.made[who.ID]; {
	case !known(who):
		return "the account of @" + who.Login + " is not known; say it again"
	case what != "":
		return fmt.Sprintf("@%s %s: this stage needs the approval of another person", who.Login, what)
	case e.Unread:
		return e.unknown + "; say it again"
	case e.unknown != "":
		return fmt.Sprintf("%s; an admin may take it on: /approve %s %s %s REASON", e.unknown, s.Qualified(stage), bot.Short(c.SHA), command.AloneWord)
	}
	return ""
}

// ApprovedByMaker says why an approval is no longer good by what is known now; empty if it
// is, or if the makers are being read.
func (s *State) ApprovedByMaker(c *Candidate, stage string, a Approval) string {
	cfg, _ := s.Config.Stage(stage)
	if !cfg.FourEyes || a.Alone != "" || s.MakersOf(c, stage).Unread {
		return ""
	}
	return s.MayNotReview(c, stage, bot.Account{ID: a.ByID, Login: a.By})
}
