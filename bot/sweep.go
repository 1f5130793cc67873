package bot

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Sweeping finds what webhooks have not told: a push, a check, a release by
// hand. Nothing here happens by itself: the plan says when it would be time, and
// whoever keeps the budget of requests answers with [Swept] when it may be.

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
	if !d.s.SweptAt.Before(t) {
		return true
	}
	d.askSweep(t)
	return false
}

// appsOverdue is overdue for what the platform is asked.
func (d *decision) appsOverdue(t time.Time) bool {
	if !d.s.AppsSweptAt.Before(t) {
		return true
	}
	d.askSweep(t)
	return false
}

// askSweep asks for a sweep at t, but not right after the last one: that may
// have had no requests left for all of it, and others wait for their turn.
func (d *decision) askSweep(t time.Time) {
	if next := d.s.SweptAt.Add(sweepGap); t.Before(next) {
		t = next
	}
	if d.plan.Sweep.IsZero() || t.Before(d.plan.Sweep) {
		d.plan.Sweep = t
	}
}

// rereadSince is when something is to be read again: as it would be anyway, but at once
// where nobody was there since it was read last.
func (d *decision) rereadSince(last, at time.Time) time.Time {
	if last.Before(d.s.RereadAt) && d.s.RereadAt.Before(at) {
		return d.s.RereadAt
	}
	return at
}

// wantIdle wants what nobody waits for.
func (d *decision) wantIdle(key string, do Action) {
	if d.want(key, do) {
		d.plan.Effects[len(d.plan.Effects)-1].Idle = true
	}
}

// sweep reads the branch's head, which tells of pushes, and what runs on the
// apps of stages in which nothing happens, which tells of releases by hand.
func (d *decision) sweep() {
	d.readTrees()
	d.sweepHead()
	for _, stage := range d.s.Config.Stages {
		st := d.s.Stages[stage.Name]
		if st.Promoting != nil || st.Rollback != nil {
			continue // whoever releases looks
		}
		for _, app := range stage.Apps {
			stand := st.Apps[app]
			if !stand.Seen {
				continue // whatever runs there, it is not compared to anything
			}
			if stand.Moved && d.due(stand.SeenAt.Add(hintGap)) || d.appsOverdue(stand.SeenAt.Add(max(d.sweepInterval(), sweepIdle))) {
				d.wantIdle(lookKey(stage.Name, app), LookAtApp{Stage: stage.Name, App: app})
			}
		}
	}
}

// sweepHead reads the branch's head.
func (d *decision) sweepHead() {
	if last := d.lastPush(); !last.IsZero() && d.overdue(d.rereadSince(d.s.HeadAt, later(d.s.HeadAt, last).Add(d.sweepInterval()))) {
		d.wantIdle(headKey, ReadHead{Branch: d.s.Branch()})
	}
}

// sweepInterval is how long the pipeline goes unread.
func (d *decision) sweepInterval() time.Duration {
	for _, c := range d.s.all() {
		if !d.settled(c) {
			return sweepBusy
		}
	}
	if d.now.Sub(d.lastPush()) < 24*time.Hour {
		return sweepIdle
	}
	return sweepQuiet
}

// lastPush is when the newest push was seen; zero: none was.
func (d *decision) lastPush() time.Time {
	var last time.Time
	for i := range d.s.Candidates {
		last = later(last, d.s.Candidates[i].SeenAt)
	}
	return last
}

// headRead takes where the branch's head is.
func (s *State) headRead(do ReadHead, f Finished, began, at time.Time) {
	if do.Branch != s.Branch() || f.Outcome != Done && f.Outcome != Refuse {
		return
	}
	s.HeadAt = later(s.HeadAt, began)
	if fact, ok := f.Fact.(HeadRead); ok && fact.Head.SHA != "" {
		s.headSeen(fact.Head, began, at)
	}
}

// appLooked takes what an app runs.
func (s *State) appLooked(do LookAtApp, f Finished, at time.Time) {
	switch seen, ok := f.Fact.(AppSeen); {
	case ok:
		s.appSeen(do.Stage, do.App, seen, at)
	case f.Outcome == Refuse:
		st := s.Stages[do.Stage]
		stand := st.Apps[do.App]
		stand.SeenAt, stand.Moved = at, false
		put(&st.Apps, do.App, stand)
		put(&s.Stages, do.Stage, st)
	}
}

// Foreign is what somebody else released on an app, by hand or with another tool.
type Foreign struct {
	Version int
	Commit  string    // full SHA; empty: the platform does not know
	At      time.Time // when it was released
	SeenAt  time.Time // when Headstart noticed
}

// appSeen takes what an app of a stage runs, which may be somebody else's release.
func (s *State) appSeen(stage, app string, seen AppSeen, at time.Time) {
	st := s.Stages[stage]
	old, r := st.Apps[app], seen.Current
	now := old
	now.Seen, now.SeenAt, now.Moved, now.Newest, now.Artifact = true, at, false, seen.Newest, r.Artifact
	now.URL, now.Ran = cmp.Or(seen.App.URL, old.URL), s.ranBefore(stage, seen, old)
	switch {
	case !old.Seen || st.Live.SHA == "" && old.Foreign == nil && !s.everReleased(stage, old.Artifact) || r.Artifact == "" || r.Artifact == st.Live.artifactOn(app) || st.isReleasing(s, r.Artifact):
		now.Foreign = nil
	case r.Artifact != old.Artifact:
		now.Foreign = &Foreign{Version: r.Version, Commit: r.Commit, At: r.CreatedAt, SeenAt: at}
	}
	put(&st.Apps, app, now)
	put(&s.Stages, stage, st)
}

// everReleased reports whether an artifact is one that Headstart has put on a stage,
// though it may not have been proved there.
func (s *State) everReleased(stage, artifact string) bool {
	return artifact != "" && slices.ContainsFunc(s.all(), func(c *Candidate) bool {
		return c.Artifact == artifact && c.Progress[stage].State != ""
	})
}

// isReleasing reports whether an artifact is what the stage's promotion in flight
// puts on its apps.
func (st StageState) isReleasing(s *State, artifact string) bool {
	if st.Promoting == nil {
		return false
	}
	if past, ok := st.named(st.Promoting.SHA, 0); ok && st.Promoting.Rollback != nil {
		for app := range st.Promoting.Apps {
			if past.artifactOn(app) == artifact {
				return true
			}
		}
		return false
	}
	c := s.promoted(st.Promoting, st.Promoting.SHA)
	return c != nil && c.Artifact == artifact
}

// driftGate is closed where somebody has released something newer by hand.
func (d *view) driftGate(c *Candidate, stage string) Gate {
	g := Gate{Name: GateDrift, State: GateOpen}
	cfg, _ := d.s.Config.Stage(stage)
	for _, app := range cfg.Apps {
		if f := d.s.Stages[stage].Apps[app].Foreign; f != nil && d.s.newer(f, c, stage) {
			g.State, g.Since = GateClosed, f.At
			g.Text = fmt.Sprintf("%s was released to %s by hand after this was pushed", f.name(), app)
			g.Next = "comment /promote " + d.s.qualified(stage) + ", or push again"
		}
	}
	if r, app, newer := d.s.newerAdopted(c, stage); newer && g.State == GateOpen {
		g.State, g.Since = GateClosed, r.At
		g.Text = fmt.Sprintf("%s was released to %s after this was pushed, before Headstart came", r.name(), app)
		g.Next = "comment /promote " + d.s.qualified(stage) + ", or push again"
	}
	return g
}

// newer reports whether a release by hand is newer than a candidate: by the
// branch's order, or, where its commit is none of the branch's, by time. What
// somebody asked for with the release in view may replace it.
func (s *State) newer(f *Foreign, c *Candidate, stage string) bool {
	if o, ordered := c.Ordered[stage]; ordered && !o.At.Before(f.SeenAt) {
		return false
	}
	if i := s.position(f.Commit); f.Commit != "" && i >= 0 && !c.FromPull {
		return i > s.position(c.SHA)
	}
	return f.At.After(c.PushedAt)
}

// name is what people know a release by.
func (f *Foreign) name() string {
	if f.Commit == "" {
		return fmt.Sprintf("v%d", f.Version)
	}
	return fmt.Sprintf("v%d (%s)", f.Version, Short(f.Commit))
}

// foreign is the newest release by hand on an app of the stage; nil: none.
func (st StageState) foreign() (f *Foreign, app string) {
	for _, name := range sortedKeys(st.Apps) {
		if o := st.Apps[name].Foreign; o != nil && (f == nil || o.At.After(f.At)) {
			f, app = o, name
		}
	}
	return f, app
}

// Requests is about how many requests an action takes, on GitHub and on the
// platform; what is asked for in sweeps alone is counted.
func Requests(do Action) (github, platform int) {
	switch do := do.(type) {
	case ReadHead:
		return 1, 0
	case ReadChecks:
		n := 3 // runs, statuses, and the branch
		if do.Required {
			n++
		}
		if do.Suites {
			n++
		}
		return n, 0
	case ReadRules:
		return 2, 0
	case ListPullRequests:
		return 1, 0
	case LookAtApp:
		return 0, 1
	}
	return 0, 0
}

// Allowance is what a place allows of requests.
type Allowance struct {
	Limit int       // requests an hour; 0: not known; negative: there is none
	Left  int       // of them until Reset
	Reset time.Time // when Left is Limit again; zero: not known, or it is refilled steadily
}

// FailedDelivery is a webhook that its sender could not deliver.
type FailedDelivery struct {
	ID       int64  // of the newest attempt, to ask for another by
	GUID     string // the same for every attempt
	Event    string
	At       time.Time // of the newest attempt
	Attempts int       // so far
}
