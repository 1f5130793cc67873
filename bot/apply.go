package bot

import (
	"slices"
	"time"
)

// Apply folds one event into the state and returns the new one. Facts may come
// late, twice and in any order: what is older than what is known changes nothing.
func Apply(s State, e Event) State {
	s = s.clone()
	s.apply(e.Fact, e.At)
	return s
}

func (s *State) apply(fact Fact, at time.Time) {
	switch f := fact.(type) {
	case Installed:
		if f.Installation != 0 {
			s.Installation = f.Installation
		}
		if f.DefaultBranch != "" {
			s.DefaultBranch = f.DefaultBranch
		}
	case Pushed:
		s.push(f, at)
		s.forget()
	case PullRequestChanged:
		s.pull(f, at)
	case CheckReported:
		if c := s.candidate(f.SHA); c != nil {
			s.hear(c, f.Check)
		}
	case ChecksMoved:
		if c := s.candidate(f.SHA); c != nil {
			c.Reports.Hints++
		}
	case PlatformMoved:
		s.hurry(f, at)
	case Started:
		s.start(f.Effect, at)
	case Finished:
		s.finish(f, at)
	case Interrupted:
		for k, fl := range s.Flights {
			if fl.Out {
				fl.Out, fl.Unsure, fl.NotBefore = false, true, at
				s.Flights[k] = fl
			}
		}
	}
}

// pull folds what is said of a pull request. The newest telling wins.
func (s *State) pull(f PullRequestChanged, at time.Time) {
	old, known := s.Pulls[f.Number]
	if known && f.UpdatedAt.Before(old.UpdatedAt) || known && old.Merged && !f.Merged {
		return
	}
	if !known {
		old.SeenAt = at
	}
	old.PullRequestChanged = f
	s.Pulls[f.Number] = old
	s.linkPulls()
	s.forget()
}

// linkPulls ties merged pull requests to the candidates that they became,
// whichever was heard of first.
func (s *State) linkPulls() {
	for n, p := range s.Pulls {
		if !p.Merged || p.MergeSHA == "" {
			continue
		}
		if c := s.candidate(p.MergeSHA); c != nil {
			c.Pull = n
		}
	}
}

// hear merges a webhook's report into what was read. It wakes the next reading
// only if it may decide something: while others are still running there is
// nothing to read yet.
func (s *State) hear(c *Candidate, k Check) {
	i := slices.IndexFunc(c.Reports.Checks, func(o Check) bool {
		return o.Kind == k.Kind && o.Name == k.Name && o.AppID == k.AppID
	})
	checks := slices.Clone(c.Reports.Checks)
	switch {
	case i < 0:
		checks = append(checks, k)
	case k.At.Before(checks[i].At), checks[i].State != CheckPending && k.State == CheckPending && !k.At.After(checks[i].At):
		return // older than what is known
	default:
		checks[i] = k
	}
	c.Reports.Checks = checks
	if v := s.verdict(c); v.State != CheckPending || v.Settling {
		c.Reports.Hints++
	}
}

// hurry makes whatever runs on an app be looked at again now.
func (s *State) hurry(f PlatformMoved, at time.Time) {
	if s.Config.Platform != f.Platform {
		return
	}
	for k, r := range s.Builds {
		if r.App == f.App && r.Status == RunRunning {
			r.LookAt = at
			s.Builds[k] = r
		}
	}
	for name, st := range s.Stages {
		if st.InFlight == nil {
			continue
		}
		if a, ok := st.InFlight.Apps[f.App]; ok && a.State == ReleasePending {
			a.LookAt = at
			st.InFlight.Apps[f.App] = a
			s.Stages[name] = st
		}
	}
}

// configRead takes over a good file; of a bad one only the problem is kept, at
// the commit that brought it.
func (s *State) configRead(f ConfigRead) {
	c := s.candidate(f.Ref)
	if c != nil {
		c.ConfigRead, c.ConfigProblem = true, f.Problem
		if c.SHA != s.Candidates[len(s.Candidates)-1].SHA && s.ConfigRef != "" {
			return // a newer commit's file is the one that counts
		}
	}
	switch {
	case !f.Found:
		s.Configured = false
	case f.Problem == "":
		s.Configured, s.Config, s.ConfigRef = true, f.Config, f.Ref
	}
}

// checksRead replaces what was known of a commit's checks with what was read.
func (s *State) checksRead(f ChecksRead, began, at time.Time) {
	if f.Required != nil {
		s.Required = Required{Checks: f.Required.Checks, ReadAt: began}
	}
	if f.Head.SHA != "" {
		s.headSeen(f.Head, began)
	}
	c := s.candidate(f.SHA)
	if c == nil {
		return
	}
	before := s.verdict(c)
	c.Reports.Checks = f.Checks
	if f.Suites != nil {
		c.Reports.Suites = f.Suites
	}
	c.Reports.Read, c.Reports.ReadAt, c.Reports.Heard = true, began, c.Reports.Reading
	after := s.verdict(c)
	if before.State == CheckPassed && after.State != CheckPassed {
		c.Reports.Doubts++ // GitHub's answers can lag behind its webhooks
	} else {
		c.Reports.Doubts = 0
	}
	switch {
	case after.State != CheckPassed:
		c.GreenAt = time.Time{}
	case c.GreenAt.IsZero():
		c.GreenAt = at
	}
}

// headSeen finds a push that was never delivered: the branch's head is a commit
// nobody told of.
func (s *State) headSeen(h Head, at time.Time) {
	if s.candidate(h.SHA) != nil {
		return
	}
	if n := len(s.Candidates); n > 0 && s.Candidates[n-1].PushedAt.After(at) {
		return // a newer push is known already: the reading is older than it
	}
	s.push(Pushed{Branch: s.Branch(), After: h.SHA, Tree: h.Tree, Title: h.Title, Author: h.Author, PushedAt: at}, at)
}

func (s *State) pullRead(f PullRequestRead, at time.Time) {
	s.pull(f.PullRequestChanged, at)
	p, ok := s.Pulls[f.Number]
	if !ok || p.Head != f.Head {
		return
	}
	p.ReadHead, p.TestMerge, p.TestTree = f.Head, f.TestMerge, f.TestTree
	s.Pulls[f.Number] = p
}

func (s *State) pullFound(f PullRequestFound, at time.Time) {
	c := s.candidate(f.SHA)
	if c == nil {
		return
	}
	c.PullSought = true
	if f.Number == 0 || c.Pull != 0 {
		return
	}
	if _, ok := s.Pulls[f.Number]; !ok {
		s.Pulls[f.Number] = PullRequest{SeenAt: at, PullRequestChanged: PullRequestChanged{
			Number: f.Number, Title: f.Title, Author: f.Author, Base: s.Branch(), Merged: true, MergeSHA: f.SHA, UpdatedAt: c.PushedAt}}
	}
	c.Pull = f.Number
}
