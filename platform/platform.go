// Package platform is what the bot asks of a place that runs apps, and how it
// asks: every effect on an app passes through here, where the operator's
// allow-list is enforced and where the bot looks before it acts.
//
// A platform knows nothing of pipelines, checks or stages. It builds a commit
// on an app, releases an artifact on an app, and tells truthfully what is
// there. Heroku and the embedded platform implement it in rooms of their own,
// and platformtest holds one suite that each of them passes.
package platform

import (
	"context"

	"github.com/headstart-cd/headstart/bot"
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

	// StartBuild builds a commit on an app. On a platform where a build makes a
	// release on its own app (Heroku), the build names it. An app builds one
	// commit at a time: a second build beside a pending one is Retryable.
	StartBuild(ctx context.Context, app string, src bot.Source) (bot.Build, error)
	// Builds lists the newest builds of an app, newest first, at least ten if
	// there are as many. None is an empty list.
	Builds(ctx context.Context, app string) ([]bot.Build, error)
	// Build looks at one build.
	Build(ctx context.Context, app, id string) (bot.Build, error)
	// CancelBuild stops a pending build. A build that has ended is left as it
	// is, without an error.
	CancelBuild(ctx context.Context, app, id string) error

	// Releases lists the newest releases of an app, newest first, at least
	// twenty if there are as many. The one that the app runs is marked Current.
	// An app that was never deployed to has an empty list, or only releases
	// without an artifact.
	Releases(ctx context.Context, app string) ([]bot.Release, error)
	// Release looks at one release by the ID that Promote, Build or Releases
	// gave.
	Release(ctx context.Context, app, id string) (bot.Release, error)
	// Promote puts an artifact on an app and returns the release that this
	// makes, usually still pending. An artifact that does not exist, or no more,
	// is Refused and wraps bot.ErrNotFound.
	Promote(ctx context.Context, p Promotion) (bot.Release, error)
	// Rollback takes an app back to one of its own releases, code and config
	// vars, and returns the release that this makes, usually still pending. It is
	// Refused for a release that failed, and wraps bot.ErrNotFound for one that
	// does not exist or whose artifact is gone.
	Rollback(ctx context.Context, app, release string) (bot.Release, error)

	// Inspect looks what should be known of an app before anything is promoted to
	// it. Source is the app that the artifacts come from; empty if the app builds
	// them itself. An app that does not exist, or that may not be released to, is
	// no error but a Problem. Of config vars it tells names, and no values.
	Inspect(ctx context.Context, app, source string) (bot.Inspected, error)

	// MakeCopy begins to copy another app's database and gives the copy to an app,
	// whose next releases use it. A copy of that name that is there already is the
	// answer. It is Refused where the app has a database that is not a copy of
	// ours.
	MakeCopy(ctx context.Context, c Copy) (bot.CopySeen, error)
	// Copy looks at a copy. One that failed is Refused; one that is gone wraps
	// bot.ErrNotFound as well.
	Copy(ctx context.Context, c Copy) (bot.CopySeen, error)
	// RemoveCopy takes the copy of that name away from its app and deletes it, also
	// one that is still being made. One that is not there is no error; nothing else
	// is ever deleted.
	RemoveCopy(ctx context.Context, c Copy) error

	// Maintenance tells whether an app's maintenance mode is on: whoever asks the
	// app then gets a page that says so, and the app is not asked.
	Maintenance(ctx context.Context, app string) (bool, error)
	// SetMaintenance turns maintenance mode on or off. It makes no release, and
	// setting what is set already changes nothing.
	SetMaintenance(ctx context.Context, app string, on bool) error
}

// Promotion asks for one artifact on one app.
type Promotion struct {
	Artifact string // as bot.Build.Artifact or bot.Release.Artifact named it
	Commit   string // full SHA of the commit that the artifact was built from
	// From is the app that the artifact was built or proved on; platforms that
	// copy from app to app need it.
	From        string
	To          string
	Description string // shown in the platform's own list of releases
}

// Copy is a copy of an app's database, for a rehearsal on another app.
type Copy struct {
	// Name tells it from every other copy for the app, such as those of earlier
	// rehearsals. It is made of a pipeline, a stage and a number.
	Name    string
	App     string // that gets the copy
	From    string // whose database is copied; only MakeCopy needs it
	Command string // that makes the copy, on a platform that has no databases of its own
	ID      string // as CopySeen.ID told; empty if nobody knows
}
