package pipeline

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// Where a candidate's time goes. From its arrival to its end it does one thing at a time: a
// [Part]. Most parts can be read off the state. Which gate holds it, a decision records as
// [bot.Held]. Nothing here changes what is decided.

// Part is what a candidate does at a moment: one of the constants, or the name of the gate
// that it waits for.
type Part string

// Parts that are no gates. Building and checking are parts before the first stage only.
const (
	PartBuild     Part = "build alone"
	PartChecks    Part = "checks alone"
	PartBoth      Part = "build and checks"
	PartReleasing Part = "releasing"
	PartProving   Part = "proving" // the verification
	PartStopped   Part = "stopped" // it had ended, until a person took it up again
	PartUnseen    Part = "unseen"  // before its webhook arrived, or its time was recorded
)

// Names of gates that a record of where time goes knows.
const (
	GateOrder         = "order"         // closed for superseded candidates
	GateConfiguration = "configuration" // the part of a candidate while the pipeline has no file
	GateFreshness     = "freshness"     // the part of one that has not entered though its gates are open
)

// Wait is how long a candidate spent in one part.
type Wait struct {
	Part  Part
	Stage string // before or in which it was; empty: before the first stage
	For   time.Duration
}

// Outcome is how a candidate ended.
type Outcome string

// The outcomes. Empty: it is on its way.
const (
	OutcomeLive       Outcome = "live" // the last stage runs it, or was skipped
	OutcomeSuperseded Outcome = "superseded"
	OutcomeFailed     Outcome = "failed"
	OutcomeCancelled  Outcome = "cancelled"
	OutcomeUnaffected Outcome = "unaffected" // its files are none of the pipeline's business
)

// Ending is how and when a candidate ended.
type Ending struct {
	Outcome Outcome
	By      string // superseded: the commit; failed: the stage, build or checks; cancelled: the person
	At      time.Time
}

// Way is where a candidate's time went since SeenAt.
type Way struct {
	Part   Part // what it does now
	Stage  string
	Since  time.Time // when it began with that; zero: nothing was recorded yet
	Left   []Wait    // what it did before. Replaced, never changed
	Gate   string    // the gate that holds it before the stage Before, by the newest decision
	Before string
	Green  time.Time // since when its checks were green when it entered the first stage, or last were; zero: never
	// With Green: the check that was the last to finish, and how long after the one before it, or after the push if it was
	// the only one. Empty: no check tells when it finished.
	LastCheck   string
	LastCheckBy time.Duration
	Ending      Ending // zero: it is on its way
}

// turn begins another part.
func (w *Way) turn(part Part, stage string, at time.Time) {
	if spent := at.Sub(w.Since); spent > 0 {
		w.Left = slices.Clone(w.Left)
		i := slices.IndexFunc(w.Left, func(o Wait) bool { return o.Part == w.Part && o.Stage == w.Stage })
		if i < 0 {
			i, w.Left = len(w.Left), append(w.Left, Wait{Part: w.Part, Stage: w.Stage})
		}
		w.Left[i].For += spent
		w.Since = at
	}
	w.Part, w.Stage = part, stage
}

// End ends the candidate's way, not before its newest part began.
func (w *Way) End(e Ending) {
	e.At = bot.Later(e.At, w.Since)
	w.turn(PartStopped, "", e.At)
	w.Ending = e
}

// Supersede ends the way of a candidate that the gate "order" holds for good.
func (w *Way) Supersede(e Ending) {
	w.Gate = GateOrder
	w.End(e)
}

// Begin begins to record a candidate's way.
func (c *Candidate) Begin() { c.Way = Way{Part: PartUnseen, Since: c.SeenAt} }

// Hold folds which gate holds a candidate. The gate "order" ends its way.
func (s *State) Hold(c *Candidate, f bot.Held) {
	w := &c.Way
	over := w.Superseded()
	w.Gate, w.Before = f.Gate, f.Stage
	switch {
	case f.Gate != GateOrder && over:
		w.Ending = Ending{}
	case f.Gate == GateOrder && w.Ending.Outcome == "":
		w.Supersede(s.Overtaken(c, f.By, s.At))
	}
}

// Overtaken is how a candidate ended that a newer one has overtaken. One that could go no
// further anyway has failed.
func (s *State) Overtaken(c *Candidate, by string, at time.Time) Ending {
	r, _ := s.RunOf(c)
	switch {
	case s.Verdict(c).State == bot.CheckFailed:
		return Ending{OutcomeFailed, "checks", at}
	case c.Build.Failed != "" || r.failed():
		return Ending{OutcomeFailed, "build", at}
	}
	return Ending{OutcomeSuperseded, by, at}
}

// Superseded reports whether the way ended because the commit was superseded.
func (w *Way) Superseded() bool { return w.Gate == GateOrder && w.Ending.Outcome != "" }

// Follow records what a candidate does now.
func (s *State) Follow(c *Candidate) {
	s.KeepBuild(c)
	w := &c.Way
	if !c.GreenAt.IsZero() && !w.Green.Equal(c.GreenAt) && (len(c.Progress) == 0 || w.Green.IsZero()) {
		w.Green = c.GreenAt
		w.LastCheck, w.LastCheckBy = s.lastCheck(c)
	}
	if w.Superseded() {
		return // a decision tells when that is no longer so
	}
	e, over := s.Ended(c)
	switch {
	case over && w.Ending.Outcome == "":
		e.At = s.At
		w.End(e)
		return
	case over:
		return
	}
	w.Ending = Ending{} // a person took it up again
	if part, stage, _ := s.Doing(c); part != w.Part || stage != w.Stage {
		w.turn(part, stage, s.At)
	}
}

// Doing is what a candidate on its way does now. With held, it is the gate of [bot.Held].
func (s *State) Doing(c *Candidate) (part Part, stage string, held bool) {
	if !s.Configured {
		return GateConfiguration, "", false
	}
	for i := range s.Config.Stages {
		name := s.Config.Stages[i].Name
		pass, in := c.Progress[name]
		switch {
		case pass.Passed():
			continue
		case in:
			return s.promoting(name), name, false
		case i == 0:
			if part := c.preparing(); part != "" {
				return part, "", false
			}
		default:
			stage = name
		}
		part = GateFreshness
		if c.Way.Before == name && c.Way.Gate != "" {
			part = Part(c.Way.Gate)
		}
		return part, stage, true
	}
	return GateFreshness, "", false
}

// promoting is the part of the candidate that a stage releases.
func (s *State) promoting(stage string) Part {
	switch p := s.Stage(stage).Promoting; {
	case p == nil:
		return PartStopped
	case p.Building:
		return PartBuild
	case p.Proof != nil:
		return PartProving
	}
	return PartReleasing
}

// lastCheck is the check that was the last to finish of those that had to pass, by GitHub's clock, and by how much.
func (s *State) lastCheck(c *Candidate) (name string, by time.Duration) {
	last, before := time.Time{}, c.PushedAt
	for _, k := range c.Reports.Checks {
		switch {
		case k.At.IsZero() || k.State == bot.CheckPending || !s.waitsFor(k):
		case k.At.After(last):
			before = bot.Later(before, last)
			name, last = k.Name, k.At
		default:
			before = bot.Later(before, k.At)
		}
	}
	if name == "" || before.IsZero() {
		return "", 0
	}
	return name, max(last.Sub(before), 0)
}

// waitsFor reports whether a report is of a check that has to pass.
func (s *State) waitsFor(k bot.Check) bool {
	switch {
	case s.Config.Checks.None || bot.OwnContext(k.Name):
		return false
	case !s.Config.Checks.AsGitHubRequires():
		return slices.ContainsFunc(s.Config.Checks.Names, func(n bot.CheckName) bool { return bot.RequiredCheck{Name: n.Name, App: n.App}.Takes(k) })
	}
	required := s.Required.Theirs()
	return len(required) == 0 || slices.ContainsFunc(required, func(q bot.RequiredCheck) bool { return q.Takes(k) })
}

// preparing is the part of a candidate before the first stage, while it is built or checked;
// empty: neither.
func (c *Candidate) preparing() Part {
	building := !c.Build.Began.IsZero() && c.Build.Ended.IsZero()
	switch {
	case building && c.GreenAt.IsZero():
		return PartBoth
	case building:
		return PartBuild
	case c.GreenAt.IsZero():
		return PartChecks
	}
	return ""
}

// Ended reports how a candidate ended by its own record. Whether it is superseded, only its
// gates tell.
func (s *State) Ended(c *Candidate) (e Ending, over bool) {
	n := len(s.Config.Stages)
	if !s.Configured || n == 0 {
		return Ending{}, false
	}
	last := s.Config.Stages[n-1].Name
	if pass := c.Progress[last]; pass.State == ProgressLive || pass.State == ProgressRolledBack && pass.SkippedOver == "" {
		e := Ending{Outcome: OutcomeLive, At: pass.EndedAt}
		if past, ok := s.Stage(last).Named(c.SHA, 0); ok && past.At.Before(e.At) {
			e.At = past.At // the first time
		}
		return e, true
	}
	passed := time.Time{}
	for i := range s.Config.Stages {
		stage := s.Config.Stages[i].Name
		switch pass := c.Progress[stage]; pass.State {
		case ProgressLive, ProgressSkipped:
			passed = pass.EndedAt
		case ProgressReleasing:
			return Ending{}, false
		case ProgressFailed, ProgressRolledBack:
			if pass.BuildFailed {
				stage = "build"
			}
			return Ending{OutcomeFailed, stage, pass.EndedAt}, true
		default:
			switch {
			case c.Cancelled != nil:
				return Ending{OutcomeCancelled, c.Cancelled.By, c.Cancelled.At}, true
			case s.Affects(c) == bot.AffectedNo:
				return Ending{Outcome: OutcomeUnaffected, At: c.SeenAt}, true
			}
			return Ending{}, false
		}
	}
	return Ending{Outcome: OutcomeLive, At: passed}, true
}

// Build is what is kept of a candidate's build when the run itself is forgotten.
type Build struct {
	How          Built
	SHA          string // the commit that was built
	App          string
	Began, Ended time.Time // zero: not yet
	Failed       string    // why it did not succeed; empty: it did, or has not ended
}

// Built is how a candidate came to its artifact.
type Built string

// The ways to an artifact. Empty: there is none yet.
const (
	BuiltAhead     Built = "prepare"      // on a prepare app, of this commit
	BuiltTree      Built = "tree"         // another commit of the branch with the same files
	BuiltPull      Built = "pull request" // ahead of the merge
	BuiltGroup     Built = "merge group"
	BuiltOnStage   Built = "stage" // on the first stage's own app
	BuiltElsewhere Built = "elsewhere"
)

// KeepBuild keeps what is known of the candidate's build. An ended one is kept when its run is
// forgotten, until there is a newer one.
func (s *State) KeepBuild(c *Candidate) {
	if c.Artifact != "" && !c.Build.Ended.IsZero() {
		return
	}
	r, ok := s.RunOf(c)
	if !ok || r.App == "" || r.Status == RunUnread || r.Status == RunWaiting {
		switch {
		case !c.Build.Ended.IsZero():
		case c.Artifact != "" && !c.Build.Began.IsZero():
			c.Build.Ended = s.At // it has just ended, and the file now shares builds differently
		default:
			c.Build = Build{} // it could not begin
		}
		return
	}
	b := Build{How: r.how(c), SHA: r.SHA, App: r.App, Began: r.StartedAt, Ended: r.FinishedAt}
	if r.failed() {
		b.Failed = r.Reason
		if b.Failed == "" {
			b.Failed = "the build failed"
		}
	}
	c.Build = b
}

func (r BuildRun) how(c *Candidate) Built {
	switch {
	case r.Stage != "":
		return BuiltOnStage
	case r.Group != "":
		return BuiltGroup
	case r.Pull != 0:
		return BuiltPull
	case r.SHA != c.SHA:
		return BuiltTree
	}
	return BuiltAhead
}
