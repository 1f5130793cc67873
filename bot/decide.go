package bot

import (
	"fmt"
	"time"
)

// Plan is what a decision asks for.
type Plan struct {
	Effects []Effect
	// Wake is when to decide again though nothing happened; zero: never.
	Wake    time.Time
	Explain Explanation
}

// Decide says what to do now. It is read top to bottom: each part looks at the
// state alone and adds the effects that it wants and that are not under way yet.
func Decide(s State, now time.Time) Plan {
	d := &decision{s: &s, now: now, wanted: map[string]bool{}, starting: map[string]string{}}
	d.readConfig()
	if s.Configured {
		d.readPullRequests()
		d.promote()
		d.build()
		d.readChecks()
		d.watch()
	}
	d.tell()
	d.plan.Explain = d.explain()
	return d.plan
}

// decision is one run of Decide.
type decision struct {
	s        *State
	now      time.Time
	plan     Plan
	wanted   map[string]bool   // keys of the effects in the plan
	starting map[string]string // build key → app, of builds that this plan starts
}

// want adds an effect, unless it is under way or waits for its next attempt, and
// reports whether it did.
func (d *decision) want(key string, do Action) bool {
	if d.wanted[key] {
		return false
	}
	f, tried := d.s.Flights[key]
	if f.Out {
		if d.now.Sub(f.LastAt) < lost {
			d.wake(f.LastAt.Add(lost))
			return false
		}
		f.Unsure = true
	} else if d.now.Before(f.NotBefore) {
		d.wake(f.NotBefore)
		return false
	}
	e := Effect{Key: key, Attempt: f.Attempt + 1, Unsure: f.Unsure, Since: f.Since, At: d.now, Do: do}
	if !tried {
		e.Since = d.now
	}
	d.wanted[key] = true
	d.plan.Effects = append(d.plan.Effects, e)
	return true
}

// wake asks to decide again at t, if nothing earlier does.
func (d *decision) wake(t time.Time) {
	if d.plan.Wake.IsZero() || t.Before(d.plan.Wake) {
		d.plan.Wake = t
	}
}

// due reports whether t has come, and else wakes then.
func (d *decision) due(t time.Time) bool {
	if d.now.Before(t) {
		d.wake(t)
		return false
	}
	return true
}

// readConfig reads the pipeline's file as of the newest commit. Before any push
// was seen there is nothing to deploy, and nothing to read.
func (d *decision) readConfig() {
	if n := len(d.s.Candidates); n > 0 {
		if c := &d.s.Candidates[n-1]; !c.ConfigRead {
			d.want("config "+c.SHA, ReadConfig{Ref: c.SHA})
		}
	}
}

// configSettled reports whether the newest commit's file is in force, or could
// not be read while an older good one exists.
func (d *decision) configSettled() bool {
	n := len(d.s.Candidates)
	if n == 0 {
		return true
	}
	c := &d.s.Candidates[n-1]
	return c.ConfigRead || d.s.Flights["config "+c.SHA].Attempt > 1
}

// findSoon is how long a commit's pull request is given to tell of its merge
// before it is looked for.
const findSoon = 5 * time.Second

// readPullRequests reads the test merge of pull requests that are to be built
// ahead, and looks for the pull request of a commit that nobody has told of.
func (d *decision) readPullRequests() {
	if d.buildsPulls() {
		for _, n := range sortedKeys(d.s.Pulls) {
			if p := d.s.Pulls[n]; p.Open && !p.Fork && p.Base == d.s.Branch() && p.ReadHead != p.Head {
				d.want(fmt.Sprintf("pull %d %s", n, p.Head), ReadPullRequest{Number: n})
			}
		}
	}
	for i := range d.s.Candidates {
		c := &d.s.Candidates[i]
		if c.Pull == 0 && !c.PullSought && d.due(c.SeenAt.Add(findSoon)) {
			d.want("find "+c.SHA, FindPullRequest{SHA: c.SHA})
		}
	}
}

// buildsPulls reports whether pull requests are built ahead: an artifact that
// serves only its own commit would never serve the merge.
func (d *decision) buildsPulls() bool {
	p := d.s.Config.Prepare
	return p.PullRequests && len(p.Apps) > 0 && p.Reuse != ReuseCommit
}

// How often a commit's checks are read. Webhooks make a reading happen at once;
// these find what webhooks lost.
const (
	fresh      = time.Minute      // a reading older than this does not open the first stage
	recheck    = 2 * time.Minute  // while something is waited for
	recheckOld = 10 * time.Minute // an hour after the push
	hintGap    = 10 * time.Second // between readings that hints ask for without deciding anything
	staleRules = 5 * time.Minute  // what the branch requires is read again after this
)

// readChecks keeps what is known of the checks of every candidate that may still
// enter the first stage fresh enough.
func (d *decision) readChecks() {
	for i := range d.s.Candidates {
		c := &d.s.Candidates[i]
		if _, entered := c.Passages[d.firstStage()]; entered || d.overtaken(c, d.firstStage()) {
			continue
		}
		r, v := c.Reports, d.s.verdict(c)
		var at time.Time
		switch {
		case d.s.Config.Checks.None:
			continue // nothing to read
		case !r.Read:
			at = d.now
		case r.Doubts > 0 && r.Doubts < 10:
			at = r.ReadAt.Add(backoff(c.SHA, r.Doubts))
		case r.Hints > r.Heard && v.State != CheckPending:
			at = r.ReadAt
		case r.Hints > r.Heard:
			at = r.ReadAt.Add(hintGap)
		case d.now.Sub(c.SeenAt) > time.Hour:
			at = r.ReadAt.Add(recheckOld)
		default:
			at = r.ReadAt.Add(recheck)
		}
		if d.ripe(c) && d.now.Sub(r.ReadAt) >= fresh {
			at = d.now
		}
		if d.due(at) {
			d.readChecksOf(c)
		}
	}
}

func (d *decision) readChecksOf(c *Candidate) {
	all := d.s.Config.Checks.AsGitHubRequires()
	d.want("checks "+c.SHA, ReadChecks{
		SHA: c.SHA, Branch: d.s.Branch(),
		Required: d.s.Required.ReadAt.IsZero() || d.now.Sub(d.s.Required.ReadAt) >= staleRules,
		Suites:   all && len(d.s.Required.Checks) == 0,
	})
}

// watch looks again at builds and releases that are pending.
func (d *decision) watch() {
	for _, key := range sortedKeys(d.s.Builds) {
		r := d.s.Builds[key]
		if r.Status == RunRunning && d.due(r.LookAt) {
			d.want("watch build "+r.App+" "+r.ID, WatchBuild{App: r.App, ID: r.ID, Tree: key, Stage: r.Stage})
		}
	}
	for _, stage := range d.s.Config.Stages {
		p := d.s.Stages[stage.Name].InFlight
		if p == nil {
			continue
		}
		for _, app := range sortedKeys(p.Apps) {
			if a := p.Apps[app]; a.State == ReleasePending && d.due(a.LookAt) {
				d.want(fmt.Sprintf("watch release %s %s %d", stage.Name, app, p.N),
					WatchRelease{Stage: stage.Name, Promotion: p.N, App: app, ID: a.ID})
			}
		}
	}
}

func (d *decision) firstStage() string { return d.s.Config.Stages[0].Name }
