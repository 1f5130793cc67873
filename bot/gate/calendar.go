package gate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/calendar"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// Frozen returns the operator's freeze; nil: none is in force at now.
func Frozen(s *pipeline.State, now time.Time) *bot.OperatorFreeze {
	if !s.Freeze.Active(now) {
		return nil
	}
	f := s.Freeze
	return &f
}

// The gates that time opens: a stage's windows, the freezes of the pipeline's file, and the operator's. An urgent order
// passes all of them. A promotion in progress will finish, and a rollback passes no gates.

// opening is the state of a window or a freeze at the time of a decision.
type opening struct {
	is   bool      // open, or frozen
	next time.Time // when that changes; zero: never
	text string    // that time, for people
	err  error     // the zone is unknown
}

// look returns the state of a window or a freeze, computed once per decision.
func (v *View) look(key, zone string, is func(time.Time, *time.Location) bool, next func(time.Time, *time.Location) time.Time) opening {
	key += " " + zone
	if o, known := v.hours[key]; known {
		return o
	}
	var o opening
	if loc, err := calendar.LoadZone(zone); err != nil {
		o.err = err
	} else {
		o.is, o.next = is(v.Now, loc), next(v.Now, loc)
		o.text = o.next.In(loc).Format("Mon "+calendar.DateOf+" 15:04") + " " + zone
	}
	pipeline.Put(&v.hours, key, o)
	return o
}

func (v *View) window(w calendar.Window) opening {
	return v.look("window "+w.Name, w.Zone, w.OpenAt, w.Next)
}

func (v *View) freeze(f calendar.Freeze) opening {
	return v.look("freeze "+f.From+" "+f.To, f.Zone, f.FrozenAt, f.Next)
}

// windowsOpen reports whether any of the named windows is open. If none is, the decision wakes when the first one
// opens: at until (zero: never). text says so in a sentence that does not change as time passes.
func (v *View) windowsOpen(names []string) (open bool, until time.Time, text string) {
	for _, w := range v.State.Config.Windows {
		if !slices.Contains(names, w.Name) {
			continue
		}
		o := v.window(w)
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
		v.Wake(until)
	}
	return false, until, text
}

// TimeGates returns the gates between a candidate and a stage that time opens; none where there are no windows and no
// freezes.
func (v *View) TimeGates(c *pipeline.Candidate, stage string) []Gate {
	var gates []Gate
	if cfg, _ := v.State.Config.Stage(stage); len(cfg.Windows) > 0 {
		gates = append(gates, v.passed(c, stage, v.windowGate(cfg)))
	}
	if Frozen(v.State, v.Now) != nil || len(v.State.Config.Freezes) > 0 {
		gates = append(gates, v.passed(c, stage, v.FreezeGate()))
	}
	return gates
}

// windowGate is open inside any of the stage's windows.
func (v *View) windowGate(stage bot.Stage) Gate {
	open, until, text := v.windowsOpen(stage.Windows)
	if open {
		return Gate{Name: Window, State: Open}
	}
	return Gate{Name: Window, State: Waiting, Until: until, Text: text, Next: "comment /promote " + v.State.Qualified(stage.Name) + " --urgent REASON (takes maintain)"}
}

// FreezeGate waits for the end of the operator's freeze, else of the file's freeze that ends last.
func (v *View) FreezeGate() Gate {
	g := Gate{Name: Freeze, State: Open}
	if f := Frozen(v.State, v.Now); f != nil {
		if !f.Until.IsZero() {
			v.Wake(f.Until)
		}
		g.State, g.Since, g.Until, g.Text, g.Who = Waiting, f.At, f.Until, f.Text(), "the operator"
		if f.By != "" {
			g.Who += ", " + f.By
		}
		return g
	}
	for _, f := range v.State.Config.Freezes {
		o := v.freeze(f)
		switch {
		case o.err != nil:
			return Gate{Name: Freeze, State: Closed, Text: fmt.Sprintf("whether it is frozen cannot be told: %s", o.err),
				Next: "edit the pipeline's file"}
		case !o.is:
			continue
		}
		v.Wake(o.next)
		if g.State == Open || o.next.After(g.Until) {
			g.State, g.Until, g.Next = Waiting, o.next, "edit the pipeline's file, or comment /promote --urgent REASON (takes maintain)"
			g.Text = fmt.Sprintf("frozen until %s%s", o.text, words.Because(f.Reason))
		}
	}
	return g
}

// passed opens a gate for an urgent order, and says so in its text.
func (v *View) passed(c *pipeline.Candidate, stage string, g Gate) Gate {
	if g.State == Open || !v.urgent(c, stage) {
		return g
	}
	o := c.Ordered[stage]
	return Gate{Name: g.Name, State: Open, Since: o.At, Text: "passed: " + o.Urgency()}
}

// Phase returns the phase of a pending status. The status is published again when the phase changes: when the gate
// waits for something else, not as time passes.
func (g Gate) Phase() bot.Phase {
	switch g.Name {
	case Window, Freeze, Class:
		return bot.Phase(string(g.Name) + ": " + g.Text)
	case Approval:
		return g.phaseOfApproval()
	case Lock:
		if !g.Until.IsZero() {
			return bot.Phase(string(g.Name) + " until " + words.Moment(g.Until))
		}
	}
	return bot.Phase(g.Name)
}

// BeforeBuilt reports whether the gate concerns the checks or the build. These gates share one phase.
func (g Gate) BeforeBuilt() bool {
	return g.Name == Configuration || g.Name == Checks || g.Name == Build
}
