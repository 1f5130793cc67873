package apply

import (
	"cmp"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// push folds a push into the candidates.
func push(s *pipeline.State, p bot.Pushed, at time.Time) {
	if p.Branch == "" || pipeline.QueueBranch(p.Branch) || p.After == "" || bot.IsZero(p.After) {
		return
	}
	s.NotePush(pipeline.Push{Branch: p.Branch, Before: p.Before, After: p.After, By: p.By, Forced: p.Forced, Nothing: p.Nothing, At: at}, true)
	if p.Branch != s.Branch() {
		s.PushedElsewhere(p, at)
		return
	}
	timed := !p.PushedAt.IsZero()
	if !timed {
		p.PushedAt = at
	}
	if !p.PushedAt.After(s.Horizon) {
		return
	}
	fresh := pipeline.Candidate{
		SHA: p.After, Tree: p.Tree, Before: p.Before, Branch: p.Branch, Title: p.Title, Author: p.Author,
		Forced: p.Forced, PushedAt: p.PushedAt, SeenAt: at, Delivery: p.Delivery,
	}
	if c := s.Candidate(p.After); c != nil && c.FromPull && s.Config.Prepare.Apart() {
		landOnBranch(s, &fresh, c)
	} else if c != nil && !c.Adopted {
		if !c.Returned(p, timed) {
			learn(s, c, p) // the same push again, or a commit that a reading of the head had found
			sort(s)
			return
		}
		startOver(s, &fresh, c)
	}
	s.Claim(&fresh)
	catchUp(s, &fresh)
	s.Candidates = append(s.Candidates, fresh)
	sort(s)
	if !s.Horizon.IsZero() && len(s.Candidates) > 1 && s.Candidates[0].SHA == fresh.SHA {
		s.Candidates = s.Candidates[1:] // it came before a forgotten candidate: too late
	}
	linkPulls(s)
}

// startOver replaces an old candidate by a fresh one of the same commit. It keeps what was published, and a promotion
// in progress. It stays live where it is, unless a promotion is about to change that.
func startOver(s *pipeline.State, fresh, old *pipeline.Candidate) {
	fresh.Published, fresh.Deployments, fresh.Pull, fresh.PullSought = old.Published, old.Deployments, old.Pull, old.PullSought
	fresh.Diffs, fresh.Approvals, fresh.Rights = old.Diffs, old.Approvals, old.Rights
	if fresh.Tree == "" {
		fresh.Tree = old.Tree
	}
	for stage, pass := range old.Progress {
		st := s.Stage(stage)
		if pass.State != pipeline.ProgressReleasing && !pass.BuildFailed {
			raiseBarrier(s, stage, old.PushedAt)
		}
		if pass.State == pipeline.ProgressReleasing || pass.State == pipeline.ProgressLive && st.Live.SHA == old.SHA && st.Promoting == nil {
			pipeline.Put(&fresh.Progress, stage, pass)
			fresh.Artifact, fresh.ArtifactApp, fresh.ArtifactSHA = old.Artifact, old.ArtifactApp, old.ArtifactSHA
		}
	}
	for _, stage := range old.Entered {
		raiseBarrier(s, stage, old.PushedAt)
	}
	s.Candidates = slices.DeleteFunc(s.Candidates, func(c pipeline.Candidate) bool { return c.SHA == fresh.SHA })
}

// raiseBarrier closes a stage for commits pushed before a time.
func raiseBarrier(s *pipeline.State, stage string, before time.Time) {
	if before.After(s.Stage(stage).Barrier) {
		s.StageRecord(stage).Barrier = before
	}
}

// learn adds what an earlier report of the same push lacked.
func learn(s *pipeline.State, c *pipeline.Candidate, p bot.Pushed) {
	if c.Before == "" {
		c.Before, c.Forced, c.PushedAt = p.Before, p.Forced, p.PushedAt
	}
	if c.Delivery == "" {
		c.Delivery = p.Delivery
	}
	learnCommit(s, c, p.Tree, p.Title, p.Author)
}

// headSeen adds pushes whose webhooks were lost. The branch's head then is an unknown commit, or a commit that a known
// push had replaced.
//
// began is when the reading started, at when it arrived. A push before began is older than the head. A push in between names
// its own predecessor.
func headSeen(s *pipeline.State, h bot.Head, began, at time.Time) {
	p := bot.Pushed{Branch: s.Branch(), After: h.SHA, Tree: h.Tree, Title: h.Title, Author: h.Author, PushedAt: at}
	if c := s.Candidate(h.SHA); c != nil && !c.FromPull {
		learnCommit(s, c, h.Tree, h.Title, h.Author)
	}
	if n := len(s.Candidates); n > 0 {
		newest := s.Candidates[n-1]
		if newest.SHA == h.SHA || newest.PushedAt.After(began) {
			return // nothing new, or the newest push is newer than the reading
		}
		if c := s.Candidate(h.SHA); c != nil && !c.Adopted && !(c.FromPull && s.Config.Prepare.Apart()) {
			if began.Sub(newest.PushedAt) < pipeline.Skew {
				return // GitHub's answers can lag behind its webhooks
			}
			p.Before, p.Forced = newest.SHA, true
		}
	}
	push(s, p, at)
}

// sort puts the candidates in the branch's order. The result depends only on the set of pushes, not on the order in
// which they were seen. It sorts by time. Where times are too close, each push goes right behind its predecessor. Times
// can be wrong: GitHub gives whole seconds, and a found head has the time of another clock, some time after its push.
// If B came right after A, and A lies before a found head, B also came before the head.
func sort(s *pipeline.State) {
	slices.SortStableFunc(s.Candidates, func(a, b pipeline.Candidate) int {
		return cmp.Or(a.PushedAt.Compare(b.PushedAt), cmp.Compare(a.SHA, b.SHA))
	})
	// Each round moves one push behind its parent, or ends. A chain of n pushes in the wrong order takes n(n-1)/2
	// rounds.
	for range len(s.Candidates) * len(s.Candidates) {
		if !moveOne(s) {
			return
		}
	}
}

func moveOne(s *pipeline.State) bool {
	for i, child := range s.Candidates {
		for j := i + 1; j < len(s.Candidates); j++ {
			parent := s.Candidates[j]
			apart := parent.PushedAt.Sub(child.PushedAt)
			if apart > pipeline.Skew {
				break
			}
			if apart > 0 && parent.Before != "" {
				continue
			}
			if child.Before == parent.SHA && !descends(s, parent, child.SHA) {
				copy(s.Candidates[i:j], s.Candidates[i+1:j+1])
				s.Candidates[j] = child
				return true
			}
		}
	}
	return moveFound(s)
}

// moveFound moves one found head behind the push right after it, if that push's parent lies before the head. It returns
// false if there is none.
func moveFound(s *pipeline.State) bool {
	for i := 1; i+1 < len(s.Candidates); i++ {
		found, next := s.Candidates[i], s.Candidates[i+1]
		parent := s.Position(next.Before)
		if found.Before == "" && next.Before != "" && parent >= 0 && parent < i && next.PushedAt.Sub(found.PushedAt) <= pipeline.Skew {
			s.Candidates[i], s.Candidates[i+1] = next, found
			return true
		}
	}
	return false
}

// descends reports whether the push c came after from, as far as the pushes name their predecessors. A branch that
// returned to a commit has a cycle.
func descends(s *pipeline.State, c pipeline.Candidate, from string) bool {
	for range s.Candidates {
		if c.Before == from {
			return true
		}
		before := s.Candidate(c.Before)
		if before == nil {
			return false
		}
		c = *before
	}
	return false
}

// headMovedSince reports whether a pull request's head, as just read, has changed since last (GitHub's clock). An
// unknown pull request counts as unchanged if it was last updated before then.
func headMovedSince(s *pipeline.State, last time.Time, now bot.PullRequestChanged) bool {
	switch known, ok := s.Pulls[now.Number]; {
	case last.IsZero():
		return false
	case !ok:
		return !now.UpdatedAt.Before(last)
	case known.Head != now.Head:
		return !now.UpdatedAt.Before(last)
	default:
		return !known.HeadAt.IsZero() && !known.HeadAt.Before(last)
	}
}

// headRead folds a reading of the branch's head.
func headRead(s *pipeline.State, do bot.ReadHead, f bot.Finished, began, at time.Time) {
	if do.Branch != s.Branch() || f.Outcome != bot.Done && f.Outcome != bot.Refuse {
		return
	}
	s.HeadAt = bot.Later(s.HeadAt, began)
	if fact, ok := f.Fact.(bot.HeadRead); ok && fact.Head.SHA != "" {
		headSeen(s, fact.Head, began, at)
	}
}

// learnCommit adds what a push did not contain of its commit. The key of a build that has begun stays.
func learnCommit(s *pipeline.State, c *pipeline.Candidate, tree, title, author string) {
	if _, begun := s.Builds[s.KeyOf(c)]; c.Tree == "" && !begun {
		c.Tree = tree
	}
	if c.Title == "" {
		c.Title, c.Author = title, author
	}
}
