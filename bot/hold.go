package bot

import (
	"slices"
	"strings"
)

// What a stage asks for because of what a candidate changes, besides what it asks
// of everybody: `hold: {migration: approval}`, or the name of a window.

// classGates are the gates between a candidate and a stage that depend on what it
// changes, and that of an approval; none where the stage asks for nothing.
func (d *view) classGates(c *Candidate, stage string) []Gate {
	cfg, ok := d.s.Config.Stage(stage)
	if !ok {
		return nil
	}
	gates := append(d.changesGate(c, cfg), d.windowOfClass(c, cfg)...)
	return append(gates, d.approvalGate(c, cfg)...)
}

// windowOfClass keeps a candidate with changes of certain classes waiting for the
// windows of all of them.
func (d *view) windowOfClass(c *Candidate, stage Stage) []Gate {
	if !slices.ContainsFunc(stage.Hold, func(h Hold) bool { return h.Window != "" }) {
		return nil
	}
	g := Gate{Name: GateClass, State: GateOpen}
	classes, _ := d.classesOf(c, stage.Name)
	for _, h := range stage.Hold {
		if h.Window == "" || !slices.Contains(classes, h.Class) {
			continue
		}
		open, until, text := d.windowsOpen([]string{h.Window})
		if open || g.State != GateOpen && !until.IsZero() && until.Before(g.Until) {
			continue
		}
		g.State, g.Until, g.Next = GateWaiting, until, "comment /promote "+d.s.qualified(stage.Name)+" --urgent REASON"
		g.Text = d.changesText(c, stage.Name, []string{h.Class}) + ", and " + text
	}
	return []Gate{d.passed(c, stage.Name, g)}
}

// changesText says that a candidate has changes of the given classes, or why that
// has to be assumed.
func (d *view) changesText(c *Candidate, stage string, classes []string) string {
	if _, why := d.difference(c, stage); why != "" {
		return "it counts as " + strings.Join(classes, ", ") + " because " + why
	}
	return "it has changes of class " + strings.Join(classes, ", ")
}

// classesNeedingApproval lists the classes of change of which a candidate needs an approval.
func (d *view) classesNeedingApproval(c *Candidate, stage Stage) (held []string) {
	if len(stage.Hold) == 0 {
		return nil
	}
	classes, _ := d.classesOf(c, stage.Name)
	for _, h := range stage.Hold {
		if h.Window == "" && slices.Contains(classes, h.Class) {
			held = append(held, h.Class)
		}
	}
	return held
}
