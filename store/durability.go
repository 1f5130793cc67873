package store

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
)

// A commit waits until it is on disk, which is most of what it costs. Some need
// not: that a delivery was fetched, and that it was processed. A power cut, or a
// crash of the PostgreSQL server, may undo those that were committed just before:
// the delivery is processed once more then, which is allowed. A killed process of
// ours undoes nothing, because the commits are with the operating system, or with
// the server.
//
// What is received, what is decided, and that an effect was begun always waits:
// a delivery was acknowledged by then, and an effect that was begun, but is not
// known to have been, would be repeated blindly.
//
// The order stays. Both databases write one log from front to back, and read it
// after a crash up to the first gap: a commit that waits for the disk has all that
// were committed before it on disk as well, whether they waited or not. So a
// decision never survives the fetch of its delivery, nor does the end of a
// delivery survive the decisions that it led to; only a tail without anything that
// was waited for is ever lost. When SQLite copies its log into the file, it brings
// the log to disk first, also with synchronous=NORMAL.
const (
	waitForDisk = `PRAGMA synchronous = FULL`
	relyOnOrder = `PRAGMA synchronous = NORMAL`

	beginLazily = `BEGIN; SET LOCAL synchronous_commit = off`
)

func (db *sqliteDB) writeLazily(ctx context.Context, fn func(tx) error) error {
	return db.send(&write{ctx: ctx, fn: fn, lazy: true, done: make(chan error, 1)})
}

// relax says whether the next transactions of the writer are lazy: within one it
// cannot be changed. A new connection waits for the disk, so that a mistake about
// it would be on the safe side.
func (db *sqliteDB) relax(ctx context.Context, lazy bool) error {
	if lazy == db.relaxed {
		return nil
	}
	pragma := waitForDisk
	if lazy {
		pragma = relyOnOrder
	}
	if _, err := db.writer.ExecContext(ctx, pragma); err != nil {
		return err
	}
	db.relaxed = lazy
	return nil
}

func (db *postgresDB) writeLazily(ctx context.Context, fn func(tx) error) error {
	return db.transact(ctx, pgx.TxOptions{BeginQuery: beginLazily}, func(t *postgresTx) error { return fn(t) })
}

// fetch has River's executor fetch jobs, lazily if they are deliveries.
func (db *postgresDB) fetch(ctx context.Context, river riverdriver.Executor, p *riverdriver.JobGetAvailableParams) (jobs []*rivertype.JobRow, err error) {
	if p.Queue != queueDeliveries {
		return river.JobGetAvailable(ctx, p)
	}
	err = db.transact(ctx, pgx.TxOptions{BeginQuery: beginLazily}, func(t *postgresTx) (err error) {
		jobs, err = db.driver(nil).UnwrapExecutor(t.tx).JobGetAvailable(ctx, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	return jobs, nil
}
