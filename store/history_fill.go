package store

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

const (
	// selectUnfilled finds pipelines after $1, $2 whose history is older than its tables.
	selectUnfilled = `SELECT p.repo, p.name, 0 FROM pipelines p LEFT JOIN history_pipelines h ON h.repo = p.repo AND h.name = p.name
		WHERE (p.repo, p.name) > ($1, $2) AND (h.id IS NULL OR h.filled = 0 OR p.rest_at < p.version) ORDER BY p.repo, p.name LIMIT $3`
	setFilled = `UPDATE history_pipelines SET filled = 1 WHERE id = $1 AND filled = 0`

	// fillBatch is how many pipelines are filled in before it pauses, so that it takes the smaller part of a processor.
	fillBatch = 100
	fillPause = 100 * time.Millisecond
)

// FillHistory writes what the states of older pipelines tell about the past, each pipeline's once, until all are done
// or ctx ends. It may be interrupted at any time: the next call goes on. A state that cannot be read is logged and left
// out.
func (s *Store) FillHistory(ctx context.Context) (filled int, err error) {
	var last bot.Key
	for first := true; ; first = false {
		if !first {
			select {
			case <-ctx.Done():
				return filled, nil
			case <-time.After(fillPause):
			}
		}
		repo := ""
		if last != (bot.Key{}) {
			repo = last.Repo.String()
		}
		keys, err := s.keys(ctx, selectUnfilled, repo, last.Name, fillBatch)
		if err != nil {
			return filled, stopped(ctx, fmt.Errorf("find pipelines without history: %w", err))
		}
		for _, key := range keys {
			last = key
			done, err := s.fill(ctx, key)
			if err != nil && ctx.Err() == nil {
				s.log.Warn("the past of a pipeline could not be filled in; tried again at the next start", zap.Stringer("pipeline", key), zap.Error(err))
			}
			if done {
				filled++
			}
		}
		if len(keys) < fillBatch {
			return filled, nil
		}
	}
}

// stopped is nil if ctx has ended, which is no fault.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// fill writes the rows of one pipeline, unless another instance was faster. A row that is there was written by a commit
// since, and knows more.
func (s *Store) fill(ctx context.Context, key bot.Key) (done bool, err error) {
	state, version, err := s.Load(ctx, key)
	if err != nil || version == 0 {
		return false, err
	}
	rows, err := historyOf(history.Chronicle(pipeline.State{}, state))
	if err != nil {
		return false, err
	}
	rest, err := restOf(state)
	if err != nil {
		return false, err
	}
	err = s.writeLazily(ctx, func(t tx) error {
		done = false
		if _, err := t.exec(setRest, key.Repo.String(), key.Name, version, rest); err != nil {
			return err
		}
		id, err := historyID(t, key, false)
		if err != nil {
			return err
		}
		n, err := t.exec(setFilled, id)
		if err != nil || n == 0 {
			return err
		}
		done = true
		return rows.save(t, id, (*historyTable).add)
	})
	return done && err == nil, err
}
