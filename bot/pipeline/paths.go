package pipeline

import (
	"slices"

	"github.com/headstart-cd/headstart/bot"
)

// Affects says whether a candidate affects the pipeline; empty: unknown yet. Candidates
// that people ordered do.
func (s *State) Affects(c *Candidate) bot.Affected {
	if c.FromPull || len(s.Config.Paths) == 0 && c.Affected == "" {
		return bot.AffectedYes
	}
	return c.Affected
}

// TakenBefore is the newest candidate before another that the pipeline has taken on; nil:
// none.
func (s *State) TakenBefore(before *Candidate) *Candidate {
	for i := s.Position(before.SHA) - 1; i >= 0; i-- {
		if c := &s.Candidates[i]; s.Affects(c) == bot.AffectedYes {
			return c
		}
	}
	return nil
}

// SinceAdoption stands for what the pipeline's apps ran before Headstart came, as the base
// of a comparison.
const SinceAdoption = "what ran before"

// First reports whether no earlier candidate affects the pipeline, or may turn out to.
func (s *State) First(c *Candidate) bool {
	return !slices.ContainsFunc(s.Candidates[:s.Position(c.SHA)], func(o Candidate) bool {
		return s.Affects(&o) == bot.AffectedYes || s.Affects(&o) == "" && (o.Branch == "" || o.Branch == s.Branch())
	})
}

// AffectedBy says whether a pull request affects the pipeline; empty: unknown yet. The
// candidate that it was merged as decides, if there is one.
func (s *State) AffectedBy(p PullRequest) bot.Affected {
	if len(s.Config.Paths) == 0 {
		return bot.AffectedYes
	}
	if p.Merged {
		for i := range s.Candidates {
			if c := &s.Candidates[i]; p.Became(c) {
				return s.Affects(c)
			}
		}
	}
	return p.Affected // of an earlier head, while the newest is being read
}

// PullAffects says whether a pull request affects the pipeline; empty: unknown yet. A pull
// request that was never seen, or is forgotten, may.
func (s State) PullAffects(number int) bot.Affected {
	p, known := s.Pulls[number]
	switch {
	case !s.Configured:
		return bot.AffectedNo
	case !known:
		return bot.AffectedYes
	}
	if c := s.AffectedBy(p); c != "" || p.Open && p.Base == s.Branch() {
		return c
	}
	return bot.AffectedYes
}
