package bot

import (
	"slices"
	"time"
)

// Apply folds events into the state, one after another, and returns the new one.
// Facts may come late, twice and in any order: what is older than what is known
// changes nothing.
func Apply(s State, events ...Event) State {
	if len(events) == 0 {
		return s
	}
	s = s.clone()
	for _, e := range events {
		s.fold(e)
	}
	return s
}

func (s *State) fold(e Event) {
	s.At = later(s.At, e.At)
	s.expireLocks(e.At)
	s.apply(e.Fact, e.At)
	s.settleProofs(e.At)
	for _, stage := range sortedKeys(s.Stages) {
		s.checkRollback(stage, e.At)
		s.checkRehearsal(stage, e.At)
	}
	s.adopt(e.At)
	s.settleAdopted(e.At)
	s.skipStages(e.At)
	s.lapse(e.At)
	if !s.Configured {
		s.abandonRequests()
	}
	s.settleAffected()
	s.settleAnswers(e.At)
	s.closeRouted()
	s.forgetFromPulls()
	s.forgetAdopted()
}

func (s *State) apply(fact Fact, at time.Time) {
	switch f := fact.(type) {
	case Installed:
		if s.RepoID == 0 {
			s.RepoID = f.RepoID
		}
		if f.Installation != 0 {
			s.Installation = f.Installation
		}
		if f.Visibility != "" {
			s.Visibility = f.Visibility
		}
		s.defaultBranch(f.DefaultBranch)
	case Pushed:
		s.push(f, at)
		s.updateGreen(at)
		s.forget(at)
	case PullRequestChanged:
		s.pull(f, at)
	case HeadPushed:
		s.notePush(Push{Branch: f.Branch, Before: f.Before, After: f.After, By: f.By, Forced: true, At: at}, false)
	case CheckReported:
		if c := s.candidate(f.SHA); c != nil {
			c.mergeCheck(f.Check)
			if f.Check.Kind == CheckRun && f.Check.App == "" && s.Config.Checks.pins(f.Check.Name) {
				c.Reports.Look = true // only a reading tells whose it is
			}
			s.updateGreen(at)
		} else if g := s.groupOf(f.SHA); g != nil {
			g.mergeCheck(f.Check)
		} else {
			s.bufferEarly(EarlyReport{SHA: f.SHA, Check: f.Check, At: at})
		}
	case ChecksMoved:
		if c := s.candidate(f.SHA); c != nil {
			c.checksMoved(f)
		} else if g := s.groupOf(f.SHA); g != nil {
			g.checksMoved(f)
		} else {
			s.bufferEarly(EarlyReport{SHA: f.SHA, Completed: f.Completed, Suite: f.Suite, At: at})
		}
	case MergeGroupChanged:
		s.groupChanged(f, at)
	case Commented:
		s.comment(f, at)
	case CommandsRouted:
		s.commandsRouted(f, at)
	case StageMoved:
		s.stageMoved(f)
	case Section:
		s.sectionReceived(f, at)
	case PlatformMoved:
		s.hurry(f, at)
	case QueuesSeen:
		s.Queues = f.Queues
	case OperatorFreeze:
		s.freeze(f)
	case Swept:
		s.SweptAt = later(s.SweptAt, at)
		if f.Apps {
			s.AppsSweptAt = s.SweptAt
		}
		if f.Reread {
			s.RereadAt = s.SweptAt
		}
	case Started:
		s.start(f.Effect, at)
	case AttemptBegun:
		s.delayed(f, at)
	case Finished:
		s.finish(f, at)
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
	} else if f.Head != old.Head {
		old.HeadSeenAt = at
	}
	old.retryUnmade(f)
	if !known || old.Head != f.Head {
		old.HeadAt = f.UpdatedAt
	}
	old.PullRequestChanged, old.Listed = f, false
	s.Pulls[f.Number] = old
	s.linkPulls()
	s.forget(at)
}

// linkPulls ties merged pull requests to the candidates that they became,
// whichever was seen first.
func (s *State) linkPulls() {
	for _, n := range sortedKeys(s.Pulls) {
		p := s.Pulls[n]
		if !p.Merged || p.MergeSHA == "" {
			continue
		}
		if c := s.candidate(p.MergeSHA); c != nil {
			c.Pull = n
		}
	}
}

// mergeCheck merges a webhook's report into what was read. Whatever it says, the last
// reading is no longer fresh.
func (c *Candidate) mergeCheck(k Check) {
	if k.Kind == CommitStatus && OwnContext(k.Name) {
		return
	}
	i := slices.IndexFunc(c.Reports.Checks, func(o Check) bool {
		return o.Kind == k.Kind && o.Name == k.Name && o.AppID == k.AppID
	})
	checks := slices.Clone(c.Reports.Checks)
	switch {
	case i < 0:
		checks = append(checks, k)
	case k == checks[i], k.At.Before(checks[i].At),
		checks[i].State != CheckPending && k.State == CheckPending && !k.At.After(checks[i].At):
		return // known, or older than what is known
	default:
		checks[i] = k
	}
	c.Reports.Checks = checks
	c.Reports.Hints++
}

// updateGreen keeps since when each candidate's checks are green.
func (s *State) updateGreen(at time.Time) {
	for _, c := range s.all() {
		switch green := s.verdict(c).State == CheckPassed; {
		case !green:
			c.GreenAt = time.Time{}
		case c.GreenAt.IsZero():
			c.GreenAt = at
		}
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
	if cp, ok := s.Copies[f.App]; ok {
		cp.LookAt = at
		s.Copies[f.App] = cp
	}
	for name, st := range s.Stages {
		if stand := st.Apps[f.App]; stand.Seen && st.Promoting == nil {
			stand.Moved = true
			st.Apps[f.App] = stand
			s.Stages[name] = st
		}
		if st.Promoting == nil {
			continue
		}
		if a, ok := st.Promoting.Apps[f.App]; ok && a.State == ReleasePending {
			a.LookAt = at
			st.Promoting.Apps[f.App] = a
			s.Stages[name] = st
		}
	}
}

// checksRead replaces what was known of a commit's checks with what was read.
func (s *State) checksRead(f ChecksRead, do ReadChecks, began, at time.Time) {
	if do.Branch == s.Branch() {
		if f.Required != nil {
			s.Required = Required{Checks: f.Required.Checks, ReadAt: began}
		}
		if f.Head.SHA != "" {
			s.HeadAt = later(s.HeadAt, began)
			s.headSeen(f.Head, began, at)
		}
	}
	c := s.candidate(do.SHA)
	if c == nil {
		return
	}
	before := s.verdict(c)
	r := &c.Reports
	r.Checks = slices.DeleteFunc(slices.Clone(f.Checks), func(k Check) bool { return k.Kind == CommitStatus && OwnContext(k.Name) })
	if f.Suites != nil {
		r.Suites = f.Suites
	}
	r.Read, r.ReadAt, r.Seen, r.Refused = true, began, max(r.Reading, min(do.Seen, r.Hints)), ""
	r.Look = r.Look && r.Seen < r.Hints
	r.Prompt = r.Prompt && r.Look
	r.confirm()
	switch after := s.verdict(c); {
	case after.State == CheckPassed:
		r.Contradictions = 0
	case before.State == CheckPassed || r.Contradictions > 0:
		r.Contradictions++ // GitHub's answers can lag behind its webhooks
	}
	s.updateGreen(at)
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
