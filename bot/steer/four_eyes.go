package steer

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// refusedToMaker returns why the author cannot approve a candidate at a stage with four eyes; empty: the author can.
// The author must have made none of its changes.
func (x Execution) refusedToMaker(c *pipeline.Candidate, stage bot.Stage) string {
	if x.Command.Alone {
		return ""
	}
	return x.refusedToMakerIn(x.View, c, stage)
}

// refusedToMakerIn is refusedToMaker in the view of a decision.
func (x Execution) refusedToMakerIn(d *gate.View, c *pipeline.Candidate, stage bot.Stage) string {
	if !stage.FourEyes {
		return ""
	}
	return d.State.MayNotReview(c, stage.Name, bot.Account{ID: x.Request.UserID, Login: x.Request.User})
}
