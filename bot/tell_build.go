package bot

import (
	"cmp"
	"fmt"
)

// What headstart/build says, of a candidate and ahead of a merge.

// buildStatus is what headstart/build says of a candidate; nil if nothing.
func (d *view) buildStatus(c *Candidate, begins starting) *saying {
	if !d.s.Configured {
		return d.gone(c, buildContext, "Not deployed: "+d.s.noFile())
	}
	if g := d.configGate(c); g.State != GateOpen && !d.overtaken(c, d.firstStage()) {
		return d.configStatus(g) // what else it is to be told depends on its own version of the file
	}
	if p := c.Passages[d.firstStage()]; !p.EndedAt.IsZero() && c.Told[buildContext].final() {
		return nil // what is built of its tree from now on is others'
	}
	a := d.buildOf(c)
	r := a.run
	switch {
	case c.alreadyLive() && !r.Active():
		return say(StatusSuccess, "Not built: it was live everywhere before Headstart", "")
	case r.Status == RunSucceeded && (r.SHA == c.SHA || r.Tree == ""):
		return say(StatusSuccess, fmt.Sprintf("Built in %s on %s", took(r.StartedAt, r.FinishedAt), r.App), r.OutputURL)
	case r.Status == RunSucceeded && r.Pull != 0:
		return say(StatusSuccess, fmt.Sprintf("No build needed: built ahead of the merge of #%d in %s on %s",
			r.Pull, took(r.StartedAt, r.FinishedAt), r.App), r.OutputURL)
	case r.Status == RunSucceeded:
		return say(StatusSuccess, fmt.Sprintf("No build needed: %s has the same tree and was built in %s on %s",
			Short(r.SHA), took(r.StartedAt, r.FinishedAt), r.App), r.OutputURL)
	case r.Status == RunFailed:
		return say(StatusFailure, fmt.Sprintf("The build failed after %s on %s%s", took(r.StartedAt, r.FinishedAt), r.App, because(r.Reason)), r.OutputURL)
	case r.Status == RunErrored && r.Stage != "":
		return say(StatusError, fmt.Sprintf("%s could not build it%s", r.App, because(r.Reason)), r.OutputURL)
	}
	told := c.Told[buildContext]
	if c.Cancelled != nil && !r.Active() {
		return say(StatusError, "Not built: cancelled by @"+c.Cancelled.By, "")
	}
	if p, entered := c.Passages[d.firstStage()]; entered && !a.begun || p.State == PassageUndone && !r.Active() || c.Artifact != "" && (told.final() || !r.Active()) {
		if told.State == StatusPending || told.State == "" && told.Doubt {
			return say(StatusSuccess, "Built", "")
		}
		return nil // it was built once, and nobody remembers more
	}
	if d.astray(c) && !r.Active() {
		return d.gone(c, buildContext, "Not built: the pipeline follows "+d.s.Branch())
	}
	if by, gone := d.overtaker(c, d.firstStage()); gone && !r.Active() {
		if told.final() && told.Phase != PhaseOrder {
			return nil // what was said of its build stays true
		}
		if by.Passages[d.firstStage()].State == PassageDone && !d.forcedBetween(c, by) {
			return say(StatusSuccess, "Included in "+Short(by.SHA), "").in(PhaseOrder)
		}
		return say(StatusError, "Not built: superseded by "+Short(by.SHA), "").in(PhaseOrder)
	}
	app := begins[d.s.keyOf(c)]
	if r.Active() {
		app = r.App
	}
	if v := d.s.verdict(c); app == "" && v.State == CheckFailed {
		return say(StatusFailure, "Not built: "+names(v.Failed)+" failed", "")
	}
	switch why := d.rebuilt(r); {
	case r.Status == RunUnread:
		return d.readingSource(r)
	case r.sourceless() && !a.fallback:
		return sayPending(PhaseSource, "Waiting for GitHub to know the commit; then it is built", "")
	case app == "" && d.bare(c):
		return sayPending(PhaseBare, "Waiting for GitHub to tell which files this commit has", "")
	case app != "" && r.Stage == "" && !a.fallback && r.TroubleAt.IsZero() && why != "":
		return sayPending(PhaseBuild, fmt.Sprintf("Building again on %s: %s", app, why), r.OutputURL)
	case app != "" && r.Stage == "" && !a.fallback && r.TroubleAt.IsZero():
		return sayPending(PhaseBuild, "Building on "+app, r.OutputURL)
	case r.Stage != "" && r.Status == RunRunning:
		return sayPending(PhaseBuildOnStage, "Building on "+app+fellBack(a.why), r.OutputURL)
	case a.fallback && d.mayNotFallBack(c):
		return say(StatusError, "Not built: no prepare app can build it"+because(a.why), "")
	case r.Stage != "" && len(d.s.Config.Prepare.Apps) > 0, a.fallback && a.why != "":
		return sayPending(PhaseFallback, fmt.Sprintf("Builds on %s once the checks pass%s", d.s.Config.Stages[0].Apps[0], fellBack(cmp.Or(a.why, r.Reason))), "")
	case r.Stage != "", a.fallback:
		return sayPending(PhaseChecks, fmt.Sprintf("Builds on %s once the checks pass", d.s.Config.Stages[0].Apps[0]), "")
	case !r.TroubleAt.IsZero():
		return sayPending(PhaseTrouble, "The build could not be started yet"+because(r.Reason), "")
	}
	if !d.leads(c) {
		return sayPending(PhaseQueue, "Not built yet: a newer commit goes first", "")
	}
	if why := d.rebuilt(r); why != "" {
		return sayPending(PhaseQueue, "Building again as soon as a prepare app is free: "+why, "")
	}
	if w := d.shared(d.rankOf(c)); w != nil {
		return w
	}
	return sayPending(PhaseQueue, "Queued for a prepare app", "")
}

func fellBack(why string) string {
	if why == "" {
		return ""
	}
	return "; no prepare app could: " + why
}

// tellPull says on a pull request's head how its build ahead of the merge goes.
func (d *decision) tellPull(p PullRequest) {
	if said := p.Told[buildContext]; p.ToldHead != "" && p.ToldHead != p.Head && !said.settled() && d.s.candidate(p.ToldHead) == nil {
		d.tellStatus(p.ToldHead, buildContext, p.Told, said.or("Not built here: newer commits were pushed"))
		return
	}
	if p.Head == "" || d.candidateSpeaks(p.Head) {
		return
	}
	told := p.Told
	if p.ToldHead != p.Head {
		told = nil
	}
	w := d.pullStatus(p, d.starting)
	if w == nil {
		text := "Not built here: the pull request is closed"
		if p.Open {
			text = "Not built here: not known yet whether it has to be"
		}
		w = told[buildContext].or(text)
	}
	d.tellStatus(p.Head, buildContext, told, w)
}

// candidateSpeaks reports whether headstart/build of a commit is about a candidate of
// the branch, which has something to say.
func (d *decision) candidateSpeaks(sha string) bool {
	if d.s.position(sha) < 0 {
		return false
	}
	c := d.s.candidate(sha)
	return d.s.concerns(c) == ConcernYes && (c.Told[buildContext].State != "" || d.buildStatus(c, d.starting) != nil)
}

// or is the end of what waits for something that will not come; nil where nothing
// waits.
func (s Saying) or(text string) *saying {
	if s.State == StatusPending || s.Doubt {
		return say(StatusSuccess, text, "")
	}
	return nil
}

// pullStatus is what headstart/build says of a pull request; nil if nothing.
func (d *view) pullStatus(p PullRequest, begins starting) *saying {
	if !d.s.Configured {
		if !p.Open {
			return nil
		}
		return d.unconfigured(p.Base)
	}
	known := p.ReadHead != "" && p.ReadHead == p.Head && p.Base == d.s.Branch() && d.s.pullConcerns(p) == ConcernYes
	r, begun := d.s.pullRun(p)
	begun = begun && p.TestTree != "" && known
	if why := d.notBuiltHere(p); why != "" && p.Open && (!begun || r.Status != RunSucceeded && r.Status != RunFailed) {
		return notBuilt(why)
	}
	if d.awaitsMerge(p) && d.s.pullConcerns(p) == ConcernYes {
		return sayPending(PhaseTestMerge, "Waiting for GitHub to make the test merge into "+p.Base, "")
	}
	if !known {
		return d.unreadPull(p)
	}
	if said := p.Told[buildContext]; !p.Open && p.ToldHead == p.Head && said.final() {
		return nil // what is built of its tree from now on is the branch's
	}
	building := begins[d.s.aheadKey(p.TestMerge, p.TestTree)]
	if begun && r.Active() {
		building = r.App
	}
	switch {
	case begun && r.Status == RunSucceeded:
		return say(StatusSuccess, fmt.Sprintf("Built ahead of the merge in %s on %s%s", took(r.StartedAt, r.FinishedAt), r.App, d.builtAgain(r)), r.OutputURL)
	case begun && r.Status == RunFailed:
		return say(StatusFailure, fmt.Sprintf("The build failed after %s on %s%s", took(r.StartedAt, r.FinishedAt), r.App, because(r.Reason)), r.OutputURL)
	case begun && r.Status == RunUnread && p.Open:
		w := d.readingSource(r)
		if said := p.Told[buildContext]; w == nil && p.ToldHead == p.Head && said.State == StatusPending {
			w = sayPending(said.Phase, said.Text, "")
		}
		return w
	case begun && r.sourceless() && p.Open && !r.refusedBy(d.s.Config.Prepare.forPulls()):
		return sayPending(PhaseSource, "Waiting for GitHub to know the test merge; then it is built", "")
	case begun && building != "" && r.TroubleAt.IsZero():
		return sayPending(PhaseBuild, "Building ahead of the merge on "+building, r.OutputURL)
	case !p.Open:
		return nil
	case p.TestTree == "":
		return notBuilt(notAhead(p))
	case begun && (r.Status == RunErrored || r.refusedBy(d.s.Config.Prepare.forPulls())):
		return notBuilt("no prepare app could build it" + because(r.Reason))
	case begun && d.stuck(r):
		return notBuilt("no prepare app takes the build" + because(r.Reason)).in(PhaseStuck) // for the reason may change with each try
	case begun && !r.TroubleAt.IsZero():
		return sayPending(PhaseTrouble, "The build could not be started yet"+because(r.Reason), "")
	case building != "":
		return sayPending(PhaseBuild, "Building ahead of the merge on "+building, "")
	}
	if w := d.shared(RankPull); w != nil {
		return w
	}
	if d.s.Config.Prepare.apart() {
		return sayPending(PhaseQueue, "Queued for an app that builds pull requests", "")
	}
	return sayPending(PhaseQueue, "Queued for a prepare app (pushes to "+d.s.Branch()+" go first)", "")
}
