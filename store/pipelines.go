package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/apply"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

var _ engine.Store = (*Store)(nil)

const (
	selectState = `SELECT p.version, p.last_event, s.event, s.state FROM pipelines p JOIN pipeline_states s ON s.repo = p.repo AND s.name = p.name
		WHERE p.repo = $1 AND p.name = $2`
	selectVersion  = `SELECT version FROM pipelines WHERE repo = $1 AND name = $2`
	selectTail     = `SELECT event FROM events WHERE repo = $1 AND name = $2 AND seq > $3 AND seq <= $4 ORDER BY seq`
	insertPipeline = `INSERT INTO pipelines (repo, name, version, wake_at, sweep_at, installation, updated_at, last_event, repo_id, rest, rest_at)
		VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, 1) ON CONFLICT DO NOTHING RETURNING last_event`
	// Pipelines of two repositories that swap names may have the same version.
	updatePipeline = `UPDATE pipelines SET version = version + 1, wake_at = $3, sweep_at = $4, installation = $5,
		updated_at = $6, last_event = last_event + $7, repo_id = $8, rest = $9, rest_at = version + 1
		WHERE repo = $1 AND name = $2 AND version = $10 AND repo_id IN (0, $8) RETURNING last_event`
	saveState = `INSERT INTO pipeline_states (repo, name, event, state) VALUES ($1, $2, $3, $4)
		ON CONFLICT (repo, name) DO UPDATE SET event = excluded.event, state = excluded.state`

	selectPipelines = `SELECT repo, name, 0 FROM pipelines WHERE repo = $1 ORDER BY name`
	selectUsing     = `SELECT repo, name, 0 FROM pipeline_apps WHERE platform = $1 AND app = $2 ORDER BY repo, name`
	selectDue       = `SELECT repo, name, wake_at FROM pipelines WHERE wake_at > 0 AND wake_at <= CAST($1 AS BIGINT) ORDER BY wake_at LIMIT CAST($2 AS BIGINT)`
	selectNextWake  = `SELECT COALESCE(MIN(wake_at), 0) FROM pipelines WHERE wake_at > 0 AND wake_at > CAST($1 AS BIGINT)`

	// eventsAtOnce bounds the events per statement.
	eventsAtOnce = 8
)

func insertEvents(n int) string {
	return `INSERT INTO events (repo, name, seq, at, kind, event) VALUES ` + values(n, 6)
}

// tailAtMost bounds how many events are folded when a state is loaded.
const tailAtMost = 32

// Load returns a pipeline's state and its version; zero and version 0 if it was never saved.
func (s *Store) Load(ctx context.Context, key bot.Key) (pipeline.State, int64, error) {
	return loadAgain(key, func() (pipeline.State, int64, error) { return s.load(ctx, key) })
}

// loadAgain loads a state, and again if it was saved and its events were removed meanwhile.
func loadAgain(key bot.Key, load func() (pipeline.State, int64, error)) (pipeline.State, int64, error) {
	state, version, err := load()
	for tries := 0; errors.Is(err, errTail) && tries < 3; tries++ {
		state, version, err = load()
	}
	if err != nil {
		return pipeline.State{}, 0, fmt.Errorf("load the state of %s: %w", key, err)
	}
	return state, version, nil
}

var errTail = errors.New("events that belong to it are gone")

func (s *Store) load(ctx context.Context, key bot.Key) (state pipeline.State, version int64, err error) {
	data, tail, version, err := readState(ctx, s.db, key)
	if err == nil && version != 0 {
		s.think(ctx, func() { state, err = fold(data, tail) })
	}
	return state, version, err
}

// readState reads a state as it was last written, and the events since. Version 0: it was never saved.
func readState(ctx context.Context, db reader, key bot.Key) (data []byte, tail [][]byte, version int64, err error) {
	var folded, last int64
	err = db.each(ctx, selectState, []any{key.Repo.String(), key.Name}, func(scan scanner) error {
		return scan(&version, &last, &folded, &data)
	})
	if err != nil || version == 0 {
		return nil, nil, 0, err
	}
	if folded < last {
		err = db.each(ctx, selectTail, []any{key.Repo.String(), key.Name, folded, last}, func(scan scanner) error {
			var event []byte
			err := scan(&event)
			tail = append(tail, event)
			return err
		})
		if err == nil && int64(len(tail)) < last-folded {
			err = errTail
		}
	}
	return data, tail, version, err
}

// fold reads a state and folds the events since it was written.
func fold(data []byte, tail [][]byte) (state pipeline.State, err error) {
	if err := decode(data, &state); err != nil {
		return pipeline.State{}, err
	}
	events := make([]bot.Event, len(tail))
	for i, data := range tail {
		if err := decode(data, &events[i]); err != nil {
			return pipeline.State{}, fmt.Errorf("read an event that is not folded in yet: %w", err)
		}
	}
	return apply.Apply(state, events...), nil
}

// Commit saves everything in the change in one transaction, or nothing.
//
// Called from within Handlers.Perform, with its context, it also removes the effect from the queue in that transaction.
// So an effect with a recorded outcome is never performed again. With several outcomes it removes all of the effects:
// see Together.
//
// Errors: engine.ErrMoved if the pipeline's version is no longer c.Version. engine.NotItsTurn if the queues of prepare
// apps do not allow its places. engine.ErrElsewhere if the pipeline is new and its repository does not have that name.
func (s *Store) Commit(ctx context.Context, c engine.Change) error {
	var (
		row *pipelineRow
		err error
	)
	before, known := s.saved.of(c.Pipeline, c.State.RepoID, c.Version)
	whole := !known || !c.Folded || before.tail+len(c.Events) > tailAtMost
	s.think(ctx, func() { row, err = rowOf(c, whole, s.now()) })
	if err != nil {
		return fmt.Errorf("save %s: %w", c.Pipeline, err)
	}
	row.sameApps, row.before, row.known = known && maps.Equal(before.apps, row.apps), before, known
	running := jobsOf(ctx)
	next := s.direct.Load().handOver()
	write := s.write
	if s.db.endsWithUs() && c.CanBeRepeated() {
		write = s.writeLazily
	}
	err = write(ctx, func(t tx) error {
		next.anew()
		if err := row.save(t, &next); err != nil {
			return err
		}
		return running.finish(t)
	})
	defer func() { next.done(err == nil) }() // once it is known what was saved
	if err == nil {
		running.finished()
		tail := before.tail + len(c.Events)
		if whole {
			tail = 0
		}
		s.saved.keep(c.Pipeline, saved{c.State.RepoID, c.Version + 1, row.apps, tail, settled(row.claims), row.number})
		return nil
	}
	for _, known := range []error{engine.ErrMoved, engine.ErrElsewhere} {
		if errors.Is(err, known) {
			return known
		}
	}
	if turn := (*engine.NotItsTurn)(nil); errors.As(err, &turn) {
		return turn
	}
	return fmt.Errorf("save %s: %w", c.Pipeline, err)
}

// think calls fn, which reads or writes JSON: most of the processor time of a pipeline. Only a few outcomes of effects
// do so at once. Deliveries have no such bound and so get the processor first. So a hundred builds are decided before
// the publications about the first of them are recorded.
func (s *Store) think(ctx context.Context, fn func()) {
	if len(jobsOf(ctx)) > 0 {
		s.thinking <- struct{}{}
		defer func() { <-s.thinking }()
	}
	fn()
}

// pipelineRow is a change in the database's terms.
type pipelineRow struct {
	change   engine.Change
	repo     string
	state    string // empty: its events suffice
	events   []string
	jobs     jobs
	apps     map[app]bool
	sameApps bool // they are in the database already
	claims   map[app]bot.QueueClaim
	history  historyRows
	rest     string // see history.Rest; empty: it is not at rest
	number   int64  // of the pipeline in history; 0: unknown
	before   saved  // with the version before, if it is known
	known    bool
	at       int64
}

// rowOf encodes the change before the transaction. It leaves out the state where the events describe the change from
// the last written state. A state grows with the activity, and is most of what is written.
func rowOf(c engine.Change, whole bool, now time.Time) (*pipelineRow, error) {
	r := &pipelineRow{change: c, repo: c.Pipeline.Repo.String(), at: micros(now), apps: appsOf(c.State), claims: claimsOf(c)}
	if whole {
		state, err := encode(c.State)
		if err != nil {
			return nil, err
		}
		r.state = string(state)
	}
	for _, e := range c.Events {
		data, err := encode(e)
		if err != nil {
			return nil, fmt.Errorf("encode the event %s: %w", bot.NameOf(e.Fact), err)
		}
		r.events = append(r.events, string(data))
	}
	for _, e := range c.Effects {
		if err := r.jobs.addEffect(c.Target, e, c.Cause); err != nil {
			return nil, err
		}
	}
	var err error
	if r.rest, err = restOf(c.State); err != nil {
		return nil, err
	}
	r.history, err = historyOf(c.History)
	return r, err
}

// save writes the change, and hands its effects over.
func (r *pipelineRow) save(t tx, next *handOver) error {
	c := r.change
	args := []any{r.repo, c.Pipeline.Name, microsUp(c.Wake), microsUp(c.Sweep), c.State.Installation, r.at, int64(len(r.events)), c.State.RepoID, r.rest}
	query := insertPipeline
	if c.Version > 0 {
		query, args = updatePipeline, append(args, c.Version)
	} else if err := r.mayBegin(t); err != nil {
		return err
	}
	last := int64(-1)
	if err := t.each(query, args, func(scan scanner) error { return scan(&last) }); err != nil {
		return err
	}
	if last < 0 {
		return engine.ErrMoved
	}
	if err := r.saveEvents(t, last-int64(len(r.events))); err != nil {
		return err
	}
	if err := r.saveComments(t); err != nil {
		return err
	}
	if r.state != "" {
		if _, err := t.exec(saveState, r.repo, c.Pipeline.Name, last, r.state); err != nil {
			return err
		}
	}
	if !r.sameApps {
		if err := r.saveApps(t); err != nil {
			return err
		}
	}
	if err := r.saveHistory(t); err != nil {
		return err
	}
	calls, err := r.saveClaims(t)
	if err != nil {
		return err
	}
	return next.insert(t, slices.Concat(r.jobs, calls)...)
}

// saveEvents appends the events after the one with the number last.
func (r *pipelineRow) saveEvents(t tx, last int64) error {
	for at := 0; at < len(r.events); at += eventsAtOnce {
		n := min(eventsAtOnce, len(r.events)-at)
		args := make([]any, 0, n*6)
		for i, data := range r.events[at : at+n] {
			e := r.change.Events[at+i]
			args = append(args, r.repo, r.change.Pipeline.Name, last+int64(at+i)+1, micros(e.At), bot.NameOf(e.Fact), data)
		}
		if _, err := t.exec(insertEvents(n), args...); err != nil {
			return err
		}
	}
	return nil
}

// Pipelines lists the pipelines of a repository, by name; none if it was never saved.
func (s *Store) Pipelines(ctx context.Context, repo bot.Repo) ([]bot.Key, error) {
	return s.keys(ctx, selectPipelines, repo.String())
}

// Needing lists the pipelines whose configuration needs a stage of another pipeline.
func (s *Store) Needing(ctx context.Context, stage bot.Need) ([]bot.Key, error) {
	return s.keys(ctx, selectUsing, stages, strings.ToLower(stage.String()))
}

// Using lists the pipelines whose configuration names the app.
func (s *Store) Using(ctx context.Context, platform, app string) ([]bot.Key, error) {
	return s.keys(ctx, selectUsing, platform, app)
}

// Due lists at most limit pipelines whose wake time is at or before now, longest overdue first. next is the earliest
// wake time after now; zero: there is none.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) (due []bot.Key, next time.Time, err error) {
	due, err = s.keys(ctx, selectDue, micros(now), limit)
	if err != nil {
		return nil, time.Time{}, err
	}
	err = s.db.each(ctx, selectNextWake, []any{micros(now)}, func(scan scanner) error {
		var us int64
		err := scan(&us)
		next = fromMicros(us)
		return err
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("find the next wake time: %w", err)
	}
	return due, next, nil
}

func (s *Store) keys(ctx context.Context, query string, args ...any) ([]bot.Key, error) {
	return keysOf(ctx, s.db, query, args...)
}

func keysOf(ctx context.Context, db reader, query string, args ...any) ([]bot.Key, error) {
	var keys []bot.Key
	err := db.each(ctx, query, args, func(scan scanner) error {
		var (
			repo, name string
			wake       int64
		)
		if err := scan(&repo, &name, &wake); err != nil {
			return err
		}
		r, err := bot.ParseRepo(repo)
		keys = append(keys, bot.Key{Repo: r, Name: name})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list pipelines: %w", err)
	}
	return keys, nil
}

// Events returns up to limit events of a pipeline after the one numbered after, in commit order, and the number of the
// last one.
func (s *Store) Events(ctx context.Context, key bot.Key, after int64, limit int) (events []bot.Event, last int64, err error) {
	last = after
	err = s.db.each(ctx, `SELECT seq, event FROM events WHERE repo = $1 AND name = $2 AND seq > $3 ORDER BY seq LIMIT $4`,
		[]any{key.Repo.String(), key.Name, after, limit}, func(scan scanner) error {
			var (
				data string
				e    bot.Event
			)
			if err := scan(&last, &data); err != nil {
				return err
			}
			if err := decode([]byte(data), &e); err != nil {
				return err
			}
			events = append(events, e)
			return nil
		})
	if err != nil {
		return nil, after, fmt.Errorf("read the events of %s: %w", key, err)
	}
	return events, last, nil
}

// Version returns a pipeline's version; 0 if it was never saved.
func (s *Store) Version(ctx context.Context, key bot.Key) (version int64, err error) {
	err = s.db.each(ctx, selectVersion, []any{key.Repo.String(), key.Name}, func(scan scanner) error { return scan(&version) })
	if err != nil {
		return 0, fmt.Errorf("look whether %s has moved: %w", key, err)
	}
	return version, nil
}
