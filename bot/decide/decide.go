package decide

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/render"
)

// Plan is the result of a decision.
type Plan struct {
	Effects []bot.Effect
	// Wake is when to decide again even if nothing happens; zero: never.
	Wake time.Time
	// Sweep is when to look for lost webhooks; zero: never.
	Sweep   time.Time
	Explain gate.Explanation

	Claims []bot.QueueClaim    // where the pipeline stands in the queues of prepare apps
	Takes  map[string]bot.Rank // by app: the builds that this plan begins there
}

// Decide returns what to do now. Each part reads only the state, and adds the effects that are needed and not under way
// yet. Read it from top to bottom.
func Decide(s pipeline.State, now time.Time) Plan {
	d := newDecision(&s, now)
	d.readConfig()
	d.carryOn()
	d.steer()
	if s.Configured {
		d.explore()
		d.readAffected()
		d.readGroupAffected()
		d.findMerged()
		d.readPullRequests()
		d.readFiles()
		d.readApproved()
		d.inspect()
		d.startRollbacks()
		d.askStages()
		d.enterStages()
		d.build()
		d.readSources()
		d.readChecks()
		d.sweep()
	}
	d.readRules()
	d.listPulls()
	d.keepCopies()
	d.endMaintenance()
	d.openPipelines()
	d.watch()
	d.verify()
	d.publish()
	d.plan.Explain, d.plan.Wake = d.Explain(), d.WakeAt
	d.plan.Claims, d.plan.Takes = d.claims(), d.takes
	return d.plan
}

// decision is one run of Decide: a view of the unchanging state, and the plan made from it.
type decision struct {
	*gate.View
	plan     Plan
	wanted   map[string]bool // keys of the effects in the plan
	starting render.Starting

	maintained map[string]bool // apps that are to be in maintenance mode

	waits   map[string]bot.Rank // by prepare app: the rank that is queued for it
	takes   map[string]bot.Rank // by prepare app: the build that this plan begins there
	presses string              // the prepare app whose build is to give way; empty: none
}

func newDecision(s *pipeline.State, now time.Time) *decision {
	return &decision{View: gate.NewSettledView(s, now), wanted: map[string]bool{}, starting: render.Starting{}}
}

// want adds an effect, unless it is under way or waits for its next attempt, and
// reports whether it did.
func (d *decision) want(key string, do bot.Action) bool {
	if d.wanted[key] {
		return false
	}
	f, tried := d.State.Pending[key]
	if !d.mayTry(f) {
		return false
	}
	if f.Underway {
		f.Unsure, f.LostAt = true, f.LastAt // no outcome of the lost attempt will ever arrive
	}
	e := bot.Effect{Key: key, Attempt: f.Attempt + 1, Unsure: f.Unsure, Since: f.Since, LostAt: f.LostAt, At: d.Now, Do: do}
	if !tried {
		e.Since = d.Now
	}
	d.wanted[key] = true
	d.plan.Effects = append(d.plan.Effects, e)
	return true
}

// mayTry reports whether the next attempt of an effect may be made now. If not, it sets the wake-up time.
func (d *decision) mayTry(f pipeline.PendingEffect) bool {
	if f.Underway {
		return d.Due(f.LastAt.Add(lost))
	}
	return d.Due(f.NotBefore)
}

// findSoon is how long the webhook of a merge may take before the commit's pull request is looked for.
const findSoon = 5 * time.Second

// readPullRequests reads the test merge of pull requests that are to be built ahead. It also looks for the pull request
// of a commit whose webhook did not arrive.
func (d *decision) readPullRequests() {
	if d.BuildsPulls() {
		for _, n := range pipeline.SortedKeys(d.State.Pulls) {
			p := d.State.Pulls[n]
			if !p.Open || p.Fork || p.Listed || p.Base != d.State.Branch() || d.State.AffectedBy(p) != bot.AffectedYes {
				continue
			}
			if d.asksForMerge(p) {
				d.want(pipeline.PullKey(p), bot.ReadPullRequest{Number: n})
			}
			// Once per head: the list of changes states what it is compared with.
			if live := d.State.Stage(d.LastStage()).Live.Commit(); live != "" && live != p.Head && p.ChangesOf != p.Head {
				d.want(pipeline.ChangesOfKey(p), bot.ReadChanges{Base: live, Head: p.Head, Number: n})
			}
		}
	}
	for i := range d.State.Candidates {
		c := &d.State.Candidates[i]
		if c.Pull == 0 && !c.PullSought && d.State.Affects(c) == bot.AffectedYes && d.Due(c.SeenAt.Add(findSoon)) {
			d.want(pipeline.FindKey(c.SHA), bot.FindPullRequest{SHA: c.SHA})
		}
	}
}

const (
	recheck           = sweepGap         // of the newest commit, while something is waited for and no webhook came
	recheckOn         = 5 * time.Minute  // of the newest commit, where webhooks do come
	recheckOld        = 10 * time.Minute // of other commits, and of the newest from an hour after the push
	recheckAge        = time.Hour        // a day after the push
	hintGap           = 10 * time.Second // between readings that webhooks ask for where no suite was completed
	staleRules        = 5 * time.Minute  // what the branch requires is read again after this
	maxContradictions = 6                // readings that are tried again because they contradict webhooks
)

// readChecks reads the checks of every candidate that may still enter the first stage. The reading that a promotion
// needs is requested in enter.
func (d *decision) readChecks() {
	if d.State.Config.Checks.None {
		return
	}
	for _, c := range d.State.All() {
		if _, entered := c.Progress[d.FirstStage()]; entered || d.State.Affects(c) != bot.AffectedYes || d.Overtaken(c, d.FirstStage()) || d.BuildGate(c).State == gate.Closed {
			continue
		}
		at, sweep := d.readAt(c)
		switch {
		case !sweep && d.Due(at):
			d.readChecksOf(c, false)
		case sweep && d.overdue(d.rereadSince(c.Reports.ReadAt, at)):
			n := len(d.plan.Effects)
			d.readChecksOf(c, false)
			for i := range d.plan.Effects[n:] {
				d.plan.Effects[n+i].Idle = true
			}
		}
	}
}

// readAt returns when a candidate's checks are to be read next, and whether a sweep reads them.
func (d *decision) readAt(c *pipeline.Candidate) (at time.Time, sweep bool) {
	r := c.Reports
	last := r.ReadAt
	if last.IsZero() {
		last = c.SeenAt
	}
	state := d.State.Verdict(c).State
	switch age := d.Now.Sub(c.SeenAt); {
	case c.FromPull && !r.Read && r.Refused == "":
		return c.SeenAt, false // its webhooks came before the candidate existed
	case !r.Read && r.Refused == "" && d.State.Config.Checks.AsGitHubRequires() && d.State.Required.ReadAt.IsZero():
		return c.SeenAt, false // without it nothing can be judged
	case !r.Read && r.Refused == "" && r.Hints == 0 && d.BuildGate(c).State == gate.Open:
		return c.SeenAt, false // they may have passed long ago, as after a merge queue
	case !r.Read && r.Refused == "" && !c.QueuedAt.IsZero():
		return c.SeenAt, false // the queue's checks passed before it came to the branch
	case !r.Read && r.Refused == "" && (d.first(c) || c.Before == "" || c.SeenAt.Sub(c.PushedAt) > pipeline.LateReading):
		return c.SeenAt, false // the webhooks of its checks may have come before its own
	case hinted(r, c.SHA, state) > 0:
		return last.Add(hinted(r, c.SHA, state)), false
	case age > 24*time.Hour:
		return last.Add(recheckAge), true
	case age > time.Hour || gate.NewestAffecting(d.State, c) != nil:
		return last.Add(recheckOld), true
	case r.Hints > 0 && r.Refused == "" && state != bot.CheckFailed: // no webhook reports that a check was re-run
		return last.Add(recheckOn), true
	}
	return last.Add(recheck), true
}

// first reports whether a candidate is the first one ever seen. Webhooks from before its push concern no candidate.
func (d *decision) first(c *pipeline.Candidate) bool {
	return d.State.Horizon.IsZero() && d.State.Position(c.SHA) == 0
}

func (d *decision) readChecksOf(c *pipeline.Candidate, decides bool) {
	all := d.State.Config.Checks.AsGitHubRequires()
	d.want(pipeline.ChecksKey(c.SHA), bot.ReadChecks{
		SHA: c.SHA, Branch: d.State.Branch(),
		// The reading includes the branch's head, which reveals a push whose webhook was lost. So it is also made from
		// time to time where the file names the checks.
		Required: all && decides || d.State.Required.ReadAt.IsZero() || d.Now.Sub(d.State.Required.ReadAt) >= staleRules,
		Suites:   all && len(d.State.Required.Theirs()) == 0,
	})
}

// watch reads the state of pending builds and releases.
func (d *decision) watch() {
	for _, key := range pipeline.SortedKeys(d.State.Builds) {
		r := d.State.Builds[key]
		if r.Status == pipeline.RunRunning && d.Due(r.LookAt) {
			d.want(pipeline.WatchBuildKey(r), bot.WatchBuild{App: r.App, ID: r.ID, Tree: key, Stage: r.Stage})
		}
	}
	for _, stage := range pipeline.SortedKeys(d.State.Stages) {
		p := d.State.Stage(stage).Promoting
		if p == nil {
			continue
		}
		for _, app := range pipeline.SortedKeys(p.Apps) {
			if a := p.Apps[app]; a.State == bot.ReleasePending && d.Due(a.LookAt) {
				d.want(pipeline.WatchReleaseKey(stage, app, p.N),
					bot.WatchRelease{Stage: stage, Promotion: p.N, App: app, ID: a.ID})
			}
		}
	}
}

// lost is after how long an effect without an outcome counts as unknown. It is longer than any attempt may take.
const lost = 5 * time.Minute

// retryDue reports whether a refused publication is to be tried again now.
func (d *decision) retryDue(u pipeline.Refusal) bool { return !u.RetryAt.IsZero() && d.Due(u.RetryAt) }
