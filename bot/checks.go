package bot

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// CheckKind is one of GitHub's two kinds of reports about a commit.
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
	App        string // that app's slug, as in github.com/apps/SLUG; empty for a status, and if not recorded
	Suite      int64  // the check run's suite; 0 for a status, and if unknown
	State      CheckState
	Conclusion string    // GitHub's own word, such as timed_out
	URL        string    // may be empty
	At         time.Time // when it entered State, by GitHub's clock; zero if unknown
}

// Required is what GitHub requires of a branch: rulesets and classic protection together.
type Required struct {
	Checks []RequiredCheck // none: nothing is required
	ReadAt time.Time
	// Missing says that GitHub knows the branch, but no rules of it: the repository has no
	// rulesets, or is too new.
	Missing bool
}

// RequiredCheck is one context that must have passed.
type RequiredCheck struct {
	Name  string
	AppID int64  // 0: any app, or a status
	App   string // slug of the only app whose check runs count (statuses do not); empty: not pinned
}

// String is [CheckName.String].
func (q RequiredCheck) String() string { return CheckName{Name: q.Name, App: q.App}.String() }

// Takes reports whether a report is one of the required check. A status names no app, so
// it counts for any AppID. It does not count for App: everybody with write may set a
// status of any name. A check run whose app was not recorded does not count for App
// either.
func (q RequiredCheck) Takes(k Check) bool {
	switch {
	case !strings.EqualFold(k.Name, q.Name):
		return false
	case q.App != "":
		return k.Kind == CheckRun && strings.EqualFold(k.App, q.App)
	}
	return k.Kind != CheckRun || q.AppID == 0 || k.AppID == q.AppID
}

// CheckName is a check named in a pipeline's file: a check run, or the context of a commit
// status.
type CheckName struct {
	Name string
	App  string // as in RequiredCheck; empty: from any reporter
}

// String names the check for people, with the app that it is pinned to.
func (n CheckName) String() string {
	if n.App == "" {
		return n.Name
	}
	return n.Name + " of " + n.App
}

// CheckNames makes checks that are not pinned to an app.
func CheckNames(names ...string) []CheckName {
	all := make([]CheckName, len(names))
	for i, n := range names {
		all[i].Name = n
	}
	return all
}

// Pins reports whether the file pins a check of this name to an app.
func (c Checks) Pins(name string) bool {
	return slices.ContainsFunc(c.Names, func(n CheckName) bool { return n.App != "" && strings.EqualFold(n.Name, name) })
}

// pinnedCheck is the JSON object of a pinned CheckName. An unpinned one is a string, as
// all were before checks could be pinned.
type pinnedCheck CheckName

// MarshalJSON writes a string, or an object with an app.
func (n CheckName) MarshalJSON() ([]byte, error) {
	if n.App == "" {
		return json.Marshal(n.Name)
	}
	return json.Marshal(pinnedCheck(n))
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (n *CheckName) UnmarshalJSON(b []byte) error {
	*n = CheckName{}
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &n.Name)
	}
	return json.Unmarshal(b, (*pinnedCheck)(n))
}

// OwnContext reports whether a commit status' context is one of Headstart's own. Own
// contexts never count as checks: Headstart would wait for itself.
func OwnContext(name string) bool {
	return strings.HasPrefix(strings.ToLower(name), "headstart/")
}

const Fresh = time.Minute // a reading older than this does not open the first stage
