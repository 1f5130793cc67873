package bot

import (
	"fmt"
	"slices"
	"time"
)

// How long things take, going by this pipeline's own history.

// arrival is when a candidate is expected on the last stage, going by what
// builds, checks and releases took lately. It is not known for one that does not
// move by itself, or before anything was deployed.
func (d *view) arrival(c *Candidate) (time.Time, bool) {
	usual := d.usual()
	at := d.now
	entered := false
	for _, stage := range d.s.Config.StageNames() {
		switch p := c.Progress[stage]; p.State {
		case ProgressLive, ProgressSkipped:
			entered = true
			continue
		case ProgressReleasing:
			entered = true
			at = at.Add(max(usual.releases[stage]-d.now.Sub(p.StartedAt), 0))
			continue
		case ProgressFailed, ProgressRolledBack:
			return time.Time{}, false
		}
		if g, no := blocked(d.gates(c, stage)); no && (g.State == GateClosed || g.Name == GateApproval || usual.total == 0) {
			return time.Time{}, false
		}
		if !entered {
			entered = true
			ready := d.now
			if d.buildGate(c).State != GateOpen {
				r, _ := d.s.runOf(c)
				begun := r.StartedAt
				if begun.IsZero() {
					begun = d.now
				}
				ready = later(ready, begun.Add(usual.build))
			}
			if d.checksGate(c).State != GateOpen {
				ready = later(ready, c.SeenAt.Add(usual.checks))
			}
			at = ready
		}
		at = at.Add(usual.releases[stage])
	}
	if c.Progress[d.lastStage()].passed() {
		return time.Time{}, false
	}
	return at, true
}

// usualTimes are the medians of what things took lately; 0 where nothing is known.
type usualTimes struct {
	build, checks, total time.Duration
	releases             map[string]time.Duration
}

func (d *view) usual() usualTimes {
	u := usualTimes{releases: map[string]time.Duration{}}
	var checks, totals []time.Duration
	releases := map[string][]time.Duration{}
	for i := range d.s.Candidates {
		c := &d.s.Candidates[i]
		if !c.GreenAt.IsZero() && c.GreenAt.After(c.SeenAt) {
			checks = append(checks, c.GreenAt.Sub(c.SeenAt))
		}
		for stage, p := range c.Progress {
			if p.State == ProgressLive && p.Reason == "" {
				releases[stage] = append(releases[stage], p.EndedAt.Sub(p.StartedAt))
			}
		}
		if p := c.Progress[d.lastStage()]; p.State == ProgressLive && p.Reason == "" && p.EndedAt.After(c.SeenAt) {
			totals = append(totals, p.EndedAt.Sub(c.SeenAt))
		}
	}
	u.build, u.checks, u.total = d.s.usualBuild(), median(checks), median(totals)
	for stage, list := range releases {
		u.releases[stage] = median(list)
	}
	return u
}

// usualBuild is how long a build usually takes; 0: none has succeeded yet.
func (s *State) usualBuild() time.Duration {
	var list []time.Duration
	for _, r := range s.Builds {
		if r.Status == RunSucceeded {
			began := r.StartedAt
			if !r.Adopted {
				began = later(began, r.RunningAt) // it may have waited for its place before
			}
			list = append(list, r.FinishedAt.Sub(began))
		}
	}
	return median(list)
}

// usualTime is what it usually takes from a push to the last stage.
func (d *view) usualTime() (time.Duration, bool) {
	t := d.usual().total
	return t, t > 0
}

func median(list []time.Duration) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[len(list)/2]
}

// about says how long something usually takes: no more exactly than it is known,
// and so that it does not change with every deploy.
func about(t time.Duration) string {
	switch minutes := int(t.Round(time.Minute).Minutes()); {
	case t < time.Minute:
		return "under a minute"
	case minutes < 2:
		return "about a minute"
	case minutes < 10:
		return fmt.Sprintf("about %d minutes", minutes)
	case minutes < 60:
		return fmt.Sprintf("about %d minutes", (minutes+2)/5*5)
	default:
		return fmt.Sprintf("about %d hours", max((minutes+30)/60, 1))
	}
}
