package bot

import (
	"time"
)

// Plan is what a decision asks for.
type Plan struct {
	Effects []Effect
	// Wake is when to decide again though nothing happened; zero: never.
	Wake time.Time
	// Sweep is when webhooks that were lost are to be looked for; zero: never.
	Sweep   time.Time
	Explain Explanation

	Claims []QueueClaim    // where the pipeline stands in the queues of prepare apps
	Takes  map[string]Rank // by app: the builds that this plan begins there
}

// Decide says what to do now. It is read top to bottom: each part looks at the
// state alone and adds the effects that it wants and that are not under way yet.
func Decide(s State, now time.Time) Plan {
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
	d.plan.Explain, d.plan.Wake = d.explain(), d.wakeAt
	d.plan.Claims, d.plan.Takes = d.claims(), d.takes
	return d.plan
}

// decision is one run of Decide: a view of the state that does not change any more,
// and the plan that comes of it.
type decision struct {
	*view
	plan     Plan
	wanted   map[string]bool // keys of the effects in the plan
	starting starting

	maintained map[string]bool // apps that are to be in maintenance mode

	waits   map[string]Rank // by prepare app: what waits in its queue
	takes   map[string]Rank // by prepare app: the build that this plan begins there
	presses string          // the prepare app whose build is to give way; empty: none
}

func newDecision(s *State, now time.Time) *decision {
	return &decision{view: keepingGates(s, now), wanted: map[string]bool{}, starting: starting{}}
}

// want adds an effect, unless it is under way or waits for its next attempt, and
// reports whether it did.
func (d *decision) want(key string, do Action) bool {
	if d.wanted[key] {
		return false
	}
	f, tried := d.s.Pending[key]
	if !d.mayTry(f) {
		return false
	}
	if f.Underway {
		f.Unsure, f.LostAt = true, f.LastAt // nobody will ever tell what came of it
	}
	e := Effect{Key: key, Attempt: f.Attempt + 1, Unsure: f.Unsure, Since: f.Since, LostAt: f.LostAt, At: d.now, Do: do}
	if !tried {
		e.Since = d.now
	}
	d.wanted[key] = true
	d.plan.Effects = append(d.plan.Effects, e)
	return true
}

// mayTry reports whether the next attempt of an effect may be made now, and else
// wakes when it may.
func (d *decision) mayTry(f PendingEffect) bool {
	if f.Underway {
		return d.due(f.LastAt.Add(lost))
	}
	return d.due(f.NotBefore)
}

// findSoon is how long a commit's pull request is given to tell of its merge
// before it is looked for.
const findSoon = 5 * time.Second

// readPullRequests reads the test merge of pull requests that are to be built
// ahead, and looks for the pull request of a commit that nobody has told of.
func (d *decision) readPullRequests() {
	if d.buildsPulls() {
		for _, n := range sortedKeys(d.s.Pulls) {
			p := d.s.Pulls[n]
			if !p.Open || p.Fork || p.Listed || p.Base != d.s.Branch() || d.s.pullAffects(p) != AffectedYes {
				continue
			}
			if d.asksForMerge(p) {
				d.want(pullKey(p), ReadPullRequest{Number: n})
			}
			// Once for each head: what it would bring is told with what it is compared to.
			if live := d.s.Stages[d.lastStage()].Live.commit(); live != "" && live != p.Head && p.ChangesOf != p.Head {
				d.want(changesOfKey(p), ReadChanges{Base: live, Head: p.Head, Number: n})
			}
		}
	}
	for i := range d.s.Candidates {
		c := &d.s.Candidates[i]
		if c.Pull == 0 && !c.PullSought && d.s.affects(c) == AffectedYes && d.due(c.SeenAt.Add(findSoon)) {
			d.want(findKey(c.SHA), FindPullRequest{SHA: c.SHA})
		}
	}
}

// buildsPulls reports whether pull requests are built ahead: an artifact that
// serves only its own commit would never serve the merge. One from an app for pull
// requests does not either; there it is whether they build that is asked for.
func (d *view) buildsPulls() bool {
	p := d.s.Config.Prepare
	return p.PullRequests && len(p.Apps) > 0 && (p.Reuse != ReuseCommit || p.apart())
}

// How often a commit's checks are read. What webhooks say is believed for
// everything but the decision itself; what they lost is found by sweeps, which
// read a commit's checks no more often than this.
const (
	fresh             = time.Minute      // a reading older than this does not open the first stage
	recheck           = sweepGap         // of the newest commit, while something is waited for and no webhook came
	recheckOn         = 5 * time.Minute  // of the newest commit, where webhooks do come
	recheckOld        = 10 * time.Minute // of others, and an hour after the push
	recheckAge        = time.Hour        // a day after the push
	lateReading       = 15 * time.Second // after the push: its webhook was not the first to come
	hintGap           = 10 * time.Second // between readings that webhooks ask for where no suite was completed
	staleRules        = 5 * time.Minute  // what the branch requires is read again after this
	maxContradictions = 6                // readings that are tried again because they contradict webhooks
)

// readChecks finds out about the checks of every candidate that may still enter
// the first stage. The look that decides is asked for where it decides.
func (d *decision) readChecks() {
	if d.s.Config.Checks.None {
		return
	}
	for _, c := range d.s.all() {
		if _, entered := c.Progress[d.firstStage()]; entered || d.s.affects(c) != AffectedYes || d.overtaken(c, d.firstStage()) || d.buildGate(c).State == GateClosed {
			continue
		}
		at, sweep := d.readAt(c)
		switch {
		case !sweep && d.due(at):
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

// readAt is when a candidate's checks are to be read next, by itself or by a sweep.
func (d *decision) readAt(c *Candidate) (at time.Time, sweep bool) {
	r := c.Reports
	last := r.ReadAt
	if last.IsZero() {
		last = c.SeenAt
	}
	state := d.s.verdict(c).State
	switch age := d.now.Sub(c.SeenAt); {
	case c.FromPull && !r.Read && r.Refused == "":
		return c.SeenAt, false // its webhooks came before anybody cared
	case !r.Read && r.Refused == "" && d.s.Config.Checks.AsGitHubRequires() && d.s.Required.ReadAt.IsZero():
		return c.SeenAt, false // nothing can be judged before
	case !r.Read && r.Refused == "" && r.Hints == 0 && d.buildGate(c).State == GateOpen:
		return c.SeenAt, false // they may have passed long ago, as after a merge queue
	case !r.Read && r.Refused == "" && !c.QueuedAt.IsZero():
		return c.SeenAt, false // the queue's checks passed before it came to the branch
	case !r.Read && r.Refused == "" && (d.first(c) || c.Before == "" || c.SeenAt.Sub(c.PushedAt) > lateReading):
		return c.SeenAt, false // the webhooks of its checks may have come before its own
	case r.hinted(c.SHA, state) > 0:
		return last.Add(r.hinted(c.SHA, state)), false
	case age > 24*time.Hour:
		return last.Add(recheckAge), true
	case age > time.Hour || d.s.newestAffecting(c) != nil:
		return last.Add(recheckOld), true
	case r.Hints > 0 && r.Refused == "" && state != CheckFailed: // no webhook tells that a check is run again
		return last.Add(recheckOn), true
	}
	return last.Add(recheck), true
}

// first reports whether a candidate is the first that was ever seen: what came
// before its push affected nobody.
func (d *decision) first(c *Candidate) bool {
	return d.s.Horizon.IsZero() && d.s.position(c.SHA) == 0
}

func (d *decision) readChecksOf(c *Candidate, decides bool) {
	all := d.s.Config.Checks.AsGitHubRequires()
	d.want(checksKey(c.SHA), ReadChecks{
		SHA: c.SHA, Branch: d.s.Branch(),
		// With it comes the branch's head, which tells of a push that was never
		// delivered: it is asked for now and then also where the file names the checks.
		Required: all && decides || d.s.Required.ReadAt.IsZero() || d.now.Sub(d.s.Required.ReadAt) >= staleRules,
		Suites:   all && len(d.s.Required.theirs()) == 0,
	})
}

// watch looks again at builds and releases that are pending.
func (d *decision) watch() {
	for _, key := range sortedKeys(d.s.Builds) {
		r := d.s.Builds[key]
		if r.Status == RunRunning && d.due(r.LookAt) {
			d.want(watchBuildKey(r), WatchBuild{App: r.App, ID: r.ID, Tree: key, Stage: r.Stage})
		}
	}
	for _, stage := range sortedKeys(d.s.Stages) {
		p := d.s.Stages[stage].Promoting
		if p == nil {
			continue
		}
		for _, app := range sortedKeys(p.Apps) {
			if a := p.Apps[app]; a.State == ReleasePending && d.due(a.LookAt) {
				d.want(watchReleaseKey(stage, app, p.N),
					WatchRelease{Stage: stage, Promotion: p.N, App: app, ID: a.ID})
			}
		}
	}
}

func (d *view) firstStage() string { return d.s.Config.Stages[0].Name }
