package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// copying names the copies that a stage waits for; empty: none.
func copying(v *gate.View, stage string) string {
	var list []string
	from := ""
	for _, app := range pipeline.SortedKeys(v.State.Copies) {
		if cp := v.State.Copies[app]; cp.Stage == stage && !cp.Ready && v.State.Wanted(cp) {
			list, from = append(list, app), cp.From
		}
	}
	if len(list) == 0 {
		return ""
	}
	return fmt.Sprintf("copying the database of %s for %s", from, words.Names(list))
}

// copyNote names, for /status, the copies that Headstart made; empty: none.
func copyNote(v *gate.View, stage string) string {
	var list []string
	for _, app := range pipeline.SortedKeys(v.State.Copies) {
		cp := v.State.Copies[app]
		if cp.Stage != stage {
			continue
		}
		note := fmt.Sprintf("%s has a copy of the database of %s", app, cp.From)
		if cp.Reason != "" {
			note += ", which cannot be removed: " + cp.Reason
		}
		list = append(list, note)
	}
	return strings.Join(slices.Compact(list), "; ")
}
