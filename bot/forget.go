package bot

import (
	"cmp"
	"slices"
	"time"
)

// kept is how many candidates are remembered. One that waits behind so many
// newer ones counts as superseded, so that nothing is kept for ever.
const kept = 30

// forgetFlight is how long an effect that nobody wants any more is remembered.
const forgetFlight = time.Hour

// forget drops candidates that are settled and old, and what only they needed.
func (s *State) forget(at time.Time) {
	for len(s.Candidates) > kept {
		i := slices.IndexFunc(s.Candidates[:len(s.Candidates)-kept], func(c Candidate) bool { return s.forgettable(&c) })
		if i < 0 {
			break
		}
		if c := s.Candidates[i]; i == 0 && c.PushedAt.After(s.Horizon) {
			s.Horizon = c.PushedAt
		}
		s.Candidates = slices.Delete(s.Candidates, i, i+1)
	}
	if len(s.Builds) > 2*kept {
		needed := map[string]bool{}
		for _, c := range s.Candidates {
			needed[s.buildKey(c.SHA, c.Tree)] = true
		}
		forgetOldest(s.Builds, 2*kept, func(key string, r BuildRun) (time.Time, bool) {
			return r.StartedAt, !needed[key] && !r.Active()
		})
	}
	forgetOldest(s.Pulls, 2*kept, func(_ int, p PullRequest) (time.Time, bool) { return p.UpdatedAt, !p.Open })
	for key, f := range s.Flights {
		last := f.LastAt
		if f.NotBefore.After(last) {
			last = f.NotBefore
		}
		if at.Sub(last) > forgetFlight && !f.Unsure && !f.Out {
			delete(s.Flights, key)
		}
	}
}

// forgettable reports whether nothing is left to do or to say about a candidate.
func (s *State) forgettable(c *Candidate) bool {
	if !c.Guest && s.lastTaken(c) {
		return false
	}
	for _, st := range s.Stages {
		if st.Live.SHA == c.SHA || st.InFlight != nil && st.InFlight.SHA == c.SHA {
			return false
		}
		if _, proved := st.named(c.SHA, 0); proved {
			return false // it may be rolled back to
		}
	}
	for _, said := range c.Told {
		if said.State == StatusPending || said.Doubt || !said.Again.IsZero() {
			return false
		}
	}
	for _, d := range c.Deployments {
		if d.Asked {
			return false
		}
		if d.ID != 0 && (d.Told.State != DeploymentInactive && d.Told.State != StatusFailure || !d.Told.Again.IsZero()) {
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
