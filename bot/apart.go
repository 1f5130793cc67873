package bot

import (
	"fmt"
	"slices"
	"time"
)

// What a pull request's build leaves behind on an app, in its cache or wherever its
// config vars lead to, is there for the next build. So pull requests may have apps of
// their own. Then what is built there serves them alone: builds are remembered under
// keys of two kinds, and a commit of the branch looks under its own kind only. A pull
// request may take what was built of the branch.
//
// A merge group counts as a pull request. What is in it may be merged, but is not yet:
// if the group is dequeued, its code was never on the branch, and nobody sees it between
// what is live and what is released next.

// What keys begin with where pull requests build on apps of their own. Neither is like
// a key from before that was so: pull requests may have built what is under those.
const (
	branchBuilds = "branch "
	pullBuilds   = "pull "
)

// apart reports whether pull requests build on apps of their own.
func (p Prepare) apart() bool { return len(p.PullApps) > 0 }

// forPulls lists the apps that build pull requests, their promoted heads, and merge groups.
func (p Prepare) forPulls() []string {
	if p.apart() {
		return p.PullApps
	}
	return p.Apps
}

// sharing lists the apps that build what an app builds.
func (p Prepare) sharing(app string) []string {
	if slices.Contains(p.PullApps, app) {
		return p.PullApps
	}
	return p.Apps
}

// ApprovesShared names the first stage that asks for an approval although code that
// nobody has approved builds on the apps that build the branch. Empty: there is none.
func (c Config) ApprovesShared() string {
	p := c.Prepare
	ahead := p.PullRequests && p.Reuse != ReuseCommit || slices.ContainsFunc(c.Stages, func(s Stage) bool { return s.PullRequests })
	if len(p.Apps) == 0 || p.apart() || !ahead {
		return ""
	}
	for _, s := range c.Stages {
		if s.approves() {
			return s.Name
		}
	}
	return ""
}

// sharedWarning says with the first promotion to a stage that asks for an approval that
// code which nobody has approved builds where the branch does; empty: it does not.
func (s *State) sharedWarning(do Inspect) string {
	cfg, _ := s.Config.Stage(do.Stage)
	if s.Config.ApprovesShared() == "" || !cfg.approves() || len(cfg.Apps) == 0 || do.App != cfg.Apps[0] {
		return ""
	}
	return fmt.Sprintf("pull requests build on %s, as the branch does: give them prepare.pull_requests.apps", s.Config.Prepare.Apps[0])
}

// approves reports whether the stage asks for an approval, at least for some changes.
func (s Stage) approves() bool {
	return s.Approval || s.FourEyes || slices.ContainsFunc(s.Hold, func(h Hold) bool { return h.Window == "" })
}

// branchKey is what a build of the branch is remembered by.
func (s *State) branchKey(sha, tree string) string {
	if s.Config.Prepare.apart() {
		return s.buildKey(branchBuilds, sha, tree)
	}
	return s.buildKey("", sha, tree)
}

// aheadKey is what a build of a pull request, its promoted head or a merge group is
// remembered by.
func (s *State) aheadKey(sha, tree string) string {
	if s.Config.Prepare.apart() {
		return s.buildKey(pullBuilds, sha, tree)
	}
	return s.buildKey("", sha, tree)
}

// keyOf is what the build of a candidate is remembered by.
func (s *State) keyOf(c *Candidate) string {
	if c.FromPull {
		return s.aheadKey(c.SHA, c.Tree)
	}
	return s.branchKey(c.SHA, c.Tree)
}

// keyOn is what a build on an app is remembered by: what an app for pull requests
// builds is theirs, whoever asked for it.
func (s *State) keyOn(app, sha, tree string) string {
	if slices.Contains(s.Config.Prepare.PullApps, app) {
		return s.aheadKey(sha, tree)
	}
	return s.branchKey(sha, tree)
}

// runAhead is the run of what is not on the branch. What was built of the branch
// serves it too.
func (s *State) runAhead(sha, tree string) (BuildRun, bool) {
	r, ok := s.shared(s.aheadKey(sha, tree), sha)
	if !s.Config.Prepare.apart() || r.Status == RunSucceeded || r.Active() {
		return r, ok
	}
	if of, built := s.shared(s.branchKey(sha, tree), sha); built && (of.Status == RunSucceeded || of.Status == RunUnread && !ok) {
		return of, true
	}
	return r, ok
}

// unfit lists what the builds of a commit left that were not begun for whoever builds it
// under this key, and when the last of them was over. They are found on an app by their
// commit, as those from before pull requests had apps of their own.
func (s *State) unfit(key, sha string) (artifacts []string, until time.Time) {
	if !s.Config.Prepare.apart() {
		return nil, until
	}
	for _, other := range sortedKeys(s.Builds) {
		if r := s.Builds[other]; other != key && r.SHA == sha && r.Artifact != "" && !serves(other, key) {
			artifacts, until = append(artifacts, r.Artifact), later(until, r.FinishedAt)
		}
	}
	return artifacts, until
}

// serves reports whether what is built under one key may be found by whoever builds
// under another.
func serves(built, wanted string) bool {
	return readKey(wanted).whose != branchBuilds || readKey(built).whose == branchBuilds
}

// landOnBranch takes a pull request's head that the branch has moved to for a candidate
// that has been nowhere: what was promoted of the head was built on an app for pull
// requests. What was published stays. A promotion of the head that is in flight stays
// the head's.
func (s *State) landOnBranch(fresh, head *Candidate) {
	fresh.Published, fresh.Deployments, fresh.Diffs = head.Published, head.Deployments, head.Diffs
	fresh.Pull, fresh.PullSought = head.Pull, head.PullSought
	if fresh.Tree == "" {
		fresh.Tree = head.Tree
	}
	head.Published, head.Deployments = nil, nil
}

// landed reports whether a pull request's head is a candidate of the branch, too.
func (s *State) landed(head *Candidate) bool {
	return s.Config.Prepare.apart() && s.position(head.SHA) >= 0
}

// promoting reports whether a promotion of a pull request's head is in flight.
func (s *State) promoting(head *Candidate) bool {
	for _, st := range s.Stages {
		if p := st.Promoting; p != nil && p.FromPull && p.SHA == head.SHA {
			return true
		}
	}
	return false
}

// promoted finds what a promotion is of; nil: it is not known any more.
func (s *State) promoted(p *Promotion, sha string) *Candidate {
	if p != nil && p.FromPull && p.SHA == sha && s.Config.Prepare.apart() {
		if head := s.fromPull(sha); head != nil {
			return head
		}
	}
	return s.candidate(sha)
}

// fromPull finds a candidate from a pull request by its commit; nil if there is none.
func (s *State) fromPull(sha string) *Candidate {
	i := slices.IndexFunc(s.FromPulls, func(c Candidate) bool { return c.SHA == sha })
	if i < 0 {
		return nil
	}
	return &s.FromPulls[i]
}

// separatePulls takes from the branch's candidates what was promoted of the same commit
// as a pull request's head, once pull requests have apps of their own: the very push
// that says so may be one of such a head.
func (s *State) separatePulls() {
	for i := range s.Candidates {
		c := &s.Candidates[i]
		if head := s.fromPull(c.SHA); head != nil && (c.Artifact == "" || c.Artifact == head.Artifact) {
			c.Progress, c.Approvals = nil, nil
			c.Artifact, c.ArtifactApp, c.ArtifactSHA = "", "", ""
		}
	}
}

// builtAgain ends the status of what was built ahead of a merge that is built again;
// empty: the merge finds this build.
func (d *view) builtAgain(r BuildRun) string {
	if d.whyBuiltAgain(r) == "" {
		return ""
	}
	return "; the merge is built again"
}

// whyBuiltAgain says why a merge does not find what was built ahead of it; empty: it
// does. Nothing is known of a build that has not been answered.
func (d *view) whyBuiltAgain(r BuildRun) string {
	prepare := d.s.Config.Prepare
	switch {
	case slices.Contains(prepare.PullApps, r.App):
		return fmt.Sprintf("The merge is built again, on `%s`: what pull requests build never serves `%s`", code(prepare.Apps[0]), code(d.s.Branch()))
	case r.Source == SourceOfCommit:
		return "The merge is built again: `.gitattributes` may write the commit into files (`export-subst`)"
	}
	return ""
}

// misplaced reports whether a build that was begun before pull requests had apps of their
// own may be one of theirs: on an app of the branch nothing more is done about it than to
// look what has become of it.
func (s *State) misplaced(key, app string) bool {
	return s.Config.Prepare.apart() && slices.Contains(s.Config.Prepare.Apps, app) && readKey(key).whose != branchBuilds
}
