package gate

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// Patience is how long the prepare apps may refuse a build, once the checks are green. Then the first stage's own app
// builds it.
const Patience = 20 * time.Second

// NewestViable reports whether no newer candidate may still be released.
func (v *View) NewestViable(c *pipeline.Candidate) bool {
	for i := len(v.State.Candidates) - 1; i > v.State.Position(c.SHA); i-- {
		newer := &v.State.Candidates[i]
		if newer.Cancelled == nil && v.State.Affects(newer) != bot.AffectedNo && v.State.Verdict(newer).State != bot.CheckFailed && v.BuildGate(newer).State != Closed {
			return false
		}
	}
	return true
}

// buildAnswer is the state of a candidate's build.
type buildAnswer struct {
	Run      pipeline.BuildRun
	Found    bool   // there is a run
	Fallback bool   // no prepare app builds it: the first stage's own app is to build it, where it may
	Why      string // why it falls back; empty where there is no prepare app at all
}

// BuildOf returns the state of a candidate's build, and decides about the fallback to the first stage's own app.
func (v *View) BuildOf(c *pipeline.Candidate) buildAnswer {
	r, ok := v.State.RunOf(c)
	a := buildAnswer{Run: r, Found: ok}
	if r.Status == pipeline.RunSucceeded || r.Status == pipeline.RunFailed || r.Stage != "" {
		return a
	}
	apps := v.State.Config.Prepare.Apps
	if c.FromPull {
		apps = v.State.Config.Prepare.ForPulls()
	}
	if len(apps) == 0 {
		a.Fallback = true
		return a
	}
	switch {
	case r.Status == pipeline.RunErrored:
		a.Fallback, a.Why = true, r.Reason
	case r.RefusedBy(apps):
		a.Fallback, a.Why = true, r.Reason
	case !r.TroubleAt.IsZero() && !c.GreenAt.IsZero() && !v.MayNotFallBack(c):
		from := c.GreenAt
		if r.TroubleAt.After(from) {
			from = r.TroubleAt
		}
		if v.Due(from.Add(Patience)) {
			a.Fallback, a.Why = true, r.Reason
		}
	}
	return a
}

// MayNotFallBack reports whether the first stage's own app must not build a candidate. That holds for an unmerged
// commit. It also holds for a rehearsed stage: the release phase would follow the build at once, without the copy.
func (v *View) MayNotFallBack(c *pipeline.Candidate) bool {
	return c.FromPull || v.State.Config.Stages[0].Rehearse != nil
}
