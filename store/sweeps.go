package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
)

var _ engine.Sweeps = (*Store)(nil)

// Leads reports whether this instance sweeps. The one process on a SQLite file always does. On a PostgreSQL database
// the oldest instance does; none while Run does not run, or while the database is unreachable. When the leader dies,
// the next one leads as soon as the leader counts as dead.
func (s *Store) Leads(ctx context.Context) (bool, error) {
	leads, err := s.db.leads(ctx, s.presence.Load())
	if err != nil {
		return false, fmt.Errorf("find out who leads: %w", err)
	}
	return leads, nil
}

// SweepsDue lists at most limit pipelines whose Change.Sweep is at or before now, longest overdue first. It leaves out
// the pipelines of the installations in except.
func (s *Store) SweepsDue(ctx context.Context, now time.Time, except []int64, limit int) ([]bot.Key, error) {
	query, list := s.sweepsDue(except)
	return s.keys(ctx, query, micros(now), limit, list)
}

func (s *Store) sweepsDue(except []int64) (query string, list any) {
	condition, list := s.db.noneOf("installation", 3, except)
	return `SELECT repo, name, sweep_at FROM pipelines WHERE sweep_at > 0 AND sweep_at <= $1 AND ` + condition + ` ORDER BY sweep_at LIMIT $2`, list
}

// Processed reports which of the sender's deliveries were processed or are pending. The others have failed, were never
// received, or are too old to be known.
func (s *Store) Processed(ctx context.Context, guids []string) (map[string]bool, error) {
	const most = 500 // in one statement
	known := make(map[string]bool, len(guids))
	for part := range slices.Chunk(guids, most) {
		args := make([]any, len(part))
		for i, guid := range part {
			args[i] = plain(guid)
		}
		query := `SELECT guid FROM deliveries WHERE outcome <> 'failed' AND guid IN (` + placeholders(0, len(part)) + `)`
		err := s.db.each(ctx, query, args, func(scan scanner) error {
			var guid string
			err := scan(&guid)
			known[guid] = true
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("look up deliveries: %w", err)
		}
	}
	return known, nil
}

// placeholders writes n placeholders that follow the first after: $3,$4.
func placeholders(after, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(after + i + 1))
	}
	return b.String()
}
