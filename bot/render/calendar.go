package render

import (
	"fmt"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// timeNote states, for a table, what keeps a stage shut for now, apart from locks.
func timeNote(v *gate.View, stage string) string {
	note := ""
	for _, g := range v.TimeGates(&pipeline.Candidate{}, stage) {
		if g.State != gate.Open {
			note += "; 🕗 " + words.Text(g.Text) + in(v, g.Until)
		}
	}
	return note
}

// plannedTimes lists when a merge could enter a stage. The text rarely changes, because it is in the comment of every
// open pull request.
func plannedTimes(v *gate.View, stage string) string {
	lines := ""
	if cfg, _ := v.State.Config.Stage(stage); len(cfg.Windows) > 0 {
		lines += fmt.Sprintf("- 🕗 Into %s only while the window %s is open\n", words.Text(stage), words.Text(strings.Join(cfg.Windows, " or ")))
	}
	if g := v.FreezeGate(); g.State != gate.Open {
		lines += fmt.Sprintf("- 🕗 It would wait before %s: %s\n", words.Text(stage), words.Text(g.Text))
	}
	return lines
}

// shutBeyond reports whether a window or a freeze keeps a candidate out of a stage beyond at. It is false once the
// candidate has entered.
func shutBeyond(v *gate.View, c *pipeline.Candidate, at time.Time) bool {
	for _, stage := range v.State.Config.StageNames() {
		if _, in := c.Progress[stage]; in {
			continue
		}
		for _, g := range v.TimeGates(c, stage) {
			if g.State != gate.Open && (g.Until.IsZero() || g.Until.After(at)) {
				return true
			}
		}
	}
	return false
}

// in words the time until something, as exactly as people care; empty for a past or zero time.
func in(v *gate.View, until time.Time) string {
	t := until.Sub(v.Now)
	switch {
	case until.IsZero() || t <= 0:
		return ""
	case t < 2*time.Minute:
		return fmt.Sprintf(" (in %.0f s)", t.Seconds())
	case t < 2*time.Hour:
		return fmt.Sprintf(" (in %.0f min)", t.Minutes())
	case t < 48*time.Hour:
		return fmt.Sprintf(" (in %.0f h)", t.Hours())
	}
	return fmt.Sprintf(" (in %.0f days)", t.Hours()/24)
}
