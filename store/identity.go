package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
)

var _ engine.Identities = (*Store)(nil)

// byRepo lists the tables with a repository's name in a column repo, which move with it. The events move, too, but
// there may be a hundred thousand of them.
var byRepo = []string{"pipelines", "pipeline_apps", "pipeline_states", "history_pipelines"}

const (
	selectNamed     = `SELECT name, repo_id FROM pipelines WHERE repo = $1 ORDER BY name`
	selectKnownName = `SELECT 1, id, '' FROM repository_names WHERE name = $1
		UNION ALL SELECT 2, id, full_name FROM repositories WHERE name = $1
		UNION ALL SELECT 3, id, full_name FROM repositories WHERE id = CAST($2 AS BIGINT)
		UNION ALL SELECT 4, 0, '' FROM pipelines WHERE repo = $3 AND repo_id = 0`

	insertRepository = `INSERT INTO repositories (id, name, full_name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`
	insertName       = `INSERT INTO repository_names (name, id, since, by_whom) VALUES ($1, $2, $3, '') ON CONFLICT DO NOTHING`
	saveName         = `INSERT INTO repository_names (name, id, since, by_whom) VALUES ($1, $2, $3, $4)
		ON CONFLICT (name) DO UPDATE SET id = excluded.id, since = excluded.since, by_whom = excluded.by_whom`
	moveRepository = `UPDATE repositories SET name = $3, full_name = $4 WHERE id = $1 AND full_name = $2`
	// It locks the row, so that the repository is not moved meanwhile.
	stillThere  = `UPDATE repositories SET full_name = full_name WHERE id = $1 AND full_name = $2`
	countNumber = `SELECT COUNT(*) FROM repository_names WHERE name = $1`

	saveRefusal = `INSERT INTO repository_refusals (name, id, full_name, known, first_at, last_at, facts) VALUES ($1, $2, $3, $4, $5, $5, $6)
		ON CONFLICT (name, id) DO UPDATE SET full_name = excluded.full_name, known = excluded.known, last_at = excluded.last_at,
			facts = CASE WHEN excluded.facts = '[]' THEN repository_refusals.facts ELSE excluded.facts END`
	selectRefusals = `SELECT r.full_name, r.id, r.known, COALESCE(n.id, 0), r.first_at, r.last_at, r.facts FROM repository_refusals r
		LEFT JOIN repository_names n ON n.name = r.name AND n.id = r.id ORDER BY r.name, r.first_at`
	selectConfirmed = `SELECT r.full_name, r.id, r.known, n.id, r.first_at, r.last_at, r.facts FROM repository_refusals r
		JOIN repository_names n ON n.name = r.name AND n.id = r.id ORDER BY r.name, r.first_at`
	countRefusals    = `SELECT COUNT(*) FROM repository_refusals`
	selectUnnumbered = `SELECT DISTINCT repo FROM pipelines WHERE repo_id = 0 AND installation = $1 ORDER BY repo`
	selectFolded     = `SELECT name, event FROM pipeline_states WHERE repo = $1`
	moveTail         = `UPDATE events SET repo = $2 WHERE repo = $1 AND name = $3 AND seq > $4`
	moveEvents       = `UPDATE events SET repo = $1 WHERE (repo, name, seq) IN (SELECT repo, name, seq FROM events WHERE repo = $3 ORDER BY name, seq LIMIT $2)`
	deleteEvents     = `DELETE FROM events WHERE repo = $1`
	deleteOld        = `DELETE FROM events WHERE repo = $1 AND name = $2`
	deleteRefusal    = `DELETE FROM repository_refusals WHERE name = $1 AND id = $2`
)

// Named lists the pipelines under a repository's name, and that repository's number; 0: unknown, or there are no
// pipelines.
func (s *Store) Named(ctx context.Context, repo bot.Repo) (keys []bot.Key, id int64, err error) {
	err = s.db.each(ctx, selectNamed, []any{repo.String()}, func(scan scanner) error {
		key := bot.Key{Repo: repo}
		err := scan(&key.Name, &id)
		keys = append(keys, key)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("find the pipelines of %s: %w", repo, err)
	}
	return keys, id, nil
}

// KnownName returns what is known of a name and of a repository.
func (s *Store) KnownName(ctx context.Context, repo bot.Repo, id int64) (engine.KnownName, error) {
	var known engine.KnownName
	err := s.db.each(ctx, selectKnownName, []any{lower(repo), id, repo.String()}, func(scan scanner) error {
		var (
			kind, number int64
			name         string
		)
		if err := scan(&kind, &number, &name); err != nil {
			return err
		}
		var err error
		switch kind {
		case 1:
			known.Trusted = number
		case 2:
			known.Holder = number
			known.HolderName, err = bot.ParseRepo(name)
		case 3:
			known.At, err = bot.ParseRepo(name)
		case 4:
			known.Unnumbered = true
		}
		return err
	})
	if err != nil {
		return engine.KnownName{}, fmt.Errorf("look up the repository %s (%d): %w", repo, id, err)
	}
	return known, nil
}

// Settle stores a new repository under a name that no other has, or that the operator has given it. It returns
// engine.ErrElsewhere if the repository is known, or the name is not for it.
func (s *Store) Settle(ctx context.Context, repo bot.Repo, id int64, by string) error {
	return s.identify(ctx, "settle", repo, id, func(t tx) error {
		if err := s.trust(t, repo, id, by); err != nil {
			return err
		}
		if n, err := t.exec(insertRepository, id, lower(repo), repo.String()); err != nil || n == 1 {
			return err
		}
		return here(t, repo, id)
	})
}

// Move gives everything of a repository another name, in one transaction. It returns engine.ErrElsewhere if the
// repository is no longer at from, or the name is not for it. Events that are folded into a state follow later in small
// steps, so that nothing waits for them.
func (s *Store) Move(ctx context.Context, from, to bot.Repo, id int64, by string) error {
	err := s.identify(ctx, "move", to, id, s.moving(from, to, id, by))
	if err != nil {
		return err
	}
	for moved := int64(pruneBatch); moved == pruneBatch; {
		err := s.write(ctx, func(t tx) (err error) {
			moved, err = t.exec(moveEvents, to.String(), pruneBatch, from.String())
			return err
		})
		if err != nil { // they disturb no state, and are removed in the end
			s.log.Warn("the past of a repository could not follow it to its new name", zap.Stringer("from", from), zap.Stringer("to", to), zap.Error(err))
			break
		}
	}
	return nil
}

func (s *Store) moving(from, to bot.Repo, id int64, by string) func(tx) error {
	return func(t tx) error {
		taken, err := count(t, `SELECT COUNT(*) FROM repositories WHERE name = $1 AND id <> $2`, lower(to), id)
		if err != nil || taken > 0 {
			return orElsewhere(err)
		}
		n, err := t.exec(moveRepository, id, from.String(), lower(to), to.String())
		if err != nil || n == 0 {
			return orElsewhere(err)
		}
		if !to.Nameless() {
			if err := s.trust(t, to, id, by); err != nil {
				return err
			}
		}
		if taken, err = count(t, `SELECT COUNT(*) FROM pipelines WHERE repo = $1`, to.String()); err != nil || taken > 0 {
			return orElsewhere(err)
		}
		if _, err := t.exec(deleteEvents, to.String()); err != nil { // events of another repository that were not moved
			return err
		}
		for _, table := range byRepo {
			if table == "pipeline_states" { // by now no other commit is possible
				if err := moveTails(t, from, to); err != nil {
					return err
				}
			}
			if _, err := t.exec(`UPDATE `+table+` SET repo = $2 WHERE repo = $1`, from.String(), to.String()); err != nil {
				return err
			}
		}
		if err := moveQueueEntries(t, from, to); err != nil {
			return err
		}
		look := 1 // at once
		if to.Nameless() {
			look = 0 // never
		}
		_, err = t.exec(`UPDATE pipelines SET wake_at = $2, sweep_at = $2 WHERE repo = $1`, to.String(), look)
		return err
	}
}

// moveTails moves the events that complete a state.
func moveTails(t tx, from, to bot.Repo) error {
	folded := map[string]int64{}
	err := t.each(selectFolded, []any{from.String()}, func(scan scanner) error {
		var (
			name  string
			event int64
		)
		err := scan(&name, &event)
		folded[name] = event
		return err
	})
	for name, event := range folded {
		if err == nil {
			_, err = t.exec(moveTail, from.String(), to.String(), name, event)
		}
	}
	return err
}

func (s *Store) identify(ctx context.Context, what string, repo bot.Repo, id int64, fn func(tx) error) error {
	err := s.write(ctx, fn)
	if err != nil {
		return fmt.Errorf("%s the repository %s (%d): %w", what, repo, id, err)
	}
	return nil
}

// trust lets a repository have a name that is new, or that a person has confirmed.
func (s *Store) trust(t tx, repo bot.Repo, id int64, by string) error {
	if by != "" {
		_, err := t.exec(saveName, lower(repo), id, micros(s.now()), plain(by))
		return err
	}
	if _, err := t.exec(insertName, lower(repo), id, micros(s.now())); err != nil {
		return err
	}
	n, err := count(t, `SELECT COUNT(*) FROM repository_names WHERE name = $1 AND id = $2`, lower(repo), id)
	if err != nil || n == 0 {
		return orElsewhere(err)
	}
	return nil
}

func orElsewhere(err error) error {
	if err == nil {
		return engine.ErrElsewhere
	}
	return err
}

// here fails with engine.ErrElsewhere unless the repository has that name now.
func here(t tx, repo bot.Repo, id int64) error {
	n, err := t.exec(stillThere, id, repo.String())
	if err != nil || n == 0 {
		return orElsewhere(err)
	}
	return nil
}

// mayBegin fails with engine.ErrElsewhere if a pipeline is to be made for a repository without that name. Its maker has
// not seen the move yet.
func (r *pipelineRow) mayBegin(t tx) error {
	repo, id := r.change.Pipeline.Repo, r.change.State.RepoID
	if id != 0 {
		if err := here(t, repo, id); err != nil {
			return err
		}
	} else if n, err := count(t, countNumber, lower(repo)); err != nil || n > 0 {
		return orElsewhere(err)
	}
	_, err := t.exec(deleteOld, repo.String(), r.change.Pipeline.Name) // of another repository that had the name
	return err
}

func count(t tx, query string, args ...any) (n int64, err error) {
	err = t.each(query, args, func(scan scanner) error { return scan(&n) })
	return n, err
}

func lower(repo bot.Repo) string { return strings.ToLower(repo.String()) }

// Refuse stores that a repository came under another one's name.
func (s *Store) Refuse(ctx context.Context, r engine.Refusal) error {
	facts, err := encodeFacts(r.Facts, r.Last)
	if err != nil {
		return err
	}
	return s.identify(ctx, "refuse", r.Repo, r.ID, func(t tx) error {
		_, err := t.exec(saveRefusal, lower(r.Repo), r.ID, r.Repo.String(), r.Known, micros(r.Last), string(facts))
		return err
	})
}

// Refusals lists the repositories that came under another one's name, or of them those that a person has confirmed.
func (s *Store) Refusals(ctx context.Context, confirmed bool) ([]engine.Refusal, error) {
	return refusals(ctx, s.db, confirmed)
}

// Refused counts the repositories that came under another one's name.
func (s *Store) Refused(ctx context.Context) (n int64, err error) {
	err = s.db.each(ctx, countRefusals, nil, func(scan scanner) error { return scan(&n) })
	if err != nil {
		return 0, fmt.Errorf("count the repositories that were refused: %w", err)
	}
	return n, nil
}

// Unnumbered lists the names of an installation's repositories whose number is unknown.
func (s *Store) Unnumbered(ctx context.Context, installation int64) (list []bot.Repo, err error) {
	err = s.db.each(ctx, selectUnnumbered, []any{installation}, func(scan scanner) error {
		var name string
		if err := scan(&name); err != nil {
			return err
		}
		repo, err := bot.ParseRepo(name)
		list = append(list, repo)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the repositories without a number: %w", err)
	}
	return list, nil
}

// Accept removes the refusal of a repository.
func (s *Store) Accept(ctx context.Context, repo bot.Repo, id int64) error {
	return s.identify(ctx, "accept", repo, id, func(t tx) error {
		_, err := t.exec(deleteRefusal, lower(repo), id)
		return err
	})
}

func refusals(ctx context.Context, db reader, confirmed bool) (list []engine.Refusal, err error) {
	query := selectRefusals
	if confirmed {
		query = selectConfirmed
	}
	err = db.each(ctx, query, nil, func(scan scanner) error {
		var (
			r           engine.Refusal
			name, facts string
			first, last int64
			confirmed   int64
		)
		err := scan(&name, &r.ID, &r.Known, &confirmed, &first, &last, &facts)
		if err != nil {
			return err
		}
		r.First, r.Last, r.Confirmed = fromMicros(first), fromMicros(last), confirmed != 0
		if r.Facts, err = decodeFacts([]byte(facts)); err != nil {
			return err
		}
		r.Repo, err = bot.ParseRepo(name)
		list = append(list, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the repositories that were refused: %w", err)
	}
	return list, nil
}

func encodeFacts(facts []bot.Fact, at time.Time) ([]byte, error) {
	events := make([]bot.Event, len(facts))
	for i, f := range facts {
		events[i] = bot.Event{At: at, Fact: f}
	}
	return encode(events)
}

func decodeFacts(data []byte) (facts []bot.Fact, err error) {
	var events []bot.Event
	if err := decode(data, &events); err != nil {
		return nil, err
	}
	for _, e := range events {
		facts = append(facts, e.Fact)
	}
	return facts, nil
}
