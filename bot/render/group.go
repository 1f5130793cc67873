package render

import (
	"fmt"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/redact"
	"github.com/headstart-cd/headstart/bot/words"
)

// GroupStatus is a merge group's headstart/build; nil: none yet.
func GroupStatus(v *gate.View, g *pipeline.MergeGroup, begins Starting) *Notice {
	if !v.State.Configured {
		return unconfigured(v, g.Branch)
	}
	if g.Branch != v.State.Branch() {
		return notBuilt("Headstart deploys " + v.State.Branch() + ", and this goes into " + g.Branch)
	}
	if len(v.State.Config.Prepare.Apps) == 0 {
		return notBuilt(noPrepareApp(v))
	}
	switch v.State.GroupAffects(g) {
	case bot.AffectedNo:
		return notBuilt(notAffected)
	case "":
		if late(v, pipeline.GroupAffectedKey(g.Head)) {
			return notBuilt("GitHub does not tell yet which files it changes")
		}
		if g.Live(v.Now) {
			return nil
		}
		return notBuilt(GroupEnd(v, g))
	}
	r, begun := v.State.RunAhead(g.Head, g.Tree)
	building := begins[v.State.AheadKey(g.Head, g.Tree)]
	if r.Active() {
		building = r.App
	}
	switch {
	case r.Status == pipeline.RunSucceeded && r.Pull != 0:
		return NewNotice(bot.StatusSuccess, fmt.Sprintf("No build needed: built ahead of the merge of #%d in %s on %s",
			r.Pull, words.Took(r.StartedAt, r.FinishedAt), r.App), r.OutputURL)
	case r.Status == pipeline.RunSucceeded:
		return NewNotice(bot.StatusSuccess, fmt.Sprintf("Built in %s on %s", words.Took(r.StartedAt, r.FinishedAt), r.App), r.OutputURL)
	case r.Status == pipeline.RunFailed:
		return NewNotice(bot.StatusFailure, fmt.Sprintf("The build failed after %s on %s%s", words.Took(r.StartedAt, r.FinishedAt), r.App, words.Because(r.Reason)), r.OutputURL)
	case !g.Live(v.Now):
		return notBuilt(GroupEnd(v, g))
	case begun && (r.Status == pipeline.RunErrored || r.RefusedBy(v.State.Config.Prepare.ForPulls())):
		return notBuilt("no prepare app could build it" + words.Because(r.Reason))
	case r.Status == pipeline.RunUnread:
		return readingSource(v, r)
	case r.Sourceless():
		return pendingNotice(bot.PhaseSource, "Waiting for GitHub to know the commit; then it is built", "")
	case stuck(v, r):
		return notBuilt("no prepare app takes the build" + words.Because(r.Reason))
	case !r.TroubleAt.IsZero():
		return pendingNotice(bot.PhaseTrouble, "The build could not be started yet"+words.Because(r.Reason), "")
	case building != "":
		return pendingNotice(bot.PhaseBuild, "Building on "+building, r.OutputURL)
	}
	if w := shared(v, bot.RankGroup); w != nil {
		return w
	}
	if v.State.Config.Prepare.Apart() {
		return pendingNotice(bot.PhaseQueue, "Queued for an app that builds pull requests", "")
	}
	return pendingNotice(bot.PhaseQueue, "Queued for a prepare app (pushes to "+v.State.Branch()+" go first)", "")
}

// GroupEnd returns why nothing is built for a group that has ended.
func GroupEnd(v *gate.View, g *pipeline.MergeGroup) string {
	switch {
	case g.EndedAt.IsZero() || g.Destroyed == "forgotten":
		return "the merge queue has not told what became of it"
	case g.Destroyed == pipeline.GroupMerged && g.Over != "":
		return "merged as part of " + bot.Short(g.Over)
	case g.Destroyed == pipeline.GroupMerged:
		return "it was merged before its build began"
	case g.Over != "":
		return "superseded by " + bot.Short(g.Over)
	}
	return "it left the merge queue (" + redact.Cut(g.Destroyed, 40) + ")"
}
