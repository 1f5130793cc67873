package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	_ "modernc.org/sqlite" // the driver "sqlite" of database/sql
)

// sqliteDB is a SQLite file that only this process has open. All writes share one connection, because SQLite has one
// writer at a time. Waiting for a turn is fair in Go, and is not in SQLite.
type sqliteDB struct {
	lock   *os.File    // holds the lock on PATH.lock; nil in memory
	writer *sql.DB     // one connection; River uses it too
	reader *sql.DB     // in memory the same as writer
	path   string      // empty in memory
	file   os.FileInfo // of the file at path as it was opened; nil in memory
	queue

	writes  chan *write
	stop    chan struct{} // closed by close
	writing sync.WaitGroup
	relaxed bool  // the writer does not wait for the disk; used by writeGroups alone
	lastJob int64 // the number of the newest job; used by writeGroups alone
	// Statements that run many times a second, for the writer and the reader. openSQLite prepares them; the maps are
	// only read afterwards.
	prepared, reads map[string]*sql.Stmt
}

// write is one call of sqliteDB.write.
type write struct {
	ctx   context.Context
	fn    func(tx) error
	lazy  bool
	done  chan error  // takes the result, once
	taken atomic.Bool // by the writer, or by the caller who gave up
}

// sqliteDriver makes listeners that see this process' commits at once: no other process inserts jobs.
type sqliteDriver struct {
	*riversqlite.Driver
	queue
	db       *sqliteDB
	presence *presence // of the working instance; nil: it only inserts
}

func (d *sqliteDriver) GetExecutor() riverdriver.Executor {
	return &executor{d.Driver.GetExecutor(), d.presence, d.db.fetch}
}

func (d *sqliteDriver) SupportsListenNotify() bool { return false }
func (d *sqliteDriver) GetListener(*riverdriver.GetListenenerParams) riverdriver.Listener {
	return d.wake.listener(nil)
}

func openSQLite(ctx context.Context, path string, q queue) (_ *sqliteDB, err error) {
	if path == "" {
		return nil, errors.New("DATABASE_URL names no file: expected sqlite:PATH")
	}
	db := &sqliteDB{queue: q, writes: make(chan *write), stop: make(chan struct{})}
	defer func() {
		if err != nil {
			db.release()
		}
	}()
	dsn := "file::memory:"
	if path != ":memory:" {
		if db.lock, err = lockFile(ctx, path); err != nil {
			return nil, err
		}
		dsn = "file:" + (&url.URL{Path: path}).EscapedPath()
	}
	have := 0
	if path != ":memory:" {
		if have, _, err = formOfFile(ctx, path); err != nil {
			return nil, err
		}
	}
	pragmas := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		// Write the log back every 16 MB, and free the space after a flood.
		"wal_autocheckpoint(4000)", "journal_size_limit(67108864)", "cache_size(-16000)", "temp_store(MEMORY)",
	}}
	if db.writer, err = sql.Open("sqlite", dsn+"?"+pragmas.Encode()); err != nil {
		return nil, fmt.Errorf("open the SQLite database %s: %w", path, err)
	}
	db.writer.SetMaxOpenConns(1)
	if err := db.writer.PingContext(ctx); err != nil {
		return nil, fmt.Errorf("open the SQLite database %s: %w", path, err)
	}
	db.reader = db.writer
	if path != ":memory:" {
		pragmas["_txlock"] = nil
		pragmas.Add("_pragma", "query_only(1)")
		if db.reader, err = sql.Open("sqlite", dsn+"?"+pragmas.Encode()); err != nil {
			return nil, fmt.Errorf("open the SQLite database %s: %w", path, err)
		}
		db.reader.SetMaxOpenConns(max(4, runtime.NumCPU()))
		db.reader.SetMaxIdleConns(max(4, runtime.NumCPU()))
	}

	driver := &sqliteDriver{riversqlite.New(db.writer), q, db, nil}
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: q.log})
	if err != nil {
		return nil, err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, fmt.Errorf("bring River's tables in the SQLite database %s up to date: %w", path, err)
	}
	if err := db.writer.QueryRowContext(ctx, selectLastJob).Scan(&db.lastJob); err != nil {
		return nil, fmt.Errorf("find the newest job: %w", err)
	}
	if path != ":memory:" {
		if db.file, err = os.Stat(path); err != nil {
			return nil, fmt.Errorf("find the SQLite database %s: %w", path, err)
		}
		db.path = path
	}
	db.writing.Go(db.writeGroups)
	defer func() {
		if err != nil {
			close(db.stop)
			db.writing.Wait()
		}
	}()
	if err := migrate(ctx, db, have); err != nil {
		return nil, err
	}
	if db.prepared, err = prepare(ctx, db.writer, append([]string{savepoint, releaseSavepoint, rollbackSavepoint, insertJob, insertRunningJob, fetchJobs}, preparedWrites...)); err != nil {
		return nil, err
	}
	if db.reads, err = prepare(ctx, db.reader, preparedReads); err != nil {
		return nil, err
	}
	return db, nil
}

// formOfFile is formOf for the file at path. It does not change a byte of the file.
func formOfFile(ctx context.Context, path string) (have, known int, err error) {
	db, err := openFile(path, url.Values{"mode": {"ro"}, "_pragma": {fmt.Sprintf("busy_timeout(%d)", busyFor)}})
	if err != nil {
		return 0, 0, err
	}
	have, known, err = formOf(ctx, db, whereaboutsOfFile(path))
	return have, known, errors.Join(err, db.close(ctx))
}

func prepare(ctx context.Context, db *sql.DB, queries []string) (map[string]*sql.Stmt, error) {
	prepared := make(map[string]*sql.Stmt, len(queries))
	for _, query := range queries {
		stmt, err := db.PrepareContext(ctx, query)
		if err != nil {
			return prepared, fmt.Errorf("prepare %q: %w", query, err)
		}
		prepared[query] = stmt
	}
	return prepared, nil
}

func (db *sqliteDB) close() error {
	close(db.stop)
	db.writing.Wait()
	return db.release()
}

func (db *sqliteDB) release() error {
	var errs []error
	for _, list := range []map[string]*sql.Stmt{db.prepared, db.reads} {
		for _, stmt := range list {
			errs = append(errs, stmt.Close())
		}
	}
	if db.reader != nil && db.reader != db.writer {
		errs = append(errs, db.reader.Close())
	}
	if db.writer != nil {
		errs = append(errs, db.writer.Close())
	}
	if db.lock != nil {
		// A child process that is being started has a copy of the file descriptor for a moment: closing alone would
		// leave the file locked.
		errs = append(errs, syscall.Flock(int(db.lock.Fd()), syscall.LOCK_UN), db.lock.Close())
	}
	return errors.Join(errs...)
}

func (db *sqliteDB) writers() int { return 1 }

// gone looks whether the path still leads to the open file: SQLite goes on with a file that was removed or replaced, and
// all of it is lost when the process ends.
func (db *sqliteDB) gone() error {
	if db.file == nil {
		return nil
	}
	if now, err := os.Stat(db.path); err != nil || !os.SameFile(now, db.file) {
		return ErrGone
	}
	return nil
}

func (db *sqliteDB) each(ctx context.Context, query string, args []any, row func(scanner) error) error {
	var (
		rows *sql.Rows
		err  error
	)
	if stmt := db.reads[query]; stmt != nil {
		rows, err = stmt.QueryContext(ctx, args...)
	} else {
		rows, err = db.reader.QueryContext(ctx, query, args...)
	}
	if err != nil {
		return err
	}
	return eachRow(rows, row)
}

func eachRow(rows *sql.Rows, row func(scanner) error) error {
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

func (db *sqliteDB) work(cfg *river.Config, p *presence) (worker, error) {
	cfg.Logger = db.log
	return river.NewClient(&sqliteDriver{riversqlite.New(db.writer), db.queue, db, p}, cfg)
}

// keep makes the jobs available again that an earlier process, or an earlier Run, left running. No other process works
// on this file, so once is enough.
func (db *sqliteDB) keep(ctx context.Context, p *presence) (release func(), err error) {
	err = db.write(ctx, func(t tx) error {
		if _, err := t.exec(`UPDATE river_job SET state = 'available' WHERE state = 'running'`); err != nil {
			return err
		}
		// Otherwise River waits until the dead leader's term is over.
		_, err := t.exec(`DELETE FROM river_leader`)
		return err
	})
	if err != nil {
		return nil, err
	}
	p.begin()
	return p.lose, nil
}

func (db *sqliteDB) leads(context.Context, *presence) (bool, error) { return true, nil }

// runningOf returns all running jobs: no other process works on this file.
func (db *sqliteDB) runningOf(string) (query string, args []any) {
	return `SELECT id, attempt FROM river_job WHERE state = 'running'`, nil
}

func (db *sqliteDB) noneOf(column string, n int, values []int64) (condition string, argument any) {
	list := []byte{'['}
	for i, v := range values {
		if i > 0 {
			list = append(list, ',')
		}
		list = strconv.AppendInt(list, v, 10)
	}
	return fmt.Sprintf(`%s NOT IN (SELECT value FROM json_each($%d))`, column, n), string(append(list, ']'))
}

func (db *sqliteDB) time(t time.Time) any { return t.UTC().Format("2006-01-02 15:04:05.000") }

func (db *sqliteDB) secondsSince(column string) string {
	return `(julianday('now', 'subsec') - julianday(` + column + `)) * 86400.0`
}
