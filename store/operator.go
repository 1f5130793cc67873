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

// Operator is a database that a running server may use. It has only what the operator's commands need. It takes no lock
// and migrates nothing. SQLite lets several processes write one file in turn. A [Store] excludes others only because
// two servers would each do all of the work.
type Operator struct {
	db interface {
		reader
		close(context.Context) error
		condition(context.Context) (bytes int64, readOnly error, _ error)
	}
	name string // for people; no password
	form int
}

// busyFor is how long, in milliseconds, a command waits for its turn to write.
const busyFor = 10000

// OpenOperator opens the database at url, in [Open]'s notation. It must exist, with the tables of this version.
func OpenOperator(ctx context.Context, url string) (*Operator, error) {
	var (
		b           = &Operator{}
		have, known int
	)
	switch scheme, path, _ := strings.Cut(url, ":"); scheme {
	case "sqlite":
		if path == "" || path == ":memory:" {
			return nil, errors.New("DATABASE_URL names no file that another process can open: expected sqlite:PATH")
		}
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("there is no database at %s, where `headstart serve` keeps it: %w", path, err)
		}
		var err error
		if have, known, err = formOfFile(ctx, path); err != nil {
			return nil, err
		}
		db, err := operatorSQLite(path)
		if err != nil {
			return nil, err
		}
		b.db, b.name = db, whereaboutsOfFile(path).name
	case "postgres", "postgresql":
		db, err := operatorPostgres(ctx, url)
		if err != nil {
			return nil, err
		}
		to := db.conn.Config()
		at := whereaboutsOfServer(to.Host, to.Port, to.Database)
		if have, known, err = formOf(ctx, db, at); err != nil {
			return nil, errors.Join(err, db.close(ctx))
		}
		b.db, b.name = db, at.name
	default:
		return nil, errNoDatabase
	}
	b.form = have
	if have < known {
		err := errors.New("the database does not have the tables of this version yet: start this version's `headstart serve` on it first")
		return nil, errors.Join(err, b.Close(ctx))
	}
	return b, nil
}

// Close closes the connection.
func (b *Operator) Close(ctx context.Context) error { return b.db.close(ctx) }

// Freeze returns the operator's newest freeze; zero if there never was one.
func (b *Operator) Freeze(ctx context.Context) (bot.OperatorFreeze, error) {
	return readFreeze(ctx, b.db)
}

// Deliveries lists deliveries without their bodies, the newest first.
func (b *Operator) Deliveries(ctx context.Context, f Filter) ([]Delivery, error) {
	return listDeliveries(ctx, b.db, f)
}

// SetFreeze saves the operator's freeze in one transaction, and returns it as saved. Its time is later than that of the
// freeze before. The servers on the database look for it every second.
func (b *Operator) SetFreeze(ctx context.Context, f bot.OperatorFreeze) (bot.OperatorFreeze, error) {
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
		return bot.OperatorFreeze{}, fmt.Errorf("save the operator's freeze: %w", err)
	}
	f.Until = fromMicros(microsUp(f.Until))
	return f, nil
}

type sqliteFile struct{ db *sql.DB }

func operatorSQLite(path string) (*sqliteFile, error) {
	return openFile(path, url.Values{"mode": {"rw"}, "_txlock": {"immediate"}, "_pragma": {fmt.Sprintf("busy_timeout(%d)", busyFor), "synchronous(FULL)"}})
}

// openFile opens an existing SQLite database, with one connection.
func openFile(path string, options url.Values) (*sqliteFile, error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+options.Encode())
	if err != nil {
		return nil, fmt.Errorf("open the SQLite database %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	return &sqliteFile{db}, nil
}

func (b *sqliteFile) each(ctx context.Context, query string, args []any, row func(scanner) error) error {
	rows, err := b.db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	return eachRow(rows, row)
}

func (b *sqliteFile) close(context.Context) error { return b.db.Close() }

type postgresConn struct{ conn *pgx.Conn }

func operatorPostgres(ctx context.Context, url string) (*postgresConn, error) {
	pool, err := pgxpool.ParseConfig(url) // it may contain settings of a pool
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
	return &postgresConn{conn}, nil
}

func (b *postgresConn) each(ctx context.Context, query string, args []any, row func(scanner) error) error {
	rows, err := b.conn.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	return eachPostgresRow(rows, row)
}

func (b *postgresConn) close(ctx context.Context) error { return b.conn.Close(ctx) }
