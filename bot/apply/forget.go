package apply

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// remembered is how many candidates are kept if some of them are finished. It is also how many finished pull requests
// are kept. The bound matters: every event scans all of them, and some events save them.
const remembered = 10

const (
	// forgetPending is how long an effect is remembered that no decision wants any more.
	forgetPending = time.Hour
	// forgetPull is how long a pull request is remembered after it was last seen.
	forgetPull = time.Hour
)

// forget drops old settled candidates, and everything that only they needed.
func forget(s *pipeline.State, at time.Time) {
	forgetCandidates(s)
	forgetPulls(s, at)
	s.ForgetGroups(at)
	forgetBuilds(s)
	forgetPeople(s)
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

func forgetCandidates(s *pipeline.State) {
	for len(s.Candidates) > pipeline.KeptCandidates {
		i := slices.IndexFunc(s.Candidates[:len(s.Candidates)-pipeline.KeptCandidates], func(c pipeline.Candidate) bool { return forgettable(s, &c) })
		if i < 0 {
			break
		}
		forgetCandidate(s, i)
	}
	// A candidate older than the last stage's live commit is superseded everywhere, also by forgotten ones. But others
	// may still have to be compared with it.
	for len(s.Candidates) > remembered && len(s.Config.Stages) > 0 {
		last := s.Config.Stages[len(s.Config.Stages)-1].Name
		if s.Position(s.Stage(last).Live.SHA) <= 0 || !forgettable(s, &s.Candidates[0]) ||
			slices.ContainsFunc(s.Candidates, func(c pipeline.Candidate) bool { return s.Affects(&c) == "" }) {
			break
		}
		forgetCandidate(s, 0)
	}
}

func forgetCandidate(s *pipeline.State, i int) {
	if c := s.Candidates[i]; i == 0 && c.PushedAt.After(s.Horizon) {
		s.Horizon = c.PushedAt
	}
	s.Candidates = slices.Delete(s.Candidates, i, i+1)
}

// forgetPulls drops pull requests that were closed a while ago. It keeps one while its commit, or a question in it, is
// unfinished. With several pipelines it keeps more: the other pipelines may change their sections for longer.
func forgetPulls(s *pipeline.State, at time.Time) {
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
		if p.MergedWith != "" && s.Position(p.MergedWith) >= 0 {
			needed[n] = true
		}
		published := p.Listed && p.Published[bot.BuildContext].State != "" // nothing more is to be published for it
		if p.Open && !published || at.Sub(p.SeenAt) < forgetPull && !published || hasUnpublished(s, p) {
			needed[n] = true
		}
	}
	most := len(needed) + remembered
	if s.Multi() {
		most = max(most, 2*pipeline.KeptCandidates)
	}
	pipeline.ForgetOldest(s.Pulls, most, func(n int, p pipeline.PullRequest) (time.Time, bool) { return p.UpdatedAt, !needed[n] })
}

// hasUnpublished reports whether something is or may still be to be published about a pull request.
func hasUnpublished(s *pipeline.State, p pipeline.PullRequest) bool {
	for _, last := range p.Published {
		if !last.Settled() {
			return true
		}
	}
	for key := range s.Pending {
		if p.Head != "" && pipeline.KeyNames(key, p.Head) {
			return true
		}
	}
	_, commenting := s.Pending[pipeline.CommentKey(p.Number)]
	_, handing := s.Pending[pipeline.SectionKey(p.Number)]
	return commenting || handing || p.Comment.Uncertain || !p.Comment.RepeatAt.IsZero()
}

// forgetBuilds drops builds that belong to no candidate, pull request or merge group. An open pull request's build
// would be repeated. A merged one may be seen before its commit.
func forgetBuilds(s *pipeline.State) {
	if len(s.Builds) <= remembered {
		return
	}
	needed := map[string]bool{}
	for _, c := range slices.Concat(s.Candidates, s.FromPulls) {
		needed[s.KeyOf(&c)] = true
	}
	for _, p := range s.Pulls {
		if p.TestTree != "" {
			needed[s.AheadKey(p.TestMerge, p.TestTree)] = true
			needed[s.BranchKey(p.TestMerge, p.TestTree)] = true
		}
	}
	for i := range s.Groups {
		g := &s.Groups[i]
		needed[s.AheadKey(g.Head, g.Tree)] = true
		needed[s.BranchKey(g.Head, g.Tree)] = true
	}
	pipeline.ForgetOldest(s.Builds, max(len(needed), remembered), func(key string, r pipeline.BuildRun) (time.Time, bool) {
		return r.StartedAt, !needed[key] && !r.Active()
	})
}

// forgettable reports whether nothing is left to do or to publish for a candidate.
func forgettable(s *pipeline.State, c *pipeline.Candidate) bool {
	if !c.FromPull && !c.Adopted && lastTaken(s, c) {
		return false
	}
	for _, st := range s.Stages {
		if st.Live.SHA == c.SHA || st.Promoting != nil && st.Promoting.SHA == c.SHA {
			return false
		}
		if _, proved := st.Named(c.SHA, 0); proved {
			return false // it may be rolled back to
		}
	}
	for _, last := range c.Published {
		if !last.Settled() {
			return false
		}
	}
	for _, d := range c.Deployments {
		if d.Asked {
			return false
		}
		if d.ID != 0 && (d.Published.State != bot.DeploymentInactive && d.Published.State != bot.StatusFailure || !d.Published.RepeatAt.IsZero()) {
			return false
		}
	}
	return true
}
