package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// Store keeps what must survive: each pipeline's state with its version, the log of events, and the effects that are
// still to be performed.
type Store interface {
	// Load returns a pipeline's state and its version. A pipeline that was never saved has the zero state and version
	// 0.
	Load(ctx context.Context, key bot.Key) (pipeline.State, int64, error)
	// Commit saves everything in the Change in one transaction, or nothing. In the same transaction it notifies the
	// pipelines whose turn it becomes: each gets a bot.TakeTurn to be performed.
	//
	// Errors: ErrMoved if the pipeline's version is no longer Change.Version. NotItsTurn if the queues of prepare apps
	// do not allow Change.Claims. ErrElsewhere if the pipeline is new and its repository does not have that name.
	Commit(ctx context.Context, c Change) error
	// SeenComments reports which of the given comments a pipeline has seen in Change.Comments. They are remembered for
	// bot.CommandAge + bot.CommandSlack.
	SeenComments(ctx context.Context, key bot.Key, comments []int64) (map[int64]bool, error)
	// Together returns ctx with the work of all given contexts. Each has the work of one Performer, or none. A Commit
	// with the result ends all of the work, or none.
	Together(ctx context.Context, all []context.Context) context.Context
	// Pipelines lists the pipelines of a repository; none for one never saved.
	Pipelines(ctx context.Context, repo bot.Repo) ([]bot.Key, error)
	// Using lists the pipelines whose configuration names an app of a platform.
	Using(ctx context.Context, platform, app string) ([]bot.Key, error)
	// Needing lists the pipelines whose configuration needs a stage of another pipeline. Case does not matter.
	Needing(ctx context.Context, stage bot.Need) ([]bot.Key, error)
	// BuildQueues reads the queues of a platform's apps. A queue that was never used is empty.
	BuildQueues(ctx context.Context, platform string, apps []string) (map[string]bot.BuildQueue, error)
	// Due lists at most limit pipelines whose wake time is at or before now, longest overdue first. next is the
	// earliest wake time after now; zero: there is none.
	Due(ctx context.Context, now time.Time, limit int) (due []bot.Key, next time.Time, err error)
}

// ErrMoved means that another commit to the pipeline was faster: load again.
var ErrMoved = errors.New("the pipeline's state has moved")

// ErrElsewhere means that a repository's pipelines no longer have this name: find out the current one.
var ErrElsewhere = errors.New("the repository is known by another name")

// Change is what one reconcile commits.
type Change struct {
	Pipeline bot.Key
	Version  int64 // as Load gave it; the new version is Version+1
	State    pipeline.State
	Folded   bool             // State is what bot.Apply makes of Events, on the state of Version: they are enough to save
	Events   []bot.Event      // appended to the log, in this order
	Comments []int64          // the comments in Events
	Effects  []bot.Effect     // to be performed after the commit
	Target   bot.Target       // where the effects happen
	Claims   []bot.QueueClaim // the pipeline's places in the queues of prepare apps; it has no others
	At       time.Time        // when it was decided
	Wake     time.Time        // when to decide again even if nothing happens; zero: never
	Sweep    time.Time        // when to look for lost webhooks; zero: never
	History  []history.Entry  // the rows of history that this makes or replaces; nil: none
	Cause    []string         // the deliveries that led to it, which Perform's context is to have for its effects; nil: none
}

// CanBeRepeated reports whether nothing is lost if the change is undone, with all that followed, and made again: each
// effect whose outcome it holds, and each that it decides on, may be performed once more. A change that cannot be
// repeated must be durable before its effects begin.
func (c Change) CanBeRepeated() bool {
	if c.Version == 0 || len(c.Comments) > 0 {
		return false
	}
	for _, e := range c.Events {
		switch fact := e.Fact.(type) {
		case bot.Finished:
			if !fact.Effect.Repeatable() {
				return false
			}
		case bot.AttemptBegun:
			return false
		}
	}
	return !slices.ContainsFunc(c.Effects, func(e bot.Effect) bool { return !e.Repeatable() })
}

// Sweeps is what a sweeper needs of the store.
type Sweeps interface {
	// Leads reports whether this instance sweeps. Of several on one database one does, except for moments when that one
	// dies.
	Leads(ctx context.Context) (bool, error)
	// SweepsDue lists at most limit pipelines whose Change.Sweep is at or before now, longest overdue first. It leaves
	// out the pipelines of the installations in except.
	SweepsDue(ctx context.Context, now time.Time, except []int64, limit int) ([]bot.Key, error)
	// Processed reports which of the sender's deliveries were processed or are pending: those need not be redelivered.
	Processed(ctx context.Context, guids []string) (map[string]bool, error)
}

// Freezes is where the operator freezes promotions.
type Freezes interface {
	// Freeze returns the operator's newest freeze; zero if there never was one.
	Freeze(ctx context.Context) (bot.OperatorFreeze, error)
	// All lists every pipeline.
	All(ctx context.Context) ([]bot.Key, error)
	// Passed returns the time of the newest freeze that has reached every pipeline; zero: none has. SetPassed stores
	// that time.
	Passed(ctx context.Context) (time.Time, error)
	SetPassed(ctx context.Context, said time.Time) error
}

// Hooks asks the sender of webhooks to redeliver lost ones.
type Hooks interface {
	// FailedDeliveries lists the deliveries since a time that have no successful attempt, oldest first. Each is given
	// by its newest attempt.
	FailedDeliveries(ctx context.Context, since time.Time) ([]bot.FailedDelivery, error)
	// Redeliver asks the sender to deliver it once more.
	Redeliver(ctx context.Context, id int64) error
}

// Performer performs effects of its kinds.
type Performer interface {
	// Perform looks, acts, and returns what it learned. Errors: bot.Refused, bot.Retryable or bot.Unknown; any other
	// error counts as unknown.
	Perform(ctx context.Context, target bot.Target, effect bot.Effect) (bot.Fact, error)
}

// Delivery is a decoded webhook: its facts, for every pipeline of a repository or for those that use an app.
type Delivery struct {
	ID     string     // the sender's own, for logs
	Repo   bot.Repo   // zero: the facts are about an app
	RepoID int64      // GitHub's number of the repository; 0: unknown
	Sender Person     // the person who caused it; zero: unknown
	Facts  []bot.Fact // none: nothing in it affects Headstart
}

// WithID returns the delivery under the id that its sender gave it. A push in it carries the id, too, to be followed.
func (d Delivery) WithID(id string) Delivery {
	d.ID, d.Facts = id, slices.Clone(d.Facts)
	for i, f := range d.Facts {
		if p, ok := f.(bot.Pushed); ok {
			p.Delivery = id
			d.Facts[i] = p
		}
	}
	return d
}

// Identities knows which repository a name stands for. A repository is known by its number: it survives renames and
// transfers, and no other repository gets it.
type Identities interface {
	// Named lists the pipelines under a name, and their repository's number; 0: unknown, or there are no pipelines.
	Named(ctx context.Context, repo bot.Repo) (keys []bot.Key, id int64, err error)
	// KnownName returns what is known of a name and of a repository.
	KnownName(ctx context.Context, repo bot.Repo, id int64) (KnownName, error)
	// Settle stores that an unknown repository begins under a name. It returns ErrElsewhere if the repository is known
	// meanwhile, or the name is not for it. With by, a person has confirmed the name for it, whichever repository had
	// it.
	Settle(ctx context.Context, repo bot.Repo, id int64, by string) error
	// Move gives everything of a repository another name, or none, in one transaction. It returns ErrElsewhere like
	// Settle, and if the repository was moved meanwhile.
	Move(ctx context.Context, from, to bot.Repo, id int64, by string) error
	// Refuse stores that a repository came under a name that is not for it.
	Refuse(ctx context.Context, r Refusal) error
	// Refusals lists the open refusals, or of them those that a person has confirmed. Accept removes one.
	Refusals(ctx context.Context, confirmed bool) ([]Refusal, error)
	Accept(ctx context.Context, repo bot.Repo, id int64) error
	// Unnumbered lists the names of an installation's repositories whose number is unknown. They were stored by a
	// version that knew names alone.
	Unnumbered(ctx context.Context, installation int64) ([]bot.Repo, error)
}

// KnownName is what is known of a name and of a repository.
type KnownName struct {
	Trusted    int64    // the repository that the name is for; 0: none yet
	Holder     int64    // the repository whose pipelines are under the name now; 0: none
	HolderName bot.Repo // the name as the holder spells it
	Unnumbered bool     // there are pipelines under the name without a known number
	At         bot.Repo // where the pipelines of the repository are; zero: it has none
}

// Person is an account on GitHub. Its number is never reused.
type Person struct {
	ID    int64
	Login string
}

// Refusal is a repository that came under a name that is not for it.
type Refusal struct {
	Repo        bot.Repo
	ID          int64
	Known       int64 // the repository that the name is for; 0: not known
	Confirmed   bool  // the operator has confirmed the name since
	First, Last time.Time
	Facts       []bot.Fact // what to handle once the operator has confirmed it
}

// Directory finds repositories on GitHub.
type Directory interface {
	// Whereabouts asks GitHub for a repository's current name, as an installation of the App sees it; zero: the
	// installation does not see it. If GitHub does not list names, the given ones are tried.
	Whereabouts(ctx context.Context, installation, id int64, names ...bot.Repo) (bot.Repo, error)
	// Leads reports whether a name, current or former, leads to a repository.
	Leads(ctx context.Context, installation, id int64, name bot.Repo) (bool, error)
}
