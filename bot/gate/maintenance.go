package gate

import (
	"fmt"
	"slices"

	"github.com/headstart-cd/headstart/bot/pipeline"
)

// NeedsMaintenance reports whether a candidate's release on a stage needs maintenance mode. It does if its changes are
// unknown.
func (v *View) NeedsMaintenance(c *pipeline.Candidate, stage string) bool {
	cfg, _ := v.State.Config.Stage(stage)
	if len(cfg.Maintenance) == 0 {
		return false
	}
	classes, known := v.classesOf(c, stage)
	return !known || slices.ContainsFunc(cfg.Maintenance, func(class string) bool { return slices.Contains(classes, class) })
}

// AppsOf lists the apps that a promotion to a stage releases on.
func (v *View) AppsOf(stage string) []string {
	if p := v.State.Stage(stage).Promoting; p != nil {
		return pipeline.SortedKeys(p.Apps)
	}
	cfg, _ := v.State.Config.Stage(stage)
	return cfg.Apps
}

// MaintenanceGate shows that a release waits for maintenance mode that cannot be turned on. It is not among the gates
// that cause the request.
func (v *View) MaintenanceGate(c *pipeline.Candidate, stage string) (Gate, bool) {
	if !v.NeedsMaintenance(c, stage) || !v.Open(c, stage) {
		return Gate{}, false
	}
	for _, app := range v.AppsOf(stage) {
		m, f := v.State.Maintenance[app], v.State.Pending[pipeline.MaintenanceKey(app)]
		if !m.Asked {
			f = v.State.Pending[pipeline.LookMaintenanceKey(app)]
		}
		reason, since, until := m.Reason, m.LookedAt, m.RetryAt
		if reason == "" {
			reason, since, until = f.Reason, f.Since, f.NotBefore
		}
		if reason != "" && !m.On {
			return Gate{Name: Maintenance, State: Waiting, Since: since, Until: until, Next: "ask the owner of " + app,
				Text: fmt.Sprintf("maintenance mode cannot be turned on for %s: %s", app, reason)}, true
		}
	}
	return Gate{}, false
}
