package engine

import (
	"context"
	"errors"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// Store keeps what must survive: each pipeline's state with its version, the log
// of events, and the effects that are still to be performed.
type Store interface {
	// Load returns a pipeline's state and its version. A pipeline that was never
	// saved has the zero state and version 0.
	Load(ctx context.Context, key bot.Key) (bot.State, int64, error)
	// Commit saves everything in the Change in one transaction, or nothing. It
	// returns ErrMoved if the pipeline's version is no longer Change.Version.
	Commit(ctx context.Context, c Change) error
	// Pipelines lists the pipelines of a repository; none for one never saved.
	Pipelines(ctx context.Context, repo bot.Repo) ([]bot.Key, error)
	// Using lists the pipelines whose configuration names an app of a platform.
	Using(ctx context.Context, platform, app string) ([]bot.Key, error)
	// Due lists pipelines whose wake time is at or before now, the longest
	// overdue first, at most limit; and the earliest wake time after now, zero
	// if there is none.
	Due(ctx context.Context, now time.Time, limit int) (due []bot.Key, next time.Time, err error)
}

// ErrMoved says that somebody else committed to the pipeline first: load again.
var ErrMoved = errors.New("the pipeline's state has moved")

// Change is what one reconcile commits.
type Change struct {
	Pipeline bot.Key
	Version  int64 // as Load gave it; the new version is Version+1
	State    bot.State
	Events   []bot.Event  // appended to the log, in this order
	Effects  []bot.Effect // handed to whoever performs, after the commit
	Target   bot.Target   // where the effects happen
	Wake     time.Time    // when to look again though nothing happened; zero: never
}

// Performer performs effects of the kinds it was made for.
type Performer interface {
	// Perform looks, acts, and says what it learned. Its errors are bot.Refused,
	// bot.Retryable or bot.Unknown; any other error counts as unknown.
	Perform(ctx context.Context, target bot.Target, effect bot.Effect) (bot.Fact, error)
}

// Delivery is something that a webhook brought, already understood: the facts
// in it, for every pipeline of a repository or for those that use an app.
type Delivery struct {
	ID    string     // the sender's own, for logs
	Repo  bot.Repo   // zero: the facts are about an app
	Facts []bot.Fact // none: nothing in it concerns Headstart
}
