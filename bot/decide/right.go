package decide

import (
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// rightsFresh reports whether the people whose approval or order lets a candidate enter a stage have that right now. If
// that is not known, it asks.
func (d *decision) rightsFresh(c *pipeline.Candidate, stage string) bool {
	cfg, _ := d.State.Config.Stage(stage)
	words := d.Orders(c, cfg)
	r := c.Rights[stage]
	if len(words) == 0 || !d.Now.After(r.Until) {
		return true
	}
	if d.Due(r.AskAt) {
		do := bot.ReadRights{SHA: c.SHA, Stage: stage, Teams: pipeline.TeamsOf(cfg.Allow)}
		for _, o := range words {
			if p := (bot.Person{Login: o.By, ID: o.ByID}); !slices.Contains(do.People, p) {
				do.People = append(do.People, p)
			}
		}
		d.want(pipeline.RightsKey(c.SHA, stage), do)
	}
	if d.NeedsMaintenance(c, stage) && r.Unread == "" && d.State.Pending[pipeline.RightsKey(c.SHA, stage)].Reason == "" {
		d.stayInMaintenance(stage)
	}
	return false
}
