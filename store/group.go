package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/riverqueue/river"
)

// A commit in SQLite waits for the disk, and there is one writer. So the writes that came during the last commit share
// the next one, and its cost. Nearly always all of them succeed. If one fails, the transaction is rolled back. All are
// run once more, each between its own savepoints, which cost as much as some of the writes.

// groupSize bounds how many writes share a transaction, and so how long the first waits for the last.
const groupSize = 64

const (
	savepoint         = `SAVEPOINT one`
	releaseSavepoint  = `RELEASE one`
	rollbackSavepoint = `ROLLBACK TO one`
)

var errClosed = errors.New("the database is closed")

func (db *sqliteDB) write(ctx context.Context, fn func(tx) error) error {
	return db.send(&write{ctx: ctx, fn: fn, done: make(chan error, 1)})
}

func (db *sqliteDB) send(w *write) error {
	ctx := w.ctx
	select {
	case db.writes <- w:
	case <-ctx.Done():
		return ctx.Err()
	case <-db.stop:
		return errClosed
	}
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		if w.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		return <-w.done // it is being written: only the result shows how it ended
	}
}

// writeGroups is our only goroutine that writes to the file.
func (db *sqliteDB) writeGroups() {
	for {
		select {
		case <-db.stop:
			return
		case w := <-db.writes:
			for w != nil {
				w = db.writeGroup(w)
			}
		}
	}
}

// writeGroup runs the write and those that wait behind it. It returns the write that must begin the next group, if any:
// a lazy group ends at a write that is not lazy.
func (db *sqliteDB) writeGroup(w *write) (next *write) {
	// A caller may stop waiting for its write; that must not interrupt the others' transaction.
	g := &group{db: db, ctx: context.WithoutCancel(w.ctx), lazy: w.lazy}
	if err := g.begin(); err != nil {
		if w.taken.CompareAndSwap(false, true) {
			w.done <- err
		}
		return nil
	}
	for n := 1; ; n++ {
		if w.taken.CompareAndSwap(false, true) {
			if broken := g.run(w); broken != nil {
				g.end(errors.Join(broken, g.tx.Rollback()))
				return nil
			}
		}
		if n == groupSize {
			break
		}
		select {
		case w = <-db.writes:
			if !g.lazy || w.lazy {
				continue
			}
			next = w
		default:
		}
		break
	}
	err := g.tx.Commit()
	if err != nil {
		err = errors.Join(err, g.tx.Rollback())
	}
	g.end(err)
	return next
}

// group is a transaction that writes share.
type group struct {
	db      *sqliteDB
	ctx     context.Context
	lazy    bool
	tx      *sql.Tx
	apart   bool // each write is between savepoints, because one of them failed
	written []*write
	queues  []string // into which jobs were put
}

func (g *group) begin() error {
	tx, err := g.db.begin(g.ctx, g.lazy)
	if err == nil {
		g.tx = tx
	}
	return err
}

// run runs a write, and answers it if it fails. An error means that the whole transaction cannot go on.
func (g *group) run(w *write) (broken error) {
	t := &sqliteTx{ctx: context.WithoutCancel(w.ctx), tx: g.tx, db: g.db}
	var err error
	if g.apart {
		err, broken = t.one(w.fn)
	} else if err = w.fn(t); err != nil {
		return g.runApart(append(g.written, w))
	}
	if err != nil {
		w.done <- err
		return broken
	}
	g.written = append(g.written, w)
	g.queues = append(g.queues, t.queues...)
	return nil
}

// runApart runs the writes again, each between savepoints.
func (g *group) runApart(list []*write) (broken error) {
	g.apart, g.written, g.queues = true, nil, nil
	broken = g.tx.Rollback()
	if broken == nil {
		broken = g.begin()
	}
	for _, w := range list {
		if broken != nil {
			w.done <- broken
			continue
		}
		broken = g.run(w)
	}
	return broken
}

// end answers the writes that succeeded.
func (g *group) end(err error) {
	for _, w := range g.written {
		w.done <- err
	}
	if err == nil && len(g.queues) > 0 {
		g.db.wake.wake(g.queues)
	}
}

func (db *sqliteDB) begin(ctx context.Context, lazy bool) (*sql.Tx, error) {
	if err := db.relax(ctx, lazy); err != nil {
		return nil, err
	}
	return db.writer.BeginTx(ctx, nil)
}

// sqliteTx is the part of a shared transaction that belongs to one write.
type sqliteTx struct {
	ctx    context.Context
	tx     *sql.Tx
	db     *sqliteDB
	queues []string // into which jobs were put
}

// one runs fn between savepoints. It returns fn's error; then the transaction is unchanged. broken is the error after
// which the whole transaction cannot go on.
func (t *sqliteTx) one(fn func(tx) error) (err, broken error) {
	if _, err := t.exec(savepoint); err != nil {
		return err, err
	}
	if err := fn(t); err != nil {
		if _, broken := t.exec(rollbackSavepoint); broken != nil {
			return err, broken
		}
		_, broken := t.exec(releaseSavepoint)
		return err, broken
	}
	_, err = t.exec(releaseSavepoint)
	return err, err
}

func (t *sqliteTx) exec(query string, args ...any) (int64, error) {
	var (
		res sql.Result
		err error
	)
	if stmt := t.db.prepared[query]; stmt != nil {
		res, err = t.tx.StmtContext(t.ctx, stmt).ExecContext(t.ctx, args...)
	} else {
		res, err = t.tx.ExecContext(t.ctx, query, args...)
	}
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (t *sqliteTx) each(query string, args []any, row func(scanner) error) error {
	var (
		rows *sql.Rows
		err  error
	)
	if stmt := t.db.prepared[query]; stmt != nil {
		rows, err = t.tx.StmtContext(t.ctx, stmt).QueryContext(t.ctx, args...)
	} else {
		rows, err = t.tx.QueryContext(t.ctx, query, args...)
	}
	if err != nil {
		return err
	}
	return eachRow(rows, row)
}

// insertJob is River's own insert, reduced to our jobs. River parses a statement ten times as long for each insert,
// which would limit the deliveries per second. We number the jobs: SQLite reuses the number of a deleted job, which may
// still be in use for the old one.
const (
	insertJob = `INSERT INTO river_job (id, args, kind, queue, max_attempts, priority, scheduled_at) VALUES ($1, jsonb($2), $3, $4, $5, $6, COALESCE($7, datetime('now', 'subsec')))`
	// insertRunningJob is insertJob and fetchJobs at once.
	insertRunningJob = `INSERT INTO river_job (id, args, kind, queue, max_attempts, priority, scheduled_at, state, attempt, attempted_at, attempted_by)
		VALUES ($1, jsonb($2), $3, $4, $5, $6, datetime('now', 'subsec'), 'running', 1, datetime('now', 'subsec'), jsonb_array($7))`

	selectLastJob = `SELECT COALESCE(MAX(id), 0) FROM river_job`
)

func (t *sqliteTx) insert(jobs ...river.InsertManyParams) error {
	for _, j := range jobs {
		var at any
		if later := j.InsertOpts.ScheduledAt; !later.IsZero() {
			at = t.db.time(later)
		}
		if _, err := t.insertOne(insertJob, j, at); err != nil {
			return err
		}
	}
	t.queues = queuesOf(t.queues, jobs)
	return nil
}

func (t *sqliteTx) insertRunning(instance string, j river.InsertManyParams) (id int64, err error) {
	return t.insertOne(insertRunningJob, j, instance)
}

func (t *sqliteTx) insertOne(query string, j river.InsertManyParams, last any) (id int64, err error) {
	args, err := json.Marshal(j.Args)
	if err != nil {
		return 0, err
	}
	t.db.lastJob++
	id = t.db.lastJob
	_, err = t.exec(query, id, string(args), j.Args.Kind(), j.InsertOpts.Queue, j.InsertOpts.MaxAttempts, j.InsertOpts.Priority, last)
	return id, err
}
