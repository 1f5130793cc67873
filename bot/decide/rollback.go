package decide

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// startRollbacks begins the rollbacks that were asked for, in stages that are
// free. They pass no gates: what they bring back was proved there.
func (d *decision) startRollbacks() {
	for _, stage := range d.State.Config.Stages {
		st := d.State.Stage(stage.Name)
		if st.Rollback == nil || st.Promoting != nil || !d.Due(st.RetryAt) {
			continue
		}
		past, ok := st.Target(*st.Rollback)
		if !ok {
			continue // settled by endRollback
		}
		for _, app := range stage.Apps {
			d.rollbackTo(past, stage.Name, app, st.Promotions+1, d.base(stage.Name, app), st.Rollback)
		}
	}
}

// rollbackTo releases a proved artifact on one app again, or, with config, has
// the platform restore its release.
func (d *decision) rollbackTo(past pipeline.Past, stage, app string, n, base int, o *pipeline.RollbackOrder) {
	if base >= 0 && !d.rehearsed(past.SHA, stage, n) {
		return
	}
	if base >= 0 && d.undoNeedsMaintenance(past, stage, o) && !d.inMaintenance(stage) {
		return
	}
	from := app
	if _, had := past.Releases[app]; !had { // the stage has got it since
		from = past.From
	}
	restore := ""
	if o.Config {
		restore = past.Releases[app].ID
	}
	d.release(bot.Promote{Stage: stage, Promotion: n, App: app, From: from, Artifact: past.ArtifactOn(app), SHA: past.SHA, Base: base, Restore: restore}, false)
}
