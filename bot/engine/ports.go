package engine

import (
	"context"
	"errors"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// Store keeps what must survive: each pipeline's state with its version, the log
// of events, and the effects that are still to be performed.
type Store interface {
	// Load returns a pipeline's state and its version. A pipeline that was never
	// saved has the zero state and version 0.
	Load(ctx context.Context, key bot.Key) (pipeline.State, int64, error)
	// Commit saves everything in the Change in one transaction, or nothing. It
	// returns ErrMoved if the pipeline's version is no longer Change.Version, and
	// NotItsTurn if Change.Claims are not what the queues of prepare apps allow, or
	// ErrElsewhere if the pipeline is new and its repository does not have that name. In
	// the same transaction it calls those whose turn it becomes: each is a bot.TakeTurn
	// that is performed.
	Commit(ctx context.Context, c Change) error
	// SeenComments reports which of some comments a pipeline has seen: those of
	// Change.Comments, for bot.CommandAge and bot.CommandSlack.
	SeenComments(ctx context.Context, key bot.Key, comments []int64) (map[int64]bool, error)
	// Together returns ctx with the work of all the contexts, each that of a
	// Performer's work or of nobody's: a Commit with it ends them all, or none.
	Together(ctx context.Context, all []context.Context) context.Context
	// Pipelines lists the pipelines of a repository; none for one never saved.
	Pipelines(ctx context.Context, repo bot.Repo) ([]bot.Key, error)
	// Using lists the pipelines whose configuration names an app of a platform.
	Using(ctx context.Context, platform, app string) ([]bot.Key, error)
	// Needing lists the pipelines whose configuration needs a stage of another one,
	// whatever its capitals.
	Needing(ctx context.Context, stage bot.Need) ([]bot.Key, error)
	// BuildQueues reads the queues of apps of a platform; those in which nobody ever
	// stood are empty.
	BuildQueues(ctx context.Context, platform string, apps []string) (map[string]bot.BuildQueue, error)
	// Due lists pipelines whose wake time is at or before now, the longest
	// overdue first, at most limit; and the earliest wake time after now, zero
	// if there is none.
	Due(ctx context.Context, now time.Time, limit int) (due []bot.Key, next time.Time, err error)
}

// ErrMoved says that somebody else committed to the pipeline first: load again.
var ErrMoved = errors.New("the pipeline's state has moved")

// ErrElsewhere says that a repository does not have this name any more, as far as its
// pipelines are concerned: find out which one it has.
var ErrElsewhere = errors.New("the repository is known by another name")

// Change is what one reconcile commits.
type Change struct {
	Pipeline bot.Key
	Version  int64 // as Load gave it; the new version is Version+1
	State    pipeline.State
	Folded   bool             // State is what bot.Apply makes of Events, on the state of Version: they are enough to save
	Events   []bot.Event      // appended to the log, in this order
	Comments []int64          // comments that Events tell of
	Effects  []bot.Effect     // handed to whoever performs, after the commit
	Target   bot.Target       // where the effects happen
	Claims   []bot.QueueClaim // where it stands in the queues of prepare apps; in no others
	At       time.Time        // when that was decided
	Wake     time.Time        // when to look again though nothing happened; zero: never
	Sweep    time.Time        // when to look for what webhooks have not told; zero: never
}

// Sweeps is what a sweeper asks of the store.
type Sweeps interface {
	// Leads reports whether this instance is the one that sweeps: of several on
	// one database it is one, but for moments when that one dies.
	Leads(ctx context.Context) (bool, error)
	// SweepsDue lists pipelines whose Change.Sweep is at or before now, the
	// longest overdue first, at most limit, without those that installations in
	// except speak for.
	SweepsDue(ctx context.Context, now time.Time, except []int64, limit int) ([]bot.Key, error)
	// Processed reports which of the sender's deliveries were processed, or wait
	// to be: those need not be asked for again.
	Processed(ctx context.Context, guids []string) (map[string]bool, error)
}

// Freezes is where the operator says that nothing is to be promoted.
type Freezes interface {
	// Freeze returns the operator's newest word; zero if there never was one.
	Freeze(ctx context.Context) (bot.OperatorFreeze, error)
	// All lists every pipeline.
	All(ctx context.Context) ([]bot.Key, error)
	// Passed returns when the newest word was said that has reached every pipeline; zero:
	// none has. SetPassed notes that one has.
	Passed(ctx context.Context) (time.Time, error)
	SetPassed(ctx context.Context, said time.Time) error
}

// Hooks asks the sender of webhooks for those that did not arrive.
type Hooks interface {
	// FailedDeliveries lists the deliveries since a time of which no attempt was
	// answered well, oldest first: the newest attempt of each.
	FailedDeliveries(ctx context.Context, since time.Time) ([]bot.FailedDelivery, error)
	// Redeliver has the sender deliver it once more.
	Redeliver(ctx context.Context, id int64) error
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
	ID     string     // the sender's own, for logs
	Repo   bot.Repo   // zero: the facts are about an app
	RepoID int64      // GitHub's number of the repository; 0: the sender did not tell
	Sender Person     // whose doing it was; zero: not told
	Facts  []bot.Fact // none: nothing in it affects Headstart
}

// Identities keeps which repository is meant by a name. A repository is known by its
// number, which it keeps when it is renamed or transferred, and which no other one gets.
type Identities interface {
	// Named lists the pipelines under a name, and the number of the repository that they
	// are of; 0 if nobody has told, or there are none.
	Named(ctx context.Context, repo bot.Repo) (keys []bot.Key, id int64, err error)
	// KnownName returns what is known of a name and of a repository.
	KnownName(ctx context.Context, repo bot.Repo, id int64) (KnownName, error)
	// Settle notes that a repository that is not known begins under a name. It returns
	// ErrElsewhere if it is known meanwhile, or the name is not for it. With by, somebody
	// has said that the name is for it, whoever had it.
	Settle(ctx context.Context, repo bot.Repo, id int64, by string) error
	// Move gives everything of a repository another name, or none, in one transaction.
	// It returns ErrElsewhere like Settle, and if the repository was moved meanwhile.
	Move(ctx context.Context, from, to bot.Repo, id int64, by string) error
	// Refuse notes that a repository came under a name that is not for it.
	Refuse(ctx context.Context, r Refusal) error
	// Refusals lists those that stand. Accept forgets one.
	Refusals(ctx context.Context) ([]Refusal, error)
	Accept(ctx context.Context, repo bot.Repo, id int64) error
	// Unnumbered lists the names of the repositories that an installation speaks for
	// whose number nobody has told: they were kept by a version that knew names alone.
	Unnumbered(ctx context.Context, installation int64) ([]bot.Repo, error)
}

// KnownName is what is known of a name and of a repository.
type KnownName struct {
	Trusted    int64    // the repository that the name is for; 0: nobody's yet
	Holder     int64    // the repository whose pipelines are under the name now; 0: none
	HolderName bot.Repo // the name as the holder spells it
	Unnumbered bool     // there are pipelines under the name whose number nobody has told
	At         bot.Repo // where the pipelines of the repository are; zero: it has none
}

// Person is somebody's account on GitHub. The number is never another's.
type Person struct {
	ID    int64
	Login string
}

// Refusal is a repository that came under a name that is not for it.
type Refusal struct {
	Repo        bot.Repo
	ID          int64
	Known       int64 // the repository that the name is for; 0: not known
	Confirmed   bool  // the operator has said since that the name is for it
	First, Last time.Time
	Facts       []bot.Fact // what there is to do once the operator has confirmed it
}

// Directory finds repositories on GitHub.
type Directory interface {
	// Whereabouts asks GitHub which name a repository has now, as an installation of the
	// App sees it; zero if that does not see it. GitHub may not list names: then those
	// given are tried.
	Whereabouts(ctx context.Context, installation, id int64, names ...bot.Repo) (bot.Repo, error)
	// Leads reports whether a name, perhaps one of before, leads to a repository.
	Leads(ctx context.Context, installation, id int64, name bot.Repo) (bool, error)
}
