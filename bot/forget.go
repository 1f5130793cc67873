package bot

import (
	"cmp"
	"slices"
	"time"
)

const (
	// kept is how many candidates are remembered. One that waits behind so many
	// newer ones counts as superseded, so that nothing is kept for ever.
	kept = 30
	// remembered is how many are remembered where those are among them that can go
	// nowhere any more; and how many pull requests that nothing is left to do about. All
	// that is remembered is gone through with every event, and saved with some.
	remembered = 10
)

const (
	// forgetPending is how long an effect that nobody wants any more is remembered.
	forgetPending = time.Hour
	// forgetPull is how long a pull request is remembered after it was last seen.
	forgetPull = time.Hour
)

// forget drops candidates that are settled and old, and what only they needed.
func (s *State) forget(at time.Time) {
	s.forgetCandidates()
	s.forgetPulls(at)
	s.forgetGroups(at)
	s.forgetBuilds()
	s.forgetPeople()
	for key, f := range s.Pending {
		last := f.LastAt
		if f.NotBefore.After(last) {
			last = f.NotBefore
		}
		if at.Sub(last) > forgetPending && !f.Unsure && !f.Underway {
			delete(s.Pending, key)
		}
	}
}

func (s *State) forgetCandidates() {
	for len(s.Candidates) > kept {
		i := slices.IndexFunc(s.Candidates[:len(s.Candidates)-kept], func(c Candidate) bool { return s.forgettable(&c) })
		if i < 0 {
			break
		}
		s.forgetCandidate(i)
	}
	// What is older than what the last stage runs is overtaken everywhere, also by
	// what is forgotten here. But others may be compared with it yet.
	for len(s.Candidates) > remembered && len(s.Config.Stages) > 0 {
		last := s.Config.Stages[len(s.Config.Stages)-1].Name
		if s.position(s.Stages[last].Live.SHA) <= 0 || !s.forgettable(&s.Candidates[0]) ||
			slices.ContainsFunc(s.Candidates, func(c Candidate) bool { return s.affects(&c) == "" }) {
			break
		}
		s.forgetCandidate(0)
	}
}

func (s *State) forgetCandidate(i int) {
	if c := s.Candidates[i]; i == 0 && c.PushedAt.After(s.Horizon) {
		s.Horizon = c.PushedAt
	}
	s.Candidates = slices.Delete(s.Candidates, i, i+1)
}

// forgetPulls drops pull requests that were closed a while ago, unless a commit
// that came of them, or a question in them, is still on its way. Where other
// pipelines have sections in their comments, more of them are remembered: those may
// have something to say for longer.
func (s *State) forgetPulls(at time.Time) {
	if len(s.Pulls) <= remembered {
		return
	}
	needed := map[int]bool{}
	for _, c := range slices.Concat(s.Candidates, s.FromPulls) {
		needed[c.Pull] = true
	}
	for _, r := range s.Requests {
		if r.Closed == "" {
			needed[r.Number] = true
		}
	}
	for n, p := range s.Pulls {
		if p.MergedWith != "" && s.position(p.MergedWith) >= 0 {
			needed[n] = true
		}
		published := p.Listed && p.Published[buildContext].State != "" // nothing more is to be said of it
		if p.Open && !published || at.Sub(p.SeenAt) < forgetPull && !published || s.hasUnpublished(p) {
			needed[n] = true
		}
	}
	most := len(needed) + remembered
	if s.multi() {
		most = max(most, 2*kept)
	}
	forgetOldest(s.Pulls, most, func(n int, p PullRequest) (time.Time, bool) { return p.UpdatedAt, !needed[n] })
}

// hasUnpublished reports whether something is still to be said about a pull request, or may be.
func (s *State) hasUnpublished(p PullRequest) bool {
	for _, last := range p.Published {
		if !last.settled() {
			return true
		}
	}
	for key := range s.Pending {
		if p.Head != "" && keyNames(key, p.Head) {
			return true
		}
	}
	_, commenting := s.Pending[commentKey(p.Number)]
	_, handing := s.Pending[sectionKey(p.Number)]
	return commenting || handing || p.Comment.Uncertain || !p.Comment.RepeatAt.IsZero()
}

// forgetBuilds drops builds of what is no candidate, pull request or merge group. What
// is built for one that is open would be built again, and one that was merged may
// be seen before its commit is.
func (s *State) forgetBuilds() {
	if len(s.Builds) <= remembered {
		return
	}
	needed := map[string]bool{}
	for _, c := range slices.Concat(s.Candidates, s.FromPulls) {
		needed[s.keyOf(&c)] = true
	}
	for _, p := range s.Pulls {
		if p.TestTree != "" {
			needed[s.aheadKey(p.TestMerge, p.TestTree)] = true
			needed[s.branchKey(p.TestMerge, p.TestTree)] = true
		}
	}
	for i := range s.Groups {
		g := &s.Groups[i]
		needed[s.aheadKey(g.Head, g.Tree)] = true
		needed[s.branchKey(g.Head, g.Tree)] = true
	}
	forgetOldest(s.Builds, max(len(needed), remembered), func(key string, r BuildRun) (time.Time, bool) {
		return r.StartedAt, !needed[key] && !r.Active()
	})
}

// forgettable reports whether nothing is left to do or to say about a candidate.
func (s *State) forgettable(c *Candidate) bool {
	if !c.FromPull && !c.Adopted && s.lastTaken(c) {
		return false
	}
	for _, st := range s.Stages {
		if st.Live.SHA == c.SHA || st.Promoting != nil && st.Promoting.SHA == c.SHA {
			return false
		}
		if _, proved := st.named(c.SHA, 0); proved {
			return false // it may be rolled back to
		}
	}
	for _, last := range c.Published {
		if !last.settled() {
			return false
		}
	}
	for _, d := range c.Deployments {
		if d.Asked {
			return false
		}
		if d.ID != 0 && (d.Published.State != DeploymentInactive && d.Published.State != StatusFailure || !d.Published.RepeatAt.IsZero()) {
			return false
		}
	}
	return true
}

// forgetOldest shrinks m to n entries, oldest first, leaving those that are not idle.
func forgetOldest[K cmp.Ordered, V any](m map[K]V, n int, of func(K, V) (at time.Time, idle bool)) {
	for len(m) > n {
		var oldest K
		var when time.Time
		found := false
		for _, k := range sortedKeys(m) {
			if at, idle := of(k, m[k]); idle && (!found || at.Before(when)) {
				oldest, when, found = k, at, true
			}
		}
		if !found {
			return
		}
		delete(m, oldest)
	}
}
