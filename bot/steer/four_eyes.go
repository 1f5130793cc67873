package steer

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// refusedToMaker says why the approval of a candidate by the command's author is not
// good at a stage that takes it only from somebody who has made nothing of it; empty if
// it is.
func (x Execution) refusedToMaker(c *pipeline.Candidate, stage bot.Stage) string {
	if x.Command.Alone {
		return ""
	}
	return x.refusedToMakerIn(x.View, c, stage)
}

// refusedToMakerIn is refusedToMaker by what a decision sees.
func (x Execution) refusedToMakerIn(d *gate.View, c *pipeline.Candidate, stage bot.Stage) string {
	if !stage.FourEyes {
		return ""
	}
	return d.State.MayNotReview(c, stage.Name, bot.Account{ID: x.Request.UserID, Login: x.Request.User})
}
