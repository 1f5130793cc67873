package decide

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/render"
)

// enterFromPull lets a pull request's head into a stage that is free, where nothing of
// the branch has just been let in.
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
			continue // it is built where pull requests are built, and nowhere else
		}
		d.begin(c, stage)
		return
	}
}

// fromPullsToBuild lists the candidates from pull requests that have no build yet. The
// build of their test merge serves them where it has the same tree.
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

// publishFromPulls shows on a pull request's head how it fares at the stages that were
// asked for.
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
