package store

import (
	"context"
	"fmt"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

const (
	selectListed = `SELECT repo, name, repo_id, installation, version, rest, rest_at FROM pipelines ORDER BY repo, name`
	// A commit since then knows better.
	setRest = `UPDATE pipelines SET rest = $4, rest_at = version WHERE repo = $1 AND name = $2 AND version = $3`
)

// Listed is a pipeline, and whose it is.
type Listed struct {
	Pipeline     bot.Key
	RepoID       int64 // GitHub's number of the repository; 0: unknown
	Installation int64 // of the GitHub App, as last heard; 0: unknown
	Version      int64 // as of [Store.Version]
	rest         string
}

// Resting reports whether the pipeline is at rest, as far as it is known.
func (l Listed) Resting() bool { return l.rest != "" }

// Rest returns what there is to say of a pipeline at rest.
func (l Listed) Rest() (r history.Rest, err error) {
	if err := decode([]byte(l.rest), &r); err != nil {
		return history.Rest{}, fmt.Errorf("read what is kept of %s, which is at rest: %w", l.Pipeline, err)
	}
	return r, nil
}

// Listing lists every pipeline, by name, without its state.
func (s *Store) Listing(ctx context.Context) ([]Listed, error) { return listing(ctx, s.db) }

func listing(ctx context.Context, db reader) (list []Listed, err error) {
	err = db.each(ctx, selectListed, nil, func(scan scanner) error {
		var (
			l      Listed
			repo   string
			restAt int64
		)
		err := scan(&repo, &l.Pipeline.Name, &l.RepoID, &l.Installation, &l.Version, &l.rest, &restAt)
		if restAt != l.Version {
			l.rest = "" // an earlier version of Headstart, which does not write it, has changed the pipeline
		}
		if err == nil {
			l.Pipeline.Repo, err = bot.ParseRepo(repo)
		}
		list = append(list, l)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the pipelines: %w", err)
	}
	return list, nil
}

// restOf encodes what there is to say of a pipeline at rest; empty: it is not.
func restOf(state pipeline.State) (string, error) {
	rest, resting := history.RestOf(state)
	if !resting {
		return "", nil
	}
	data, err := encode(rest)
	return string(data), err
}
