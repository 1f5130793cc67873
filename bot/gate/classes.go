package gate

import (
	"fmt"
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// MayEnter reports whether a candidate may still enter or skip a stage.
func (v *View) MayEnter(c *pipeline.Candidate, stage string) bool {
	if _, in := c.Progress[stage]; in || c.Cancelled != nil || v.Overtaken(c, stage) {
		return false
	}
	if _, asked := c.Ordered[stage]; c.FromPull && !asked {
		return false
	}
	for _, before := range v.State.Config.Stages[:v.StageIndex(stage)] {
		if p := c.Progress[before.Name]; p.State == pipeline.ProgressFailed || p.State == pipeline.ProgressRolledBack || p.State == "" && v.Overtaken(c, before.Name) {
			return false
		}
	}
	return len(c.Progress) > 0 || v.State.Verdict(c).State != bot.CheckFailed && v.BuildGate(c).State != Closed
}

// Difference returns what differs between a stage's live commit and a candidate. why says why it is unknown.
func (v *View) Difference(c *pipeline.Candidate, stage string) (diff pipeline.Difference, why string) {
	st := v.State.Stage(stage)
	cfg, _ := v.State.Config.Stage(stage)
	switch {
	case st.Live.SHA == "" && !AllInspected(v.State, cfg):
		return diff, "what " + stage + " runs is not known yet"
	case st.Live.SHA == "":
		return diff, "nothing is live on " + stage + " yet"
	case st.Live.SHA == c.SHA && st.Live.Adopted == nil:
		return pipeline.Difference{Complete: true}, ""
	}
	if f, app := st.Foreign(); f != nil {
		return diff, fmt.Sprintf("%s was released to %s by hand", f.Name(), app)
	}
	if st.Mixed() && (st.Promoting == nil || !st.Promoting.Started()) {
		return diff, "the apps of " + stage + " do not all run the same"
	}
	if st.Live.Adopted != nil {
		if why := st.Live.Unlike(cfg.Apps); why != "" {
			return diff, why
		}
	}
	diff.Complete = true
	for _, base := range st.Live.Commits() {
		beside, why := c.DiffTo(base)
		if why != "" {
			return beside, why
		}
		diff.Others = diff.Others || beside.Others
		for _, class := range beside.Classes {
			if !slices.Contains(diff.Classes, class) {
				diff.Classes = append(diff.Classes, class)
			}
		}
	}
	return diff, ""
}

// AllInspected reports whether every app of a stage was inspected.
func AllInspected(s *pipeline.State, stage bot.Stage) bool {
	return !slices.ContainsFunc(stage.Apps, func(app string) bool { return !s.Stage(stage.Name).Apps[app].Seen })
}

// classesOf lists the classes of the differences between a stage's live commit and a candidate, in the file's order.
// Where they are unknown, it lists every class.
func (v *View) classesOf(c *pipeline.Candidate, stage string) (classes []string, known bool) {
	diff, why := v.Difference(c, stage)
	if why != "" {
		return v.State.Config.ClassNames(), false
	}
	return diff.Classes, true
}

// changesGate keeps a candidate waiting until its changes are known, where the stage depends on them.
func (v *View) changesGate(c *pipeline.Candidate, stage bot.Stage) []Gate {
	if !stage.AsksClasses() {
		return nil
	}
	g := Gate{Name: Changes, State: Open}
	for _, live := range v.State.Stage(stage.Name).Live.Commits() {
		if live == c.SHA || c.Diffs[live].Final() {
			continue
		}
		f := v.State.Pending[pipeline.FilesKey(live, c.SHA)]
		g.State, g.Since, g.Who = Waiting, f.Since, "GitHub"
		g.Text = "reading which files differ from " + bot.Short(live) + words.Because(f.Reason)
		if g.Since.IsZero() {
			g.Since = c.SeenAt
		}
		return []Gate{g}
	}
	g.Text = "changes of no class"
	if classes, known := v.classesOf(c, stage.Name); len(classes) > 0 || !known {
		g.Text = v.changesText(c, stage.Name, classes)
	}
	return []Gate{g}
}

// SubsetOf reports whether classes is a subset of of.
func SubsetOf(classes, of []string) bool {
	return !slices.ContainsFunc(classes, func(class string) bool { return !slices.Contains(of, class) })
}
