package decide

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/render"
)

// enterFromPull lets a pull request's head into a free stage that no commit of the branch has just entered.
func (d *decision) enterFromPull(stage bot.Stage) {
	for i := range d.State.FromPulls {
		c := &d.State.FromPulls[i]
		if d.State.Landed(c) {
			continue
		}
		if _, asked := c.Ordered[stage.Name]; !asked || d.wanted[pipeline.PromoteKey(stage.Name, d.State.Stage(stage.Name).Promotions+1, stage.Apps[0])] {
			continue
		}
		if _, was := c.Progress[stage.Name]; was || !d.Open(c, stage.Name) {
			continue
		}
		if !d.FreshlyGreen(c) {
			d.readChecksOf(c, true)
			continue
		}
		if !d.rightsFresh(c, stage.Name) {
			continue
		}
		if r, _ := d.State.RunOf(c); c.Artifact == "" && r.Status != pipeline.RunSucceeded {
			continue // it is built only where pull requests are built
		}
		d.begin(c, stage)
		return
	}
}

// fromPullsToBuild lists the candidates from pull requests that have no build yet. The build of the test merge serves a
// candidate with the same tree.
func (d *decision) fromPullsToBuild() []*pipeline.Candidate {
	var list []*pipeline.Candidate
	for i := range d.State.FromPulls {
		c := &d.State.FromPulls[i]
		if r, ok := d.State.RunOf(c); !d.State.Landed(c) && (!ok || r.Status == pipeline.RunWaiting) && d.PullGate(c).State == gate.Open && c.Artifact == "" {
			list = append(list, c)
		}
	}
	return list
}

// publishFromPulls publishes, on a pull request's head, its progress at the stages that were requested.
func (d *decision) publishFromPulls() {
	for i := range d.State.FromPulls {
		c := &d.State.FromPulls[i]
		if d.State.Landed(c) {
			continue // the branch's candidate owns its statuses
		}
		if last := c.Published[bot.BuildContext]; d.State.Pulls[c.Pull].Head != c.SHA && (last.State == bot.StatusPending || last.Uncertain) {
			d.publishStatus(c.SHA, bot.BuildContext, c.Published, render.NewNotice(bot.StatusSuccess, "Not built here: newer commits were pushed", ""))
		}
		for _, stage := range render.StagesOf(d.View, c) {
			_, asked := c.Ordered[stage]
			_, entered := c.Progress[stage]
			_, published := c.Published[bot.ContextOf(stage)]
			if asked || entered || published {
				d.publishStatus(c.SHA, bot.ContextOf(stage), c.Published, render.FromPullStatus(d.View, c, stage, asked || entered))
				d.publishDeployment(c, stage)
			}
		}
		d.endDeployments(c)
	}
}
