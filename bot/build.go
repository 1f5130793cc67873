package bot

import "time"

// BuildStatus says how far the build of a platform has come.
type BuildStatus string

// A build ends as succeeded, failed or errored. Failed means that the code
// does not build; errored means that the platform could not build it, which
// says nothing about the code.
const (
	BuildPending   BuildStatus = "pending"
	BuildSucceeded BuildStatus = "succeeded"
	BuildFailed    BuildStatus = "failed"
	BuildErrored   BuildStatus = "errored"
	BuildCancelled BuildStatus = "cancelled"
)

// Ended reports whether nothing more will happen to the build.
func (s BuildStatus) Ended() bool { return s != BuildPending && s != "" }

// Build is one build as its platform tells it.
type Build struct {
	ID     string
	App    string
	Commit string // full SHA of the commit that was built; empty if the platform was not told
	// Command is the command that makes it; empty on a platform with buildpacks.
	Command string
	Status  BuildStatus
	// Artifact names what the build left, once it succeeded; empty until then.
	Artifact string
	// Release is the release that the platform made by itself on the build's
	// own app, as Heroku does; empty if it made none (yet).
	Release    string
	OutputURL  string // for people; empty if there is none
	Reason     string // why it did not succeed, one sentence; empty if unknown
	CreatedAt  time.Time
	FinishedAt time.Time // zero while pending
}

// ReleaseStatus says how far a release has come.
type ReleaseStatus string

// A release is pending while the platform's release phase runs. When it failed
// or errored, what ran before keeps running. Errored means that the platform
// could not make the release, for example because it was stopped: that says
// nothing about the artifact, which may be released again. Expired releases
// cannot be released again: their artifact is gone.
const (
	ReleasePending   ReleaseStatus = "pending"
	ReleaseSucceeded ReleaseStatus = "succeeded"
	ReleaseFailed    ReleaseStatus = "failed"
	ReleaseErrored   ReleaseStatus = "errored"
	ReleaseExpired   ReleaseStatus = "expired"
)

// Release is one release of an app as its platform tells it.
type Release struct {
	// ID is the handle that the platform's Release method takes. It may change
	// while a release is young: a promotion that was accepted but has made no
	// release yet is known by the promotion.
	ID          string
	App         string
	Version     int    // counts up per app; 0 while the platform has not numbered it
	Artifact    string // what it runs; empty for an app that was never deployed to
	Commit      string // full SHA where the platform knows it, else empty
	Status      ReleaseStatus
	Current     bool // this is what the app runs
	Description string
	OutputURL   string // the release phase's output, for people; empty if there is none
	Reason      string // why it failed or errored, one sentence; empty if unknown
	CreatedAt   time.Time
}

// App is an app of a platform.
type App struct {
	Name string
	URL  string // where people reach it, with scheme; empty if unknown
}

// Source is what a build is made from.
type Source struct {
	Commit  string // full SHA
	URL     string // a tarball; may be a signed link that works for minutes only
	Command string // how a platform without buildpacks builds; empty: there is nothing to run
}
