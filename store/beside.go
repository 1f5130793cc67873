package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/headstart-cd/headstart/bot"
)

// Beside is a database of which a server may be running: what the operator's own
// commands need of it, and nothing else. It takes no lock and migrates nothing.
// SQLite lets several processes write one file in turn; that a [Store] keeps
// others off is because two servers would each do all of the work.
type Beside struct {
	db interface {
		reader
		close(context.Context) error
	}
}

// busyFor is how long, in milliseconds, a command waits for its turn to write.
const busyFor = 10000

// OpenBeside opens the database that url names, as [Open] understands it. It has
// to be there, with the tables of this version.
func OpenBeside(ctx context.Context, url string) (*Beside, error) {
	b := &Beside{}
	var tables string
	switch scheme, path, _ := strings.Cut(url, ":"); scheme {
	case "sqlite":
		db, err := sqliteBeside(path)
		if err != nil {
			return nil, err
		}
		b.db, tables = db, `SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'headstart_migrations'`
	case "postgres", "postgresql":
		db, err := postgresBeside(ctx, url)
		if err != nil {
			return nil, err
		}
		b.db, tables = db, `SELECT COUNT(*) FROM pg_tables WHERE tablename = 'headstart_migrations' AND schemaname = ANY (current_schemas(false))`
	default:
		return nil, errNoDatabase
	}
	if err := b.check(ctx, tables); err != nil {
		return nil, errors.Join(fmt.Errorf("open the database: %w", err), b.Close(ctx))
	}
	return b, nil
}

// check reports whether the database has the tables of this version. The query
// tells whether it has any.
func (b *Beside) check(ctx context.Context, tables string) error {
	var found, have int
	err := b.db.each(ctx, tables, nil, func(scan scanner) error { return scan(&found) })
	if err == nil && found > 0 {
		err = b.db.each(ctx, versionOfTables, nil, func(scan scanner) error { return scan(&have) })
	}
	if err != nil {
		return err
	}
	switch files, err := migrationFiles(); {
	case err != nil:
		return err
	case have > len(files):
		return newerTables(have, len(files))
	case have < len(files):
		return errors.New("it does not have the tables of this version yet: start this version's `headstart serve` on it first")
	}
	return nil
}

// Close gives the connection back.
func (b *Beside) Close(ctx context.Context) error { return b.db.close(ctx) }

// Freeze returns the operator's newest word; zero if there never was one.
func (b *Beside) Freeze(ctx context.Context) (bot.Frozen, error) { return readFreeze(ctx, b.db) }

// Deliveries lists deliveries without their bodies, the newest first.
func (b *Beside) Deliveries(ctx context.Context, f Filter) ([]Delivery, error) {
	return listDeliveries(ctx, b.db, f)
}

// SetFreeze saves the operator's word in one transaction and returns it as it was
// saved: its time is later than that of the word before. The servers on the
// database look for it every second.
func (b *Beside) SetFreeze(ctx context.Context, f bot.Frozen) (bot.Frozen, error) {
	on := 0
	if f.On {
		on = 1
	}
	f.By, f.Reason = plain(f.By), plain(f.Reason)
	err := b.db.each(ctx, saveFreeze, []any{on, f.By, f.Reason, microsUp(f.Until), micros(f.At)}, func(scan scanner) error {
		var at int64
		err := scan(&at)
		f.At = fromMicros(at)
		return err
	})
	if err != nil {
		return bot.Frozen{}, fmt.Errorf("save the operator's freeze: %w", err)
	}
	f.Until = fromMicros(microsUp(f.Until))
	return f, nil
}

type besideSQLite struct{ db *sql.DB }

func sqliteBeside(path string) (*besideSQLite, error) {
	if path == "" || path == ":memory:" {
		return nil, errors.New("DATABASE_URL names no file that another process can open: expected sqlite:PATH")
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("there is no database at %s, where `headstart serve` keeps it: %w", path, err)
	}
	options := url.Values{"mode": {"rw"}, "_txlock": {"immediate"}, "_pragma": {fmt.Sprintf("busy_timeout(%d)", busyFor), "synchronous(FULL)"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+options.Encode())
	if err != nil {
		return nil, fmt.Errorf("open the SQLite database %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	return &besideSQLite{db}, nil
}

func (b *besideSQLite) each(ctx context.Context, query string, args []any, row func(scanner) error) error {
	rows, err := b.db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	return eachRow(rows, row)
}

func (b *besideSQLite) close(context.Context) error { return b.db.Close() }

type besidePostgres struct{ conn *pgx.Conn }

func postgresBeside(ctx context.Context, url string) (*besidePostgres, error) {
	pool, err := pgxpool.ParseConfig(url) // it may have settings of a pool
	if err != nil {
		return nil, errPostgresURL
	}
	cfg := pool.ConnConfig
	cfg.ConnectTimeout = min(cmp.Or(cfg.ConnectTimeout, connectWithin), connectWithin)
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to the PostgreSQL database: %w", err)
	}
	return &besidePostgres{conn}, nil
}

func (b *besidePostgres) each(ctx context.Context, query string, args []any, row func(scanner) error) error {
	rows, err := b.conn.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	return eachPostgresRow(rows, row)
}

func (b *besidePostgres) close(ctx context.Context) error { return b.conn.Close(ctx) }
