package bot

import (
	"cmp"
	"fmt"
)

// What headstart/build says, of a candidate and ahead of a merge.

// buildStatus is what headstart/build says of a candidate; nil if nothing.
func (d *view) buildStatus(c *Candidate, begins starting) *notice {
	if !d.s.Configured {
		return d.gone(c, buildContext, "Not deployed: "+d.s.noFile())
	}
	if g := d.configGate(c); g.State != GateOpen && !d.overtaken(c, d.firstStage()) {
		return d.configStatus(g) // what else it is to be told depends on its own version of the file
	}
	if p := c.Progress[d.firstStage()]; !p.EndedAt.IsZero() && c.Published[buildContext].final() {
		return nil // what is built of its tree from now on is others'
	}
	a := d.buildOf(c)
	r := a.run
	switch {
	case c.alreadyLive() && !r.Active():
		return newNotice(StatusSuccess, "Not built: it was live everywhere before Headstart", "")
	case r.Status == RunSucceeded && (r.SHA == c.SHA || r.Tree == ""):
		return newNotice(StatusSuccess, fmt.Sprintf("Built in %s on %s", took(r.StartedAt, r.FinishedAt), r.App), r.OutputURL)
	case r.Status == RunSucceeded && r.Pull != 0:
		return newNotice(StatusSuccess, fmt.Sprintf("No build needed: built ahead of the merge of #%d in %s on %s",
			r.Pull, took(r.StartedAt, r.FinishedAt), r.App), r.OutputURL)
	case r.Status == RunSucceeded:
		return newNotice(StatusSuccess, fmt.Sprintf("No build needed: %s has the same tree and was built in %s on %s",
			Short(r.SHA), took(r.StartedAt, r.FinishedAt), r.App), r.OutputURL)
	case r.Status == RunFailed:
		return newNotice(StatusFailure, fmt.Sprintf("The build failed after %s on %s%s", took(r.StartedAt, r.FinishedAt), r.App, because(r.Reason)), r.OutputURL)
	case r.Status == RunErrored && r.Stage != "":
		return newNotice(StatusError, fmt.Sprintf("%s could not build it%s", r.App, because(r.Reason)), r.OutputURL)
	}
	published := c.Published[buildContext]
	if c.Cancelled != nil && !r.Active() {
		return newNotice(StatusError, "Not built: cancelled by @"+c.Cancelled.By, "")
	}
	if p, entered := c.Progress[d.firstStage()]; entered && !a.found || p.State == ProgressRolledBack && !r.Active() || c.Artifact != "" && (published.final() || !r.Active()) {
		if published.State == StatusPending || published.State == "" && published.Uncertain {
			return newNotice(StatusSuccess, "Built", "")
		}
		return nil // it was built once, and nobody remembers more
	}
	if d.onOtherBranch(c) && !r.Active() {
		return d.gone(c, buildContext, "Not built: the pipeline follows "+d.s.Branch())
	}
	if by, gone := d.overtaker(c, d.firstStage()); gone && !r.Active() {
		if published.final() && published.Phase != PhaseOrder {
			return nil // what was said of its build stays true
		}
		if by.Progress[d.firstStage()].State == ProgressLive && !d.forcedBetween(c, by) {
			return newNotice(StatusSuccess, "Included in "+Short(by.SHA), "").inPhase(PhaseOrder)
		}
		return newNotice(StatusError, "Not built: superseded by "+Short(by.SHA), "").inPhase(PhaseOrder)
	}
	app := begins[d.s.keyOf(c)]
	if r.Active() {
		app = r.App
	}
	if v := d.s.verdict(c); app == "" && v.State == CheckFailed {
		return newNotice(StatusFailure, "Not built: "+names(v.Failed)+" failed", "")
	}
	switch why := d.rebuilt(r); {
	case r.Status == RunUnread:
		return d.readingSource(r)
	case r.sourceless() && !a.fallback:
		return pendingNotice(PhaseSource, "Waiting for GitHub to know the commit; then it is built", "")
	case app == "" && d.treeUnread(c):
		return pendingNotice(PhaseBare, "Waiting for GitHub to tell which files this commit has", "")
	case app != "" && r.Stage == "" && !a.fallback && r.TroubleAt.IsZero() && why != "":
		return pendingNotice(PhaseBuild, fmt.Sprintf("Building again on %s: %s", app, why), r.OutputURL)
	case app != "" && r.Stage == "" && !a.fallback && r.TroubleAt.IsZero():
		return pendingNotice(PhaseBuild, "Building on "+app, r.OutputURL)
	case r.Stage != "" && r.Status == RunRunning:
		return pendingNotice(PhaseBuildOnStage, "Building on "+app+fellBack(a.why), r.OutputURL)
	case a.fallback && d.mayNotFallBack(c):
		return newNotice(StatusError, "Not built: no prepare app can build it"+because(a.why), "")
	case r.Stage != "" && len(d.s.Config.Prepare.Apps) > 0, a.fallback && a.why != "":
		return pendingNotice(PhaseFallback, fmt.Sprintf("Builds on %s once the checks pass%s", d.s.Config.Stages[0].Apps[0], fellBack(cmp.Or(a.why, r.Reason))), "")
	case r.Stage != "", a.fallback:
		return pendingNotice(PhaseChecks, fmt.Sprintf("Builds on %s once the checks pass", d.s.Config.Stages[0].Apps[0]), "")
	case !r.TroubleAt.IsZero():
		return pendingNotice(PhaseTrouble, "The build could not be started yet"+because(r.Reason), "")
	}
	if !d.newestViable(c) {
		return pendingNotice(PhaseQueue, "Not built yet: a newer commit goes first", "")
	}
	if why := d.rebuilt(r); why != "" {
		return pendingNotice(PhaseQueue, "Building again as soon as a prepare app is free: "+why, "")
	}
	if w := d.shared(d.rankOf(c)); w != nil {
		return w
	}
	return pendingNotice(PhaseQueue, "Queued for a prepare app", "")
}

func fellBack(why string) string {
	if why == "" {
		return ""
	}
	return "; no prepare app could: " + why
}

// publishPull says on a pull request's head how its build ahead of the merge goes.
func (d *decision) publishPull(p PullRequest) {
	if last := p.Published[buildContext]; p.PublishedHead != "" && p.PublishedHead != p.Head && !last.settled() && d.s.candidate(p.PublishedHead) == nil {
		d.publishStatus(p.PublishedHead, buildContext, p.Published, last.orElse("Not built here: newer commits were pushed"))
		return
	}
	if p.Head == "" || d.candidateOwnsStatus(p.Head) {
		return
	}
	published := p.Published
	if p.PublishedHead != p.Head {
		published = nil
	}
	w := d.pullStatus(p, d.starting)
	if w == nil {
		text := "Not built here: the pull request is closed"
		if p.Open {
			text = "Not built here: not known yet whether it has to be"
		}
		w = published[buildContext].orElse(text)
	}
	d.publishStatus(p.Head, buildContext, published, w)
}

// candidateOwnsStatus reports whether headstart/build of a commit is about a candidate of
// the branch, which has something to say.
func (d *decision) candidateOwnsStatus(sha string) bool {
	if d.s.position(sha) < 0 {
		return false
	}
	c := d.s.candidate(sha)
	return d.s.affects(c) == AffectedYes && (c.Published[buildContext].State != "" || d.buildStatus(c, d.starting) != nil)
}

// orElse is the end of what waits for something that will not come; nil where nothing
// waits.
func (s Published) orElse(text string) *notice {
	if s.State == StatusPending || s.Uncertain {
		return newNotice(StatusSuccess, text, "")
	}
	return nil
}

// pullStatus is what headstart/build says of a pull request; nil if nothing.
func (d *view) pullStatus(p PullRequest, begins starting) *notice {
	if !d.s.Configured {
		if !p.Open {
			return nil
		}
		return d.unconfigured(p.Base)
	}
	known := p.ReadHead != "" && p.ReadHead == p.Head && p.Base == d.s.Branch() && d.s.pullAffects(p) == AffectedYes
	r, begun := d.s.pullRun(p)
	begun = begun && p.TestTree != "" && known
	if why := d.notBuiltHere(p); why != "" && p.Open && (!begun || r.Status != RunSucceeded && r.Status != RunFailed) {
		return notBuilt(why)
	}
	if d.awaitsMerge(p) && d.s.pullAffects(p) == AffectedYes {
		return pendingNotice(PhaseTestMerge, "Waiting for GitHub to make the test merge into "+p.Base, "")
	}
	if !known {
		return d.unreadPull(p)
	}
	if last := p.Published[buildContext]; !p.Open && p.PublishedHead == p.Head && last.final() {
		return nil // what is built of its tree from now on is the branch's
	}
	building := begins[d.s.aheadKey(p.TestMerge, p.TestTree)]
	if begun && r.Active() {
		building = r.App
	}
	switch {
	case begun && r.Status == RunSucceeded:
		return newNotice(StatusSuccess, fmt.Sprintf("Built ahead of the merge in %s on %s%s", took(r.StartedAt, r.FinishedAt), r.App, d.builtAgain(r)), r.OutputURL)
	case begun && r.Status == RunFailed:
		return newNotice(StatusFailure, fmt.Sprintf("The build failed after %s on %s%s", took(r.StartedAt, r.FinishedAt), r.App, because(r.Reason)), r.OutputURL)
	case begun && r.Status == RunUnread && p.Open:
		w := d.readingSource(r)
		if last := p.Published[buildContext]; w == nil && p.PublishedHead == p.Head && last.State == StatusPending {
			w = pendingNotice(last.Phase, last.Text, "")
		}
		return w
	case begun && r.sourceless() && p.Open && !r.refusedBy(d.s.Config.Prepare.forPulls()):
		return pendingNotice(PhaseSource, "Waiting for GitHub to know the test merge; then it is built", "")
	case begun && building != "" && r.TroubleAt.IsZero():
		return pendingNotice(PhaseBuild, "Building ahead of the merge on "+building, r.OutputURL)
	case !p.Open:
		return nil
	case p.TestTree == "":
		return notBuilt(notAhead(p))
	case begun && (r.Status == RunErrored || r.refusedBy(d.s.Config.Prepare.forPulls())):
		return notBuilt("no prepare app could build it" + because(r.Reason))
	case begun && d.stuck(r):
		return notBuilt("no prepare app takes the build" + because(r.Reason)).inPhase(PhaseStuck) // for the reason may change with each try
	case begun && !r.TroubleAt.IsZero():
		return pendingNotice(PhaseTrouble, "The build could not be started yet"+because(r.Reason), "")
	case building != "":
		return pendingNotice(PhaseBuild, "Building ahead of the merge on "+building, "")
	}
	if w := d.shared(RankPull); w != nil {
		return w
	}
	if d.s.Config.Prepare.apart() {
		return pendingNotice(PhaseQueue, "Queued for an app that builds pull requests", "")
	}
	return pendingNotice(PhaseQueue, "Queued for a prepare app (pushes to "+d.s.Branch()+" go first)", "")
}
