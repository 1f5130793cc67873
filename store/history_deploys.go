package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
)

// selectDeploys counts deploys by the day, from $1 on. What a stage runs already is no deploy.
const selectDeploys = `SELECT p.repo, p.name, h.stage, (h.began - CAST($1 AS BIGINT)) / 86400000000 AS day, COUNT(*)
	FROM history_pipelines p JOIN history_promotions h ON h.pipeline = p.id
	WHERE h.began >= $1 AND h.kind = $2 AND h.proved <> 0 AND h.sha <> h.replaced AND (p.repo, p.name) IN (VALUES `

// Deploys counts what was released to a stage of each pipeline for the first time and proved, by the day of its begin:
// the first number is of the day that begins at from. A pipeline without any is not in it.
func (h History) Deploys(ctx context.Context, stages map[bot.Key]string, from time.Time) (map[bot.Key][]int, error) {
	found := map[bot.Key][]int{}
	for keys := range slices.Chunk(slices.Collect(maps.Keys(stages)), historyAtOnce) {
		args := []any{micros(from), kindCodes.pack(string(history.KindForward))}
		names := make([]string, len(keys))
		for i, key := range keys {
			args = append(args, key.Repo.String(), key.Name)
			names[i] = fmt.Sprintf("(CAST($%d AS TEXT), CAST($%d AS TEXT))", len(args)-1, len(args))
		}
		err := h.db.each(ctx, selectDeploys+strings.Join(names, ", ")+`) GROUP BY p.repo, p.name, h.stage, day`, args, func(scan scanner) error {
			var (
				repo, name, stage string
				day, n            int
			)
			if err := scan(&repo, &name, &stage, &day, &n); err != nil {
				return err
			}
			r, err := bot.ParseRepo(repo)
			if key := (bot.Key{Repo: r, Name: name}); err == nil && stages[key] == stage {
				days := found[key]
				for len(days) <= day {
					days = append(days, 0)
				}
				days[day] = n
				found[key] = days
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("count the deploys of %d pipelines: %w", len(keys), err)
		}
	}
	return found, nil
}
