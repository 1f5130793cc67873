package decide

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// startRollbacks begins the requested rollbacks in free stages. A rollback passes no gates: its target was proved on
// the stage.
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

// rollbackTo releases a proved artifact on one app again. With config, the platform restores the old release.
func (d *decision) rollbackTo(past pipeline.Past, stage, app string, n, base int, o *pipeline.RollbackOrder) {
	if base >= 0 && !d.rehearsed(past.SHA, stage, n) {
		return
	}
	if base >= 0 && d.undoNeedsMaintenance(past, stage, o) && !d.inMaintenance(stage) {
		return
	}
	from := app
	if _, had := past.Releases[app]; !had { // the app was added to the stage since
		from = past.From
	}
	restore := ""
	if o.Config {
		restore = past.Releases[app].ID
	}
	d.release(bot.Promote{Stage: stage, Promotion: n, App: app, From: from, Artifact: past.ArtifactOn(app), SHA: past.SHA, Base: base, Restore: restore}, false)
}
