package gate

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// affectedGates is closed for a push that changes none of the pipeline's files; none where every push affects it.
func (v *View) affectedGates(c *pipeline.Candidate) []Gate {
	if len(v.State.Config.Paths) == 0 && c.Affected != bot.AffectedNo {
		return nil
	}
	g := Gate{Name: Paths, State: Open}
	switch v.State.Affects(c) {
	case bot.AffectedNo:
		g.State, g.Text, g.Next = Closed, "it changes none of the files under `paths`", "push a change to one of them"
	case "":
		g.State, g.Since, g.Text, g.Who = Waiting, c.SeenAt, "finding out which files it changes", "GitHub"
	}
	return []Gate{g}
}

// NewestAffecting returns the newest candidate after c that may affect the pipeline; nil: there is none.
func NewestAffecting(s *pipeline.State, after *pipeline.Candidate) *pipeline.Candidate {
	for i := len(s.Candidates) - 1; i > s.Position(after.SHA); i-- {
		if c := &s.Candidates[i]; s.Affects(c) != bot.AffectedNo {
			return c
		}
	}
	return nil
}

// manyAffecting reports whether more than n candidates after c affect the pipeline.
func manyAffecting(s *pipeline.State, after *pipeline.Candidate, n int) bool {
	for i := s.Position(after.SHA) + 1; i < len(s.Candidates); i++ {
		if s.Affects(&s.Candidates[i]) != bot.AffectedNo {
			n--
		}
	}
	return n < 0
}
