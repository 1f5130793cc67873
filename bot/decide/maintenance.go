package decide

import (
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// undoNeedsMaintenance reports whether a rollback needs maintenance mode: it does where it undoes a release that was
// made in maintenance mode.
func (d *decision) undoNeedsMaintenance(to pipeline.Past, stage string, o *pipeline.RollbackOrder) bool {
	cfg, _ := d.State.Config.Stage(stage)
	st := d.State.Stage(stage)
	if len(cfg.Maintenance) == 0 {
		return false
	}
	undone := []string{o.From, st.Live.SHA}
	for _, p := range st.Past {
		if p.SHA == to.SHA {
			break
		}
		undone = append(undone, p.SHA)
	}
	return slices.ContainsFunc(undone, func(sha string) bool { return sha != to.SHA && slices.Contains(st.Maintained, sha) })
}

// inMaintenance reports whether maintenance mode is on for every app of a stage, so that a release may begin. If not,
// it requests it. The mode is turned off where the next decision does not request it again.
func (d *decision) inMaintenance(stage string) bool {
	on := true
	for _, app := range d.AppsOf(stage) {
		if d.maintained == nil {
			d.maintained = map[string]bool{}
		}
		d.maintained[app] = true
		m := d.State.Maintenance[app]
		known := m.Asked || d.Now.Sub(m.LookedAt) < bot.Fresh || d.State.Stage(stage).Promoting != nil
		switch {
		case m.On && known:
			continue
		case !d.Due(m.RetryAt):
		case m.Asked:
			d.setMaintenance(stage, app, true)
		case m.LookedAt.IsZero() || !known || m.On:
			d.want(pipeline.LookMaintenanceKey(app), bot.SetMaintenance{Stage: stage, App: app, Look: true})
		default:
			d.setMaintenance(stage, app, true)
		}
		on = false
	}
	return on
}

// On and off share a MaintenanceKey, so that they never overtake each other.
func (d *decision) setMaintenance(stage, app string, on bool) {
	d.want(pipeline.MaintenanceKey(app), bot.SetMaintenance{Stage: stage, App: app, Platform: d.State.Maintenance[app].Platform, On: on})
}

// endMaintenance turns off the maintenance mode that Headstart turned on and no decision requests. It does so even if
// the stage or the pipeline's file is gone.
func (d *decision) endMaintenance() {
	releasing := map[string]bool{}
	for _, st := range d.State.Stages {
		if st.Promoting.Unfinished() {
			for app := range st.Promoting.Apps {
				releasing[app] = true
			}
		}
	}
	for _, app := range pipeline.SortedKeys(d.State.Maintenance) {
		if m := d.State.Maintenance[app]; m.Asked && !d.maintained[app] && !releasing[app] && d.Due(m.RetryAt) {
			d.setMaintenance(m.Stage, app, false)
		}
	}
}

// showsMaintenancePage reports whether an app of a stage still serves a maintenance page that is about to go. Until
// then its answers prove nothing. A page that cannot be turned off is not waited for.
func showsMaintenancePage(s *pipeline.State, stage string) bool {
	for _, m := range s.Maintenance {
		if m.Stage == stage && m.Asked && m.RetryAt.IsZero() {
			return true
		}
	}
	return false
}

// stayInMaintenance keeps maintenance mode on for a release that is about to begin.
func (d *decision) stayInMaintenance(stage string) {
	for _, app := range d.AppsOf(stage) {
		if d.State.Maintenance[app].Asked {
			if d.maintained == nil {
				d.maintained = map[string]bool{}
			}
			d.maintained[app] = true
		}
	}
}
