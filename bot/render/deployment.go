package render

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

func DeploymentStatus(v *gate.View, c *pipeline.Candidate, dep pipeline.Deployment) *Notice {
	pass := c.Progress[dep.Stage]
	live := v.State.Stage(dep.Stage).Live.SHA
	switch {
	case pass.State == "" && live == c.SHA && dep.Published.State == bot.StatusSuccess:
		return NewNotice(bot.StatusSuccess, dep.Published.Text, "") // it is to be released again, and runs until then
	case pass.Promotion != dep.Promotion:
		return NewNotice(bot.DeploymentInactive, "Replaced by a later promotion", "")
	case pass.State == pipeline.ProgressFailed:
		return NewNotice(bot.StatusFailure, pass.Reason, pass.OutputURL)
	case pass.State == pipeline.ProgressRolledBack:
		return NewNotice(bot.DeploymentInactive, words.Capital(pass.Reason), "")
	case pass.State == pipeline.ProgressReleasing:
		return NewNotice(bot.DeploymentInProgress, "Releasing to "+dep.Stage, "")
	case live != c.SHA:
		return NewNotice(bot.DeploymentInactive, "Replaced by "+bot.Short(live), "")
	case v.Drifted(c, dep.Stage) != "":
		return NewNotice(bot.DeploymentInactive, words.Capital(v.Drifted(c, dep.Stage)), "")
	}
	return NewNotice(bot.StatusSuccess, "Released in "+words.Took(pass.StartedAt, pass.EndedAt), "")
}
