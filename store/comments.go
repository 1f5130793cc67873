package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/headstart-cd/headstart/bot"
)

// Seen comments are remembered here and not in the states of pipelines. A state is written with every event, and
// contains only what is going on.

func insertComments(n int) string {
	return `INSERT INTO seen_comments (id, name, seen_at) VALUES ` + values(n, 3) + ` ON CONFLICT DO NOTHING`
}

func selectComments(n int) string {
	return `SELECT id FROM seen_comments WHERE name = $1 AND id IN (` + placeholders(1, n) + `)`
}

const pruneComments = `DELETE FROM seen_comments WHERE (id, name) IN (SELECT id, name FROM seen_comments WHERE seen_at < $1 ORDER BY seen_at LIMIT $2)`

// SeenComments reports which of the given comments a pipeline has seen.
func (s *Store) SeenComments(ctx context.Context, key bot.Key, comments []int64) (map[int64]bool, error) {
	heard := map[int64]bool{}
	for part := range slices.Chunk(comments, rowsAtOnce) {
		args := []any{key.Name}
		for _, id := range part {
			args = append(args, id)
		}
		err := s.db.each(ctx, selectComments(len(part)), args, func(scan scanner) error {
			var id int64
			err := scan(&id)
			heard[id] = true
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read which comments %s has heard of: %w", key, err)
		}
	}
	return heard, nil
}

// saveComments remembers the comments of a change.
func (r *pipelineRow) saveComments(t tx) error {
	for part := range slices.Chunk(r.change.Comments, rowsAtOnce) {
		var args []any
		for _, id := range part {
			args = append(args, id, r.change.Pipeline.Name, r.at)
		}
		if _, err := t.exec(insertComments(len(part)), args...); err != nil {
			return err
		}
	}
	return nil
}
