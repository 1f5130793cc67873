package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
)

// Count is how many deliveries of an event arrived, stored or not.
type Count struct {
	Event string
	Total int64 // deliveries of the last seven days, including duplicates
	Last  time.Time
}

const (
	// countsEvery is how often counts are saved: a killed process loses those since the last time.
	countsEvery = 5 * time.Second
	// countedNames bounds how many events are counted between two saves.
	countedNames = 200

	// Counts of several instances add up.
	saveCounts = `INSERT INTO delivery_counts (day, event, total, last_at) VALUES ($1, $2, $3, $4) ON CONFLICT (day, event) DO UPDATE SET total = delivery_counts.total + excluded.total,
		last_at = CASE WHEN excluded.last_at > delivery_counts.last_at THEN excluded.last_at ELSE delivery_counts.last_at END`
	selectCounts = `SELECT event, CAST(SUM(total) AS BIGINT), MAX(last_at) FROM delivery_counts GROUP BY event ORDER BY event`
)

// counter counts deliveries until they are saved.
type counter struct {
	mu     sync.Mutex
	counts map[countOn]Count // guarded by mu
}

type countOn struct {
	day   int64
	event string
}

// Count counts a signed delivery, with any outcome. The count is saved within seconds, and by Close.
func (s *Store) Count(event string) {
	event, now := plain(event), s.now()
	on := countOn{micros(now.UTC().Truncate(24 * time.Hour)), event}
	s.counter.mu.Lock()
	defer s.counter.mu.Unlock()
	count, known := s.counter.counts[on]
	if !known && len(s.counter.counts) >= countedNames {
		return
	}
	if s.counter.counts == nil {
		s.counter.counts = map[countOn]Count{}
	}
	count.Total, count.Last = count.Total+1, now
	s.counter.counts[on] = count
}

// take returns the counts, and starts from zero.
func (c *counter) take() map[countOn]Count {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := c.counts
	c.counts = nil
	return taken
}

// giveBack adds counts that could not be saved.
func (c *counter) giveBack(counted map[countOn]Count) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for on, since := range c.counts {
		since.Total += counted[on].Total
		counted[on] = since
	}
	c.counts = counted
}

// keepCounts saves the counts until the context ends, and then once more.
func (s *Store) keepCounts(ctx context.Context) {
	every := time.NewTicker(countsEvery)
	defer every.Stop()
	for ended := false; !ended; {
		select {
		case <-every.C:
		case <-ctx.Done():
			ended = true
		}
		counted := s.counter.take()
		if len(counted) == 0 {
			continue
		}
		if err := s.saveCounts(context.WithoutCancel(ctx), counted); err != nil {
			s.log.Warn("count webhooks", zap.Error(err))
			s.counter.giveBack(counted)
		}
	}
}

func (s *Store) saveCounts(ctx context.Context, counted map[countOn]Count) error {
	return s.writeLazily(ctx, func(t tx) error {
		// In a fixed order, so that instances do not wait for each other.
		for _, on := range slices.SortedFunc(maps.Keys(counted), func(a, b countOn) int {
			return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.event, b.event))
		}) {
			if _, err := t.exec(saveCounts, on.day, on.event, counted[on].Total, micros(counted[on].Last)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Counts lists the deliveries by event, sorted.
func (b *Operator) Counts(ctx context.Context) (list []Count, err error) {
	err = b.db.each(ctx, selectCounts, nil, func(scan scanner) error {
		var (
			count Count
			last  int64
		)
		err := scan(&count.Event, &count.Total, &last)
		count.Last = fromMicros(last)
		list = append(list, count)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list what came: %w", err)
	}
	return list, nil
}
