package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/riverqueue/river"
)

// database is what differs between SQLite and PostgreSQL. The statements are
// the same for both.
type database interface {
	// write runs fn in a transaction and commits it, or rolls back and returns fn's error. After the commit it wakes
	// the queues of inserted jobs. fn may share a transaction with the fn of others; each still commits or rolls back
	// alone. fn may be run more than once; then only the last run counts.
	write(ctx context.Context, fn func(tx) error) error
	// writeLazily is write, but a power cut just afterwards may undo it. If a write is undone, so are all later ones: see
	// durability.go.
	writeLazily(ctx context.Context, fn func(tx) error) error
	// endsWithUs reports whether whatever crash undoes a lazy write also ends this process.
	endsWithUs() bool
	// writers is how many concurrent calls of write are useful.
	writers() int
	// each calls row for every row of a query outside of a transaction.
	each(ctx context.Context, query string, args []any, row func(scanner) error) error
	// work makes a River client that works the queues of cfg for an instance.
	work(cfg *river.Config, p *presence) (worker, error)
	// keep makes the instance present until release is called, and absent while others may take over its jobs. It makes
	// the jobs of dead instances available again. While the database is unreachable it waits, until ctx ends.
	keep(ctx context.Context, p *presence) (release func(), err error)
	// leads reports whether the instance leads. p is nil while Run does not run.
	leads(ctx context.Context, p *presence) (bool, error)
	// runningOf is a query for the jobs that the instance runs, as far as the database knows: number and attempt.
	runningOf(instance string) (query string, args []any)
	// gone returns why the database that is open is not the one that the next process would find; nil: it is.
	gone() error
	// noneOf is a condition that a column has none of some values, which are its nth argument. The statement is the
	// same for any number of values.
	noneOf(column string, n int, values []int64) (condition string, argument any)
	// time is how a time is passed to River's own columns.
	time(t time.Time) any
	// secondsSince is how many seconds ago a time of River's own columns is, as a number with fractions.
	secondsSince(column string) string
	close() error
}

// queue is what a database shares with its River clients.
type queue struct {
	wake *waker
	log  riverLog
}

// tx is an open transaction. It must not be used after fn returned.
type tx interface {
	exec(query string, args ...any) (rows int64, err error)
	each(query string, args []any, row func(scanner) error) error
	insert(jobs ...river.InsertManyParams) error
	// insertRunning inserts a job with its first attempt already made by the instance.
	insertRunning(instance string, job river.InsertManyParams) (id int64, err error)
}

// scanner reads the columns of the current row.
type scanner func(dest ...any) error

// worker is the part of a River client that Run needs.
type worker interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
}

// values writes n rows of c placeholders for a VALUES clause: ($1,$2),($3,$4).
func values(n, c int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('(')
		for j := range c {
			if j > 0 {
				b.WriteByte(',')
			}
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(i*c + j + 1))
		}
		b.WriteByte(')')
	}
	return b.String()
}

// queuesOf lists the queues that jobs were put into, once each.
func queuesOf(queues []string, jobs []river.InsertManyParams) []string {
next:
	for _, j := range jobs {
		for _, q := range queues {
			if q == j.InsertOpts.Queue {
				continue next
			}
		}
		queues = append(queues, j.InsertOpts.Queue)
	}
	return queues
}
