package decide

import (
	"cmp"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/render"
)

// build gives free prepare apps to the most urgent builds. The branch's newest commit goes first; pull requests are
// built only where nothing else is queued. Where pull requests have apps of their own, neither waits for the other.
func (d *decision) build() {
	d.askAgain()
	d.giveWay()
	prepare := d.State.Config.Prepare
	if !d.ConfigSettled() || len(prepare.Apps) == 0 {
		return
	}
	free := d.freeApps(prepare.Apps)
	waits := d.buildBranch(&free)
	if prepare.Apart() {
		free, waits = d.freeApps(prepare.PullApps), false
	}
	if !waits && !d.buildGroups(&free) {
		d.buildPulls(&free)
	}
}

// buildBranch gives free apps to commits of the branch. It reports whether a commit was given an app or is queued for
// one.
func (d *decision) buildBranch(free *[]string) bool {
	waiting := 0
	for _, c := range d.candidatesToBuild() {
		key := d.State.KeyOf(c)
		if len(*free) < 2 && c.GreenAt.IsZero() && !d.NewestViable(c) {
			continue // the last free app is kept for the next push
		}
		waiting++
		run, _ := d.State.RunOf(c)
		rank := d.RankOf(c)
		if app, ok := d.takeApp(free, key, run, rank); ok {
			d.take(app, rank, key, c.SHA, c.Tree)
			continue
		}
		d.queue(d.State.Config.Prepare.Apps, key, run, rank)
		if waiting == 1 {
			d.makeRoom(key, d.State.Config.Prepare.Apps)
		}
	}
	return waiting > 0
}

// buildPulls gives free apps first to the heads of pull requests that were requested for a stage, then to the test
// merges of pull requests.
func (d *decision) buildPulls(free *[]string) {
	for _, c := range d.fromPullsToBuild() {
		key := d.State.KeyOf(c)
		run, _ := d.State.RunOf(c)
		if app, ok := d.takeApp(free, key, run, bot.RankFromPull); ok {
			d.take(app, bot.RankFromPull, key, c.SHA, c.Tree)
		} else {
			d.queue(d.State.Config.Prepare.ForPulls(), key, run, bot.RankFromPull)
		}
	}
	for _, p := range d.pullsToBuild() {
		key := d.State.AheadKey(p.TestMerge, p.TestTree)
		run, _ := render.PullRun(d.State, p)
		if app, ok := d.takeApp(free, key, run, bot.RankPull); ok {
			d.take(app, bot.RankPull, key, p.TestMerge, p.TestTree)
		} else {
			d.queue(d.State.Config.Prepare.ForPulls(), key, run, bot.RankPull)
		}
	}
}

// askAgain repeats build requests that were never answered. It includes builds that are no longer needed, because they
// keep their app busy. The repeated request first looks for the build.
func (d *decision) askAgain() {
	for _, key := range pipeline.SortedKeys(d.State.Builds) {
		if r := d.State.Builds[key]; r.Status == pipeline.RunStarting && r.Stage == "" && d.starting[key] == "" {
			d.startBuild(key, r.App, r.SHA, r.Tree)
		}
	}
}

func (d *decision) startBuild(key, app, sha, tree string) {
	do := bot.StartBuild{App: app, SHA: sha, Tree: tree}
	d.asAsked(key, &do)
	if d.want(pipeline.BuildEffect(app, key), do) {
		d.starting[key] = app
	}
}

// take begins a build on an app whose turn it is.
func (d *decision) take(app string, rank bot.Rank, key, sha, tree string) {
	if d.startBuild(key, app, sha, tree); d.starting[key] == app {
		pipeline.Put(&d.takes, app, rank)
	}
}

// asAsked fills in the build's command, and which earlier artifacts are unusable. A request that is repeated keeps its
// first command, even if the pipeline's file has changed since.
func (d *decision) asAsked(key string, do *bot.StartBuild) {
	r := d.State.Builds[key]
	do.Command, do.Gone, do.GoneAt = d.State.Command(do.SHA), r.Gone, r.GoneAt
	do.Look = do.Look || misplaced(d.State, key, do.App)
	if unfit, until := unfit(d.State, key, do.SHA); len(unfit) > 0 {
		do.Gone, do.GoneAt = slices.Concat(do.Gone, unfit), bot.Later(do.GoneAt, until)
	}
	if r.Status == pipeline.RunStarting {
		do.Command = r.Command
	}
}

// candidatesToBuild lists the candidates to build: urgent ones first, then newest first. A candidate behind a newer one
// that may still be released is worth a build only on an idle app.
func (d *decision) candidatesToBuild() []*pipeline.Candidate {
	var list []*pipeline.Candidate
	behind := false
	for i := len(d.State.Candidates) - 1; i >= 0; i-- {
		c := &d.State.Candidates[i]
		if c.Cancelled != nil || d.TreeUnread(c) || d.State.Affects(c) != bot.AffectedYes || d.ConfigGate(c).State != gate.Open {
			continue
		}
		r, ok := d.State.RunOf(c)
		if d.State.Verdict(c).State == bot.CheckPassed && (r.Status == pipeline.RunSucceeded || c.Artifact != "") {
			behind = true // an older candidate is released neither before nor after this one
		}
		if behind && len(c.Ordered) == 0 {
			continue // unless it was requested, e.g. while this one is kept out
		}
		if d.starting[d.State.KeyOf(c)] != "" || d.Overtaken(c, d.FirstStage()) || d.State.Verdict(c).State == bot.CheckFailed || c.Artifact != "" || c.AlreadyLive() {
			continue
		}
		if ok && (r.Status != pipeline.RunWaiting || r.RefusedBy(d.State.Config.Prepare.Apps)) {
			continue // built, being built, or impossible to build: it blocks no other build
		}
		list = append(list, c)
	}
	slices.SortStableFunc(list, func(a, b *pipeline.Candidate) int { return cmp.Compare(d.RankOf(a), d.RankOf(b)) })
	return list
}

// pullsToBuild lists the pull requests whose test merge has no build yet. The most recently updated one comes first.
func (d *decision) pullsToBuild() []pipeline.PullRequest {
	if !d.BuildsPulls() {
		return nil
	}
	var list []pipeline.PullRequest
	for _, n := range pipeline.SortedKeys(d.State.Pulls) {
		p := d.State.Pulls[n]
		if !p.Open || p.Fork || p.TestTree == "" || p.ReadHead != p.Head || p.Base != d.State.Branch() || d.State.AffectedBy(p) != bot.AffectedYes {
			continue
		}
		if r, ok := render.PullRun(d.State, p); !ok || r.Status == pipeline.RunWaiting {
			list = append(list, p)
		}
	}
	slices.SortStableFunc(list, func(a, b pipeline.PullRequest) int {
		return cmp.Compare(b.UpdatedAt.UnixNano(), a.UpdatedAt.UnixNano())
	})
	return list
}

// freeApps lists those of the apps on which, as far as is known, no build runs.
func (d *decision) freeApps(apps []string) []string {
	var free []string
	for _, app := range apps {
		busy := d.State.Queues[app].Without(d.State.Pipeline).Builder(d.Now) != nil
		for _, r := range d.State.Builds {
			busy = busy || r.Active() && r.App == app
		}
		if !busy {
			free = append(free, app)
		}
	}
	return free
}

// takeApp removes from free the app that a build should use. It skips apps that refused the build, and apps on which
// other pipelines go first. Of the rest it takes the app that may be asked soonest.
func (d *decision) takeApp(free *[]string, key string, r pipeline.BuildRun, rank bot.Rank) (string, bool) {
	var best string
	var bestAt time.Time
	for _, app := range *free {
		if _, refused := r.Refused[app]; refused || !d.turn(app, rank) {
			continue
		}
		if f := d.State.Pending[pipeline.BuildEffect(app, key)]; best == "" || f.NotBefore.Before(bestAt) {
			best, bestAt = app, f.NotBefore
		}
	}
	if best == "" {
		return "", false
	}
	*free = slices.DeleteFunc(slices.Clone(*free), func(app string) bool { return app == best })
	return best, true
}

// makeRoom makes a lower-ranking build give up one of the apps for a build of the branch or of the merge queue. It
// prefers a build of this pipeline over one of another pipeline.
func (d *decision) makeRoom(forKey string, apps []string) {
	d.makeOwnRoom(forKey, apps)
	if len(d.State.Queues) > 0 && !d.roomIsMade(apps) {
		d.press(apps, d.State.Builds[forKey])
	}
}

// roomIsMade reports whether a build of this pipeline is about to give up one of the apps.
func (d *decision) roomIsMade(apps []string) bool {
	for _, e := range d.plan.Effects {
		if do, cancels := e.Do.(bot.CancelBuild); cancels && slices.Contains(apps, do.App) {
			return true
		}
	}
	for _, r := range d.State.Builds {
		if r.Cancelling && r.Status == pipeline.RunRunning && slices.Contains(apps, r.App) {
			return true
		}
	}
	return false
}

// makeOwnRoom cancels a build of a pull request, or of a merge group that is gone.
func (d *decision) makeOwnRoom(forKey string, apps []string) {
	refused := d.State.Builds[forKey].Refused
	for _, key := range pipeline.SortedKeys(d.State.Builds) {
		r := d.State.Builds[key]
		if r.Cancelling && r.Status == pipeline.RunRunning && slices.Contains(apps, r.App) {
			// An app is being freed. A cancellation that was refused or is done is not repeated.
			if effect := pipeline.CancelKey(r); d.State.Pending[effect].Attempt > 0 {
				d.want(effect, bot.CancelBuild{App: r.App, ID: r.ID, Tree: key})
			}
			return
		}
	}
	for _, key := range pipeline.SortedKeys(d.State.Builds) {
		r := d.State.Builds[key]
		if _, no := refused[r.App]; no || !slices.Contains(apps, r.App) || r.Pull == 0 && r.Group == "" || r.Status != pipeline.RunRunning || d.neededByBranch(key) {
			continue
		}
		d.want(pipeline.CancelKey(r), bot.CancelBuild{App: r.App, ID: r.ID, Tree: key})
		return
	}
}

// neededByBranch reports whether a candidate or a merge group waits for the build. It is also true shortly after a pull
// request was merged, because the push may still be on its way.
func (d *decision) neededByBranch(key string) bool {
	for i := range d.State.Candidates {
		c := &d.State.Candidates[i]
		if d.State.KeyOf(c) == key && c.Cancelled == nil && !d.Overtaken(c, d.FirstStage()) {
			return true
		}
	}
	p, ok := d.State.Pulls[d.State.Builds[key].Pull]
	return ok && p.Merged && d.State.Candidate(p.MergeSHA) == nil && d.Now.Sub(p.UpdatedAt) < onItsWay || d.neededByQueue(key)
}

// Every mergeable head has a final headstart/build status, because GitHub may require it. Where nothing is built ahead
// of the merge, the status is success with the reason. Failure is only for code that does not build.

// onItsWay is how long the push of a merge may take to arrive.
const onItsWay = time.Minute

// asksForMerge reports whether a pull request's test merge is to be read now.
func (d *decision) asksForMerge(p pipeline.PullRequest) bool {
	if p.AskAt.IsZero() {
		return p.ReadHead != p.Head
	}
	return d.Due(p.AskAt)
}
