package pipeline

import "slices"

// What a pull request's build leaves behind on an app is there for the next build: in its
// cache, or where its config vars lead. So pull requests may have apps of their own. Their
// builds then serve pull requests alone. Builds have keys of two kinds, and a commit of
// the branch looks only under its own kind. A pull request may use builds of the branch.
//
// A merge group counts as a pull request. Its code may be merged, but is not yet. If the
// group is dequeued, its code was never on the branch. It is in no difference between what
// is live and what is released next.

// Prefixes of keys where pull requests build on apps of their own. They differ from all
// keys of before: builds under those may be by pull requests.
const (
	BranchBuilds = "branch "
	pullBuilds   = "pull "
)

// BranchKey is the key of a build of the branch.
func (s *State) BranchKey(sha, tree string) string {
	if s.Config.Prepare.Apart() {
		return s.buildKey(BranchBuilds, sha, tree)
	}
	return s.buildKey("", sha, tree)
}

// AheadKey is the key of a build of a pull request, its promoted head or a merge group.
func (s *State) AheadKey(sha, tree string) string {
	if s.Config.Prepare.Apart() {
		return s.buildKey(pullBuilds, sha, tree)
	}
	return s.buildKey("", sha, tree)
}

// KeyOf is the key of a candidate's build.
func (s *State) KeyOf(c *Candidate) string {
	if c.FromPull {
		return s.AheadKey(c.SHA, c.Tree)
	}
	return s.BranchKey(c.SHA, c.Tree)
}

// RunAhead is the run of a commit that is not on the branch. A build of the branch serves
// it too.
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

// Landed reports whether a pull request's head is also a candidate of the branch.
func (s *State) Landed(head *Candidate) bool {
	return s.Config.Prepare.Apart() && s.Position(head.SHA) >= 0
}

// Promoted finds the candidate of a promotion; nil: it is forgotten.
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
