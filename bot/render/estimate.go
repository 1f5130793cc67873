package render

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// Estimated durations, from this pipeline's own history.

// Expected returns when a candidate is expected on the last stage, going by earlier deploys. False: nobody can say, or
// the stage will be shut then.
func Expected(v *gate.View, c *pipeline.Candidate) (time.Time, bool) {
	at, ok := arrival(v, c)
	return at, ok && !shutBeyond(v, c, at)
}

// arrival returns when a candidate is expected on the last stage, from recent durations of builds, checks and releases.
// It is unknown for a candidate that waits for a person, and before the first deploy.
func arrival(v *gate.View, c *pipeline.Candidate) (time.Time, bool) {
	usual := usual(v)
	at := v.Now
	entered := false
	for _, stage := range v.State.Config.StageNames() {
		switch p := c.Progress[stage]; p.State {
		case pipeline.ProgressLive, pipeline.ProgressSkipped:
			entered = true
			continue
		case pipeline.ProgressReleasing:
			entered = true
			at = at.Add(max(usual.releases[stage]-v.Now.Sub(p.StartedAt), 0))
			continue
		case pipeline.ProgressFailed, pipeline.ProgressRolledBack:
			return time.Time{}, false
		}
		if g, no := gate.Blocked(v.Gates(c, stage)); no && (g.State == gate.Closed || g.Name == gate.Approval || usual.total == 0) {
			return time.Time{}, false
		}
		if !entered {
			entered = true
			ready := v.Now
			if v.BuildGate(c).State != gate.Open {
				r, _ := v.State.RunOf(c)
				begun := r.StartedAt
				if begun.IsZero() {
					begun = v.Now
				}
				ready = bot.Later(ready, begun.Add(usual.build))
			}
			if v.ChecksGate(c).State != gate.Open {
				ready = bot.Later(ready, c.SeenAt.Add(usual.checks))
			}
			at = ready
		}
		at = at.Add(usual.releases[stage])
	}
	if c.Progress[v.LastStage()].Passed() {
		return time.Time{}, false
	}
	return at, true
}

// usualTimes are the medians of recent durations; 0: unknown.
type usualTimes struct {
	build, checks, total time.Duration
	releases             map[string]time.Duration
}

func usual(v *gate.View) usualTimes {
	u := usualTimes{releases: map[string]time.Duration{}}
	var checks, totals []time.Duration
	releases := map[string][]time.Duration{}
	for i := range v.State.Candidates {
		c := &v.State.Candidates[i]
		if !c.GreenAt.IsZero() && c.GreenAt.After(c.SeenAt) {
			checks = append(checks, c.GreenAt.Sub(c.SeenAt))
		}
		for stage, p := range c.Progress {
			if p.State == pipeline.ProgressLive && p.Reason == "" {
				releases[stage] = append(releases[stage], p.EndedAt.Sub(p.StartedAt))
			}
		}
		if p := c.Progress[v.LastStage()]; p.State == pipeline.ProgressLive && p.Reason == "" && p.EndedAt.After(c.SeenAt) {
			totals = append(totals, p.EndedAt.Sub(c.SeenAt))
		}
	}
	u.build, u.checks, u.total = v.State.UsualBuild(), words.Median(checks), words.Median(totals)
	for stage, list := range releases {
		u.releases[stage] = words.Median(list)
	}
	return u
}

// usualTime is the usual duration from a push to the last stage.
func usualTime(v *gate.View) (time.Duration, bool) {
	t := usual(v).total
	return t, t > 0
}
