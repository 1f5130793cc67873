package render

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/redact"
)

// DeploymentText is the description of a promotion's deployment, with the people who approved it.
func DeploymentText(c *pipeline.Candidate, stage string, promotion int) string {
	a := c.Approvals[stage]
	if a.Promotion == 0 || a.Promotion != promotion {
		return redact.Cut(withUrgency(c, stage), bot.MaxStatusText)
	}
	if a.Alone != "" {
		return redact.Cut(withUrgency(c, stage), bot.MaxStatusText)
	}
	by := " (approved by @" + a.By + ")"
	return redact.Cut(withUrgency(c, stage), bot.MaxStatusText-len(by)) + by
}
