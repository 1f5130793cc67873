package store

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
)

// A commit waits until it is on disk, which is most of its cost. Three kinds need not wait: that a delivery was fetched,
// that it was processed, and on SQLite a decision that can be repeated (engine.Change.CanBeRepeated). A power cut, or a
// crash of the PostgreSQL server, may undo the latest of them. Then the delivery is processed, and the effects are
// performed, once more, which is allowed. Killing our process undoes nothing: the commits are with the operating system,
// or with the server.
//
// Received deliveries, all other decisions, and the beginnings of effects always wait. The delivery is acknowledged by
// then. A build or a promotion whose beginning was lost would be repeated blindly.
//
// The order is kept. Both databases write one log from front to back. After a crash they read it up to the first gap.
// If a commit that waits is on disk, so are all commits before it. So a decision never survives the fetch of its
// delivery, nor the end of a delivery its decisions: only a tail of commits that did not wait is ever lost. When SQLite
// copies its log into the file, it first syncs the log to disk, also with synchronous=NORMAL. And whatever was done that
// must not be repeated, its decision waited, and so made everything before it durable.
//
// On PostgreSQL all decisions wait: its server may crash alone. An instance would then remember a version of a pipeline
// that another one makes again, and differently.
const (
	waitForDisk = `PRAGMA synchronous = FULL`
	relyOnOrder = `PRAGMA synchronous = NORMAL`

	beginLazily = `BEGIN; SET LOCAL synchronous_commit = off`
)

func (db *sqliteDB) writeLazily(ctx context.Context, fn func(tx) error) error {
	return db.send(&write{ctx: ctx, fn: fn, lazy: true, done: make(chan error, 1)})
}

// relax sets whether the writer's next transactions are lazy; within a transaction that cannot change. A new connection
// waits for the disk, so a mistake is on the safe side.
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

func (db *sqliteDB) endsWithUs() bool   { return true }
func (db *postgresDB) endsWithUs() bool { return false }
