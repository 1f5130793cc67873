package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
)

// NamedRepository is a repository that has pipelines.
type NamedRepository struct {
	Repo  bot.Repo // nameless: another repository has its old name
	ID    int64
	Since time.Time // since when it has the name
	By    string    // the operator who confirmed it; empty: it was the first
}

// Repositories lists the repositories with pipelines, by name.
func (b *Operator) Repositories(ctx context.Context) (list []NamedRepository, err error) {
	const query = `SELECT r.full_name, r.id, COALESCE(n.since, 0), COALESCE(n.by_whom, '') FROM repositories r
		LEFT JOIN repository_names n ON n.name = r.name AND n.id = r.id ORDER BY r.name`
	err = b.db.each(ctx, query, nil, func(scan scanner) error {
		var (
			r     NamedRepository
			name  string
			since int64
		)
		if err := scan(&name, &r.ID, &since, &r.By); err != nil {
			return err
		}
		r.Since = fromMicros(since)
		var err error
		r.Repo, err = bot.ParseRepo(name)
		list = append(list, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the repositories: %w", err)
	}
	return list, nil
}

// Refusals lists the repositories that came under another one's name.
func (b *Operator) Refusals(ctx context.Context) ([]engine.Refusal, error) {
	return refusals(ctx, b.db, false)
}

// Confirm gives a name to a repository, and returns the former owner; 0: none. The servers on the database look for it
// every second.
func (b *Operator) Confirm(ctx context.Context, repo bot.Repo, id int64, by string, at time.Time) (was int64, err error) {
	err = b.db.each(ctx, `SELECT id FROM repository_names WHERE name = $1`, []any{lower(repo)}, func(scan scanner) error { return scan(&was) })
	if err == nil {
		if by = strings.TrimSpace(plain(by)); by == "" {
			by = "the operator"
		}
		err = b.db.each(ctx, saveName+` RETURNING id`, []any{lower(repo), id, micros(at), by}, func(scan scanner) error { return scan(new(int64)) })
	}
	if err != nil {
		return 0, fmt.Errorf("confirm the repository %s (%d): %w", repo, id, err)
	}
	return was, nil
}
