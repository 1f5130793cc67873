package store

import (
	"context"
	"fmt"
	"time"
)

// oldHistory tells how rows of a table are found that are too old. The commands of people have an index by time. The
// others do not: it would be a tenth of their size. So the pipelines with old rows are found first.
type oldHistory struct {
	table string
	find  string // lists pipelines with rows from before $1
	prune string // removes at most $3 of such rows of pipeline $1 from before $2
}

var oldHistories = []oldHistory{
	{"changes",
		`SELECT id FROM history_pipelines p WHERE (SELECT MIN(seen_at) FROM history_changes WHERE pipeline = p.id) < $1 ORDER BY id`,
		`DELETE FROM history_changes WHERE pipeline = $1 AND sha IN (SELECT sha FROM history_changes WHERE pipeline = $1 AND seen_at < $2 ORDER BY seen_at LIMIT $3)`},
	{"promotions",
		`SELECT id FROM history_pipelines p WHERE (SELECT MIN(began) FROM history_promotions WHERE pipeline = p.id) < $1 ORDER BY id`,
		`DELETE FROM history_promotions WHERE pipeline = $1 AND (stage, n) IN (SELECT stage, n FROM history_promotions WHERE pipeline = $1 AND began < $2 ORDER BY began LIMIT $3)`},
	// The version that was in force at the time stays.
	{"process",
		`SELECT id FROM history_pipelines p WHERE (SELECT MIN(at) FROM history_process WHERE pipeline = p.id) < (SELECT MAX(at) FROM history_process WHERE pipeline = p.id AND at <= $1) ORDER BY id`,
		`DELETE FROM history_process WHERE pipeline = $1 AND at IN (SELECT at FROM history_process WHERE pipeline = $1
			AND at < (SELECT MAX(at) FROM history_process WHERE pipeline = $1 AND at <= $2) ORDER BY at LIMIT $3)`},
}

const pruneAudit = `DELETE FROM history_audit WHERE (pipeline, id) IN (SELECT pipeline, id FROM history_audit WHERE at < $1 ORDER BY at LIMIT $2)`

// PruneHistory removes rows of history and returns how many: changes that were seen, promotions that began, and
// versions of pipelines' files that were replaced before a time; and commands and doings from before audit. The zero time removes
// nothing. It works in small transactions, so that nothing waits for it.
func (s *Store) PruneHistory(ctx context.Context, before, audit time.Time) (removed int64, err error) {
	if !before.IsZero() {
		for _, old := range oldHistories {
			n, err := s.pruneOld(ctx, old, micros(before))
			removed += n
			if err != nil {
				return removed, fmt.Errorf("remove old %s from history: %w", old.table, err)
			}
		}
	}
	if !audit.IsZero() {
		for _, prune := range []string{pruneAudit, pruneDoings} {
			n, err := s.inBatches(ctx, prune, micros(audit))
			removed += n
			if err != nil {
				return removed, fmt.Errorf("remove old commands from history: %w", err)
			}
		}
	}
	return removed, nil
}

func (s *Store) pruneOld(ctx context.Context, old oldHistory, before int64) (removed int64, err error) {
	var pipelines []int64
	err = s.db.each(ctx, old.find, []any{before}, func(scan scanner) error {
		var id int64
		err := scan(&id)
		pipelines = append(pipelines, id)
		return err
	})
	for _, id := range pipelines {
		for gone := int64(pruneBatch); err == nil && gone == pruneBatch; removed += gone {
			gone = 0
			// What a power cut brings back is removed next time.
			err = s.writeLazily(ctx, func(t tx) (err error) {
				gone, err = t.exec(old.prune, id, before, pruneBatch)
				return err
			})
		}
		if err != nil {
			break
		}
	}
	return removed, err
}
