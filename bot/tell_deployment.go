package bot

// What GitHub Deployments say of a promotion.

// tellDeployment makes the GitHub Deployment of a promotion once it has begun.
func (d *decision) tellDeployment(c *Candidate, stage string) {
	pass, entered := c.Passages[stage]
	if !entered || pass.Promotion == 0 || c.deployment(stage, pass.Promotion) != nil || pass.State == PassageReleasing && !d.s.begun(stage) {
		return
	}
	d.createDeployment(c, stage, pass.Promotion)
}

func (d *decision) createDeployment(c *Candidate, stage string, promotion int) {
	last := false
	if n := len(d.s.Config.Stages); n > 0 {
		last = stage == d.s.Config.Stages[n-1].Name
	}
	d.want(deploymentKey(stage, promotion), CreateDeployment{
		SHA: c.SHA, Stage: stage, Promotion: promotion, Production: last, Text: c.deploymentText(stage, promotion),
	})
}

// endDeployments tells how each deployment of a candidate stands.
func (d *decision) endDeployments(c *Candidate) {
	for _, dep := range c.Deployments {
		switch {
		case dep.Asked: // also where the promotion was taken back: it may be there, and has to end
			d.createDeployment(c, dep.Stage, dep.Promotion)
			continue
		case dep.ID == 0: // refused by GitHub
			if c.Passages[dep.Stage].Promotion == dep.Promotion && d.later(dep.Unheard) {
				d.createDeployment(c, dep.Stage, dep.Promotion)
			}
			continue
		}
		if w := d.deploymentStatus(c, dep); dep.Told.State != w.State || dep.Told.Doubt || d.again(dep.Told.Again) || d.later(dep.Told.Unheard) {
			d.want(deploymentStatusKey(dep.Stage, dep.ID), SetDeploymentStatus{
				SHA: c.SHA, Stage: dep.Stage, ID: dep.ID, Status: w.Status, AppURL: d.appURL(dep.Stage),
			})
		}
	}
}

func (d *view) deploymentStatus(c *Candidate, dep Deployment) *saying {
	pass := c.Passages[dep.Stage]
	live := d.s.Stages[dep.Stage].Live.SHA
	switch {
	case pass.State == "" && live == c.SHA && dep.Told.State == StatusSuccess:
		return say(StatusSuccess, dep.Told.Text, "") // it is to be released once more, and runs until then
	case pass.Promotion != dep.Promotion:
		return say(DeploymentInactive, "Replaced by a later promotion", "")
	case pass.State == PassageFailed:
		return say(StatusFailure, pass.Reason, pass.OutputURL)
	case pass.State == PassageUndone:
		return say(DeploymentInactive, capital(pass.Reason), "")
	case pass.State == PassageReleasing:
		return say(DeploymentInProgress, "Releasing to "+dep.Stage, "")
	case live != c.SHA:
		return say(DeploymentInactive, "Replaced by "+Short(live), "")
	case d.drifted(c, dep.Stage) != "":
		return say(DeploymentInactive, capital(d.drifted(c, dep.Stage)), "")
	}
	return say(StatusSuccess, "Released in "+took(pass.StartedAt, pass.EndedAt), "")
}
