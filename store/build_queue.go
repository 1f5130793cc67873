package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
)

// The queues of prepare apps. A pipeline's places are saved with its state, in one transaction; [bot.BuildQueue]
// decides what they may be. A transaction locks a queue before it changes it. So two pipelines never take the same app,
// and a pipeline that comes while an app becomes free is not overlooked: one of the two transactions sees the other.
// Apps are locked in the order of their names, so two transactions never wait for one another. They are locked last, so
// that the locks are short.

const (
	lockQueue = `INSERT INTO build_queue_apps (platform, app, moves) VALUES ($1, $2, 1)
		ON CONFLICT (platform, app) DO UPDATE SET moves = build_queue_apps.moves + 1`
	selectQueue      = `SELECT repo, name, entry FROM build_queue WHERE platform = $1 AND app = $2`
	selectQueueEntry = `SELECT platform, app, entry FROM build_queue WHERE repo = $1 AND name = $2`
	saveQueueEntry   = `INSERT INTO build_queue (platform, app, repo, name, entry) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (platform, app, repo, name) DO UPDATE SET entry = excluded.entry`
	selectQueues     = `SELECT DISTINCT platform, app FROM build_queue WHERE repo = $1 OR repo = $2 ORDER BY platform, app`
	moveQueueEntry   = `UPDATE build_queue SET repo = $2 WHERE repo = $1`
	leaveAll         = `DELETE FROM build_queue WHERE repo = $1`
	removeQueueEntry = `DELETE FROM build_queue WHERE platform = $1 AND app = $2 AND repo = $3 AND name = $4`
)

// claimsOf returns a change's places by app.
func claimsOf(c engine.Change) map[app]bot.QueueClaim {
	list := make(map[app]bot.QueueClaim, len(c.Claims))
	platform, _ := c.State.Apps()
	for _, p := range c.Claims {
		list[app{platform, p.App}] = p
	}
	return list
}

// settled returns the places after their change was saved.
func settled(places map[app]bot.QueueClaim) map[app]bot.QueueClaim {
	for k, p := range places {
		p.Takes, p.Passes = bot.RankNone, false
		places[k] = p
	}
	return places
}

// saveClaims saves the places, and returns the jobs that notify the pipelines whose turn it becomes. The error is
// engine.NotItsTurn where the queues do not allow the places.
func (r *pipelineRow) saveClaims(t tx) (calls jobs, err error) {
	moves, err := r.moves(t)
	if err != nil {
		return nil, err
	}
	now := r.change.At.UTC().Round(0)
	if now.IsZero() {
		now = fromMicros(r.at)
	}
	refused := map[string]bot.BuildQueue{}
	who := bot.QueueEntry{Pipeline: r.change.Pipeline, Installation: r.change.State.Installation, Public: r.change.State.Visibility == bot.Public}
	for _, a := range sortedApps(moves) {
		if _, err := t.exec(lockQueue, a.platform, a.name); err != nil {
			return nil, err
		}
		queue, err := readQueue(t.each, a)
		if err != nil {
			return nil, err
		}
		moved, ok := queue.Move(who, moves[a], now)
		if !ok {
			refused[a.name] = queue
			continue
		}
		if err := saveQueueEntries(t, a, queue, moved.Changed, now); err != nil {
			return nil, err
		}
		for _, key := range moved.Call {
			if err := calls.addEffect(bot.Target{Pipeline: key}, callTo(a.name, now), nil); err != nil {
				return nil, err
			}
		}
	}
	if len(refused) > 0 {
		return nil, &engine.NotItsTurn{Queues: refused}
	}
	return calls, nil
}

// moves returns the places that may have changed: new ones, those where the pipeline waits together with others, and
// those it leaves.
func (r *pipelineRow) moves(t tx) (map[app]bot.QueueClaim, error) {
	moves := map[app]bot.QueueClaim{}
	leave := func(a app) {
		if _, stays := r.claims[a]; !stays {
			moves[a] = bot.QueueClaim{App: a.name}
		}
	}
	for a, p := range r.claims {
		if before, known := r.before.claims[a]; !known || before != p || p.Waits != bot.RankNone {
			moves[a] = p
		}
	}
	for a := range r.before.claims {
		leave(a)
	}
	if r.known {
		return moves, nil
	}
	err := t.each(selectQueueEntry, []any{r.repo, r.change.Pipeline.Name}, func(scan scanner) error {
		var (
			a    app
			data []byte
			s    bot.QueueEntry
		)
		if err := scan(&a.platform, &a.name, &data); err != nil {
			return err
		}
		if err := decode(data, &s); err != nil {
			return err
		}
		if s.Active() {
			leave(a)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read its places in queues: %w", err)
	}
	return moves, nil
}

func sortedApps(of map[app]bot.QueueClaim) []app {
	list := make([]app, 0, len(of))
	for a := range of {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b app) int {
		return cmp.Or(cmp.Compare(a.platform, b.platform), cmp.Compare(a.name, b.name))
	})
	return list
}

// saveQueueEntries saves the changes of a queue, and removes entries without effect.
func saveQueueEntries(t tx, a app, queue bot.BuildQueue, changed []bot.QueueEntry, now time.Time) error {
	for _, s := range changed {
		data, err := encode(s)
		if err != nil {
			return err
		}
		if _, err := t.exec(saveQueueEntry, a.platform, a.name, s.Pipeline.Repo.String(), s.Pipeline.Name, string(data)); err != nil {
			return err
		}
	}
	for _, s := range queue {
		if !s.Over(now) || slices.ContainsFunc(changed, func(o bot.QueueEntry) bool { return o.Pipeline == s.Pipeline }) {
			continue
		}
		if _, err := t.exec(removeQueueEntry, a.platform, a.name, s.Pipeline.Repo.String(), s.Pipeline.Name); err != nil {
			return err
		}
	}
	return nil
}

// callTo is the effect that makes a pipeline look at a queue.
func callTo(name string, now time.Time) bot.Effect {
	return bot.Effect{Key: "turn " + name, Attempt: 1, Since: now, At: now, Do: bot.TakeTurn{App: name}}
}

// BuildQueues reads the queues of a platform's apps.
func (s *Store) BuildQueues(ctx context.Context, platform string, apps []string) (map[string]bot.BuildQueue, error) {
	queues := make(map[string]bot.BuildQueue, len(apps))
	for _, name := range apps {
		queue, err := readQueue(func(query string, args []any, row func(scanner) error) error {
			return s.db.each(ctx, query, args, row)
		}, app{platform, name})
		if err != nil {
			return nil, err
		}
		queues[name] = queue
	}
	return queues, nil
}

// moveQueueEntries moves the places of a repository's pipelines to its new name. Resting pipelines have none.
func moveQueueEntries(t tx, from, to bot.Repo) error {
	var apps []app
	err := t.each(selectQueues, []any{from.String(), to.String()}, func(scan scanner) error {
		var a app
		err := scan(&a.platform, &a.name)
		apps = append(apps, a)
		return err
	})
	if err != nil {
		return fmt.Errorf("read the places of a repository in queues: %w", err)
	}
	for _, a := range apps {
		if _, err := t.exec(lockQueue, a.platform, a.name); err != nil {
			return err
		}
	}
	if _, err := t.exec(leaveAll, to.String()); err != nil { // entries of other repositories with the name
		return err
	}
	if to.Nameless() {
		_, err = t.exec(leaveAll, from.String())
	} else {
		_, err = t.exec(moveQueueEntry, from.String(), to.String())
	}
	return err
}

// readQueue reads the queue of one app. A row contains its pipeline's name.
func readQueue(each func(string, []any, func(scanner) error) error, a app) (queue bot.BuildQueue, err error) {
	err = each(selectQueue, []any{a.platform, a.name}, func(scan scanner) error {
		var (
			repo, name string
			data       []byte
			s          bot.QueueEntry
		)
		if err := scan(&repo, &name, &data); err != nil {
			return err
		}
		if err := decode(data, &s); err != nil {
			return err
		}
		r, err := bot.ParseRepo(repo)
		s.Pipeline = bot.Key{Repo: r, Name: name}
		queue = append(queue, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the queue of %s: %w", a.name, err)
	}
	return queue, nil
}
