package bot

import "time"

// BuildStatus is the state of a platform's build.
type BuildStatus string

// A build ends as succeeded, failed or errored. Failed: the code does not build. Errored:
// the platform could not build it, which says nothing about the code.
const (
	BuildPending   BuildStatus = "pending"
	BuildSucceeded BuildStatus = "succeeded"
	BuildFailed    BuildStatus = "failed"
	BuildErrored   BuildStatus = "errored"
	BuildCancelled BuildStatus = "cancelled"
)

// Ended reports whether the build is over.
func (s BuildStatus) Ended() bool { return s != BuildPending && s != "" }

// Build is one build, as its platform reports it.
type Build struct {
	ID     string
	App    string
	Commit string // full SHA of the built commit; empty if the platform was given none
	// Command builds it; empty on a platform with buildpacks.
	Command string
	Status  BuildStatus
	// Artifact is the platform's name of the result; empty until the build succeeded.
	Artifact string
	// Release is the release that the platform made on the build's own app, as Heroku
	// does; empty if it made none (yet).
	Release    string
	OutputURL  string // for people; empty if there is none
	Reason     string // why it did not succeed, one sentence; empty if unknown
	CreatedAt  time.Time
	FinishedAt time.Time // zero while pending
}

// ReleaseStatus is the state of a release.
type ReleaseStatus string

// A release is pending while its release phase runs. If it fails or errors, the app keeps
// running what it ran before. Errored: the platform could not make the release, for
// example because it was stopped; the artifact may be released again. Expired: the
// artifact is gone, so it cannot be released again.
const (
	ReleasePending   ReleaseStatus = "pending"
	ReleaseSucceeded ReleaseStatus = "succeeded"
	ReleaseFailed    ReleaseStatus = "failed"
	ReleaseErrored   ReleaseStatus = "errored"
	ReleaseExpired   ReleaseStatus = "expired"
)

// Release is one release of an app, as its platform reports it.
type Release struct {
	// ID is the handle that the platform's Release method takes. It may change while a
	// release is young: until a promotion has made its release, it is the promotion's ID.
	ID          string
	App         string
	Version     int    // counts up per app; 0 while the platform has not numbered it
	Artifact    string // what it runs; empty if nothing was ever deployed to the app
	Commit      string // full SHA; empty if the platform does not know it
	Status      ReleaseStatus
	Current     bool // the app runs this release
	Description string
	OutputURL   string // the release phase's output, for people; empty if there is none
	Reason      string // why it failed or errored, one sentence; empty if unknown
	CreatedAt   time.Time
}

// App is an app of a platform.
type App struct {
	Name string
	URL  string // the address for people, with scheme; empty if unknown
}

// Source is what a build is made from.
type Source struct {
	Commit  string // full SHA
	URL     string // a tarball; may be a signed link that works for minutes only
	Command string // the build command, on a platform without buildpacks; empty: there is nothing to run
}
