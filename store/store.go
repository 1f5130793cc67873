// Package store keeps what must survive a crash: the inbox of webhook deliveries, each pipeline's state with its
// version, the log of events, and pending effects. It uses one SQLite file, or a PostgreSQL database that any number of
// instances share.
//
// It makes two promises. An acknowledged delivery is processed, or kept as failed with its reason. A pipeline's state,
// its events and the effects that follow from them are saved together or not at all.
//
//	Receive ──▶ deliveries + job ──▶ Handlers.Deliver ──▶ Commit ──▶ state + events + jobs
//	                                        ▲                                │
//	                                        └────── Handlers.Perform ◀───────┘
//
// River is the queue between the steps. A job is removed from the queue in the transaction that records its outcome, so
// it is not repeated. A job whose process died is started again, and its handler gets again = true.
//
// # Stored forms
//
// Stored data outlives the program that wrote it. So its form has a number: that of the newest file in migrations/,
// kept in the table headstart_forms. The form is the tables and columns, and everything within them: the JSON of
// states, events, effects and places in queues, the names of the types of facts and actions, and the keys of effects.
// [Open] upgrades an older form. It refuses a form that it cannot read, or a newer one, before it changes anything.
//
// A new field of a stored struct needs no new form if its zero value means the same as its absence did. Any other
// change (a field's or a type's name, its meaning, a column) needs a new migration. It has the next number, and
// rewrites the stored data. Data that SQL cannot rewrite gets a column with the form of each row; the reader decodes
// both forms. Only the bodies of deliveries have their own number, in their first line: see package webhooks.
package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// Store is open until Close. Its methods may be called from any goroutine.
type Store struct {
	db      database
	log     *zap.Logger
	now     func() time.Time
	retries []time.Duration
	drain   time.Duration
	inbox   *inbox
	changed changes
	saved   savedPipelines
	counter counter
	wake    *waker
	// thinking holds an element per outcome of an effect that is being encoded or decoded.
	thinking chan struct{}
	// presence is nil while Run does not run.
	presence atomic.Pointer[presence]
	direct   atomic.Pointer[direct] // nil while Run does not run

	// closing ends the goroutines that work for the whole store.
	closing context.CancelFunc
	working sync.WaitGroup
}

// Options are the options of Open. The zero value is good for production.
type Options struct {
	Logger *zap.Logger      // nil: nothing is logged
	Clock  func() time.Time // nil: time.Now; stored times come from it
	// Retries are the pauses before each further attempt at a failed delivery; after the last one it has failed for
	// good. Nil: DefaultRetries.
	Retries []time.Duration
	// Drain is how long Run, when ctx ends, waits for running handlers before it cancels their contexts. Zero: seven
	// seconds.
	Drain time.Duration
}

// DefaultRetries lets a delivery survive a quarter of an hour of trouble.
var DefaultRetries = []time.Duration{time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute}

// Open opens the database at url, and upgrades its tables:
//
//	sqlite:PATH      a file, created if it is missing; one process at a time
//	sqlite::memory:  nothing survives Close
//	postgres://…     as libpq understands it
//
// Its errors do not contain the password.
func Open(ctx context.Context, url string, opts Options) (*Store, error) {
	if opts.Logger == nil {
		opts.Logger = zap.NewNop()
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.Retries == nil {
		opts.Retries = DefaultRetries
	}
	if opts.Drain == 0 {
		opts.Drain = 7 * time.Second
	}
	s := &Store{log: opts.Logger, now: opts.Clock, retries: opts.Retries, drain: opts.Drain, thinking: make(chan struct{}, runtime.GOMAXPROCS(0)), wake: newWaker()}
	db, err := openDatabase(ctx, url, queue{s.wake, slogTo(opts.Logger)})
	if err != nil {
		return nil, err
	}
	s.db = db
	working, cancel := context.WithCancel(context.Background())
	s.closing = cancel
	s.inbox = newInbox(s, working.Done())
	s.working.Go(func() { s.keepCounts(working) })
	for range db.writers() {
		s.working.Go(func() { s.inbox.commitGroups(working) })
	}
	return s, nil
}

func openDatabase(ctx context.Context, url string, q queue) (database, error) {
	switch scheme, rest, _ := strings.Cut(url, ":"); scheme {
	case "sqlite":
		return openSQLite(ctx, rest, q)
	case "postgres", "postgresql":
		return openPostgres(ctx, url, q)
	}
	return nil, errNoDatabase
}

var errNoDatabase = errors.New("DATABASE_URL names no database: expected sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME")

// Close waits for current writes and closes the database. Later calls of Receive return an error. Run must have
// returned before.
func (s *Store) Close() error {
	s.closing()
	s.working.Wait()
	if err := s.db.close(); err != nil {
		return fmt.Errorf("close the database: %w", err)
	}
	return nil
}

// ErrGone means that the file of a SQLite database was removed, moved or replaced while it was open.
var ErrGone = errors.New("the database's file is gone")

// Ping reports whether the database answers, and is still the one that the next process would open: see ErrGone.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.db.gone(); err != nil {
		return err
	}
	return s.db.each(ctx, `SELECT 1`, nil, func(scan scanner) error { return scan(new(int64)) })
}

// Changed returns a channel that is closed at the next write: a delivery, a state, the outcome of a job. To miss no
// change, take the channel first and then look at the store. Other instances' writes are not seen.
func (s *Store) Changed() <-chan struct{} { return s.changed.next() }

// answerWithin bounds how long the database may take for one answer: a silently cut connection would block for minutes.
// Senders of webhooks wait for ten seconds.
const answerWithin = 8 * time.Second

// write runs fn in one transaction and notifies those that wait for a change.
func (s *Store) write(ctx context.Context, fn func(tx) error) error {
	return s.announce(ctx, s.db.write, fn)
}

// writeLazily is write for data that a power cut may undo.
func (s *Store) writeLazily(ctx context.Context, fn func(tx) error) error {
	return s.announce(ctx, s.db.writeLazily, fn)
}

func (s *Store) announce(ctx context.Context, write func(context.Context, func(tx) error) error, fn func(tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	err := write(ctx, fn)
	if err == nil {
		s.changed.broadcast()
	}
	return err
}

// changes notifies any number of waiters of a change.
type changes struct {
	mu sync.Mutex
	ch chan struct{} // guarded by mu; nil: nobody waits
}

func (c *changes) next() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ch == nil {
		c.ch = make(chan struct{})
	}
	return c.ch
}

func (c *changes) broadcast() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ch != nil {
		close(c.ch)
		c.ch = nil
	}
}

// Times are stored as microseconds since 1970, and the zero time as 0: both databases keep and compare these alike.

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// microsUp rounds up, so that nothing is due too early.
func microsUp(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return micros(t.Add(time.Microsecond - 1))
}

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// plain returns text that both databases accept: PostgreSQL refuses NUL and invalid UTF-8.
func plain(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
