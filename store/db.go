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
	// write runs fn in a transaction and commits it, or rolls back and returns
	// fn's error. After the commit the queues of inserted jobs are woken. fn may
	// be run together with the fn of others in one transaction; each still
	// commits or rolls back on its own. It may be run more than once, and then
	// only the last time counts.
	write(ctx context.Context, fn func(tx) error) error
	// writeLazily is write, except that a power cut just afterwards may undo what
	// was written. It never undoes what was written before it without undoing it,
	// nor keeps what was written after it: see durability.go.
	writeLazily(ctx context.Context, fn func(tx) error) error
	// writers is how many calls of write gain from being made at the same time.
	writers() int
	// each calls row for every row of a query outside of a transaction.
	each(ctx context.Context, query string, args []any, row func(scanner) error) error
	// work makes a River client that works the queues of cfg for an instance.
	work(cfg *river.Config, p *presence) (worker, error)
	// keep makes the instance present until release is called, and absent in
	// between while others may take its jobs over. It makes the jobs of instances
	// that died available again. While the database is out of reach it waits for
	// it, until ctx ends.
	keep(ctx context.Context, p *presence) (release func(), err error)
	// leads reports whether the instance leads; it is nil while none works.
	leads(ctx context.Context, p *presence) (bool, error)
	// runningOf is a query for the jobs that the instance runs as far as the
	// database knows: number and attempt.
	runningOf(instance string) (query string, args []any)
	// noneOf is a condition that a column has none of some values, which are its nth
	// argument: one statement, however many they are.
	noneOf(column string, n int, values []int64) (condition string, argument any)
	// time is how a time is given to River's own columns.
	time(t time.Time) any
	close() error
}

// queue is what a database shares with the River clients that are made on it.
type queue struct {
	wake *waker
	log  riverLog
}

// tx is a transaction that is open. It must not be used after fn returned.
type tx interface {
	exec(query string, args ...any) (rows int64, err error)
	each(query string, args []any, row func(scanner) error) error
	insert(jobs ...river.InsertManyParams) error
	// insertRunning inserts a job of which the instance makes the first attempt already.
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
