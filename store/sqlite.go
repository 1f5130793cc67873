package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
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

// sqliteDB is a SQLite file that this process alone has open. Everything that
// writes shares one connection, because SQLite has one writer at a time and
// waiting for a turn in Go is fair, where SQLite's own waiting is not.
type sqliteDB struct {
	lock   *os.File               // holds the lock on PATH.lock; nil in memory
	writer *sql.DB                // one connection; River uses it too
	reader *sql.DB                // in memory the same as writer
	jobs   *river.Client[*sql.Tx] // inserts only
	queue

	writes  chan *write
	stop    chan struct{} // closed by close
	writing sync.WaitGroup
	// prepared holds statements that run many times a second. It is filled by
	// openSQLite and only read afterwards.
	prepared map[string]*sql.Stmt
}

// write is one call of sqliteDB.write.
type write struct {
	ctx   context.Context
	fn    func(tx) error
	done  chan error  // takes the result, once
	taken atomic.Bool // by the writer, or by the caller who gave up
}

// sqliteDriver makes listeners that hear of this process' commits at once: no
// other process inserts jobs.
type sqliteDriver struct {
	*riversqlite.Driver
	queue
	presence *presence // of the instance that works; nil: it only inserts
}

func (d *sqliteDriver) GetExecutor() riverdriver.Executor {
	return &executor{d.Driver.GetExecutor(), d.presence}
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
		if db.lock, err = lockFile(path); err != nil {
			return nil, err
		}
		dsn = "file:" + (&url.URL{Path: path}).EscapedPath()
	}
	pragmas := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		// Write the log back every 16 MB, and give the space back after a flood.
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

	driver := &sqliteDriver{riversqlite.New(db.writer), q, nil}
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: q.log})
	if err != nil {
		return nil, err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, fmt.Errorf("bring River's tables in the SQLite database %s up to date: %w", path, err)
	}
	if db.jobs, err = river.NewClient(driver, &river.Config{Logger: q.log}); err != nil {
		return nil, err
	}
	db.writing.Go(db.writeGroups)
	defer func() {
		if err != nil {
			close(db.stop)
			db.writing.Wait()
		}
	}()
	if err := migrate(ctx, db); err != nil {
		return nil, err
	}
	prepared := make(map[string]*sql.Stmt, len(hot)+4)
	for _, query := range append([]string{savepoint, releaseSavepoint, rollbackSavepoint, insertJob}, hot...) {
		if prepared[query], err = db.writer.PrepareContext(ctx, query); err != nil {
			return nil, fmt.Errorf("prepare %q: %w", query, err)
		}
	}
	db.prepared = prepared
	return db, nil
}

// lockFile takes the lock that keeps other processes off the database at path,
// and creates both files if they are missing, for their owner's eyes only.
func lockFile(path string) (*os.File, error) {
	if strings.HasSuffix(path, string(filepath.Separator)) {
		return nil, fmt.Errorf("the SQLite database %s is a folder: expected the path of a file", path)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the SQLite database: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open the SQLite database: %w", err)
	}
	lock, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock of the SQLite database: %w", err)
	}
	// The kernel lets go of it when the process ends, however it ends.
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = lock.Close() // nothing was written to it
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("the SQLite database %s is in use by another Headstart: a file serves one process; use PostgreSQL to run several", path)
		}
		return nil, fmt.Errorf("lock the SQLite database %s: %w", path, err)
	}
	return lock, nil
}

func (db *sqliteDB) close() error {
	close(db.stop)
	db.writing.Wait()
	return db.release()
}

func (db *sqliteDB) release() error {
	var errs []error
	for _, stmt := range db.prepared {
		errs = append(errs, stmt.Close())
	}
	if db.reader != nil && db.reader != db.writer {
		errs = append(errs, db.reader.Close())
	}
	if db.writer != nil {
		errs = append(errs, db.writer.Close())
	}
	if db.lock != nil {
		// A child process that is being started holds a copy of the file for a
		// moment: closing alone would leave it locked.
		errs = append(errs, syscall.Flock(int(db.lock.Fd()), syscall.LOCK_UN), db.lock.Close())
	}
	return errors.Join(errs...)
}

func (db *sqliteDB) writers() int { return 1 }

func (db *sqliteDB) each(ctx context.Context, query string, args []any, row func(scanner) error) error {
	rows, err := db.reader.QueryContext(ctx, query, args...)
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
	return river.NewClient(&sqliteDriver{riversqlite.New(db.writer), db.queue, p}, cfg)
}

// keep makes what an earlier process, or an earlier Run of this one, left
// running available again. Nobody else works on this file, so once is enough.
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

// runningOf is all that runs: nobody else works on this file.
func (db *sqliteDB) runningOf(string) (query string, args []any) {
	return `SELECT id, attempt FROM river_job WHERE state = 'running'`, nil
}

func (db *sqliteDB) time(t time.Time) any { return t.UTC().Format("2006-01-02 15:04:05.000") }
