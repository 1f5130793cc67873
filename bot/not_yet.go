package bot

import (
	"slices"
	"time"
)

// GitHub's webhooks tell of commits, pull requests and comments seconds before its
// API knows them. Until it has had time to, its word that something does not exist
// settles nothing: it is asked again, often, for a while.

const (
	// notYetFor is for how long after it was seen GitHub may not know something yet.
	notYetFor = 2 * time.Minute
	// notYetPause is the longest pause between two questions about something that
	// GitHub may not know yet.
	notYetPause = 2 * time.Second
)

// mayNotExistYet reports whether what an effect is about was seen so recently that
// GitHub may not know it yet.
func (s *State) mayNotExistYet(do Action, at time.Time) bool {
	heard := s.knownSince(do)
	return !heard.IsZero() && at.Sub(heard) < notYetFor
}

// About is what an action is about, of which a webhook may have told before GitHub's API
// knows it. The zero value is about nothing of the kind.
type About struct {
	Commits []string
	Branch  string
	Pull    int
	Comment int64
}

// knownSince is when the newest of what an action is about was first seen; zero: it is
// about nothing, or nobody remembers.
func (s *State) knownSince(do Action) time.Time {
	about := TraitsOf(do).About
	heard := later(s.branchKnownSince(about.Branch), s.commentKnownSince(about.Comment))
	for _, sha := range about.Commits {
		heard = later(heard, s.commitKnownSince(sha))
	}
	return later(heard, s.Pulls[about.Pull].headSeenAt())
}

// commitKnownSince is when a commit was seen: of the branch, of a pull request, or
// the test merge of one.
func (s *State) commitKnownSince(sha string) time.Time {
	if sha == "" {
		return time.Time{}
	}
	if c := s.candidate(sha); c != nil {
		return c.SeenAt
	}
	if g := s.groupOf(sha); g != nil {
		return g.SeenAt
	}
	if s.Trunk.SHA == sha {
		return s.Trunk.SeenAt
	}
	if i := s.Elsewhere.find(sha); i >= 0 {
		return s.Elsewhere[i].SeenAt
	}
	var heard time.Time
	for _, p := range s.Pulls {
		if p.Head == sha || p.TestMerge == sha {
			heard = later(heard, p.headSeenAt())
		}
	}
	return heard
}

// branchKnownSince is when the newest push to a branch was seen.
func (s *State) branchKnownSince(branch string) time.Time {
	var heard time.Time
	if branch == "" {
		return heard
	}
	for i := range s.Candidates {
		if c := &s.Candidates[i]; c.Branch == branch {
			heard = later(heard, c.SeenAt)
		}
	}
	return heard
}

func (s *State) commentKnownSince(id int64) time.Time {
	if i := slices.IndexFunc(s.Requests, func(r Request) bool { return id != 0 && r.Comment == id }); i >= 0 {
		return s.Requests[i].At
	}
	return time.Time{}
}

// headSeenAt is when the pull request's newest head was seen.
func (p PullRequest) headSeenAt() time.Time { return later(p.SeenAt, p.HeadSeenAt) }

// expectsFile reports whether it would be a surprise if the branch had no file.
func (s *State) expectsFile() bool { return s.Configured || len(s.Names) > 0 }

// notYetReason says what GitHub does not know of yet.
func notYetReason(f Finished) string {
	switch f.Fact.(type) {
	case ConfigRead:
		return "GitHub shows no such file yet"
	case ChecksRead:
		return "GitHub shows no rules of the branch yet"
	}
	return f.Reason
}

// notYet reports whether an answer that something does not exist came too early to be
// believed.
func (s *State) notYet(f Finished, at time.Time) bool {
	if !s.mayNotExistYet(f.Effect.Do, at) {
		return false
	}
	switch fact := f.Fact.(type) {
	case ConfigRead:
		return f.Outcome == Done && fact.Unclear
	case ChecksRead:
		return f.Outcome == Done && fact.Required != nil && fact.Required.Missing
	}
	return f.Outcome == Refuse && f.Missing
}
