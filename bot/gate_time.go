package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The gates that time opens: the windows of a stage, the freezes of the pipeline's
// file, and the operator's. What somebody asked for urgently passes them all;
// what has begun goes to its end, and a rollback passes no gates.

// opening is a window or a freeze at the time of a decision.
type opening struct {
	is   bool      // open, or frozen
	next time.Time // when that changes; zero: never
	text string    // that time, for people
	err  error     // the zone is unknown
}

// look finds out how a window or a freeze stands, once in each decision.
func (d *view) look(key, zone string, is func(time.Time, *time.Location) bool, next func(time.Time, *time.Location) time.Time) opening {
	key += " " + zone
	if o, known := d.hours[key]; known {
		return o
	}
	var o opening
	if loc, err := loadZone(zone); err != nil {
		o.err = err
	} else {
		o.is, o.next = is(d.now, loc), next(d.now, loc)
		o.text = o.next.In(loc).Format("Mon "+dateOf+" 15:04") + " " + zone
	}
	put(&d.hours, key, o)
	return o
}

func (d *view) window(w Window) opening {
	return d.look("window "+w.Name, w.Zone, w.openAt, w.next)
}

func (d *view) freeze(f Freeze) opening {
	return d.look("freeze "+f.From+" "+f.To, f.Zone, f.frozenAt, f.next)
}

// windowsOpen reports whether any of the pipeline's windows with these names is
// open. If none is, the decision wakes when the first of them opens, which is
// until (zero: never), and text says so in a sentence for people. It does not
// change as time passes.
func (d *view) windowsOpen(names []string) (open bool, until time.Time, text string) {
	for _, w := range d.s.Config.Windows {
		if !slices.Contains(names, w.Name) {
			continue
		}
		o := d.window(w)
		switch {
		case o.err != nil:
			if text == "" {
				text = fmt.Sprintf("the window %s cannot be told: %s", w.Name, o.err)
			}
		case o.is:
			return true, time.Time{}, ""
		case !o.next.IsZero() && (until.IsZero() || o.next.Before(until)):
			until, text = o.next, fmt.Sprintf("the window %s opens %s", w.Name, o.text)
		case text == "":
			text = fmt.Sprintf("the window %s never opens", w.Name)
		}
	}
	if text == "" {
		text = "the pipeline has no window " + strings.Join(names, " or ")
	}
	if !until.IsZero() {
		d.wake(until)
	}
	return false, until, text
}

// timeGates are the gates between a candidate and a stage that time opens; none
// where the pipeline asks for none and nothing is frozen.
func (d *view) timeGates(c *Candidate, stage string) []Gate {
	var gates []Gate
	if cfg, _ := d.s.Config.Stage(stage); len(cfg.Windows) > 0 {
		gates = append(gates, d.passed(c, stage, d.windowGate(cfg)))
	}
	if d.s.frozen(d.now) != nil || len(d.s.Config.Freezes) > 0 {
		gates = append(gates, d.passed(c, stage, d.freezeGate()))
	}
	return gates
}

// windowGate is open inside of any of the stage's windows.
func (d *view) windowGate(stage Stage) Gate {
	open, until, text := d.windowsOpen(stage.Windows)
	if open {
		return Gate{Name: GateWindow, State: GateOpen}
	}
	return Gate{Name: GateWindow, State: GateWaiting, Until: until, Text: text, Next: "comment /promote " + d.s.qualified(stage.Name) + " --urgent REASON (takes maintain)"}
}

// freezeGate waits for the end of whatever is frozen: of the operator's freeze,
// else of the one of the file that ends last.
func (d *view) freezeGate() Gate {
	g := Gate{Name: GateFreeze, State: GateOpen}
	if f := d.s.frozen(d.now); f != nil {
		if !f.Until.IsZero() {
			d.wake(f.Until)
		}
		g.State, g.Since, g.Until, g.Text, g.Who = GateWaiting, f.At, f.Until, f.text(), "the operator"
		if f.By != "" {
			g.Who += ", " + f.By
		}
		return g
	}
	for _, f := range d.s.Config.Freezes {
		o := d.freeze(f)
		switch {
		case o.err != nil:
			return Gate{Name: GateFreeze, State: GateClosed, Text: fmt.Sprintf("whether it is frozen cannot be told: %s", o.err),
				Next: "edit the pipeline's file"}
		case !o.is:
			continue
		}
		d.wake(o.next)
		if g.State == GateOpen || o.next.After(g.Until) {
			g.State, g.Until, g.Next = GateWaiting, o.next, "edit the pipeline's file, or comment /promote --urgent REASON (takes maintain)"
			g.Text = fmt.Sprintf("frozen until %s%s", o.text, because(f.Reason))
		}
	}
	return g
}

// timeNote says for a table what keeps a stage shut for now, apart from locks.
func (d *view) timeNote(stage string) string {
	note := ""
	for _, g := range d.timeGates(&Candidate{}, stage) {
		if g.State != GateOpen {
			note += "; 🕗 " + text(g.Text) + d.in(g.Until)
		}
	}
	return note
}

// plannedTimes says when a merge would get into a stage, as lines of a list. What
// it says changes seldom: it stands in the comment of every open pull request.
func (d *view) plannedTimes(stage string) string {
	lines := ""
	if cfg, _ := d.s.Config.Stage(stage); len(cfg.Windows) > 0 {
		lines += fmt.Sprintf("- 🕗 Into %s only while the window %s is open\n", text(stage), text(strings.Join(cfg.Windows, " or ")))
	}
	if g := d.freezeGate(); g.State != GateOpen {
		lines += fmt.Sprintf("- 🕗 It would wait before %s: %s\n", text(stage), text(g.Text))
	}
	return lines
}

// shutBeyond reports whether a window or a freeze keeps a candidate out of a stage
// that it has not entered for longer than until a time.
func (d *view) shutBeyond(c *Candidate, at time.Time) bool {
	for _, stage := range d.s.Config.StageNames() {
		if _, in := c.Progress[stage]; in {
			continue
		}
		for _, g := range d.timeGates(c, stage) {
			if g.State != GateOpen && (g.Until.IsZero() || g.Until.After(at)) {
				return true
			}
		}
	}
	return false
}

// passed opens a gate for what was asked for urgently, and says so.
func (d *view) passed(c *Candidate, stage string, g Gate) Gate {
	if g.State == GateOpen || !d.urgent(c, stage) {
		return g
	}
	o := c.Ordered[stage]
	return Gate{Name: g.Name, State: GateOpen, Since: o.At, Text: "passed: " + o.urgency()}
}

// phase is what a pending status of the gate is told by: it is said anew when what
// it waits for changes, and not while time passes.
func (g Gate) phase() Phase {
	switch g.Name {
	case GateWindow, GateFreeze, GateClass:
		return Phase(string(g.Name) + ": " + g.Text)
	case GateApproval:
		return g.phaseOfApproval()
	case GateLock:
		if !g.Until.IsZero() {
			return Phase(string(g.Name) + " until " + moment(g.Until))
		}
	}
	return Phase(g.Name)
}

// beforeBuilt reports whether it is one of the gates of whatever becomes of the
// checks and the build: those are told of as one.
func (g Gate) beforeBuilt() bool {
	return g.Name == GateConfiguration || g.Name == GateChecks || g.Name == GateBuild
}

// in says how long it is until something, as exactly as people care; empty for
// what has no time, or had it.
func (d *view) in(until time.Time) string {
	t := until.Sub(d.now)
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
