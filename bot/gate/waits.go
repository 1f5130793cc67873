package gate

import "github.com/headstart-cd/headstart/bot/pipeline"

// Ended reports how a candidate of the branch ended. A superseded one ended when the newer commit entered the stage.
func (v *View) Ended(c *pipeline.Candidate) (e pipeline.Ending, over bool) {
	if e, over = v.State.Ended(c); over || !v.State.Configured || !v.Settled(c) {
		return e, over
	}
	e = pipeline.Ending{Outcome: pipeline.OutcomeSuperseded, At: c.SeenAt}
	for _, stage := range v.State.Config.Stages {
		if c.Progress[stage.Name].Passed() {
			continue
		}
		if by, ok := v.Overtaker(c, stage.Name); ok {
			e.By = by.SHA
			if at := by.Progress[stage.Name].StartedAt; at.After(e.At) {
				e.At = at
			}
		}
		break
	}
	return e, true
}
