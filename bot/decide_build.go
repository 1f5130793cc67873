package bot

import (
	"cmp"
	"slices"
	"time"
)

// patience is how long a prepare app may not take a build, once the checks are
// green, before the first stage's own app builds it instead.
const patience = 20 * time.Second

// build gives free prepare apps to the builds that are needed most: the newest
// commit of the branch first, pull requests only where nobody else waits. Where they
// have apps of their own, neither waits for the other.
func (d *decision) build() {
	d.askAgain()
	d.giveWay()
	prepare := d.s.Config.Prepare
	if !d.configSettled() || len(prepare.Apps) == 0 {
		return
	}
	free := d.freeApps(prepare.Apps)
	waits := d.buildBranch(&free)
	if prepare.apart() {
		free, waits = d.freeApps(prepare.PullApps), false
	}
	if !waits && !d.buildGroups(&free) {
		d.buildPulls(&free)
	}
}

// buildBranch gives free apps to commits of the branch, and reports whether one of
// them waits or was given one.
func (d *decision) buildBranch(free *[]string) bool {
	waiting := 0
	for _, c := range d.candidatesToBuild() {
		key := d.s.keyOf(c)
		if len(*free) < 2 && c.GreenAt.IsZero() && !d.newestViable(c) {
			continue // the last free app is kept for the next push
		}
		waiting++
		run, _ := d.s.runOf(c)
		rank := d.rankOf(c)
		if app, ok := d.takeApp(free, key, run, rank); ok {
			d.take(app, rank, key, c.SHA, c.Tree)
			continue
		}
		d.queue(d.s.Config.Prepare.Apps, key, run, rank)
		if waiting == 1 {
			d.makeRoom(key, d.s.Config.Prepare.Apps)
		}
	}
	return waiting > 0
}

// buildPulls gives free apps to the heads of pull requests that were asked for at a
// stage, and then to pull requests.
func (d *decision) buildPulls(free *[]string) {
	for _, c := range d.fromPullsToBuild() {
		key := d.s.keyOf(c)
		run, _ := d.s.runOf(c)
		if app, ok := d.takeApp(free, key, run, RankFromPull); ok {
			d.take(app, RankFromPull, key, c.SHA, c.Tree)
		} else {
			d.queue(d.s.Config.Prepare.forPulls(), key, run, RankFromPull)
		}
	}
	for _, p := range d.pullsToBuild() {
		key := d.s.aheadKey(p.TestMerge, p.TestTree)
		run, _ := d.s.pullRun(p)
		if app, ok := d.takeApp(free, key, run, RankPull); ok {
			d.take(app, RankPull, key, p.TestMerge, p.TestTree)
		} else {
			d.queue(d.s.Config.Prepare.forPulls(), key, run, RankPull)
		}
	}
}

// askAgain finds out about builds that were asked for and never answered, also
// those that nobody needs any more: they keep their app busy. Asking again looks
// first.
func (d *decision) askAgain() {
	for _, key := range sortedKeys(d.s.Builds) {
		if r := d.s.Builds[key]; r.Status == RunStarting && r.Stage == "" && d.starting[key] == "" {
			d.startBuild(key, r.App, r.SHA, r.Tree)
		}
	}
}

// newestViable reports whether no newer candidate may still make it.
func (d *view) newestViable(c *Candidate) bool {
	for i := len(d.s.Candidates) - 1; i > d.s.position(c.SHA); i-- {
		newer := &d.s.Candidates[i]
		if newer.Cancelled == nil && d.s.affects(newer) != AffectedNo && d.s.verdict(newer).State != CheckFailed && d.buildGate(newer).State != GateClosed {
			return false
		}
	}
	return true
}

func (d *decision) startBuild(key, app, sha, tree string) {
	do := StartBuild{App: app, SHA: sha, Tree: tree}
	d.asAsked(key, &do)
	if d.want(buildEffect(app, key), do) {
		d.starting[key] = app
	}
}

// take begins a build on an app whose turn it is.
func (d *decision) take(app string, rank Rank, key, sha, tree string) {
	if d.startBuild(key, app, sha, tree); d.starting[key] == app {
		put(&d.takes, app, rank)
	}
}

// asAsked fills in how a build is made, and which earlier ones of it are of no use.
// One that is being asked for already is asked for again as it was, whatever the
// pipeline's file says by now.
func (d *decision) asAsked(key string, do *StartBuild) {
	r := d.s.Builds[key]
	do.Command, do.Gone, do.GoneAt = d.s.command(do.SHA), r.Gone, r.GoneAt
	do.Look = do.Look || d.s.misplaced(key, do.App)
	if unfit, until := d.s.unfit(key, do.SHA); len(unfit) > 0 {
		do.Gone, do.GoneAt = slices.Concat(do.Gone, unfit), later(do.GoneAt, until)
	}
	if r.Status == RunStarting {
		do.Command = r.Command
	}
}

// candidatesToBuild lists the candidates that need a build and are worth one,
// newest first, but for those that somebody asked for urgently. One that is behind a newer candidate which may still make it is
// worth a build only where apps stand idle.
func (d *decision) candidatesToBuild() []*Candidate {
	var list []*Candidate
	behind := false
	for i := len(d.s.Candidates) - 1; i >= 0; i-- {
		c := &d.s.Candidates[i]
		if c.Cancelled != nil || d.treeUnread(c) || d.s.affects(c) != AffectedYes || d.configGate(c).State != GateOpen {
			continue
		}
		r, ok := d.s.runOf(c)
		if d.s.verdict(c).State == CheckPassed && (r.Status == RunSucceeded || c.Artifact != "") {
			behind = true // whatever is older will not go before this one, nor after it
		}
		if behind && len(c.Ordered) == 0 {
			continue // but where somebody asks for it, as while this one is kept out
		}
		if d.starting[d.s.keyOf(c)] != "" || d.overtaken(c, d.firstStage()) || d.s.verdict(c).State == CheckFailed || c.Artifact != "" || c.alreadyLive() {
			continue
		}
		if ok && (r.Status != RunWaiting || r.refusedBy(d.s.Config.Prepare.Apps)) {
			continue // it has its build, will have it, or cannot be built: then it keeps nobody waiting
		}
		list = append(list, c)
	}
	slices.SortStableFunc(list, func(a, b *Candidate) int { return cmp.Compare(d.rankOf(a), d.rankOf(b)) })
	return list
}

// pullsToBuild lists the pull requests whose test merge has no build yet, the
// one that moved last first.
func (d *decision) pullsToBuild() []PullRequest {
	if !d.buildsPulls() {
		return nil
	}
	var list []PullRequest
	for _, n := range sortedKeys(d.s.Pulls) {
		p := d.s.Pulls[n]
		if !p.Open || p.Fork || p.TestTree == "" || p.ReadHead != p.Head || p.Base != d.s.Branch() || d.s.pullAffects(p) != AffectedYes {
			continue
		}
		if r, ok := d.s.pullRun(p); !ok || r.Status == RunWaiting {
			list = append(list, p)
		}
	}
	slices.SortStableFunc(list, func(a, b PullRequest) int { return cmp.Compare(b.UpdatedAt.UnixNano(), a.UpdatedAt.UnixNano()) })
	return list
}

// freeApps lists those of the apps on which nothing builds, for all that is known.
func (d *decision) freeApps(apps []string) []string {
	var free []string
	for _, app := range apps {
		busy := d.s.Queues[app].without(d.s.Pipeline).builder(d.now) != nil
		for _, r := range d.s.Builds {
			busy = busy || r.Active() && r.App == app
		}
		if !busy {
			free = append(free, app)
		}
	}
	return free
}

// takeApp takes the app for a build out of the free ones: of those that have not
// refused it, and where it is our turn, the one that may be asked soonest.
func (d *decision) takeApp(free *[]string, key string, r BuildRun, rank Rank) (string, bool) {
	var best string
	var bestAt time.Time
	for _, app := range *free {
		if _, refused := r.Refused[app]; refused || !d.turn(app, rank) {
			continue
		}
		if f := d.s.Pending[buildEffect(app, key)]; best == "" || f.NotBefore.Before(bestAt) {
			best, bestAt = app, f.NotBefore
		}
	}
	if best == "" {
		return "", false
	}
	*free = slices.DeleteFunc(slices.Clone(*free), func(app string) bool { return app == best })
	return best, true
}

// makeRoom has a build give way that stands where the branch or the merge queue needs
// to build, on one of the apps: one of ours, else one of another pipeline.
func (d *decision) makeRoom(forKey string, apps []string) {
	d.makeOwnRoom(forKey, apps)
	if len(d.s.Queues) > 0 && !d.roomIsMade(apps) {
		d.press(apps, d.s.Builds[forKey])
	}
}

// roomIsMade reports whether a build of ours is about to give its place on one of the
// apps away.
func (d *decision) roomIsMade(apps []string) bool {
	for _, e := range d.plan.Effects {
		if do, cancels := e.Do.(CancelBuild); cancels && slices.Contains(apps, do.App) {
			return true
		}
	}
	for _, r := range d.s.Builds {
		if r.Cancelling && r.Status == RunRunning && slices.Contains(apps, r.App) {
			return true
		}
	}
	return false
}

// makeOwnRoom cancels a build of a pull request, or of a merge group that is gone.
func (d *decision) makeOwnRoom(forKey string, apps []string) {
	refused := d.s.Builds[forKey].Refused
	for _, key := range sortedKeys(d.s.Builds) {
		r := d.s.Builds[key]
		if r.Cancelling && r.Status == RunRunning && slices.Contains(apps, r.App) {
			// A place is being made. What was refused or is done is not asked for again.
			if effect := cancelKey(r); d.s.Pending[effect].Attempt > 0 {
				d.want(effect, CancelBuild{App: r.App, ID: r.ID, Tree: key})
			}
			return
		}
	}
	for _, key := range sortedKeys(d.s.Builds) {
		r := d.s.Builds[key]
		if _, no := refused[r.App]; no || !slices.Contains(apps, r.App) || r.Pull == 0 && r.Group == "" || r.Status != RunRunning || d.neededByBranch(key) {
			continue
		}
		d.want(cancelKey(r), CancelBuild{App: r.App, ID: r.ID, Tree: key})
		return
	}
}

// neededByBranch reports whether a candidate or a merge group waits for the build, or
// a pull request was merged so recently that its push may still be on its way.
func (d *decision) neededByBranch(key string) bool {
	for i := range d.s.Candidates {
		c := &d.s.Candidates[i]
		if d.s.keyOf(c) == key && c.Cancelled == nil && !d.overtaken(c, d.firstStage()) {
			return true
		}
	}
	p, ok := d.s.Pulls[d.s.Builds[key].Pull]
	return ok && p.Merged && d.s.candidate(p.MergeSHA) == nil && d.now.Sub(p.UpdatedAt) < onItsWay || d.neededByQueue(key)
}

// refusedBy reports whether none of the apps can build it.
func (r BuildRun) refusedBy(apps []string) bool {
	return len(r.Refused) > 0 && !slices.ContainsFunc(apps, func(app string) bool { _, no := r.Refused[app]; return !no })
}

// buildAnswer says how the build of a candidate stands.
type buildAnswer struct {
	run      BuildRun
	found    bool   // there is a run
	fallback bool   // no prepare app builds it: the first stage's own app is to, where it may
	why      string // why it falls back; empty where there is no prepare app at all
}

// buildOf answers for a candidate's build, and decides whether the prepare apps
// are given up for it.
func (d *view) buildOf(c *Candidate) buildAnswer {
	r, ok := d.s.runOf(c)
	a := buildAnswer{run: r, found: ok}
	if r.Status == RunSucceeded || r.Status == RunFailed || r.Stage != "" {
		return a
	}
	apps := d.s.Config.Prepare.Apps
	if c.FromPull {
		apps = d.s.Config.Prepare.forPulls()
	}
	if len(apps) == 0 {
		a.fallback = true
		return a
	}
	switch {
	case r.Status == RunErrored:
		a.fallback, a.why = true, r.Reason
	case r.refusedBy(apps):
		a.fallback, a.why = true, r.Reason
	case !r.TroubleAt.IsZero() && !c.GreenAt.IsZero() && !d.mayNotFallBack(c):
		from := c.GreenAt
		if r.TroubleAt.After(from) {
			from = r.TroubleAt
		}
		if d.due(from.Add(patience)) {
			a.fallback, a.why = true, r.Reason
		}
	}
	return a
}

// mayNotFallBack reports whether the first stage's own app builds nothing for a
// candidate: what was never merged, and what is to be rehearsed there, for its release
// phase would follow the build at once, without the copy.
func (d *view) mayNotFallBack(c *Candidate) bool {
	return c.FromPull || d.s.Config.Stages[0].Rehearse != nil
}
