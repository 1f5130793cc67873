package bot

import (
	"time"
)

// Everything that could be merged has headstart/build with a final state on its head,
// because GitHub may require it. Where nothing is built ahead of the merge it is a
// success that says why: failure is only for code that does not build.

// onItsWay is how long the push of a merge may take to be seen.
const onItsWay = time.Minute

// notBuilt is headstart/build where nothing is built ahead of the merge.
func notBuilt(why string) *notice { return newNotice(StatusSuccess, "Not built here: "+why, "") }

const notAffected = "it changes none of the files under `paths`"

// noPrepareApp says where the merge is built instead.
func (d *view) noPrepareApp() string {
	return "there is no prepare app; " + d.s.Config.Stages[0].Apps[0] + " builds after the merge"
}

// notBuiltHere says why a pull request is not built ahead of the merge, as far as that
// does not depend on its test merge; empty: it is, or it is not known yet.
func (d *view) notBuiltHere(p PullRequest) string {
	prepare := d.s.Config.Prepare
	switch {
	case p.Base != d.s.Branch():
		return "Headstart deploys " + d.s.Branch() + ", and this goes into " + p.Base
	case p.Fork:
		return "it comes from a fork, and code of forks is never built"
	case d.s.pullAffects(p) == AffectedNo:
		return notAffected
	case len(prepare.Apps) == 0:
		return d.noPrepareApp()
	case !prepare.PullRequests:
		return "with `pull_requests: false` it is built after the merge"
	case prepare.Reuse == ReuseCommit && !prepare.apart():
		return "with `reuse: commit` it is built after the merge"
	case p.Listed:
		return "it is older than Headstart's pipeline; a push to it is built"
	}
	return ""
}

// stuck reports whether no prepare app has taken a build for so long that whoever waits
// for it should not wait longer. It is still tried.
func (d *view) stuck(r BuildRun) bool {
	return !r.TroubleAt.IsZero() && d.due(r.TroubleAt.Add(stuckAfter))
}

// unreadPull is headstart/build of an open pull request that GitHub does not tell enough
// about for so long that whoever waits to merge it should not wait longer; else nil.
func (d *view) unreadPull(p PullRequest) *notice {
	if !p.Open {
		return nil
	}
	if d.late(pullKey(p)) {
		return notBuilt("GitHub does not tell yet whether it merges")
	}
	if d.late(pullAffectedKey(p)) {
		return notBuilt("GitHub does not tell yet which files it changes")
	}
	return nil
}

// late reports whether something that a status depends on has not been read for long.
func (d *view) late(key string) bool {
	f := d.s.Pending[key]
	return f.Attempt > 1 && d.due(f.Since.Add(stuckAfter))
}

// stuckAfter is how long the platform, or GitHub, may keep a status ahead of a merge
// waiting.
const stuckAfter = 2 * time.Minute

// sought reports whether the pipeline's file was looked for, wherever.
func (s *State) sought() bool {
	n := len(s.Candidates)
	return s.Configured || s.trunkKnown() || s.ConfigRef != "" || n > 0 && s.Candidates[n-1].ConfigRead
}

// unconfigured is headstart/build of what goes into a branch that this pipeline does
// not deploy, for want of a file; nil where nobody waits for it.
func (d *view) unconfigured(base string) *notice {
	switch {
	case base != d.s.Branch():
		return nil
	case d.s.multi() && d.s.Required.has(buildContext):
		return notBuilt("each pipeline has a headstart/NAME/build of its own; require those instead")
	case d.s.multi():
		return nil
	case d.s.ConfigRef != "":
		return notBuilt(d.s.noFile())
	case d.s.sought() && d.s.Required.has(buildContext):
		return notBuilt("the branch has no .github/headstart.yml")
	}
	return nil
}
