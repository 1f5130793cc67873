package render

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

func FromPullStatus(v *gate.View, c *pipeline.Candidate, stage string, wanted bool) *Notice {
	if g := v.PullGate(c); g.State == gate.Closed && c.Progress[stage].State == "" || !wanted {
		if shut, no := gate.Blocked(v.Gates(c, stage)); no && g.State != gate.Closed {
			g = shut
		}
		return gone(v, c, bot.ContextOf(stage), "Not released"+words.Because(g.Text))
	}
	return StageStatus(v, c, stage)
}
