package bot

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Before the first promotion to an app it is looked whether a promotion there can
// go well at all. That happens while the candidate still builds, so that nobody
// waits for it; and what it finds is said once, not with every promotion.

const (
	// inspectAgain is how long what was found of an app holds.
	inspectAgain = 24 * time.Hour
	// inspectSoon is how long it holds where it keeps a candidate waiting, or where
	// a promotion has failed since.
	inspectSoon = 10 * time.Minute
	// inspectPatience is how long a promotion waits for the first look at an app. A
	// platform that does not tell keeps nobody from deploying.
	// inspectResting is how long it holds at rest: the daily look is made while nobody
	// waits for it. inspectWhile is for how long after its last commit a pipeline is
	// looked at so.
	inspectResting  = 20 * time.Hour
	inspectWhile    = 7 * 24 * time.Hour
	inspectPatience = 20 * time.Second
	inspectAttempts = 3
)

// Inspection is what was last found of an app.
type Inspection struct {
	At        time.Time // zero: nothing yet
	Source    string    // the app that it was held against; empty: it builds itself
	Warnings  []string
	ShownTo   string // the commit whose promotion was the first to tell the warnings; empty: none
	Problem   string
	ProblemAt time.Time // since when
}

// inspect looks at the apps of every stage: while a candidate is on its way, and at
// rest before what is known gets old.
func (d *decision) inspect() {
	busy := slices.ContainsFunc(d.s.all(), func(c *Candidate) bool { return !d.settled(c) && d.buildGate(c).State != GateClosed })
	if !busy && !d.used() {
		return
	}
	for _, stage := range d.s.Config.Stages {
		for _, do := range d.inspections(stage) {
			app := do.App
			switch ins, known := d.inspection(app, do.Source); {
			case !busy:
				if known && d.due(ins.At.Add(inspectResting)) {
					d.wantIdle(inspectKey(do), do)
				}
			case !known:
				d.want(inspectKey(do), do)
			case d.due(d.inspectAt(stage.Name, ins)):
				d.wantIdle(inspectKey(do), do)
			}
		}
	}
}

// inspections lists what is to be looked at of a stage's apps: beside the app that
// builds for them, and where the stage takes pull requests, beside the one that builds
// those.
func (d *decision) inspections(stage Stage) (list []Inspect) {
	for _, app := range stage.Apps {
		list = append(list, Inspect{Stage: stage.Name, App: app, Source: d.s.Config.sourceOf(app, false)})
		if stage.PullRequests && d.s.Config.Prepare.apart() {
			list = append(list, Inspect{Stage: stage.Name, App: app, Source: d.s.Config.sourceOf(app, true)})
		}
	}
	return list
}

// used reports whether the pipeline got a commit lately.
func (d *decision) used() bool {
	return slices.ContainsFunc(d.s.all(), func(c *Candidate) bool { return d.now.Sub(c.SeenAt) < inspectWhile })
}

// inspectAt is when an app is to be looked at again.
func (d *decision) inspectAt(stage string, ins Inspection) time.Time {
	soon := ins.At.Add(inspectSoon)
	if ins.Problem != "" {
		return soon
	}
	for _, c := range d.s.all() {
		if p := c.Progress[stage]; p.State == ProgressFailed && p.EndedAt.After(ins.At) {
			return later(soon, p.EndedAt)
		}
	}
	return ins.At.Add(inspectAgain)
}

// sourceOf is the app that the artifacts of a stage's app come from; empty if it
// builds them itself. Those from pull requests may come from another app.
func (c Config) sourceOf(app string, head bool) string {
	source := c.Stages[0].Apps[0]
	if prepare := c.Prepare; head && prepare.apart() {
		source = prepare.PullApps[0]
	} else if len(prepare.Apps) > 0 {
		source = prepare.Apps[0]
	}
	if source == app {
		return ""
	}
	return source
}

// inspection is what is known of an app beside the one that builds for it.
func (d *view) inspection(app, source string) (Inspection, bool) {
	ins, ok := d.s.Inspections[d.s.inspectedAs(app, source)]
	return ins, ok && ins.Source == source
}

// inspectedAs is what the look at an app is remembered by: by the app, or beside an app
// that builds pull requests by both.
func (s *State) inspectedAs(app, source string) string {
	if slices.Contains(s.Config.Prepare.PullApps, source) {
		return app + " beside " + source
	}
	return app
}

// preflightGate is closed where a promotion to an app of the stage cannot go well,
// and waits a moment for the first look.
func (d *view) preflightGate(c *Candidate, stage string) Gate {
	g := Gate{Name: GatePreflight, State: GateOpen}
	cfg, _ := d.s.Config.Stage(stage)
	if copied, no := d.copyGate(cfg); no {
		return copied
	}
	for _, app := range cfg.Apps {
		source := d.s.Config.sourceOf(app, c.FromPull)
		ins, known := d.inspection(app, source)
		if known && ins.Problem != "" {
			return Gate{Name: g.Name, State: GateClosed, Since: ins.ProblemAt, Text: ins.Problem, Next: "ask the owner of " + app}
		}
		f := d.s.Pending[inspectKey(Inspect{App: app, Source: source})]
		if known || f.Attempt == 0 || f.Attempt > inspectAttempts || f.Attempt == inspectAttempts && !f.Underway {
			continue // one that nobody has asked for is of a stage where nobody is to enter
		}
		if until := f.Since.Add(inspectPatience); !d.due(until) {
			g.State, g.Since, g.Until, g.Who = GateWaiting, f.Since, until, "the platform"
			g.Text = "looking whether " + app + " can take it"
		}
	}
	return g
}

// inspected takes what was found of an app. Whatever keeps it from being found
// keeps nobody from deploying.
func (s *State) inspected(do Inspect, f Finished, at time.Time) {
	found, ok := f.Fact.(Inspected)
	switch {
	case f.Outcome == Refuse:
		found = Inspected{Warnings: []string{fmt.Sprintf("%s could not be looked at%s", do.App, because(f.Reason))}}
	case !ok:
		return
	}
	if what := s.sharedWarning(do); what != "" {
		found.Warnings = append(slices.Clone(found.Warnings), what)
	}
	old := s.Inspections[s.inspectedAs(do.App, do.Source)]
	now := Inspection{At: at, Source: do.Source, Warnings: found.Warnings, ShownTo: old.ShownTo, Problem: found.Problem}
	if !slices.Equal(old.Warnings, now.Warnings) {
		now.ShownTo = ""
	}
	if now.Problem != "" {
		if now.ProblemAt = old.ProblemAt; old.Problem == "" {
			now.ProblemAt = at
		}
	}
	put(&s.Inspections, s.inspectedAs(do.App, do.Source), now)
	if !ok {
		return
	}
	for _, stage := range sortedKeys(s.Stages) {
		if _, known := s.Stages[stage].Apps[do.App]; known {
			s.noteSwitch(stage, do.App, found)
		}
	}
	s.noteSwitch(do.Stage, do.App, found)
}

func (s *State) noteSwitch(stage, app string, found Inspected) {
	st := s.Stages[stage]
	stand := st.Apps[app]
	stand.SwitchesAfter, stand.URL = found.SwitchesAfter, cmp.Or(found.App.URL, stand.URL)
	put(&st.Apps, app, stand)
	put(&s.Stages, stage, st)
}

// unpublishedWarnings lists what was found of a stage's apps and was not told yet, which the
// promotion of a commit tells now.
func (s *State) unpublishedWarnings(apps []string, c *Candidate) (warnings []string) {
	sha := c.SHA
	for _, app := range apps {
		app = s.inspectedAs(app, s.Config.sourceOf(app, c.FromPull))
		ins := s.Inspections[app]
		if len(ins.Warnings) == 0 || ins.ShownTo != "" && ins.ShownTo != sha {
			continue
		}
		ins.ShownTo = sha
		s.Inspections[app] = ins
		warnings = append(warnings, ins.Warnings...)
	}
	return warnings
}

// warned adds to a text what a promotion has to tell.
func warned(text string, p Progress) string {
	if len(p.Warnings) == 0 {
		return text
	}
	return text + "; ⚠️ " + strings.Join(p.Warnings, "; ")
}

// warningLines is the same for the comment.
func (d *view) warningLines(c *Candidate) string {
	var b strings.Builder
	for _, stage := range d.s.Config.StageNames() {
		for _, w := range c.Progress[stage].Warnings {
			fmt.Fprintf(&b, "\n⚠️ %s: %s\n", text(stage), text(w))
		}
	}
	return b.String()
}

// warnings lists everything that was found of a stage's apps.
func (d *view) warnings(stage string) (list []string) {
	cfg, _ := d.s.Config.Stage(stage)
	for _, app := range cfg.Apps {
		list = append(list, d.s.Inspections[app].Warnings...)
	}
	return list
}
