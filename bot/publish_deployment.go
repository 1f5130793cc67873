package bot

// What GitHub Deployments say of a promotion.

// publishDeployment makes the GitHub Deployment of a promotion once it has begun.
func (d *decision) publishDeployment(c *Candidate, stage string) {
	pass, entered := c.Progress[stage]
	if !entered || pass.Promotion == 0 || c.deployment(stage, pass.Promotion) != nil || pass.State == ProgressReleasing && !d.s.mayHaveStarted(stage) {
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
			if c.Progress[dep.Stage].Promotion == dep.Promotion && d.retryDue(dep.Refusal) {
				d.createDeployment(c, dep.Stage, dep.Promotion)
			}
			continue
		}
		if w := d.deploymentStatus(c, dep); dep.Published.State != w.State || dep.Published.Uncertain || d.repeatDue(dep.Published.RepeatAt) || d.retryDue(dep.Published.Refusal) {
			d.want(deploymentStatusKey(dep.Stage, dep.ID), SetDeploymentStatus{
				SHA: c.SHA, Stage: dep.Stage, ID: dep.ID, Status: w.Status, AppURL: d.appURL(dep.Stage),
			})
		}
	}
}

func (d *view) deploymentStatus(c *Candidate, dep Deployment) *notice {
	pass := c.Progress[dep.Stage]
	live := d.s.Stages[dep.Stage].Live.SHA
	switch {
	case pass.State == "" && live == c.SHA && dep.Published.State == StatusSuccess:
		return newNotice(StatusSuccess, dep.Published.Text, "") // it is to be released once more, and runs until then
	case pass.Promotion != dep.Promotion:
		return newNotice(DeploymentInactive, "Replaced by a later promotion", "")
	case pass.State == ProgressFailed:
		return newNotice(StatusFailure, pass.Reason, pass.OutputURL)
	case pass.State == ProgressRolledBack:
		return newNotice(DeploymentInactive, capital(pass.Reason), "")
	case pass.State == ProgressReleasing:
		return newNotice(DeploymentInProgress, "Releasing to "+dep.Stage, "")
	case live != c.SHA:
		return newNotice(DeploymentInactive, "Replaced by "+Short(live), "")
	case d.drifted(c, dep.Stage) != "":
		return newNotice(DeploymentInactive, capital(d.drifted(c, dep.Stage)), "")
	}
	return newNotice(StatusSuccess, "Released in "+took(pass.StartedAt, pass.EndedAt), "")
}
