// Package store keeps what must survive a crash: the inbox of webhook
// deliveries, each pipeline's state with its version, the log of events, and
// the effects that are still to be performed. It lives in one SQLite file, or
// in a PostgreSQL database that any number of instances share.
//
// Two promises are made here. A delivery that was acknowledged is processed, or
// kept as failed with its reason. And a pipeline's state, its events and the
// effects that follow from them are saved together or not at all.
//
//	Receive ──▶ deliveries + job ──▶ Handlers.Deliver ──▶ Commit ──▶ state + events + jobs
//	                                        ▲                                │
//	                                        └────── Handlers.Perform ◀───────┘
//
// River is the queue between the steps. A job of ours is gone from the queue in
// the very transaction that records its outcome, so it is not repeated; a job
// whose process died is started again, and its handler is told so.
//
// # Stored forms
//
// What is stored outlives the program that wrote it, so its form has a number: that of
// the newest file in migrations/, which the table headstart_forms keeps. The form is the
// tables and columns, and everything within them: the JSON of states, events, effects
// and places in queues, the names of the types of facts and actions, and the keys of
// effects. [Open] brings an older form up to date, and refuses one that it cannot read,
// or that is newer, before it changes anything.
//
// A new field of a stored struct is no new form, as long as its zero value means what
// its absence has meant. Whatever else changes (a field's or a type's name, its meaning,
// a column) takes a new migration, which is the next number, and rewrites what is
// stored. What SQL cannot rewrite, the migration marks in a column that tells the form
// of each row, and what reads the row decodes both. Only the bodies of deliveries are
// numbered apart, in their first line: see package webhooks.
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
	// thinking holds an element per outcome of an effect that is en- or decoded.
	thinking chan struct{}
	// presence is nil while Run does not run.
	presence atomic.Pointer[presence]
	direct   atomic.Pointer[direct] // likewise

	// closing ends the goroutines that work for the store as a whole.
	closing context.CancelFunc
	working sync.WaitGroup
}

// Options of Open. The zero value is good for production.
type Options struct {
	Logger *zap.Logger      // nil: nothing is logged
	Clock  func() time.Time // nil: time.Now; times that are stored come from it
	// Retries says how long to wait before each further attempt at a delivery
	// that failed; after the last one it stays failed. Nil: DefaultRetries.
	Retries []time.Duration
	// Drain is how long Run waits for what is under way when it is told to end,
	// before it cancels the handlers' contexts. Zero: seven seconds.
	Drain time.Duration
}

// DefaultRetries lets a delivery survive a quarter of an hour of trouble.
var DefaultRetries = []time.Duration{time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute}

// Open opens the database that url names, and brings its tables up to date:
//
//	sqlite:PATH      a file, created if it is missing; one process at a time
//	sqlite::memory:  nothing survives Close
//	postgres://…     as libpq understands it
//
// No error of it tells the password.
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

// Close waits for what is being written and closes the database. Whoever still
// calls Receive gets an error; Run must have returned before.
func (s *Store) Close() error {
	s.closing()
	s.working.Wait()
	if err := s.db.close(); err != nil {
		return fmt.Errorf("close the database: %w", err)
	}
	return nil
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	return s.db.each(ctx, `SELECT 1`, nil, func(scan scanner) error { return scan(new(int64)) })
}

// Changed returns a channel that is closed when something is written next: a
// delivery, a state, the outcome of a job. Take the channel first and look at
// the store afterwards, so that no change is missed. Other instances' writes
// are not seen.
func (s *Store) Changed() <-chan struct{} { return s.changed.next() }

// answerWithin bounds how long the database may take for one answer: a
// connection that is cut off without a word would keep us waiting for minutes.
// Senders of webhooks wait for ten seconds.
const answerWithin = 8 * time.Second

// write runs fn in one transaction and tells those who wait for a change.
func (s *Store) write(ctx context.Context, fn func(tx) error) error {
	return s.announce(ctx, s.db.write, fn)
}

// writeLazily is write for what a power cut may undo.
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

// changes tells any number of waiters that something changed.
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

// Times are stored as microseconds since 1970, and the zero time as 0: both
// databases keep and compare those alike.

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// microsUp rounds up: what is due is never early.
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

// plain makes text that both databases take: PostgreSQL refuses NUL and what is
// not UTF-8.
func plain(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
