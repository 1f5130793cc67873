package pipeline

import "slices"

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
	BranchBuilds = "branch "
	pullBuilds   = "pull "
)

// BranchKey is what a build of the branch is remembered by.
func (s *State) BranchKey(sha, tree string) string {
	if s.Config.Prepare.Apart() {
		return s.buildKey(BranchBuilds, sha, tree)
	}
	return s.buildKey("", sha, tree)
}

// AheadKey is what a build of a pull request, its promoted head or a merge group is
// remembered by.
func (s *State) AheadKey(sha, tree string) string {
	if s.Config.Prepare.Apart() {
		return s.buildKey(pullBuilds, sha, tree)
	}
	return s.buildKey("", sha, tree)
}

// KeyOf is what the build of a candidate is remembered by.
func (s *State) KeyOf(c *Candidate) string {
	if c.FromPull {
		return s.AheadKey(c.SHA, c.Tree)
	}
	return s.BranchKey(c.SHA, c.Tree)
}

// RunAhead is the run of what is not on the branch. What was built of the branch
// serves it too.
func (s *State) RunAhead(sha, tree string) (BuildRun, bool) {
	r, ok := s.shared(s.AheadKey(sha, tree), sha)
	if !s.Config.Prepare.Apart() || r.Status == RunSucceeded || r.Active() {
		return r, ok
	}
	if of, built := s.shared(s.BranchKey(sha, tree), sha); built && (of.Status == RunSucceeded || of.Status == RunUnread && !ok) {
		return of, true
	}
	return r, ok
}

// Landed reports whether a pull request's head is a candidate of the branch, too.
func (s *State) Landed(head *Candidate) bool {
	return s.Config.Prepare.Apart() && s.Position(head.SHA) >= 0
}

// Promoted finds what a promotion is of; nil: it is not known any more.
func (s *State) Promoted(p *Promotion, sha string) *Candidate {
	if p != nil && p.FromPull && p.SHA == sha && s.Config.Prepare.Apart() {
		if head := s.FromPull(sha); head != nil {
			return head
		}
	}
	return s.Candidate(sha)
}

// FromPull finds a candidate from a pull request by its commit; nil if there is none.
func (s *State) FromPull(sha string) *Candidate {
	i := slices.IndexFunc(s.FromPulls, func(c Candidate) bool { return c.SHA == sha })
	if i < 0 {
		return nil
	}
	return &s.FromPulls[i]
}
