package bot

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// skew is how far the clocks behind two push times may disagree: one is
// GitHub's in whole seconds, the other is ours where a push was never delivered.
const skew = 30 * time.Second

// kept is how many candidates are remembered once they are settled.
const kept = 30

// push folds a branch that moved into the candidates.
func (s *State) push(p Pushed, at time.Time) {
	if p.Branch == "" || p.Branch != s.Branch() || p.After == "" || isZero(p.After) {
		return
	}
	if p.PushedAt.IsZero() {
		p.PushedAt = at
	}
	if !p.PushedAt.After(s.Horizon) {
		return
	}
	fresh := Candidate{
		SHA: p.After, Tree: p.Tree, Before: p.Before, Title: p.Title, Author: p.Author,
		Forced: p.Forced, PushedAt: p.PushedAt, SeenAt: at,
	}
	if c := s.candidate(p.After); c != nil {
		if !p.PushedAt.After(c.PushedAt.Add(skew)) || p.Before == c.Before {
			c.learn(p) // the same push again, or what a reading of the head had told before
			s.sort()
			return
		}
		// The branch came back to this commit: it starts over, as the newest. A
		// promotion of it that is in flight goes on as the new one's.
		for stage, pass := range c.Passages {
			if pass.State == PassageReleasing {
				put(&fresh.Passages, stage, pass)
				fresh.Artifact, fresh.ArtifactApp = c.Artifact, c.ArtifactApp
			}
		}
		s.Candidates = slices.DeleteFunc(s.Candidates, func(c Candidate) bool { return c.SHA == p.After })
	}
	s.Candidates = append(s.Candidates, fresh)
	s.sort()
	s.linkPulls()
}

// learn fills in what an earlier telling of the same push did not say.
func (c *Candidate) learn(p Pushed) {
	if c.Before == "" {
		c.Before, c.Forced, c.PushedAt = p.Before, p.Forced, p.PushedAt
	}
	if c.Tree == "" {
		c.Tree = p.Tree
	}
	if c.Title == "" {
		c.Title, c.Author = p.Title, p.Author
	}
}

// sort puts the candidates in the branch's order. It depends on the set of
// pushes alone, not on the order in which they were heard of: by time, then
// each push right behind the one it says it came after, where the times are too
// close to tell.
func (s *State) sort() {
	slices.SortStableFunc(s.Candidates, func(a, b Candidate) int {
		if c := a.PushedAt.Compare(b.PushedAt); c != 0 {
			return c
		}
		return cmp.Compare(a.SHA, b.SHA)
	})
	for range s.Candidates { // each round moves at least one push behind its parent, or ends
		moved := false
		for i := 0; i < len(s.Candidates) && !moved; i++ {
			child := s.Candidates[i]
			for j := i + 1; j < len(s.Candidates); j++ {
				parent := s.Candidates[j]
				if parent.PushedAt.Sub(child.PushedAt) > skew {
					break
				}
				if child.Before == parent.SHA && parent.Before != child.SHA {
					copy(s.Candidates[i:j], s.Candidates[i+1:j+1])
					s.Candidates[j] = child
					moved = true
					break
				}
			}
		}
		if !moved {
			return
		}
	}
}

// forget drops candidates that are settled and old, and what only they needed.
func (s *State) forget() {
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
	forgetOldest(s.Builds, 2*kept, func(r BuildRun) (time.Time, bool) { return r.StartedAt, !r.Active() && r.Status != RunWaiting })
	forgetOldest(s.Pulls, 2*kept, func(p PullRequest) (time.Time, bool) { return p.UpdatedAt, !p.Open })
}

func (s *State) forgettable(c *Candidate) bool {
	for _, st := range s.Stages {
		if st.Live.SHA == c.SHA || st.InFlight != nil && st.InFlight.SHA == c.SHA {
			return false
		}
	}
	for _, said := range c.Told {
		if said.State == StatusPending {
			return false
		}
	}
	return true
}

// forgetOldest shrinks m to n entries, oldest first, leaving those that are not idle.
func forgetOldest[K comparable, V any](m map[K]V, n int, of func(V) (at time.Time, idle bool)) {
	for len(m) > n {
		var oldest K
		var when time.Time
		found := false
		for k, v := range m {
			if at, idle := of(v); idle && (!found || at.Before(when)) {
				oldest, when, found = k, at, true
			}
		}
		if !found {
			return
		}
		delete(m, oldest)
	}
}

func isZero(sha string) bool {
	for _, r := range sha {
		if r != '0' {
			return false
		}
	}
	return true
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	return slices.Sorted(maps.Keys(m))
}
