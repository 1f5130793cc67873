package render

import (
	"strings"

	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// maintenanceNote states for /status that Headstart keeps an app of the stage in maintenance mode; empty: it keeps
// none.
func maintenanceNote(v *gate.View, stage string) string {
	var list []string
	reason := ""
	for _, app := range pipeline.SortedKeys(v.State.Maintenance) {
		if m := v.State.Maintenance[app]; m.Stage == stage && m.Asked {
			list = append(list, app)
			if m.Off && m.Reason != "" {
				reason = ", and cannot be turned off: " + m.Reason
			}
		}
	}
	if len(list) == 0 {
		return ""
	}
	return "🚧 maintenance mode is on for " + strings.Join(list, ", ") + reason
}
