package render

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// builtAgain ends the status of a build ahead of a merge if the merge is built again; empty: the merge uses this build.
func builtAgain(v *gate.View, r pipeline.BuildRun) string {
	if whyBuiltAgain(v, r) == "" {
		return ""
	}
	return "; the merge is built again"
}

// whyBuiltAgain returns why a merge does not use the build ahead of it; empty: it does. Nothing is known of a build
// before the platform has answered.
func whyBuiltAgain(v *gate.View, r pipeline.BuildRun) string {
	prepare := v.State.Config.Prepare
	switch {
	case slices.Contains(prepare.PullApps, r.App):
		return fmt.Sprintf("The merge is built again, on `%s`: what pull requests build never serves `%s`", words.Code(prepare.Apps[0]), words.Code(v.State.Branch()))
	case r.Source == bot.SourceOfCommit:
		return "The merge is built again: `.gitattributes` may write the commit into files (`export-subst`)"
	}
	return ""
}

// PullRun returns the run of the build ahead of a pull request's merge. As for a candidate, a failure before the push
// of its head does not count.
func PullRun(s *pipeline.State, p pipeline.PullRequest) (pipeline.BuildRun, bool) {
	r, ok := s.RunAhead(p.TestMerge, p.TestTree)
	return r.AsOf(p.NewestHeadAt(), ok)
}

// The texts of headstart/build, for candidates and ahead of a merge.

// BuildStatus is a candidate's headstart/build; nil: none.
func BuildStatus(view *gate.View, c *pipeline.Candidate, begins Starting) *Notice {
	if !view.State.Configured {
		return gone(view, c, bot.BuildContext, "Not deployed: "+view.State.NoFile())
	}
	if g := view.ConfigGate(c); g.State != gate.Open && !view.Overtaken(c, view.FirstStage()) {
		return configStatus(view, g) // any other status depends on its own version of the file
	}
	if p := c.Progress[view.FirstStage()]; !p.EndedAt.IsZero() && c.Published[bot.BuildContext].Final() {
		return nil // later builds of its tree belong to other commits
	}
	a := view.BuildOf(c)
	r := a.Run
	switch {
	case c.AlreadyLive() && !r.Active():
		return NewNotice(bot.StatusSuccess, "Not built: it was live everywhere before Headstart", "")
	case r.Status == pipeline.RunSucceeded && (r.SHA == c.SHA || r.Tree == ""):
		return NewNotice(bot.StatusSuccess, fmt.Sprintf("Built in %s on %s", words.Took(r.StartedAt, r.FinishedAt), r.App), r.OutputURL)
	case r.Status == pipeline.RunSucceeded && r.Pull != 0:
		return NewNotice(bot.StatusSuccess, fmt.Sprintf("No build needed: built ahead of the merge of #%d in %s on %s",
			r.Pull, words.Took(r.StartedAt, r.FinishedAt), r.App), r.OutputURL)
	case r.Status == pipeline.RunSucceeded:
		return NewNotice(bot.StatusSuccess, fmt.Sprintf("No build needed: %s has the same tree and was built in %s on %s",
			bot.Short(r.SHA), words.Took(r.StartedAt, r.FinishedAt), r.App), r.OutputURL)
	case r.Status == pipeline.RunFailed:
		return NewNotice(bot.StatusFailure, fmt.Sprintf("The build failed after %s on %s%s", words.Took(r.StartedAt, r.FinishedAt), r.App, words.Because(r.Reason)), r.OutputURL)
	case r.Status == pipeline.RunErrored && r.Stage != "":
		return NewNotice(bot.StatusError, fmt.Sprintf("%s could not build it%s", r.App, words.Because(r.Reason)), r.OutputURL)
	}
	published := c.Published[bot.BuildContext]
	if c.Cancelled != nil && !r.Active() {
		return NewNotice(bot.StatusError, "Not built: cancelled by @"+c.Cancelled.By, "")
	}
	if p, entered := c.Progress[view.FirstStage()]; entered && !a.Found || p.State == pipeline.ProgressRolledBack && !r.Active() || c.Artifact != "" && (published.Final() || !r.Active()) {
		if published.State == bot.StatusPending || published.State == "" && published.Uncertain {
			return NewNotice(bot.StatusSuccess, "Built", "")
		}
		return nil // it was built once, and is no longer remembered
	}
	if view.OnOtherBranch(c) && !r.Active() {
		return gone(view, c, bot.BuildContext, "Not built: the pipeline follows "+view.State.Branch())
	}
	if by, gone := view.Overtaker(c, view.FirstStage()); gone && !r.Active() {
		if published.Final() && published.Phase != bot.PhaseOrder {
			return nil // the published status of its build remains true
		}
		if by.Progress[view.FirstStage()].State == pipeline.ProgressLive && !forcedBetween(view, c, by) {
			return NewNotice(bot.StatusSuccess, "Included in "+bot.Short(by.SHA), "").InPhase(bot.PhaseOrder)
		}
		return NewNotice(bot.StatusError, "Not built: superseded by "+bot.Short(by.SHA), "").InPhase(bot.PhaseOrder)
	}
	app := begins[view.State.KeyOf(c)]
	if r.Active() {
		app = r.App
	}
	if v := view.State.Verdict(c); app == "" && v.State == bot.CheckFailed {
		return NewNotice(bot.StatusFailure, "Not built: "+words.Names(v.Failed)+" failed", "")
	}
	switch why := view.Rebuilt(r); {
	case r.Status == pipeline.RunUnread:
		return readingSource(view, r)
	case r.Sourceless() && !a.Fallback:
		return pendingNotice(bot.PhaseSource, "Waiting for GitHub to know the commit; then it is built", "")
	case app == "" && view.TreeUnread(c):
		return pendingNotice(bot.PhaseBare, "Waiting for GitHub to tell which files this commit has", "")
	case app != "" && r.Stage == "" && !a.Fallback && r.TroubleAt.IsZero() && why != "":
		return pendingNotice(bot.PhaseBuild, fmt.Sprintf("Building again on %s: %s", app, why), r.OutputURL)
	case app != "" && r.Stage == "" && !a.Fallback && r.TroubleAt.IsZero():
		return pendingNotice(bot.PhaseBuild, "Building on "+app, r.OutputURL)
	case r.Stage != "" && r.Status == pipeline.RunRunning:
		return pendingNotice(bot.PhaseBuildOnStage, "Building on "+app+fellBack(a.Why), r.OutputURL)
	case a.Fallback && view.MayNotFallBack(c):
		return NewNotice(bot.StatusError, "Not built: no prepare app can build it"+words.Because(a.Why), "")
	case r.Stage != "" && len(view.State.Config.Prepare.Apps) > 0, a.Fallback && a.Why != "":
		return pendingNotice(bot.PhaseFallback, fmt.Sprintf("Builds on %s once the checks pass%s", view.State.Config.Stages[0].Apps[0], fellBack(cmp.Or(a.Why, r.Reason))), "")
	case r.Stage != "", a.Fallback:
		return pendingNotice(bot.PhaseChecks, fmt.Sprintf("Builds on %s once the checks pass", view.State.Config.Stages[0].Apps[0]), "")
	case !r.TroubleAt.IsZero():
		return pendingNotice(bot.PhaseTrouble, "The build could not be started yet"+words.Because(r.Reason), "")
	}
	if !view.NewestViable(c) {
		return pendingNotice(bot.PhaseQueue, "Not built yet: a newer commit goes first", "")
	}
	if why := view.Rebuilt(r); why != "" {
		return pendingNotice(bot.PhaseQueue, "Building again as soon as a prepare app is free: "+why, "")
	}
	if w := shared(view, view.RankOf(c)); w != nil {
		return w
	}
	return pendingNotice(bot.PhaseQueue, "Queued for a prepare app", "")
}

func fellBack(why string) string {
	if why == "" {
		return ""
	}
	return "; no prepare app could: " + why
}

// EndWaiting is the final status of a pending one whose event will not come; nil: none is pending.
func EndWaiting(s pipeline.Published, text string) *Notice {
	if s.State == bot.StatusPending || s.Uncertain {
		return NewNotice(bot.StatusSuccess, text, "")
	}
	return nil
}

// PullStatus is a pull request's headstart/build; nil: none.
func PullStatus(v *gate.View, p pipeline.PullRequest, begins Starting) *Notice {
	if !v.State.Configured {
		if !p.Open {
			return nil
		}
		return unconfigured(v, p.Base)
	}
	known := p.ReadHead != "" && p.ReadHead == p.Head && p.Base == v.State.Branch() && v.State.AffectedBy(p) == bot.AffectedYes
	r, begun := PullRun(v.State, p)
	begun = begun && p.TestTree != "" && known
	if why := notBuiltHere(v, p); why != "" && p.Open && (!begun || r.Status != pipeline.RunSucceeded && r.Status != pipeline.RunFailed) {
		return notBuilt(why)
	}
	if awaitsMerge(v, p) && v.State.AffectedBy(p) == bot.AffectedYes {
		return pendingNotice(bot.PhaseTestMerge, "Waiting for GitHub to make the test merge into "+p.Base, "")
	}
	if !known {
		return unreadPull(v, p)
	}
	if last := p.Published[bot.BuildContext]; !p.Open && p.PublishedHead == p.Head && last.Final() {
		return nil // later builds of its tree belong to the branch
	}
	building := begins[v.State.AheadKey(p.TestMerge, p.TestTree)]
	if begun && r.Active() {
		building = r.App
	}
	switch {
	case begun && r.Status == pipeline.RunSucceeded:
		return NewNotice(bot.StatusSuccess, fmt.Sprintf("Built ahead of the merge in %s on %s%s", words.Took(r.StartedAt, r.FinishedAt), r.App, builtAgain(v, r)), r.OutputURL)
	case begun && r.Status == pipeline.RunFailed:
		return NewNotice(bot.StatusFailure, fmt.Sprintf("The build failed after %s on %s%s", words.Took(r.StartedAt, r.FinishedAt), r.App, words.Because(r.Reason)), r.OutputURL)
	case begun && r.Status == pipeline.RunUnread && p.Open:
		w := readingSource(v, r)
		if last := p.Published[bot.BuildContext]; w == nil && p.PublishedHead == p.Head && last.State == bot.StatusPending {
			w = pendingNotice(last.Phase, last.Text, "")
		}
		return w
	case begun && r.Sourceless() && p.Open && !r.RefusedBy(v.State.Config.Prepare.ForPulls()):
		return pendingNotice(bot.PhaseSource, "Waiting for GitHub to know the test merge; then it is built", "")
	case begun && building != "" && r.TroubleAt.IsZero():
		return pendingNotice(bot.PhaseBuild, "Building ahead of the merge on "+building, r.OutputURL)
	case !p.Open:
		return nil
	case p.TestTree == "":
		return notBuilt(notAhead(p))
	case begun && (r.Status == pipeline.RunErrored || r.RefusedBy(v.State.Config.Prepare.ForPulls())):
		return notBuilt("no prepare app could build it" + words.Because(r.Reason))
	case begun && stuck(v, r):
		return notBuilt("no prepare app takes the build" + words.Because(r.Reason)).InPhase(bot.PhaseStuck) // the reason may change with each try
	case begun && !r.TroubleAt.IsZero():
		return pendingNotice(bot.PhaseTrouble, "The build could not be started yet"+words.Because(r.Reason), "")
	case building != "":
		return pendingNotice(bot.PhaseBuild, "Building ahead of the merge on "+building, "")
	}
	if w := shared(v, bot.RankPull); w != nil {
		return w
	}
	if v.State.Config.Prepare.Apart() {
		return pendingNotice(bot.PhaseQueue, "Queued for an app that builds pull requests", "")
	}
	return pendingNotice(bot.PhaseQueue, "Queued for a prepare app (pushes to "+v.State.Branch()+" go first)", "")
}

// readingSource is headstart/build while it is unknown whether another commit's build serves; nil: it is about to be
// known.
func readingSource(v *gate.View, r pipeline.BuildRun) *Notice {
	if v.State.Pending[pipeline.SourceKey(r.Tree)].Reason == "" {
		return nil
	}
	return pendingNotice(bot.PhaseAttributes, "Waiting for GitHub to show .gitattributes: "+bot.Short(r.SHA)+" has the same files and may serve", "")
}

// mergeShownAfter is after how many readings without a test merge people see it: the first is usually too early.
const mergeShownAfter = 3

// awaitsMerge reports whether a pull request to be built ahead waits for GitHub's test merge.
func awaitsMerge(v *gate.View, p pipeline.PullRequest) bool {
	return p.Open && !p.Fork && p.Head != "" && p.ReadHead != p.Head && p.Asked >= mergeShownAfter && v.BuildsPulls()
}

// notAhead returns why a pull request without a test merge is not built ahead.
func notAhead(p pipeline.PullRequest) string {
	if p.Unmade {
		return "GitHub does not say whether it merges into " + p.Base
	}
	return "it does not merge cleanly into " + p.Base
}

// Starting maps build key to app, for the builds that a plan starts.
type Starting map[string]string
