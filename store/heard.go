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

// Heard is what came of an event, stored or not.
type Heard struct {
	Event string
	Total int64 // deliveries of the last seven days, duplicates too
	Last  time.Time
}

const (
	// heardEvery is how often what was counted is saved: whoever is killed loses
	// the count of as long.
	heardEvery = 5 * time.Second
	// heardNames bounds the names of events that are counted between two times.
	heardNames = 200

	// Counts of several instances add up.
	saveHeard = `INSERT INTO heard (day, event, total, last_at) VALUES ($1, $2, $3, $4) ON CONFLICT (day, event) DO UPDATE SET total = heard.total + excluded.total,
		last_at = CASE WHEN excluded.last_at > heard.last_at THEN excluded.last_at ELSE heard.last_at END`
	selectHeard = `SELECT event, CAST(SUM(total) AS BIGINT), MAX(last_at) FROM heard GROUP BY event ORDER BY event`
)

// ear counts deliveries until they are saved.
type ear struct {
	mu    sync.Mutex
	heard map[heardOn]Heard // guarded by mu
}

type heardOn struct {
	day   int64
	event string
}

// Heard counts a delivery that was signed, whatever becomes of it. The count is
// saved within seconds, and by Close.
func (s *Store) Heard(event string) {
	event, now := plain(event), s.now()
	on := heardOn{micros(now.UTC().Truncate(24 * time.Hour)), event}
	s.ear.mu.Lock()
	defer s.ear.mu.Unlock()
	h, known := s.ear.heard[on]
	if !known && len(s.ear.heard) >= heardNames {
		return
	}
	if s.ear.heard == nil {
		s.ear.heard = map[heardOn]Heard{}
	}
	h.Total, h.Last = h.Total+1, now
	s.ear.heard[on] = h
}

// take returns what was counted, and begins anew.
func (e *ear) take() map[heardOn]Heard {
	e.mu.Lock()
	defer e.mu.Unlock()
	taken := e.heard
	e.heard = nil
	return taken
}

// giveBack counts what could not be saved.
func (e *ear) giveBack(counted map[heardOn]Heard) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for on, since := range e.heard {
		since.Total += counted[on].Total
		counted[on] = since
	}
	e.heard = counted
}

// keepHeard saves what is counted until the context ends, and then once more.
func (s *Store) keepHeard(ctx context.Context) {
	every := time.NewTicker(heardEvery)
	defer every.Stop()
	for ended := false; !ended; {
		select {
		case <-every.C:
		case <-ctx.Done():
			ended = true
		}
		counted := s.ear.take()
		if len(counted) == 0 {
			continue
		}
		if err := s.saveHeard(context.WithoutCancel(ctx), counted); err != nil {
			s.log.Warn("count webhooks", zap.Error(err))
			s.ear.giveBack(counted)
		}
	}
}

func (s *Store) saveHeard(ctx context.Context, counted map[heardOn]Heard) error {
	return s.writeLazily(ctx, func(t tx) error {
		// In one order, so that instances do not wait for each other.
		for _, on := range slices.SortedFunc(maps.Keys(counted), func(a, b heardOn) int {
			return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.event, b.event))
		}) {
			if _, err := t.exec(saveHeard, on.day, on.event, counted[on].Total, micros(counted[on].Last)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Heard lists what came by event, sorted.
func (b *Beside) Heard(ctx context.Context) (list []Heard, err error) {
	err = b.db.each(ctx, selectHeard, nil, func(scan scanner) error {
		var (
			h    Heard
			last int64
		)
		err := scan(&h.Event, &h.Total, &last)
		h.Last = fromMicros(last)
		list = append(list, h)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list what came: %w", err)
	}
	return list, nil
}
