package gate

import (
	"time"

	"github.com/headstart-cd/headstart/bot/pipeline"
)

// Ended reports how a candidate of the branch ended. A superseded one ended when the first newer commit entered the stage.
func (v *View) Ended(c *pipeline.Candidate) (e pipeline.Ending, over bool) {
	if e, over = v.State.Ended(c); over || !v.State.Configured || !v.Settled(c) {
		return e, over
	}
	by, at := "", c.SeenAt
	for _, stage := range v.State.Config.Stages {
		if c.Progress[stage.Name].Passed() {
			continue
		}
		if newer, entered := v.firstAfter(c, stage.Name); newer != nil {
			by, at = newer.SHA, entered
		} else if newer, ok := v.Overtaker(c, stage.Name); ok {
			by = newer.SHA
		}
		break
	}
	return v.State.Overtaken(c, by, at), true
}

// firstAfter returns the newer candidate that was the first to enter a stage, and when; nil: none is remembered.
func (v *View) firstAfter(c *pipeline.Candidate, stage string) (first *pipeline.Candidate, at time.Time) {
	for i := v.State.Position(c.SHA) + 1; i < len(v.State.Candidates); i++ {
		newer := &v.State.Candidates[i]
		if p, ok := newer.Progress[stage]; ok && !p.BuildFailed && (first == nil || p.StartedAt.Before(at)) {
			first, at = newer, p.StartedAt
		}
	}
	return first, at
}
