package store

import (
	"context"
	"fmt"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
)

var _ engine.Freezes = (*Store)(nil)

const (
	selectFreeze = `SELECT frozen, by_whom, reason, until, frozen_at FROM operator_freeze WHERE id = 1`
	// A freeze is later than the one before, even by a clock that is behind.
	saveFreeze = `INSERT INTO operator_freeze (id, frozen, by_whom, reason, until, frozen_at) VALUES (1, $1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET frozen = excluded.frozen, by_whom = excluded.by_whom, reason = excluded.reason, until = excluded.until,
			frozen_at = CASE WHEN excluded.frozen_at > operator_freeze.frozen_at THEN excluded.frozen_at ELSE operator_freeze.frozen_at + 1 END
		RETURNING frozen_at`
	selectPassed = `SELECT passed_at FROM operator_freeze WHERE id = 1`
	savePassed   = `UPDATE operator_freeze SET passed_at = $1 WHERE id = 1 AND passed_at < $1`
	selectAll    = `SELECT repo, name, 0 FROM pipelines ORDER BY repo, name`
)

// Freeze returns the operator's newest freeze; zero if there never was one. It comes from [Operator.SetFreeze], perhaps
// in another process a moment ago.
func (s *Store) Freeze(ctx context.Context) (bot.OperatorFreeze, error) {
	return readFreeze(ctx, s.db)
}

// Passed returns the time of the newest freeze that has reached every pipeline; zero: none has.
func (s *Store) Passed(ctx context.Context) (said time.Time, err error) {
	err = s.db.each(ctx, selectPassed, nil, func(scan scanner) error {
		var at int64
		err := scan(&at)
		said = fromMicros(at)
		return err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("find out whom the operator's freeze has reached: %w", err)
	}
	return said, nil
}

// SetPassed stores that a freeze has reached every pipeline.
func (s *Store) SetPassed(ctx context.Context, said time.Time) error {
	err := s.write(ctx, func(t tx) error {
		_, err := t.exec(savePassed, micros(said))
		return err
	})
	if err != nil {
		return fmt.Errorf("note that the operator's freeze has reached everybody: %w", err)
	}
	return nil
}

// All lists every pipeline.
func (s *Store) All(ctx context.Context) ([]bot.Key, error) {
	return s.keys(ctx, selectAll)
}

// reader is a database that can be queried: a Store's, or an Operator's.
type reader interface {
	each(ctx context.Context, query string, args []any, row func(scanner) error) error
}

func readFreeze(ctx context.Context, db reader) (f bot.OperatorFreeze, err error) {
	err = db.each(ctx, selectFreeze, nil, func(scan scanner) error {
		var on, until, at int64
		err := scan(&on, &f.By, &f.Reason, &until, &at)
		f.On, f.Until, f.At = on != 0, fromMicros(until), fromMicros(at)
		return err
	})
	if err != nil {
		return bot.OperatorFreeze{}, fmt.Errorf("read the operator's freeze: %w", err)
	}
	return f, nil
}
