package store

import (
	"context"
	"fmt"
	"time"
)

// Backlog is what waits in a queue for an instance that works on it. What is to be done later does not wait yet.
type Backlog struct {
	Queue  string // deliveries, effects, publishing or idle
	Jobs   int
	Oldest time.Duration // how long the oldest job has waited; 0: none waits
}

// Backlogs reads the queues, of all instances together, in a fixed order.
func (s *Store) Backlogs(ctx context.Context) ([]Backlog, error) {
	list := make([]Backlog, len(queues()))
	for i, queue := range queues() {
		list[i].Queue = queue
	}
	// River's clock is the real one.
	err := s.db.each(ctx, s.selectBacklogs(), []any{s.db.time(time.Now())}, func(scan scanner) error {
		var (
			queue  string
			jobs   int
			oldest float64
		)
		if err := scan(&queue, &jobs, &oldest); err != nil {
			return err
		}
		for i := range list {
			if list[i].Queue == queue {
				list[i].Jobs, list[i].Oldest = jobs, max(time.Duration(oldest*float64(time.Second)), 0)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the queues: %w", err)
	}
	return list, nil
}

func (s *Store) selectBacklogs() string {
	return `SELECT queue, COUNT(*), ` + s.db.secondsSince(`MIN(scheduled_at)`) + ` FROM river_job WHERE state = 'available' AND scheduled_at <= $1 GROUP BY queue`
}
