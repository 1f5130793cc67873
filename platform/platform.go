// Package platform is the interface of a place that runs apps. Every effect on an app passes through here: the
// operator's allow-list is enforced, and the bot looks before it acts.
//
// A platform knows nothing of pipelines, checks or stages. It builds a commit on an app, releases an artifact on an
// app, and reports what exists. Heroku and the embedded platform implement it in packages of their own. platformtest
// contains the suite that both must pass.
package platform

import (
	"context"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform/transcript"
)

// Platform is a place that builds and runs apps.
//
// Every method returns a [bot.Refused], a [bot.Retryable] or a [bot.Unknown]
// (found with errors.As) when it fails. A method that only reads never returns
// Unknown: not having read is always retryable. Refused wraps
// [bot.ErrNotFound] when the app or the thing asked for does not exist.
// Nothing here waits for a build or a release to end: what was started is
// returned at once, and looked at again later.
type Platform interface {
	// App describes an app.
	App(ctx context.Context, app string) (bot.App, error)

	// StartBuild builds a commit on an app. Where a build also makes a release on its own app (Heroku), the build names
	// the release. An app builds one commit at a time: a second build beside a pending one is Retryable.
	StartBuild(ctx context.Context, app string, src bot.Source) (bot.Build, error)
	// Builds lists the newest builds of an app, newest first: at least ten if there are as many, empty if there are
	// none.
	Builds(ctx context.Context, app string) ([]bot.Build, error)
	// Build reads one build.
	Build(ctx context.Context, app, id string) (bot.Build, error)
	// CancelBuild stops a pending build. It leaves an ended build unchanged, without an error.
	CancelBuild(ctx context.Context, app, id string) error

	// Releases lists the newest releases of an app, newest first: at least twenty if there are as many. The running one
	// is marked Current. For an app that was never deployed to, the list is empty or has only releases without an
	// artifact.
	Releases(ctx context.Context, app string) ([]bot.Release, error)
	// Release reads one release by the ID from Promote, Build or Releases.
	Release(ctx context.Context, app, id string) (bot.Release, error)
	// Promote releases an artifact on an app and returns the new release, usually still pending. A missing artifact is
	// Refused and wraps bot.ErrNotFound.
	Promote(ctx context.Context, p Promotion) (bot.Release, error)
	// Rollback rolls an app back to one of its own releases, code and config vars. It returns the new release, usually
	// still pending. A failed target is Refused. If the target does not exist, or its artifact is gone, the refusal
	// wraps bot.ErrNotFound.
	Rollback(ctx context.Context, app, release string) (bot.Release, error)

	// Inspect reads what must be known of an app before a promotion to it. source is the app that the artifacts come
	// from; empty: the app builds them itself. An app that does not exist, or must not be released to, is a Problem and
	// no error. Inspect reports names of config vars, never values.
	Inspect(ctx context.Context, app, source string) (bot.Inspected, error)

	// MakeCopy begins to copy another app's database and gives the copy to an app, whose next releases use it. An
	// existing copy of that name is the answer. It is Refused where the app has a database that is not a copy of ours.
	MakeCopy(ctx context.Context, c Copy) (bot.CopySeen, error)
	// Copy reads a copy. A failed one is Refused; a missing one also wraps bot.ErrNotFound.
	Copy(ctx context.Context, c Copy) (bot.CopySeen, error)
	// RemoveCopy removes the copy of that name from its app and deletes it, even while it is being made. A missing copy
	// is no error. Nothing else is ever deleted.
	RemoveCopy(ctx context.Context, c Copy) error

	// Maintenance reports whether an app's maintenance mode is on: the platform then answers requests with a page,
	// without the app.
	Maintenance(ctx context.Context, app string) (bool, error)
	// SetMaintenance turns maintenance mode on or off. It makes no release. Setting it to its current value changes
	// nothing.
	SetMaintenance(ctx context.Context, app string, on bool) error
}

// Outputs is a platform that passes on what builds and releases write while they run.
type Outputs interface {
	// Output returns what a build or a release has written, redacted; nil: this process has not read it. Of one that has
	// failed, it has the end as soon as Build or Release has said so, if that could be read.
	Output(app, id string) *transcript.Log
}

// Promotion is the release of one artifact on one app.
type Promotion struct {
	Artifact string // from bot.Build.Artifact or bot.Release.Artifact
	Commit   string // full SHA of the commit that the artifact was built from
	// From is the app that the artifact was built or proved on; platforms that copy from app to app need it.
	From        string
	To          string
	Description string // shown in the platform's own list of releases
}

// Copy is a copy of an app's database, for a rehearsal on another app.
type Copy struct {
	// Name distinguishes it from every other copy for the app, such as those of earlier rehearsals. It is made of a
	// pipeline, a stage and a number.
	Name    string
	App     string // gets the copy
	From    string // its database is copied; only MakeCopy needs it
	Command string // makes the copy, on a platform without databases of its own
	ID      string // from CopySeen.ID; empty: unknown
}
