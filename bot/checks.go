package bot

import (
	"strings"
	"time"
)

// CheckKind tells the two ways apart in which GitHub takes reports about a commit.
type CheckKind string

// A check run belongs to an app; a status is a context that anybody may set.
const (
	CheckRun     CheckKind = "check run"
	CommitStatus CheckKind = "status"
)

// CheckState is what a report means for the commit.
type CheckState string

// Passed covers success, neutral and skipped; everything else that has ended failed.
const (
	CheckPending CheckState = "pending"
	CheckPassed  CheckState = "passed"
	CheckFailed  CheckState = "failed"
)

// Check is one report about a commit.
type Check struct {
	Kind       CheckKind
	Name       string // a check run's name, or a status' context
	AppID      int64  // of the app that made the check run; 0 for a status
	Suite      int64  // that the check run is in; 0 for a status, and where nobody told
	State      CheckState
	Conclusion string    // GitHub's own word, such as timed_out
	URL        string    // may be empty
	At         time.Time // when it got to this state, by GitHub's clock; zero if unknown
}

// Required is what GitHub requires of a branch, from rulesets and from classic
// protection together.
type Required struct {
	Checks []RequiredCheck // none: nothing is required
	ReadAt time.Time
	// Missing says that GitHub knows no rules of the branch, though it knows the
	// branch: a repository without rulesets, or one that it has just heard of.
	Missing bool
}

// RequiredCheck is one context that must have passed.
type RequiredCheck struct {
	Name  string
	AppID int64 // 0: any app, or a status
}

// OwnContext reports whether a commit status' context is one of Headstart's
// own. Those never count as checks: waiting for them would be waiting for itself.
func OwnContext(name string) bool {
	return strings.HasPrefix(strings.ToLower(name), "headstart/")
}
