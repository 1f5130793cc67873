package bot

import (
	"slices"
)

// enterStages lets the newest candidate whose gates are open into each stage
// that is free.
func (d *decision) enterStages() {
	for _, stage := range d.s.Config.Stages {
		if st := d.s.Stages[stage.Name]; st.Promoting == nil && st.Rollback == nil {
			d.enter(stage)
			d.enterFromPull(stage)
		}
	}
}

// enter looks for the newest candidate that may enter, and lets it in. Into the
// first stage nobody gets on a reading of the checks that is not fresh.
func (d *decision) enter(stage Stage) {
	first := stage.Name == d.firstStage()
	for i := len(d.s.Candidates) - 1; i >= 0; i-- {
		c := &d.s.Candidates[i]
		if p, was := c.Progress[stage.Name]; was && p.BuildFailed {
			continue
		} else if was {
			return // older ones would take the stage back
		}
		if !d.open(c, stage.Name) {
			continue
		}
		if first && !d.freshlyGreen(c) {
			d.readChecksOf(c, true)
			return
		}
		if !d.rightsFresh(c, stage.Name) {
			return
		}
		if r, _ := d.s.runOf(c); c.Artifact == "" && r.Status != RunSucceeded {
			if first {
				d.buildOnStage(c, stage.Name, stage.Apps[0], d.s.keyOf(c))
			}
			return
		}
		d.begin(c, stage)
		return
	}
}

// begin asks for the releases of a promotion on all apps of a stage.
func (d *decision) begin(c *Candidate, stage Stage) {
	for _, app := range stage.Apps {
		d.promoteTo(c, stage.Name, app, d.s.Stages[stage.Name].Promotions+1, d.base(stage.Name, app), false)
	}
}

// open reports whether every gate between a candidate and a stage is open, by
// what is known, but for those that whoever enters asks for (vouched).
func (d *view) open(c *Candidate, stage string) bool {
	_, no := blocked(but(d.gates(c, stage), GateRight))
	return !no
}

// but is a list of gates without those of some names.
func but(gates []Gate, names ...GateName) []Gate {
	named := func(g Gate) bool { return slices.Contains(names, g.Name) }
	if !slices.ContainsFunc(gates, named) {
		return gates
	}
	return slices.DeleteFunc(slices.Clone(gates), named)
}

// freshlyGreen reports whether the checks, and what the branch requires, were
// read a moment ago and nothing moved since.
func (d *view) freshlyGreen(c *Candidate) bool {
	if d.s.Config.Checks.None {
		return true
	}
	r := c.Reports
	return r.Read && r.Refused == "" && r.Hints == r.Seen && d.now.Sub(r.ReadAt) < fresh &&
		(!d.s.Config.Checks.AsGitHubRequires() || d.now.Sub(d.s.Required.ReadAt) < fresh)
}

// buildOnStage is the normal deploy: the first stage's own app builds. It enters
// the stage, so it happens only when every gate is open.
func (d *decision) buildOnStage(c *Candidate, stage, app, key string) {
	do := StartBuild{App: app, SHA: c.SHA, Tree: c.Tree, Stage: stage, Base: d.base(stage, app)}
	d.asAsked(key, &do)
	if do.Base >= 0 && d.needsMaintenance(c, stage) && !d.inMaintenance(stage) {
		return // its release may follow the build by itself
	}
	if d.want(buildEffect(app, key), do) {
		d.starting[key] = app
	}
}

// carryOn asks for the releases of promotions in flight that have not begun
// yet, whatever has become of the pipeline's file meanwhile.
func (d *decision) carryOn() {
	for _, stage := range sortedKeys(d.s.Stages) {
		p := d.s.Stages[stage].Promoting
		if p == nil {
			continue
		}
		c := d.s.promoted(p, p.SHA)
		if c == nil {
			continue
		}
		if p.Building {
			if r := d.s.Builds[p.Build]; r.Status == RunStarting && d.mayTry(d.s.Pending[buildEffect(r.App, p.Build)]) {
				d.buildAgain(c, stage, r.App, p.Build)
			}
			continue
		}
		for _, app := range sortedKeys(p.Apps) {
			if p.Apps[app].State == "" && d.mayTry(d.s.Pending[promoteKey(stage, p.N, app)]) {
				d.tryAgain(c, stage, app, p)
			}
		}
	}
}

// buildAgain repeats the build on a stage's own app. It enters the stage, so the
// gates must still be open, but for that of the build, which is this one: else
// nothing is done but to look what has become of the first attempt.
func (d *decision) buildAgain(c *Candidate, stage, app, key string) {
	_, no := blocked(but(d.gates(c, stage), "build", "right"))
	switch {
	case !d.s.Configured || d.stageIndex(stage) != 0 || no:
		do := StartBuild{App: app, SHA: c.SHA, Tree: c.Tree, Stage: stage, Look: true}
		d.asAsked(key, &do)
		d.want(buildEffect(app, key), do)
	case !d.freshlyGreen(c):
		d.readChecksOf(c, true)
	case !d.rightsFresh(c, stage):
	default:
		d.buildOnStage(c, stage, app, key)
	}
}

// tryAgain repeats the release of one app. As long as none is known to have
// begun, the stage may not have been entered, so its gates must still be open:
// else nothing is done but to look what has become of the first attempt.
func (d *decision) tryAgain(c *Candidate, stage, app string, p *Promotion) {
	if p.Rollback != nil {
		if past, ok := d.s.Stages[stage].named(p.SHA, 0); ok {
			d.rollbackTo(past, stage, app, p.N, d.baseOf(stage, app, p), p.Rollback)
		}
		return
	}
	look := false
	if !p.started() {
		_, configured := d.s.Config.Stage(stage)
		switch {
		case !d.s.Configured || !configured || !d.open(c, stage):
			if d.awaitsOthers(stage, app, p) {
				return
			}
			look = true
		case stage == d.firstStage() && !d.freshlyGreen(c):
			d.readChecksOf(c, true)
			return
		case !d.rightsFresh(c, stage):
			return
		}
	}
	d.promoteTo(c, stage, app, p.N, d.baseOf(stage, app, p), look)
}

// awaitsOthers reports whether one app of a promotion is known to be as it was,
// and what became of another is not known yet: that one decides how it goes on.
func (d *decision) awaitsOthers(stage, app string, p *Promotion) bool {
	asked := func(app string) bool {
		return p.Apps[app].Unsure || d.s.Pending[promoteKey(stage, p.N, app)].Attempt > 0
	}
	if asked(app) {
		return false
	}
	for other := range p.Apps {
		if asked(other) {
			return true
		}
	}
	return false
}

// started reports whether a release is known to have begun on some app.
func (p *Promotion) started() bool {
	for _, a := range p.Apps {
		if a.started() {
			return true
		}
	}
	return p.Built || p.Copied
}

// base is the newest release of a stage's app as last seen; -1: never looked.
// Then the release is sought, and not asked for.
func (d *decision) base(stage, app string) int {
	if stand := d.s.Stages[stage].Apps[app]; stand.Seen {
		return stand.Newest
	}
	return -1
}

// baseOf is the base of a release that is asked for again. While nobody knows
// whether an earlier attempt has made it, it is that attempt's: what it made is
// newer, and so is what others may have released on top of that. One that only
// looked has made none.
func (d *decision) baseOf(stage, app string, p *Promotion) int {
	if f, base := d.s.Pending[promoteKey(stage, p.N, app)], p.Apps[app].Base; base >= 0 && (f.Unsure || f.Underway) {
		return base
	}
	return d.base(stage, app)
}

func (d *decision) promoteTo(c *Candidate, stage, app string, n, base int, look bool) {
	if base >= 0 && !look && !d.rehearsed(c.SHA, stage, n) {
		return
	}
	if base >= 0 && !look && d.needsMaintenance(c, stage) && !d.inMaintenance(stage) {
		return
	}
	artifact, from := c.Artifact, c.ArtifactApp
	if artifact == "" {
		r, _ := d.s.runOf(c)
		artifact, from = r.Artifact, r.App
	}
	if i := d.stageIndex(stage); i > 0 {
		before, ok := d.s.Config.Stage(d.provedOn(c, i))
		if ok && c.Progress[before.Name].State == ProgressLive { // else the stage is younger than this promotion
			from = before.Apps[0]
		}
	}
	d.release(Promote{Stage: stage, Promotion: n, App: app, From: from, Artifact: artifact, SHA: c.SHA, Base: base}, look)
}

// release asks for a release; or looks whether it is there, where it may not be asked for
// or the app was never looked at.
func (d *decision) release(do Promote, look bool) {
	key := promoteKey(do.Stage, do.Promotion, do.App)
	if look || do.Base < 0 {
		d.want(key, LookAtApp{Stage: do.Stage, App: do.App, Seeks: &do})
		return
	}
	d.want(key, do)
}
