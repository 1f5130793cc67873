package decide

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// Sweeping finds what webhooks have not told: a push, a check, a release by
// hand. Nothing here happens by itself: the plan says when it would be time, and
// whoever keeps the budget of requests answers with [bot.Swept] when it may be.

// How long something that webhooks may have lost goes unread.
const (
	// sweepGap is between two sweeps of one pipeline. It is a little less than the
	// two minutes after which the server sweeps again, so that each time counts.
	sweepGap = 110 * time.Second
	// sweepBusy is for a pipeline in which something is under way.
	sweepBusy = 5 * time.Minute
	// sweepIdle is for a pipeline with nothing to do, within a day of its last push.
	sweepIdle = 10 * time.Minute
	// sweepQuiet is for all others.
	sweepQuiet = time.Hour
)

// overdue reports whether a sweep has come since t, and else asks for one then.
func (d *decision) overdue(t time.Time) bool {
	if !d.State.SweptAt.Before(t) {
		return true
	}
	d.askSweep(t)
	return false
}

// appsOverdue is overdue for what the platform is asked.
func (d *decision) appsOverdue(t time.Time) bool {
	if !d.State.AppsSweptAt.Before(t) {
		return true
	}
	d.askSweep(t)
	return false
}

// askSweep asks for a sweep at t, but not right after the last one: that may
// have had no requests left for all of it, and others wait for their turn.
func (d *decision) askSweep(t time.Time) {
	if next := d.State.SweptAt.Add(sweepGap); t.Before(next) {
		t = next
	}
	if d.plan.Sweep.IsZero() || t.Before(d.plan.Sweep) {
		d.plan.Sweep = t
	}
}

// rereadSince is when something is to be read again: as it would be anyway, but at once
// where nobody was there since it was read last.
func (d *decision) rereadSince(last, at time.Time) time.Time {
	if last.Before(d.State.RereadAt) && d.State.RereadAt.Before(at) {
		return d.State.RereadAt
	}
	return at
}

// wantIdle wants what nobody waits for.
func (d *decision) wantIdle(key string, do bot.Action) {
	if d.want(key, do) {
		d.plan.Effects[len(d.plan.Effects)-1].Idle = true
	}
}

// sweep reads the branch's head, which tells of pushes, and what runs on the
// apps of stages in which nothing happens, which tells of releases by hand.
func (d *decision) sweep() {
	d.readTrees()
	d.sweepHead()
	for _, stage := range d.State.Config.Stages {
		st := d.State.Stage(stage.Name)
		if st.Promoting != nil || st.Rollback != nil {
			continue // whoever releases looks
		}
		for _, app := range stage.Apps {
			stand := st.Apps[app]
			if !stand.Seen {
				continue // whatever runs there, it is not compared to anything
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

// sweepInterval is how long the pipeline goes unread.
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

// lastPush is when the newest push was seen; zero: none was.
func (d *decision) lastPush() time.Time {
	var last time.Time
	for i := range d.State.Candidates {
		last = bot.Later(last, d.State.Candidates[i].SeenAt)
	}
	return last
}
