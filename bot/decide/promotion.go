package decide

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// enterStages lets the newest candidate whose gates are open into each free stage.
func (d *decision) enterStages() {
	for _, stage := range d.State.Config.Stages {
		if st := d.State.Stage(stage.Name); st.Promoting == nil && st.Rollback == nil {
			d.enter(stage)
			d.enterFromPull(stage)
		}
	}
}

// enter lets the newest candidate that may enter into a stage. The first stage requires a fresh reading of the checks.
func (d *decision) enter(stage bot.Stage) {
	first := stage.Name == d.FirstStage()
	for i := len(d.State.Candidates) - 1; i >= 0; i-- {
		c := &d.State.Candidates[i]
		if p, was := c.Progress[stage.Name]; was && p.BuildFailed {
			continue
		} else if was {
			return // older ones would take the stage back
		}
		if !d.Open(c, stage.Name) {
			continue
		}
		if first && !d.FreshlyGreen(c) {
			d.readChecksOf(c, true)
			return
		}
		if !d.rightsFresh(c, stage.Name) {
			return
		}
		if r, _ := d.State.RunOf(c); c.Artifact == "" && r.Status != pipeline.RunSucceeded {
			if first {
				d.buildOnStage(c, stage.Name, stage.Apps[0], d.State.KeyOf(c))
			}
			return
		}
		d.begin(c, stage)
		return
	}
}

// begin asks for the releases of a promotion on all apps of a stage.
func (d *decision) begin(c *pipeline.Candidate, stage bot.Stage) {
	for _, app := range stage.Apps {
		d.promoteTo(c, stage.Name, app, d.State.Stage(stage.Name).Promotions+1, d.base(stage.Name, app), false)
	}
}

// buildOnStage deploys by a build on the first stage's own app. The build enters the stage, so it requires every gate
// to be open.
func (d *decision) buildOnStage(c *pipeline.Candidate, stage, app, key string) {
	do := bot.StartBuild{App: app, SHA: c.SHA, Tree: c.Tree, Stage: stage, Base: d.base(stage, app)}
	d.asAsked(key, &do)
	if do.Base >= 0 && d.NeedsMaintenance(c, stage) && !d.inMaintenance(stage) {
		return // its release may follow the build without another request
	}
	if d.want(pipeline.BuildEffect(app, key), do) {
		d.starting[key] = app
	}
}

// carryOn requests the releases of promotions in progress that have not begun, even if the pipeline's file has changed
// since.
func (d *decision) carryOn() {
	for _, stage := range pipeline.SortedKeys(d.State.Stages) {
		p := d.State.Stage(stage).Promoting
		if p == nil {
			continue
		}
		c := d.State.Promoted(p, p.SHA)
		if c == nil {
			continue
		}
		if p.Building {
			if r := d.State.Builds[p.Build]; r.Status == pipeline.RunStarting && d.mayTry(d.State.Pending[pipeline.BuildEffect(r.App, p.Build)]) {
				d.buildAgain(c, stage, r.App, p.Build)
			}
			continue
		}
		for _, app := range pipeline.SortedKeys(p.Apps) {
			if p.Apps[app].State == "" && d.mayTry(d.State.Pending[pipeline.PromoteKey(stage, p.N, app)]) {
				d.tryAgain(c, stage, app, p)
			}
		}
	}
}

// buildAgain repeats the build on a stage's own app. The build enters the stage, so every gate but the build's must
// still be open. Otherwise it only looks for the result of the first attempt.
func (d *decision) buildAgain(c *pipeline.Candidate, stage, app, key string) {
	_, no := gate.Blocked(gate.Without(d.Gates(c, stage), "build", "right"))
	switch {
	case !d.State.Configured || d.StageIndex(stage) != 0 || no:
		do := bot.StartBuild{App: app, SHA: c.SHA, Tree: c.Tree, Stage: stage, Look: true}
		d.asAsked(key, &do)
		d.want(pipeline.BuildEffect(app, key), do)
	case !d.FreshlyGreen(c):
		d.readChecksOf(c, true)
	case !d.rightsFresh(c, stage):
	default:
		d.buildOnStage(c, stage, app, key)
	}
}

// tryAgain repeats the release of one app. Until a release is known to have begun, the stage may be untouched, so the
// gates must still be open. Otherwise it only looks for the result of the first attempt.
func (d *decision) tryAgain(c *pipeline.Candidate, stage, app string, p *pipeline.Promotion) {
	if p.Rollback != nil {
		if past, ok := d.State.Stage(stage).Named(p.SHA, 0); ok {
			d.rollbackTo(past, stage, app, p.N, d.baseOf(stage, app, p), p.Rollback)
		}
		return
	}
	look := false
	if !p.Started() {
		_, configured := d.State.Config.Stage(stage)
		switch {
		case !d.State.Configured || !configured || !d.Open(c, stage):
			if d.awaitsOthers(stage, app, p) {
				return
			}
			look = true
		case stage == d.FirstStage() && !d.FreshlyGreen(c):
			d.readChecksOf(c, true)
			return
		case !d.rightsFresh(c, stage):
			return
		}
	}
	d.promoteTo(c, stage, app, p.N, d.baseOf(stage, app, p), look)
}

// awaitsOthers reports whether this app is known to be unchanged while another app's outcome is unknown. The other app
// then decides how the promotion goes on.
func (d *decision) awaitsOthers(stage, app string, p *pipeline.Promotion) bool {
	asked := func(app string) bool {
		return p.Apps[app].Unsure || d.State.Pending[pipeline.PromoteKey(stage, p.N, app)].Attempt > 0
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

// base returns the newest release of a stage's app as last seen; -1: the app was never looked at. At -1 the release is
// looked for, not requested.
func (d *decision) base(stage, app string) int {
	if stand := d.State.Stage(stage).Apps[app]; stand.Seen {
		return stand.Newest
	}
	return -1
}

// baseOf returns the base of a release that is requested again. While an earlier attempt may have made the release, it
// is that attempt's base: its release, and any on top of it, is newer. An attempt that only looked has made none.
func (d *decision) baseOf(stage, app string, p *pipeline.Promotion) int {
	if f, base := d.State.Pending[pipeline.PromoteKey(stage, p.N, app)], p.Apps[app].Base; base >= 0 && (f.Unsure || f.Underway) {
		return base
	}
	return d.base(stage, app)
}

func (d *decision) promoteTo(c *pipeline.Candidate, stage, app string, n, base int, look bool) {
	if base >= 0 && !look && !d.rehearsed(c.SHA, stage, n) {
		return
	}
	if base >= 0 && !look && d.NeedsMaintenance(c, stage) && !d.inMaintenance(stage) {
		return
	}
	artifact, from := c.Artifact, c.ArtifactApp
	if artifact == "" {
		r, _ := d.State.RunOf(c)
		artifact, from = r.Artifact, r.App
	}
	if i := d.StageIndex(stage); i > 0 {
		before, ok := d.State.Config.Stage(d.ProvedOn(c, i))
		if ok && c.Progress[before.Name].State == pipeline.ProgressLive { // else the stage was added after this promotion
			from = before.Apps[0]
		}
	}
	d.release(bot.Promote{Stage: stage, Promotion: n, App: app, From: from, Artifact: artifact, SHA: c.SHA, Base: base}, look)
}

// release requests a release. It only looks for the release if look is set, or if the app was never looked at.
func (d *decision) release(do bot.Promote, look bool) {
	key := pipeline.PromoteKey(do.Stage, do.Promotion, do.App)
	if look || do.Base < 0 {
		d.want(key, bot.LookAtApp{Stage: do.Stage, App: do.App, Seeks: &do})
		return
	}
	d.want(key, do)
}
