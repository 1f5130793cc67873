package bot

import "fmt"

// promote carries promotions in flight on, and lets the newest candidate whose
// gates are open into each stage that is free.
func (d *decision) promote() {
	for _, stage := range d.s.Config.Stages {
		if d.s.Stages[stage.Name].InFlight != nil {
			d.carryOn(stage)
		} else {
			d.enter(stage)
		}
	}
}

// enter looks for the newest candidate that may enter, and lets it in. Into the
// first stage nobody gets on a reading of the checks that is not fresh.
func (d *decision) enter(stage Stage) {
	for i := len(d.s.Candidates) - 1; i >= 0; i-- {
		c := &d.s.Candidates[i]
		if _, was := c.Passages[stage.Name]; was {
			continue
		}
		if _, no := blocked(d.gates(c, stage.Name)); no {
			continue
		}
		if stage.Name == d.firstStage() && !d.freshlyGreen(c) {
			d.readChecksOf(c)
			return
		}
		if r, _ := d.s.run(c.SHA, c.Tree); c.Artifact == "" && r.Status != RunSucceeded {
			d.buildOnStage(c, stage)
			return
		}
		for _, app := range stage.Apps {
			d.promoteTo(c, stage, app, d.s.Stages[stage.Name].Promotions+1)
		}
		return
	}
}

// freshlyGreen reports whether the checks were read a moment ago and nothing
// moved since.
func (d *decision) freshlyGreen(c *Candidate) bool {
	if d.s.Config.Checks.None {
		return true
	}
	r := c.Reports
	return r.Read && r.Hints == r.Heard && d.now.Sub(r.ReadAt) < fresh
}

// ripe reports whether nothing but a fresh look at the checks keeps a candidate
// out of the first stage.
func (d *decision) ripe(c *Candidate) bool {
	_, no := blocked(d.gates(c, d.firstStage()))
	return !no
}

// buildOnStage is the normal deploy: the first stage's own app builds. It enters
// the stage, so it happens only when every gate is open.
func (d *decision) buildOnStage(c *Candidate, stage Stage) {
	key, app := d.s.buildKey(c.SHA, c.Tree), stage.Apps[0]
	if d.want(buildEffect(app, key), StartBuild{App: app, SHA: c.SHA, Tree: c.Tree, Command: d.s.Config.Build, Stage: stage.Name}) {
		d.starting[key] = app
	}
}

// carryOn asks for the releases of a promotion that have not begun yet.
func (d *decision) carryOn(stage Stage) {
	p := d.s.Stages[stage.Name].InFlight
	c := d.s.candidate(p.SHA)
	if c == nil {
		return
	}
	if p.Building {
		if r, _ := d.s.run(c.SHA, c.Tree); r.Status == RunStarting {
			d.buildOnStage(c, stage)
		}
		return
	}
	for _, app := range sortedKeys(p.Apps) {
		if p.Apps[app].State == "" {
			d.promoteTo(c, stage, app, p.N)
		}
	}
}

func (d *decision) promoteTo(c *Candidate, stage Stage, app string, n int) {
	r, _ := d.s.run(c.SHA, c.Tree)
	artifact, from := c.Artifact, c.ArtifactApp
	if artifact == "" {
		artifact, from = r.Artifact, r.App
	}
	if i := d.stageIndex(stage.Name); i > 0 {
		from = d.s.Config.Stages[i-1].Apps[0]
	}
	base := -1
	if stand := d.s.Stages[stage.Name].Apps[app]; stand.Seen {
		base = stand.Newest
	}
	d.want(promoteKey(stage.Name, n, app), Promote{
		Stage: stage.Name, Promotion: n, App: app, From: from, Artifact: artifact, SHA: c.SHA, Base: base,
	})
}

func promoteKey(stage string, n int, app string) string {
	return fmt.Sprintf("promote %s %d %s", stage, n, app)
}
