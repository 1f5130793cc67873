package store

import (
	"context"
	"sync"
	"time"
)

// Instances that share a PostgreSQL database say every beat that they are alive.
// Who was not heard of for deadAfter is taken for dead, and its jobs are made
// available again. An instance that could not make itself heard for lostAfter
// stops its own work before that, so that nobody works on the same job while
// its owner is alive. The clock that counts is the database's.
const (
	beat      = 2 * time.Second
	lostAfter = 10 * time.Second
	deadAfter = 15 * time.Second
)

const (
	databaseTime = `CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)`

	sayAlive = `INSERT INTO instances (id, seen_at) VALUES ($1, ` + databaseTime + `) ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at`
	sayGone  = `DELETE FROM instances WHERE id = $1`

	forgetDead = `DELETE FROM instances WHERE seen_at <= ` + databaseTime + ` - $1`

	// What the dead worked on becomes a new job. The old one is gone, so that an
	// owner who was only out of reach can no longer end it; the number of
	// attempts tells the next one that it was started before.
	takeOver = `WITH gone AS (
		DELETE FROM river_job WHERE state = 'running'
			AND NOT EXISTS (SELECT 1 FROM instances WHERE id = attempted_by[array_upper(attempted_by, 1)])
		RETURNING args, attempt, kind, max_attempts, metadata, priority, queue, tags)
	INSERT INTO river_job (args, attempt, kind, max_attempts, metadata, priority, queue, tags, state, scheduled_at)
		SELECT args, attempt, kind, max_attempts, metadata, priority, queue, tags, 'available', now() FROM gone`
)

func (db *postgresDB) keep(ctx context.Context, instance string, lost func()) (release func(), err error) {
	heard := time.Now()
	if err := db.beat(ctx, instance); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var beating sync.WaitGroup
	beating.Go(func() {
		ticker := time.NewTicker(beat)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			began := time.Now()
			within, done := context.WithTimeout(ctx, beat)
			err := db.beat(within, instance)
			done()
			if err == nil {
				heard = began
			} else if ctx.Err() == nil {
				db.log.WarnContext(ctx, "could not tell the database that this instance is alive", "err", err)
			}
			if time.Since(heard) > lostAfter {
				lost()
				return
			}
		}
	})
	return func() {
		cancel()
		beating.Wait()
		// What is left running is for others to take at once. If they cannot be
		// told, they find out by themselves.
		within, done := context.WithTimeout(context.WithoutCancel(ctx), beat)
		defer done()
		err := db.write(within, func(t tx) error {
			_, err := t.exec(sayGone, instance)
			return err
		})
		if err != nil {
			db.log.WarnContext(ctx, "could not tell the database that this instance ends", "err", err)
		}
	}, nil
}

// beat says that the instance is alive, and takes the jobs of the dead over.
func (db *postgresDB) beat(ctx context.Context, instance string) error {
	var taken int64
	err := db.write(ctx, func(t tx) error {
		if _, err := t.exec(sayAlive, instance); err != nil {
			return err
		}
		if _, err := t.exec(forgetDead, deadAfter.Microseconds()); err != nil {
			return err
		}
		var err error
		taken, err = t.exec(takeOver)
		return err
	})
	if err == nil && taken > 0 {
		db.log.WarnContext(ctx, "took over what an instance that is gone left", "jobs", taken)
		db.wake.wake([]string{queueDeliveries, queueEffects})
	}
	return err
}
