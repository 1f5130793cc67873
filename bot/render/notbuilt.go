package render

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// notBuilt is headstart/build where nothing is built ahead of the merge.
func notBuilt(why string) *Notice { return NewNotice(bot.StatusSuccess, "Not built here: "+why, "") }

const notAffected = "it changes none of the files under `paths`"

// noPrepareApp states where the merge is built instead.
func noPrepareApp(v *gate.View) string {
	return "there is no prepare app; " + v.State.Config.Stages[0].Apps[0] + " builds after the merge"
}

// notBuiltHere returns why a pull request is not built ahead of the merge, as far as that is independent of its test
// merge; empty: it is built, or that is unknown yet.
func notBuiltHere(v *gate.View, p pipeline.PullRequest) string {
	prepare := v.State.Config.Prepare
	switch {
	case p.Base != v.State.Branch():
		return "Headstart deploys " + v.State.Branch() + ", and this goes into " + p.Base
	case p.Fork:
		return "it comes from a fork, and code of forks is never built"
	case v.State.AffectedBy(p) == bot.AffectedNo:
		return notAffected
	case len(prepare.Apps) == 0:
		return noPrepareApp(v)
	case !prepare.PullRequests:
		return "with `pull_requests: false` it is built after the merge"
	case prepare.Reuse == bot.ReuseCommit && !prepare.Apart():
		return "with `reuse: commit` it is built after the merge"
	case p.Listed:
		return "it is older than Headstart's pipeline; a push to it is built"
	}
	return ""
}

// stuck reports whether no prepare app has taken a build for so long that its status must not stay pending. The build
// is still tried.
func stuck(v *gate.View, r pipeline.BuildRun) bool {
	return !r.TroubleAt.IsZero() && v.Due(r.TroubleAt.Add(stuckAfter))
}

// unreadPull is headstart/build of an open pull request that GitHub has not shown enough of for so long that its status
// must not stay pending; else nil.
func unreadPull(v *gate.View, p pipeline.PullRequest) *Notice {
	if !p.Open {
		return nil
	}
	if late(v, pipeline.PullKey(p)) {
		return notBuilt("GitHub does not tell yet whether it merges")
	}
	if late(v, pipeline.PullAffectedKey(p)) {
		return notBuilt("GitHub does not tell yet which files it changes")
	}
	return nil
}

// late reports whether the reading of key, which a status depends on, is long overdue.
func late(v *gate.View, key string) bool {
	f := v.State.Pending[key]
	return f.Attempt > 1 && v.Due(f.Since.Add(stuckAfter))
}

// stuckAfter is how long the platform or GitHub may keep a status ahead of a merge pending.
const stuckAfter = 2 * time.Minute

// Sought reports whether the pipeline's file was looked for on any branch.
func Sought(s *pipeline.State) bool {
	n := len(s.Candidates)
	return s.Configured || s.TrunkKnown() || s.ConfigRef != "" || n > 0 && s.Candidates[n-1].ConfigRead
}

// unconfigured is headstart/build for a base branch that this pipeline does not deploy, for lack of a file; nil: no
// status is expected.
func unconfigured(v *gate.View, base string) *Notice {
	switch {
	case base != v.State.Branch():
		return nil
	case v.State.Multi() && v.State.Required.Has(bot.BuildContext):
		return notBuilt("each pipeline has a headstart/NAME/build of its own; require those instead")
	case v.State.Multi():
		return nil
	case v.State.ConfigRef != "":
		return notBuilt(v.State.NoFile())
	case Sought(v.State) && v.State.Required.Has(bot.BuildContext):
		return notBuilt("the branch has no .github/headstart.yml")
	}
	return nil
}
