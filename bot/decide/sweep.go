package decide

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// A sweep finds what lost webhooks would have reported: a push, a check, a manual release. The plan only says when the
// next sweep is due. The engine, which keeps the request budget, answers with [bot.Swept] when the sweep may happen.

// How long until facts are read again that lost webhooks may have changed.
const (
	// sweepGap is the least time between two sweeps of one pipeline. It is a little less than the server's sweep
	// interval of two minutes, so that no sweep is missed.
	sweepGap = 110 * time.Second
	// sweepBusy is for a pipeline in which something is under way.
	sweepBusy = 5 * time.Minute
	// sweepIdle is for a pipeline with nothing to do, within a day of its last push.
	sweepIdle = 10 * time.Minute
	// sweepQuiet is for all others.
	sweepQuiet = time.Hour
)

// overdue reports whether a sweep has come since t. If not, it requests one at t.
func (d *decision) overdue(t time.Time) bool {
	if !d.State.SweptAt.Before(t) {
		return true
	}
	d.askSweep(t)
	return false
}

// appsOverdue is overdue for requests to the platform.
func (d *decision) appsOverdue(t time.Time) bool {
	if !d.State.AppsSweptAt.Before(t) {
		return true
	}
	d.askSweep(t)
	return false
}

// askSweep requests a sweep at t, but not right after the last one. The last sweep may have run out of requests, and
// other pipelines wait for their turn.
func (d *decision) askSweep(t time.Time) {
	if next := d.State.SweptAt.Add(sweepGap); t.Before(next) {
		t = next
	}
	if d.plan.Sweep.IsZero() || t.Before(d.plan.Sweep) {
		d.plan.Sweep = t
	}
}

// rereadSince returns when to read something again that was last read at last. It is at, or RereadAt if that is earlier
// and nothing was read since.
func (d *decision) rereadSince(last, at time.Time) time.Time {
	if last.Before(d.State.RereadAt) && d.State.RereadAt.Before(at) {
		return d.State.RereadAt
	}
	return at
}

// wantIdle wants an effect that nothing waits for.
func (d *decision) wantIdle(key string, do bot.Action) {
	if d.want(key, do) {
		d.plan.Effects[len(d.plan.Effects)-1].Idle = true
	}
}

// sweep reads the branch's head to find lost pushes. It reads the apps of idle stages to find manual releases.
func (d *decision) sweep() {
	d.readTrees()
	d.sweepHead()
	for _, stage := range d.State.Config.Stages {
		st := d.State.Stage(stage.Name)
		if st.Promoting != nil || st.Rollback != nil {
			continue // a release in progress reads its apps
		}
		for _, app := range stage.Apps {
			stand := st.Apps[app]
			if !stand.Seen {
				continue // its release is not compared with anything
			}
			if stand.Moved && d.Due(stand.SeenAt.Add(hintGap)) || d.appsOverdue(stand.SeenAt.Add(max(d.sweepInterval(), sweepIdle))) {
				d.wantIdle(pipeline.LookKey(stage.Name, app), bot.LookAtApp{Stage: stage.Name, App: app})
			}
		}
	}
}

// sweepHead reads the branch's head.
func (d *decision) sweepHead() {
	if last := d.lastPush(); !last.IsZero() && d.overdue(d.rereadSince(d.State.HeadAt, bot.Later(d.State.HeadAt, last).Add(d.sweepInterval()))) {
		d.wantIdle(pipeline.HeadKey, bot.ReadHead{Branch: d.State.Branch()})
	}
}

// sweepInterval returns how long the pipeline may stay unread.
func (d *decision) sweepInterval() time.Duration {
	for _, c := range d.State.All() {
		if !d.Settled(c) {
			return sweepBusy
		}
	}
	if d.Now.Sub(d.lastPush()) < 24*time.Hour {
		return sweepIdle
	}
	return sweepQuiet
}

// lastPush returns when the newest push was seen; zero: there was none.
func (d *decision) lastPush() time.Time {
	var last time.Time
	for i := range d.State.Candidates {
		last = bot.Later(last, d.State.Candidates[i].SeenAt)
	}
	return last
}
