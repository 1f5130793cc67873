package steer

import (
	"time"

	"github.com/headstart-cd/headstart/bot/pipeline"
)

// retryGone has a candidate built again that failed because its artifact is gone. It reports whether it did.
func retryGone(s *pipeline.State, c *pipeline.Candidate, at time.Time) bool {
	found := false
	for _, stage := range s.Config.StageNames() {
		if p := c.Progress[stage]; p.State == pipeline.ProgressFailed && p.Gone {
			c.Leave(stage)
			found = true
		}
	}
	if found {
		c.Rebuilds = 0
		s.LoseArtifact(c, at)
	}
	return found
}
