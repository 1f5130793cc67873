package store

import (
	"context"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/insight"
)

// ReadIn returns the text that a query yields within a transaction.
func (s *Store) ReadIn(ctx context.Context, lazily bool, query string) (value string, err error) {
	write := s.write
	if lazily {
		write = s.writeLazily
	}
	err = write(ctx, func(t tx) error {
		return t.each(query, nil, func(scan scanner) error { return scan(&value) })
	})
	return value, err
}

// ForgetSaved forgets what was saved, as the Store of another process does not
// know it.
func (s *Store) ForgetSaved() { s.saved = savedPipelines{} }

// ByRepo are the tables that move with a repository.
var ByRepo = append([]string{"events", "build_queue"}, byRepo...)

// TablesWithRepo lists the tables of a SQLite database that have a column repo.
func TablesWithRepo(ctx context.Context, s *Store) (names []string, err error) {
	const query = `SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'repo'`
	err = s.db.each(ctx, query, nil, func(scan scanner) error {
		var name string
		err := scan(&name)
		names = append(names, name)
		return err
	})
	return names, err
}

// SelectUnnumbered finds the repositories of an installation that have no number.
const SelectUnnumbered = selectUnnumbered

// PlanOf is how SQLite would run a statement, step by step.
func PlanOf(ctx context.Context, s *Store, query string, args ...any) (steps []string, err error) {
	err = s.db.each(ctx, `EXPLAIN QUERY PLAN `+query, args, func(scan scanner) error {
		var (
			id, parent, unused int64
			step               string
		)
		err := scan(&id, &parent, &unused, &step)
		steps = append(steps, step)
		return err
	})
	return steps, err
}

// SweepsDueQuery finds the pipelines whose sweep is due; the last of its arguments says
// whose are left out.
func (s *Store) SweepsDueQuery(except []int64) (query string, list any) { return s.sweepsDue(except) }

// Reindexed are River's indexes that it is told to look after.
var Reindexed = reindexed

// ForgetHistory makes pipelines with such names as they were before history had tables.
func (s *Store) ForgetHistory(ctx context.Context, names string) error {
	return s.write(ctx, func(t tx) error {
		_, err := t.exec(`DELETE FROM history_pipelines WHERE name LIKE $1`, names)
		return err
	})
}

// Days are the packed sums of a pipeline's days.
func Days(ctx context.Context, s *Store, key bot.Key) (map[insight.DayStage][]byte, error) {
	days := map[insight.DayStage][]byte{}
	err := s.db.each(ctx, selectDays, []any{key.Repo.String(), key.Name}, func(scan scanner) error {
		var (
			k    insight.DayStage
			sums []byte
		)
		err := scan(&k.Day, &k.Stage, &sums)
		days[k] = sums
		return err
	})
	return days, err
}

// PutWeeks gives pipelines without any rows packed weeks.
func (s *Store) PutWeeks(ctx context.Context, keys []bot.Key, now time.Time, weeks func(i int) []insight.Week) error {
	for i, key := range keys {
		err := s.writeLazily(ctx, func(t tx) error {
			if _, err := t.exec(`INSERT INTO history_pipelines (id, repo, name, filled) VALUES ($1, $2, $3, 1)`, 1000+i, key.Repo.String(), key.Name); err != nil {
				return err
			}
			recent, older := packWeeks(weeks(i), now)
			_, err := t.exec(saveWeeks, 1000+i, 1, 0, 0, recent, older)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// RuinDays removes the sums of every other day, and spoils the rest.
func (s *Store) RuinDays(ctx context.Context) error {
	return s.write(ctx, func(t tx) error {
		_, err := t.exec(`DELETE FROM history_days WHERE day % 2 = 0`)
		if err == nil {
			_, err = t.exec(`UPDATE history_days SET sums = $1`, []byte{1, 2, 3})
		}
		if err == nil {
			_, err = t.exec(`UPDATE history_weeks SET recent = $1, older = $1`, []byte{1, 2, 3})
		}
		return err
	})
}

// LeaveHistoryOf makes the history of a repository as it is after an instance that knows none has moved the repository
// from a name.
func (s *Store) LeaveHistoryOf(ctx context.Context, name, of string) error {
	return s.write(ctx, func(t tx) error {
		_, err := t.exec(`INSERT INTO history_pipelines (id, repo, name, filled) SELECT id + 1000, CAST($1 AS TEXT), name, 1 FROM history_pipelines WHERE repo = $2`, name, of)
		if err == nil {
			_, err = t.exec(`UPDATE history_changes SET pipeline = pipeline + 1000 WHERE pipeline IN (SELECT id FROM history_pipelines WHERE repo = $1)`, of)
		}
		return err
	})
}

// Waits counts a store's writes that wait for the disk, and those that do not.
type Waits struct {
	database
	All, Lazy int
}

// WaitsOf begins to count.
func WaitsOf(s *Store) *Waits {
	w := &Waits{database: s.db}
	s.db = w
	return w
}

func (w *Waits) write(ctx context.Context, fn func(tx) error) error {
	w.All++
	return w.database.write(ctx, fn)
}

func (w *Waits) writeLazily(ctx context.Context, fn func(tx) error) error {
	w.Lazy++
	return w.database.writeLazily(ctx, fn)
}

// HistoryQueries are the queries for pages of history, and for what is old, by the index that makes them fast.
func HistoryQueries(key bot.Key, at time.Time) map[string][]HistoryQuery {
	of := func(q *pageQuery) HistoryQuery { return HistoryQuery{q.text.String(), q.args} }
	since, before := Page[history.Change]{Since: at}, Page[history.Change]{Before: history.Change{SHA: "a1", SeenAt: at}}
	return map[string][]HistoryQuery{
		"history_changes_seen": {
			of(changesQuery(key, Page[history.Change]{})), of(changesQuery(key, since)), of(changesQuery(key, before)), {oldHistories[0].find, []any{micros(at)}},
		},
		"history_promotions_began": {
			of(promotionsQuery(key, Page[history.Promotion]{})), of(promotionsQuery(key, Page[history.Promotion]{Since: at})),
			{selectLatest, []any{micros(at), 10}}, {oldHistories[1].find, []any{micros(at)}},
		},
	}
}

// HistoryQuery is a statement with its arguments.
type HistoryQuery struct {
	Text string
	Args []any
}

// WriteAsBefore changes a pipeline as a version of Headstart did that knew nothing of history.Rest.
func (s *Store) WriteAsBefore(ctx context.Context, key bot.Key) error {
	return s.write(ctx, func(t tx) error {
		_, err := t.exec(`UPDATE pipelines SET version = version + 1 WHERE repo = $1 AND name = $2`, key.Repo.String(), key.Name)
		return err
	})
}
