package insight

import (
	"cmp"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot/history"
)

// Deploy is a release that put something else live on a stage of production. It is a deployment once it is Proved.
// What was released on all apps and then failed its verification is a Deploy, too: people saw it.
type Deploy struct {
	Stage  string
	N      int // of the promotion
	SHA    string
	Began  time.Time
	Live   time.Time // since when all apps run it
	Proved time.Time // zero: its verification failed
	Day    Day       // of Live, by the pipeline's clocks then
	Window time.Duration
	Urgent bool
	Leads  []Lead // the changes that the stage runs for the first time, its own last; none unless it is Proved

	Failed    Cause // empty: it did not
	FailedAt  time.Time
	Judged    bool      // it has failed, or is older than Window
	Recovered time.Time // with Failed: when the stage was good again; zero: it is not
	Rework    bool      // it corrects an earlier one
}

// Cause is why a deployment counts as failed.
type Cause string

// The causes. One deployment has the first of them.
const (
	CauseUnproved Cause = "its verification failed"
	CauseRollback Cause = "it was rolled back"
	CauseUrgent   Cause = "an urgent promotion followed"
	CauseRevert   Cause = "one of its commits was reverted"
	CauseIncident Cause = "it caused an incident"
)

// IsDeployment reports whether it counts as a deployment.
func (d *Deploy) IsDeployment() bool { return !d.Proved.IsZero() }

// Recovery is how long production was bad; 0: it did not fail, or still is.
func (d *Deploy) Recovery() time.Duration {
	if d.Recovered.IsZero() {
		return 0
	}
	return d.Recovered.Sub(d.Live)
}

// Release is a promotion of a stage of production that is no deployment.
type Release struct {
	Stage string
	N     int
	SHA   string
	At    time.Time
	Day   Day
}

// Ledger is everything that was deployed, and what became of it, by the rows of one pipeline.
type Ledger struct {
	Deploys  []*Deploy // the oldest first
	Attempts []Release // releases that failed before all apps had them: the old version stayed
	Repeats  []Release // of what ran already
	ByHand   []Release // by others, on the platform
	Changes  []Outcome // the oldest first

	promotions []history.Promotion // all, the oldest first
	process    process
	reverted   map[*Deploy]*Deploy // by the deployment that corrects: what it reverts
	now        time.Time
	first      Day // since when there are rows
	known      bool
}

// Outcome is a change, and the days on which things happened to it, by the pipeline's clocks then.
type Outcome struct {
	*history.Change
	Ended    Day  // with Change.Outcome
	Released bool // any stage ran it
	Shared   bool // another commit was released with its artifact
}

// running is what a stage runs.
type running struct{ sha, artifact string }

// Read makes a ledger of rows as of a time.
func Read(rows Rows, now time.Time) *Ledger {
	l := &Ledger{process: newProcess(rows.Process), now: now, promotions: slices.Clone(rows.Promotions), reverted: map[*Deploy]*Deploy{}}
	slices.SortFunc(l.promotions, func(a, b history.Promotion) int {
		return cmp.Or(a.Began.Compare(b.Began), cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.N, b.N))
	})
	l.begin(rows)
	l.changes(rows.Changes)
	lead := newLeads(l)
	runs := map[string]running{}
	for i := range l.promotions {
		p := &l.promotions[i]
		l.take(p, runs, lead)
	}
	l.judge(incidents(rows.Audit))
	return l
}

// begin finds out since when there are rows. The file that is in force may be much older than the rows that are kept.
func (l *Ledger) begin(rows Rows) {
	var first time.Time
	note := func(t time.Time) {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	for i := range l.promotions {
		if p := &l.promotions[i]; p.Kind != history.KindByHand { // that may have been before
			note(p.Began)
		}
	}
	for i := range rows.Changes {
		note(rows.Changes[i].SeenAt)
	}
	note(rows.First)
	if !first.IsZero() {
		l.first, l.known = l.process.day(first), true
	}
}

// take enters a promotion.
func (l *Ledger) take(p *history.Promotion, runs map[string]running, lead *leads) {
	cfg := l.process.at(p.Began)
	production := slices.Contains(cfg.Production(), p.Stage)
	release := func(at time.Time) Release { return Release{p.Stage, p.N, p.SHA, at, l.process.day(at)} }
	switch {
	case p.Kind == history.KindByHand:
		if production {
			l.ByHand = append(l.ByHand, release(p.Began))
		}
	case p.Result == "" || p.Result == history.ResultGivenUp:
		return // it is under way, or changed nothing
	case p.Released.IsZero():
		if production && p.Kind == history.KindForward {
			l.Attempts = append(l.Attempts, release(p.Began))
		}
		return
	case p.Kind == history.KindForward && production:
		was := runs[p.Stage]
		if p.SHA == p.Replaced || p.Artifact != "" && p.Artifact == was.artifact {
			l.Repeats = append(l.Repeats, release(p.Released))
			break
		}
		d := &Deploy{Stage: p.Stage, N: p.N, SHA: p.SHA, Began: p.Began, Live: p.Released, Proved: p.Proved, Urgent: p.Urgent,
			Day: l.process.day(p.Released), Window: cfg.FailureWindow()}
		if d.IsDeployment() {
			d.Leads = lead.of(d, cfg)
		}
		l.Deploys = append(l.Deploys, d)
	}
	runs[p.Stage] = running{p.SHA, p.Artifact}
	if !p.Proved.IsZero() || p.Kind == history.KindByHand {
		lead.ran(p.Stage, p.SHA)
	}
}

// changes enters the changes, in the order of their pushes.
func (l *Ledger) changes(rows []history.Change) {
	released, shared := map[string]bool{}, map[string]bool{}
	for i := range l.promotions {
		if p := &l.promotions[i]; !p.Released.IsZero() {
			released[p.SHA] = true
		}
	}
	for i := range rows {
		if c := &rows[i]; c.BuiltOf != "" && released[c.SHA] {
			shared[c.BuiltOf] = true
		}
	}
	for i := range rows {
		c := &rows[i]
		o := Outcome{Change: c, Released: released[c.SHA], Shared: shared[c.SHA]}
		if c.Outcome != "" {
			o.Ended = l.process.day(c.EndedAt)
		}
		l.Changes = append(l.Changes, o)
	}
	slices.SortStableFunc(l.Changes, func(a, b Outcome) int {
		return cmp.Or(pushed(a.Change).Compare(pushed(b.Change)), a.SeenAt.Compare(b.SeenAt))
	})
}

// pushed is when a change came to the branch.
func pushed(c *history.Change) time.Time {
	if c.PushedAt.IsZero() {
		return c.SeenAt
	}
	return c.PushedAt
}
