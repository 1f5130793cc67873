package gate

import (
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// What a stage additionally requires for some classes of change: `hold: {migration: approval}`, or the name of a
// window.

// classGates returns the approval's gate and the gates that depend on what a candidate changes; none where the stage
// requires nothing.
func (v *View) classGates(c *pipeline.Candidate, stage string) []Gate {
	cfg, ok := v.State.Config.Stage(stage)
	if !ok {
		return nil
	}
	gates := append(v.changesGate(c, cfg), v.windowOfClass(c, cfg)...)
	return append(gates, v.ApprovalGate(c, cfg)...)
}

// windowOfClass keeps a candidate with held classes of change waiting for the windows of all of them.
func (v *View) windowOfClass(c *pipeline.Candidate, stage bot.Stage) []Gate {
	if !slices.ContainsFunc(stage.Hold, func(h bot.Hold) bool { return h.Window != "" }) {
		return nil
	}
	g := Gate{Name: Class, State: Open}
	classes, _ := v.classesOf(c, stage.Name)
	for _, h := range stage.Hold {
		if h.Window == "" || !slices.Contains(classes, h.Class) {
			continue
		}
		open, until, text := v.windowsOpen([]string{h.Window})
		if open || g.State != Open && !until.IsZero() && until.Before(g.Until) {
			continue
		}
		g.State, g.Until, g.Next = Waiting, until, "comment /promote "+v.State.Qualified(stage.Name)+" --urgent REASON"
		g.Text = v.changesText(c, stage.Name, []string{h.Class}) + ", and " + text
	}
	return []Gate{v.passed(c, stage.Name, g)}
}

// changesText says that a candidate has changes of the given classes, or why that must be assumed.
func (v *View) changesText(c *pipeline.Candidate, stage string, classes []string) string {
	if _, why := v.Difference(c, stage); why != "" {
		return "it counts as " + strings.Join(classes, ", ") + " because " + why
	}
	return "it has changes of class " + strings.Join(classes, ", ")
}

// classesNeedingApproval lists a candidate's classes of change that need an approval.
func (v *View) classesNeedingApproval(c *pipeline.Candidate, stage bot.Stage) (held []string) {
	if len(stage.Hold) == 0 {
		return nil
	}
	classes, _ := v.classesOf(c, stage.Name)
	for _, h := range stage.Hold {
		if h.Window == "" && slices.Contains(classes, h.Class) {
			held = append(held, h.Class)
		}
	}
	return held
}
