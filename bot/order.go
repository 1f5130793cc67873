package bot

import (
	"cmp"
	"slices"
	"time"
)

// skew is how far the clocks behind two push times may disagree: one is
// GitHub's in whole seconds, the other is ours where a push was never delivered.
const skew = 30 * time.Second

// push folds a branch that moved into the candidates.
func (s *State) push(p Pushed, at time.Time) {
	if p.Branch == "" || QueueBranch(p.Branch) || p.After == "" || isZero(p.After) {
		return
	}
	s.notePush(Push{Branch: p.Branch, Before: p.Before, After: p.After, By: p.By, Forced: p.Forced, Nothing: p.Nothing, At: at}, true)
	if p.Branch != s.Branch() {
		s.pushedElsewhere(p, at)
		return
	}
	timed := !p.PushedAt.IsZero()
	if !timed {
		p.PushedAt = at
	}
	if !p.PushedAt.After(s.Horizon) {
		return
	}
	fresh := Candidate{
		SHA: p.After, Tree: p.Tree, Before: p.Before, Branch: p.Branch, Title: p.Title, Author: p.Author,
		Forced: p.Forced, PushedAt: p.PushedAt, SeenAt: at,
	}
	if c := s.candidate(p.After); c != nil && c.FromPull && s.Config.Prepare.apart() {
		s.landOnBranch(&fresh, c)
	} else if c != nil && !c.Adopted {
		if !c.returned(p, timed) {
			s.learn(c, p) // the same push again, or what a reading of the head had told before
			s.sort()
			return
		}
		s.startOver(&fresh, c)
	}
	s.claim(&fresh)
	s.catchUp(&fresh)
	s.Candidates = append(s.Candidates, fresh)
	s.sort()
	if !s.Horizon.IsZero() && len(s.Candidates) > 1 && s.Candidates[0].SHA == fresh.SHA {
		s.Candidates = s.Candidates[1:] // what came before it is forgotten: it is too late
	}
	s.linkPulls()
}

// returned reports whether a push brought the branch back to a commit that it
// had been at before, rather than being the push that is known already.
func (c *Candidate) returned(p Pushed, timed bool) bool {
	switch {
	case c.Before == "": // found at the branch's head: the first push to tell of it is the one that was missed
		return p.PushedAt.After(c.PushedAt.Add(skew))
	case !timed:
		return p.Before != c.Before
	}
	return p.PushedAt.After(c.PushedAt)
}

// startOver replaces an old candidate by a fresh one of the same commit. What
// people were told stays told, a promotion of it that is in flight goes on, and
// where it is live, and nothing is about to change that, it stays so.
func (s *State) startOver(fresh, old *Candidate) {
	fresh.Published, fresh.Deployments, fresh.Pull, fresh.PullSought = old.Published, old.Deployments, old.Pull, old.PullSought
	fresh.Diffs, fresh.Approvals, fresh.Rights = old.Diffs, old.Approvals, old.Rights
	if fresh.Tree == "" {
		fresh.Tree = old.Tree
	}
	for stage, pass := range old.Progress {
		st := s.Stages[stage]
		if pass.State != ProgressReleasing && !pass.BuildFailed {
			s.raiseBarrier(stage, old.PushedAt)
		}
		if pass.State == ProgressReleasing || pass.State == ProgressLive && st.Live.SHA == old.SHA && st.Promoting == nil {
			put(&fresh.Progress, stage, pass)
			fresh.Artifact, fresh.ArtifactApp, fresh.ArtifactSHA = old.Artifact, old.ArtifactApp, old.ArtifactSHA
		}
	}
	for _, stage := range old.Entered {
		s.raiseBarrier(stage, old.PushedAt)
	}
	s.Candidates = slices.DeleteFunc(s.Candidates, func(c Candidate) bool { return c.SHA == fresh.SHA })
}

// raiseBarrier closes a stage for what was pushed before a time.
func (s *State) raiseBarrier(stage string, before time.Time) {
	if st := s.Stages[stage]; before.After(st.Barrier) {
		st.Barrier = before
		put(&s.Stages, stage, st)
	}
}

// learn fills in what an earlier telling of the same push did not say.
func (s *State) learn(c *Candidate, p Pushed) {
	if c.Before == "" {
		c.Before, c.Forced, c.PushedAt = p.Before, p.Forced, p.PushedAt
	}
	s.learnCommit(c, p.Tree, p.Title, p.Author)
}

// headSeen finds pushes that were never delivered: the branch's head is a commit
// nobody told of, or one that was left behind by a push that is known.
// The reading began at one time and was known at another: what was pushed before it
// began was before the head, and of what was pushed in between the pushes themselves
// tell what they came after.
func (s *State) headSeen(h Head, began, at time.Time) {
	p := Pushed{Branch: s.Branch(), After: h.SHA, Tree: h.Tree, Title: h.Title, Author: h.Author, PushedAt: at}
	if c := s.candidate(h.SHA); c != nil && !c.FromPull {
		s.learnCommit(c, h.Tree, h.Title, h.Author)
	}
	if n := len(s.Candidates); n > 0 {
		newest := s.Candidates[n-1]
		if newest.SHA == h.SHA || newest.PushedAt.After(began) {
			return // nothing new, or the reading is older than the newest push
		}
		if c := s.candidate(h.SHA); c != nil && !c.Adopted && !(c.FromPull && s.Config.Prepare.apart()) {
			if began.Sub(newest.PushedAt) < skew {
				return // GitHub's answers can lag behind its webhooks
			}
			p.Before, p.Forced = newest.SHA, true
		}
	}
	s.push(p, at)
}

// sort puts the candidates in the branch's order. It depends on the set of
// pushes alone, not on the order in which they were seen: by time, then
// each push right behind the one it says it came after, where the times do not
// tell: GitHub gives whole seconds, and a head that was found was pushed some
// time before, by a clock that may differ from GitHub's. What came right after a
// push that lies before such a head came before the head, too.
func (s *State) sort() {
	slices.SortStableFunc(s.Candidates, func(a, b Candidate) int {
		return cmp.Or(a.PushedAt.Compare(b.PushedAt), cmp.Compare(a.SHA, b.SHA))
	})
	// Each round moves one push behind its parent, or ends. A chain of n pushes
	// that lies in the wrong order takes n(n-1)/2 of them.
	for range len(s.Candidates) * len(s.Candidates) {
		if !s.moveOne() {
			return
		}
	}
}

func (s *State) moveOne() bool {
	for i, child := range s.Candidates {
		for j := i + 1; j < len(s.Candidates); j++ {
			parent := s.Candidates[j]
			apart := parent.PushedAt.Sub(child.PushedAt)
			if apart > skew {
				break
			}
			if apart > 0 && parent.Before != "" {
				continue
			}
			if child.Before == parent.SHA && !s.descends(parent, child.SHA) {
				copy(s.Candidates[i:j], s.Candidates[i+1:j+1])
				s.Candidates[j] = child
				return true
			}
		}
	}
	return s.moveFound()
}

// moveFound moves one head that was found behind a push that came right after one
// that is known to lie before it, or returns false.
func (s *State) moveFound() bool {
	for i := 1; i+1 < len(s.Candidates); i++ {
		found, next := s.Candidates[i], s.Candidates[i+1]
		parent := s.position(next.Before)
		if found.Before == "" && next.Before != "" && parent >= 0 && parent < i && next.PushedAt.Sub(found.PushedAt) <= skew {
			s.Candidates[i], s.Candidates[i+1] = next, found
			return true
		}
	}
	return false
}

// descends reports whether a push came after another, as far as the pushes say
// what they came after. A branch that returned to a commit goes in circles.
func (s *State) descends(c Candidate, from string) bool {
	for range s.Candidates {
		if c.Before == from {
			return true
		}
		before := s.candidate(c.Before)
		if before == nil {
			return false
		}
		c = *before
	}
	return false
}

func isZero(sha string) bool {
	for _, r := range sha {
		if r != '0' {
			return false
		}
	}
	return true
}
