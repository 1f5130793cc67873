package apply

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/release"
)

// Apply folds events into the state, in order, and returns the new state. Facts may come late, twice and in any order:
// a fact older than the state changes nothing.
func Apply(s pipeline.State, events ...bot.Event) pipeline.State {
	if len(events) == 0 {
		return s
	}
	s = s.Clone()
	for _, e := range events {
		fold(&s, e)
	}
	return s
}

func fold(s *pipeline.State, e bot.Event) {
	s.At = bot.Later(s.At, e.At)
	expireLocks(s, e.At)
	apply(s, e.Fact, e.At)
	release.SettleProofs(s, e.At)
	for _, stage := range pipeline.SortedKeys(s.Stages) {
		release.CheckRollback(s, stage, e.At)
		release.CheckRehearsal(s, stage, e.At)
	}
	adopt(s, e.At)
	s.SettleAdopted(e.At)
	skipStages(s, e.At)
	lapse(s, e.At)
	if !s.Configured {
		abandonRequests(s)
	}
	settleAffected(s)
	settleAnswers(s, e.At)
	closeRouted(s)
	closeAsked(s)
	forgetFromPulls(s)
	forgetAdopted(s)
	followWaits(s)
}

func apply(s *pipeline.State, fact bot.Fact, at time.Time) {
	switch f := fact.(type) {
	case bot.Installed:
		if s.RepoID == 0 {
			s.RepoID = f.RepoID
		}
		if f.Installation != 0 {
			s.Installation = f.Installation
		}
		if f.Visibility != "" {
			s.Visibility = f.Visibility
		}
		defaultBranch(s, f.DefaultBranch)
	case bot.Pushed:
		push(s, f, at)
		s.UpdateGreen(at)
		forget(s, at)
	case bot.PullRequestChanged:
		pull(s, f, at)
	case bot.HeadPushed:
		s.NotePush(pipeline.Push{Branch: f.Branch, Before: f.Before, After: f.After, By: f.By, Forced: true, At: at}, false)
	case bot.CheckReported:
		if c := s.Candidate(f.SHA); c != nil {
			mergeCheck(c, f.Check)
			if f.Check.Kind == bot.CheckRun && f.Check.App == "" && s.Config.Checks.Pins(f.Check.Name) {
				c.Reports.Look = true // only a reading tells which App reported it
			}
			s.UpdateGreen(at)
		} else if g := s.GroupOf(f.SHA); g != nil {
			groupMergeCheck(g, f.Check)
		} else {
			bufferEarly(s, pipeline.EarlyReport{SHA: f.SHA, Check: f.Check, At: at})
		}
	case bot.ChecksMoved:
		if c := s.Candidate(f.SHA); c != nil {
			checksMoved(c, f)
		} else if g := s.GroupOf(f.SHA); g != nil {
			groupChecksMoved(g, f)
		} else {
			bufferEarly(s, pipeline.EarlyReport{SHA: f.SHA, Completed: f.Completed, Suite: f.Suite, At: at})
		}
	case bot.MergeGroupChanged:
		groupChanged(s, f, at)
	case bot.Commented:
		comment(s, f, at)
	case bot.Asked:
		asked(s, f, at)
	case bot.CommandsRouted:
		commandsRouted(s, f, at)
	case bot.StageMoved:
		stageMoved(s, f)
	case bot.Section:
		sectionReceived(s, f, at)
	case bot.PlatformMoved:
		hurry(s, f, at)
	case bot.QueuesSeen:
		s.Queues = f.Queues
	case bot.OperatorFreeze:
		freeze(s, f)
	case bot.Swept:
		s.SweptAt = bot.Later(s.SweptAt, at)
		if f.Apps {
			s.AppsSweptAt = s.SweptAt
		}
		if f.Reread {
			s.RereadAt = s.SweptAt
		}
	case bot.Held:
		held(s, f)
	case bot.Started:
		start(s, f.Effect, at)
	case bot.AttemptBegun:
		delayed(s, f, at)
	case bot.Finished:
		finish(s, f, at)
	}
}

// pull folds the webhook of a pull request. The newest one wins.
func pull(s *pipeline.State, f bot.PullRequestChanged, at time.Time) {
	old, known := s.Pulls[f.Number]
	if known && f.UpdatedAt.Before(old.UpdatedAt) || known && old.Merged && !f.Merged {
		return
	}
	if !known {
		old.SeenAt = at
	} else if f.Head != old.Head {
		old.HeadSeenAt = at
	}
	old.RetryUnmade(f)
	if !known || old.Head != f.Head {
		old.HeadAt = f.UpdatedAt
	}
	old.PullRequestChanged, old.Listed = f, false
	s.Pulls[f.Number] = old
	linkPulls(s)
	forget(s, at)
}

// linkPulls links merged pull requests to the candidates that they became, in whichever order the two were seen.
func linkPulls(s *pipeline.State) {
	for _, n := range pipeline.SortedKeys(s.Pulls) {
		p := s.Pulls[n]
		if !p.Merged || p.MergeSHA == "" {
			continue
		}
		if c := s.Candidate(p.MergeSHA); c != nil {
			c.Pull = n
		}
	}
}

// mergeCheck merges a webhook's report into the last reading, which is then no longer fresh.
func mergeCheck(c *pipeline.Candidate, k bot.Check) {
	if k.Kind == bot.CommitStatus && bot.OwnContext(k.Name) {
		return
	}
	i := slices.IndexFunc(c.Reports.Checks, func(o bot.Check) bool {
		return o.Kind == k.Kind && o.Name == k.Name && o.AppID == k.AppID
	})
	checks := slices.Clone(c.Reports.Checks)
	switch {
	case i < 0:
		checks = append(checks, k)
	case k == checks[i], k.At.Before(checks[i].At),
		checks[i].State != bot.CheckPending && k.State == bot.CheckPending && !k.At.After(checks[i].At):
		return // known, or older than what is known
	default:
		checks[i] = k
	}
	c.Reports.Checks = checks
	c.Reports.Hints++
}

// hurry makes pending builds and releases on an app due for a look now.
func hurry(s *pipeline.State, f bot.PlatformMoved, at time.Time) {
	if s.Config.Platform != f.Platform {
		return
	}
	for k, r := range s.Builds {
		if r.App == f.App && r.Status == pipeline.RunRunning {
			r.LookAt = at
			s.Builds[k] = r
		}
	}
	if cp, ok := s.Copies[f.App]; ok {
		cp.LookAt = at
		s.Copies[f.App] = cp
	}
	for _, st := range s.Stages {
		if stand := st.Apps[f.App]; stand.Seen && st.Promoting == nil {
			stand.Moved = true
			st.Apps[f.App] = stand
		}
		if st.Promoting == nil {
			continue
		}
		if a, ok := st.Promoting.Apps[f.App]; ok && a.State == bot.ReleasePending {
			a.LookAt = at
			st.Promoting.Apps[f.App] = a
		}
	}
}

// checksRead replaces what is known of a commit's checks by a reading.
func checksRead(s *pipeline.State, f bot.ChecksRead, do bot.ReadChecks, began, at time.Time) {
	if do.Branch == s.Branch() {
		if f.Required != nil {
			s.Required = bot.Required{Checks: f.Required.Checks, ReadAt: began}
			s.UpdateGreen(at)
		}
		if f.Head.SHA != "" {
			s.HeadAt = bot.Later(s.HeadAt, began)
			headSeen(s, f.Head, began, at)
		}
	}
	c := s.Candidate(do.SHA)
	if c == nil {
		return
	}
	before := s.Verdict(c)
	r := &c.Reports
	r.Checks = slices.DeleteFunc(slices.Clone(f.Checks), func(k bot.Check) bool { return k.Kind == bot.CommitStatus && bot.OwnContext(k.Name) })
	if f.Suites != nil {
		r.Suites = f.Suites
	}
	r.Read, r.ReadAt, r.Seen, r.Refused = true, began, max(r.Reading, min(do.Seen, r.Hints)), ""
	r.Look = r.Look && r.Seen < r.Hints
	r.Prompt = r.Prompt && r.Look
	r.Confirm()
	switch after := s.Verdict(c); {
	case after.State == bot.CheckPassed:
		r.Contradictions = 0
	case before.State == bot.CheckPassed || r.Contradictions > 0:
		r.Contradictions++ // GitHub's answers can lag behind its webhooks
	}
	s.UpdateGreen(at)
}

func pullFound(s *pipeline.State, f bot.PullRequestFound, at time.Time) {
	c := s.Candidate(f.SHA)
	if c == nil {
		return
	}
	c.PullSought = true
	if f.Number == 0 || c.Pull != 0 {
		return
	}
	if _, ok := s.Pulls[f.Number]; !ok {
		s.Pulls[f.Number] = pipeline.PullRequest{SeenAt: at, PullRequestChanged: bot.PullRequestChanged{
			Number: f.Number, Title: f.Title, Author: f.Author, Base: s.Branch(), Merged: true, MergeSHA: f.SHA, UpdatedAt: c.PushedAt}}
	}
	c.Pull = f.Number
}

// freeze folds the operator's freeze.
func freeze(s *pipeline.State, f bot.OperatorFreeze) {
	if f.At.After(s.Freeze.At) {
		s.Freeze = f
	}
}

// expireLocks drops expired locks.
func expireLocks(s *pipeline.State, at time.Time) {
	for _, st := range s.Stages {
		if st.Lock != nil && st.LockedAt(at) == nil {
			st.Lock = nil
		}
	}
}
