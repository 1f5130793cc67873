package decide

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/render"
)

// The GitHub Deployments of promotions.

// publishDeployment creates the GitHub Deployment of a promotion that has begun.
func (d *decision) publishDeployment(c *pipeline.Candidate, stage string) {
	pass, entered := c.Progress[stage]
	if !entered || pass.Promotion == 0 || c.Deployment(stage, pass.Promotion) != nil || pass.State == pipeline.ProgressReleasing && !d.State.MayHaveStarted(stage) {
		return
	}
	d.createDeployment(c, stage, pass.Promotion)
}

func (d *decision) createDeployment(c *pipeline.Candidate, stage string, promotion int) {
	last := false
	if n := len(d.State.Config.Stages); n > 0 {
		last = stage == d.State.Config.Stages[n-1].Name
	}
	d.want(pipeline.DeploymentKey(stage, promotion), bot.CreateDeployment{
		SHA: c.SHA, Stage: stage, Promotion: promotion, Production: last, Text: render.DeploymentText(c, stage, promotion),
	})
}

// endDeployments publishes the state of each deployment of a candidate.
func (d *decision) endDeployments(c *pipeline.Candidate) {
	for _, dep := range c.Deployments {
		switch {
		case dep.Asked: // also where the promotion was undone: the deployment may exist, and must end
			d.createDeployment(c, dep.Stage, dep.Promotion)
			continue
		case dep.ID == 0: // refused by GitHub
			if c.Progress[dep.Stage].Promotion == dep.Promotion && d.retryDue(dep.Refusal) {
				d.createDeployment(c, dep.Stage, dep.Promotion)
			}
			continue
		}
		if w := render.DeploymentStatus(d.View, c, dep); dep.Published.State != w.State || dep.Published.Uncertain || render.RepeatDue(d.View, dep.Published.RepeatAt) || d.retryDue(dep.Published.Refusal) {
			d.want(pipeline.DeploymentStatusKey(dep.Stage, dep.ID), bot.SetDeploymentStatus{
				SHA: c.SHA, Stage: dep.Stage, ID: dep.ID, Status: w.Status, AppURL: render.AppURL(d.View, dep.Stage),
				Part: d.partOfPage(c.SHA, bot.ContextOf(dep.Stage), w.Status),
			})
		}
	}
}
