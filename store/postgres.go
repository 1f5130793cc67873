package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
)

// postgresDB is a PostgreSQL database that any number of instances share.
type postgresDB struct {
	pool *pgxpool.Pool
	jobs *river.Client[pgx.Tx] // inserts only
	queue
}

// postgresDriver makes listeners that see this process' commits at once, and other instances' commits through the
// database.
type postgresDriver struct {
	*riverpgxv5.Driver
	queue
	db       *postgresDB
	presence *presence // of the working instance; nil: it only inserts
}

func (d *postgresDriver) GetExecutor() riverdriver.Executor {
	river := d.Driver.GetExecutor()
	return &executor{river, d.presence, func(ctx context.Context, p *riverdriver.JobGetAvailableParams) ([]*rivertype.JobRow, error) {
		return d.db.fetch(ctx, river, p)
	}}
}

func (d *postgresDriver) GetListener(p *riverdriver.GetListenenerParams) riverdriver.Listener {
	return d.wake.listener(d.Driver.GetListener(p))
}

// poolConnections is the size of the pool, unless the URL has pool_max_conns.
const poolConnections = 16

// connectWithin bounds how long connecting may take.
const connectWithin = 5 * time.Second

var errPostgresURL = errors.New("DATABASE_URL is no valid PostgreSQL URL: expected postgres://USER:PASSWORD@HOST:PORT/NAME, with special characters of the password percent-encoded")

// CheckPostgres returns why a URL is none of a PostgreSQL database, or nil. It connects to nothing, and its error contains
// no part of the URL.
func CheckPostgres(url string) error {
	if _, err := pgxpool.ParseConfig(url); err != nil {
		return errPostgresURL // the parser's error may quote a part of the password
	}
	return nil
}

// migrationLock prevents instances that start together from migrating together: "headstar" in ASCII.
const migrationLock = 0x6865616473746172

func openPostgres(ctx context.Context, url string, q queue) (_ *postgresDB, err error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		// The parser's error may quote a part of the password.
		return nil, errPostgresURL
	}
	if !strings.Contains(url, "pool_max_conns") {
		cfg.MaxConns = poolConnections
	}
	if cfg.ConnConfig.RuntimeParams["application_name"] == "" {
		cfg.ConnConfig.RuntimeParams["application_name"] = "headstart"
	}
	cfg.ConnConfig.ConnectTimeout = min(cmp.Or(cfg.ConnConfig.ConnectTimeout, connectWithin), connectWithin)
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open the PostgreSQL database: %w", err)
	}
	defer func() {
		if err != nil {
			pool.Close()
		}
	}()
	if err := pool.Ping(ctx); err != nil {
		return nil, fmt.Errorf("connect to the PostgreSQL database: %w", err)
	}
	db := &postgresDB{pool: pool, queue: q}
	if err := db.migrate(ctx); err != nil {
		return nil, err
	}
	if db.jobs, err = river.NewClient(db.driver(nil), &river.Config{Logger: q.log}); err != nil {
		return nil, err
	}
	return db, nil
}

func (db *postgresDB) driver(p *presence) *postgresDriver {
	return &postgresDriver{riverpgxv5.New(db.pool), db.queue, db, p}
}

func (db *postgresDB) migrate(ctx context.Context) error {
	conn, err := db.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect to the PostgreSQL database: %w", err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(migrationLock)); err != nil {
		return fmt.Errorf("lock the migrations: %w", err)
	}
	unlock := func() error {
		_, err := conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(migrationLock))
		return err
	}
	to := db.pool.Config().ConnConfig
	have, _, err := formOf(ctx, db, whereaboutsOfServer(to.Host, to.Port, to.Database))
	if err != nil {
		return errors.Join(err, unlock())
	}
	migrator, err := rivermigrate.New(db.driver(nil), &rivermigrate.Config{Logger: db.log})
	if err == nil {
		_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	}
	if err != nil {
		err = fmt.Errorf("bring River's tables in the PostgreSQL database up to date: %w", err)
	} else {
		err = migrate(ctx, db, have)
	}
	return errors.Join(err, unlock())
}

// gone: a server that has lost its files does not answer.
func (db *postgresDB) gone() error { return nil }

func (db *postgresDB) secondsSince(column string) string {
	return `CAST(EXTRACT(EPOCH FROM now() - ` + column + `) AS DOUBLE PRECISION)`
}

func (db *postgresDB) close() error {
	db.pool.Close()
	return nil
}

// writers keeps one group of deliveries under way while another group's commit waits for the disk.
func (db *postgresDB) writers() int { return 2 }

func (db *postgresDB) each(ctx context.Context, query string, args []any, row func(scanner) error) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	rows, err := db.pool.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	return eachPostgresRow(rows, row)
}

func eachPostgresRow(rows pgx.Rows, row func(scanner) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (db *postgresDB) write(ctx context.Context, fn func(tx) error) error {
	return db.transact(ctx, pgx.TxOptions{}, func(t *postgresTx) error { return fn(t) })
}

func (db *postgresDB) transact(ctx context.Context, how pgx.TxOptions, fn func(*postgresTx) error) error {
	pgTx, err := db.pool.BeginTx(ctx, how)
	if err != nil {
		return err
	}
	t := &postgresTx{ctx: ctx, tx: pgTx, db: db}
	if err := fn(t); err != nil {
		return errors.Join(err, rollback(ctx, pgTx))
	}
	if err := pgTx.Commit(ctx); err != nil {
		return err
	}
	if len(t.queues) > 0 {
		db.wake.wake(t.queues)
	}
	return nil
}

// rollback gets its own deadline, because the transaction's context may have ended. The pool closes a connection that
// cannot roll back.
func rollback(ctx context.Context, t pgx.Tx) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := t.Rollback(ctx); err != nil && !errors.Is(err, pgx.ErrTxClosed) {
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}

func (db *postgresDB) work(cfg *river.Config, p *presence) (worker, error) {
	cfg.Logger = db.log
	return river.NewClient(db.driver(p), cfg)
}

func (db *postgresDB) runningOf(instance string) (query string, args []any) {
	return `SELECT id, attempt FROM river_job WHERE state = 'running' AND attempted_by[array_upper(attempted_by, 1)] = $1`, []any{instance}
}

func (db *postgresDB) noneOf(column string, n int, values []int64) (condition string, argument any) {
	if values == nil {
		values = []int64{} // nil would be NULL, which no value differs from
	}
	return fmt.Sprintf(`%s <> ALL (CAST($%d AS BIGINT[]))`, column, n), values
}

func (db *postgresDB) time(t time.Time) any { return t }

type postgresTx struct {
	ctx    context.Context
	tx     pgx.Tx
	db     *postgresDB
	queues []string // into which jobs were put
}

func (t *postgresTx) exec(query string, args ...any) (int64, error) {
	tag, err := t.tx.Exec(t.ctx, query, args...)
	return tag.RowsAffected(), err
}

func (t *postgresTx) each(query string, args []any, row func(scanner) error) error {
	rows, err := t.tx.Query(t.ctx, query, args...)
	if err != nil {
		return err
	}
	return eachPostgresRow(rows, row)
}

func (t *postgresTx) insert(jobs ...river.InsertManyParams) error {
	if len(jobs) == 0 {
		return nil
	}
	if _, err := t.db.jobs.InsertManyTx(t.ctx, t.tx, jobs); err != nil {
		return err
	}
	t.queues = queuesOf(t.queues, jobs)
	return nil
}

// insertRunningPostgres is River's own insert and fetch, reduced to our jobs.
const insertRunningPostgres = `INSERT INTO river_job (args, kind, queue, max_attempts, priority, state, attempt, attempted_at, attempted_by)
	VALUES ($1, $2, $3, $4, $5, 'running', 1, now(), ARRAY[$6::text]) RETURNING id`

func (t *postgresTx) insertRunning(instance string, j river.InsertManyParams) (id int64, err error) {
	args, err := json.Marshal(j.Args)
	if err != nil {
		return 0, err
	}
	err = t.tx.QueryRow(t.ctx, insertRunningPostgres, string(args), j.Args.Kind(), j.InsertOpts.Queue, j.InsertOpts.MaxAttempts, j.InsertOpts.Priority, instance).Scan(&id)
	return id, err
}
