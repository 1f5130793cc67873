package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Each instance on a shared PostgreSQL database has a row, and a connection of its own. The connection holds an
// advisory lock, and reports every beat that the instance is alive. PostgreSQL releases the lock the moment the
// connection ends. An instance is dead in two cases:
//
//   - Its lock has been free and it has not reported for droppedAfter. The process died in any way, and the kernel
//     closed its connections.
//   - It has not reported for deadAfter. Its machine is gone or cut off. After a restart of the server only this case
//     counts, because then every lock is free.
//
// A dead instance loses its row, and its jobs are made available again. A living instance sees at once that its
// connection dropped, and has regainWithin to get another. An instance that could not reach the database for lostAfter
// gives up as well. In both cases it cancels its own work before another may begin it. The database's clock counts.
const (
	beat         = time.Second
	regainWithin = time.Second
	droppedAfter = 3 * time.Second
	lostAfter    = 10 * time.Second
	deadAfter    = 15 * time.Second
)

const (
	databaseTime = `CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)`
	serverStart  = `CAST(EXTRACT(EPOCH FROM pg_postmaster_start_time()) * 1000000 AS BIGINT)`

	takeLock = `SELECT pg_advisory_lock($1)`

	// joinThem keeps the time since when the instance has been there, unless its row is gone.
	joinThem = `INSERT INTO instances (id, seen_at, since, lock_key, server_at)
		VALUES ($1, ` + databaseTime + `, ` + databaseTime + `, $2, ` + serverStart + `)
		ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, lock_key = excluded.lock_key, server_at = excluded.server_at`
	rejoinThem     = `UPDATE instances SET seen_at = ` + databaseTime + `, lock_key = $2, server_at = ` + serverStart + ` WHERE id = $1`
	saveAlive      = `UPDATE instances SET seen_at = ` + databaseTime + ` WHERE id = $1`
	deleteInstance = `DELETE FROM instances WHERE id = $1`

	// dropped lists instances whose lock is free on the server that granted it.
	dropped = `SELECT id, seen_at FROM instances WHERE id <> $1 AND lock_key <> 0 AND server_at = ` + serverStart + `
		AND NOT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
			AND (CAST(classid AS BIGINT) << 32) | CAST(objid AS BIGINT) = lock_key)`
	forgetDropped = `DELETE FROM instances WHERE id = $1 AND seen_at = $2`
	forgetDead    = `DELETE FROM instances WHERE id <> $1 AND seen_at <= ` + databaseTime + ` - $2`

	// A dead instance's job becomes a new job. The old one is deleted, so that an unreachable owner can no longer end
	// it. The number of attempts shows the next instance that the job was started before.
	takeOver = `WITH gone AS (
		DELETE FROM river_job WHERE state = 'running'
			AND NOT EXISTS (SELECT 1 FROM instances WHERE id = attempted_by[array_upper(attempted_by, 1)])
		RETURNING args, attempt, kind, max_attempts, metadata, priority, queue, tags)
	INSERT INTO river_job (args, attempt, kind, max_attempts, metadata, priority, queue, tags, state, scheduled_at)
		SELECT args, attempt, kind, max_attempts, metadata, priority, queue, tags, 'available', now() FROM gone`

	// Otherwise River waits until the dead leader's term is over.
	deposeDead = `DELETE FROM river_leader WHERE NOT EXISTS (SELECT 1 FROM instances WHERE id = leader_id)`

	longestThere = `SELECT id FROM instances WHERE seen_at > ` + databaseTime + ` - $1 ORDER BY since, id LIMIT 1`
)

// leads reports whether the instance is the oldest of those alive.
func (db *postgresDB) leads(ctx context.Context, p *presence) (bool, error) {
	if p == nil || !p.here() {
		return false, nil
	}
	var leader string
	err := db.each(ctx, longestThere, []any{lostAfter.Microseconds()}, func(scan scanner) error { return scan(&leader) })
	return err == nil && leader == p.instance && p.here(), err
}

func (db *postgresDB) keep(ctx context.Context, p *presence) (release func(), err error) {
	m := &member{db: db, presence: p, quiet: make(map[string]silence)}
	if err := m.join(ctx); err != nil {
		return nil, err
	}
	p.begin()
	attending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		m.attend(attending)
	}()
	return func() {
		cancel()
		<-ended
		p.lose()
		m.leave(context.WithoutCancel(ctx))
	}, nil
}

// member is this instance among the others. One goroutine at a time uses it.
type member struct {
	db       *postgresDB
	presence *presence
	conn     *pgx.Conn          // holds the lock
	seenAt   time.Time          // start of the last beat that reached the database
	quiet    map[string]silence // instances whose locks are free
}

// silence is an instance that was found without its lock.
type silence struct {
	seenAt int64     // its last report
	since  time.Time // when it was first found so
}

// join adds the instance to the members as soon as the database allows it. It fails only when ctx ends.
func (m *member) join(ctx context.Context) error {
	for {
		err := m.enter(ctx, joinThem, connectWithin)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		m.db.log.WarnContext(ctx, "could not join the instances on the database; trying again", "err", err)
		if !wait(ctx, startAgain) {
			return ctx.Err()
		}
	}
}

// regain replaces a dropped connection, while no other instance can have declared this one dead.
func (m *member) regain(ctx context.Context) error {
	until := time.Now().Add(regainWithin)
	for {
		err := m.enter(ctx, rejoinThem, time.Until(until))
		if err == nil || errors.Is(err, errTaken) || ctx.Err() != nil || time.Until(until) < regainWithin/10 {
			return err
		}
		if !wait(ctx, regainWithin/20) {
			return ctx.Err()
		}
	}
}

// enter connects, takes a new lock, and writes the row with the statement. An earlier connection's lock may still be
// held, if the server has not seen it drop.
func (m *member) enter(ctx context.Context, statement string, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	m.hangUp()
	began := time.Now()
	conn, err := pgx.ConnectConfig(ctx, m.db.pool.Config().ConnConfig)
	if err != nil {
		return err
	}
	m.conn = conn
	key := rand.Int64()
	if _, err := conn.Exec(ctx, takeLock, key); err != nil {
		return err
	}
	tag, err := conn.Exec(ctx, statement, m.presence.instance, key)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return errTaken
	}
	m.seenAt = began
	return nil
}

func (m *member) hangUp() {
	if m.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), regainWithin/4)
	defer cancel()
	_ = m.conn.Close(ctx) // the connection is given up either way
	m.conn = nil
}

// attend reports that the instance is alive, until ctx ends. It makes the instance absent whenever others may think it
// dead.
func (m *member) attend(ctx context.Context) {
	for {
		err := m.stay(ctx)
		if ctx.Err() != nil {
			return
		}
		m.presence.lose()
		m.db.log.WarnContext(ctx, "the database was out of reach for so long that others may have taken the work over; starting anew", "err", err)
		if m.join(ctx) != nil {
			return
		}
		m.presence.begin()
	}
}

// stay returns why the instance can no longer count as alive.
func (m *member) stay(ctx context.Context) error {
	for {
		err := m.beat(ctx)
		if err == nil {
			err = m.listen(ctx)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			continue
		case errors.Is(err, errTaken) || time.Since(m.seenAt) >= lostAfter:
			return err
		case m.conn.IsClosed():
			m.db.log.WarnContext(ctx, "the connection that says this instance is alive dropped; getting another", "err", err)
			if err := m.regain(ctx); err != nil {
				return err
			}
		default:
			m.db.log.WarnContext(ctx, "could not tell the database that this instance is alive", "err", err)
			if !wait(ctx, beat) {
				return ctx.Err()
			}
		}
	}
}

// listen waits for one beat. Reading from the connection meanwhile shows a drop at once.
func (m *member) listen(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, beat)
	defer cancel()
	_, err := m.conn.WaitForNotification(within)
	if err != nil && within.Err() != nil && pgconn.Timeout(err) && !m.conn.IsClosed() {
		return nil
	}
	return err
}

// beat reports that the instance is alive, and takes over the jobs of dead ones.
func (m *member) beat(ctx context.Context) error {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, lostAfter-began.Sub(m.seenAt))
	defer cancel()
	pgTx, err := m.conn.Begin(ctx)
	if err != nil {
		return err
	}
	t := &postgresTx{ctx: ctx, tx: pgTx, db: m.db}
	taken, err := m.look(t)
	if err != nil {
		return errors.Join(err, rollback(ctx, pgTx))
	}
	if err := pgTx.Commit(ctx); err != nil {
		return err
	}
	m.seenAt = began
	if taken > 0 {
		m.db.log.WarnContext(ctx, "took over the jobs of an instance that is gone", "jobs", taken)
		m.db.wake.wake(queues())
	}
	return nil
}

// look finds dead instances, and makes their jobs available.
func (m *member) look(t tx) (taken int64, err error) {
	n, err := t.exec(saveAlive, m.presence.instance)
	if err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, errTaken
	}
	if _, err := t.exec(forgetDead, m.presence.instance, deadAfter.Microseconds()); err != nil {
		return 0, err
	}
	quiet := make(map[string]silence)
	err = t.each(dropped, []any{m.presence.instance}, func(scan scanner) error {
		var id string
		s := silence{since: time.Now()}
		if err := scan(&id, &s.seenAt); err != nil {
			return err
		}
		if before, ok := m.quiet[id]; ok && before.seenAt == s.seenAt {
			s.since = before.since
		}
		quiet[id] = s
		return nil
	})
	if err != nil {
		return 0, err
	}
	m.quiet = quiet
	for id, s := range quiet {
		if time.Since(s.since) < droppedAfter {
			continue
		}
		if _, err := t.exec(forgetDropped, id, s.seenAt); err != nil {
			return 0, err
		}
	}
	if taken, err = t.exec(takeOver); err != nil {
		return 0, err
	}
	_, err = t.exec(deposeDead)
	return taken, err
}

// leave lets others take the remaining running jobs at once. If the database is unreachable, they find out later.
func (m *member) leave(ctx context.Context) {
	m.hangUp()
	within, cancel := context.WithTimeout(ctx, beat)
	defer cancel()
	err := m.db.write(within, func(t tx) error {
		_, err := t.exec(deleteInstance, m.presence.instance)
		return err
	})
	if err != nil {
		m.db.log.WarnContext(ctx, "could not tell the database that this instance ends", "err", fmt.Errorf("forget the instance: %w", err))
	}
}
