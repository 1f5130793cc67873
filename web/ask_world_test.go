package web_test

import (
	"context"
	"slices"
	"strconv"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/decide"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/web"
)

// Ask decides on a command as the engine does, and answers what it asks of GitHub by the world's roles.
func (w *world) Ask(_ context.Context, key bot.Key, f bot.Asked) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	state := w.states[key]
	if !state.Configured {
		return false, nil
	}
	f.At = w.now
	w.states[key] = w.settle(state, f)
	w.moved(key)
	return true, nil
}

// settle folds a fact, and what GitHub says of people.
func (w *world) settle(state pipeline.State, fact bot.Fact) pipeline.State {
	done := decide.Settle(state, w.now, fact)
	for _, e := range done.Effects {
		if do, ok := e.Do.(bot.ReadActor); ok {
			read := bot.ActorRead{Comment: do.Comment, Role: w.roles[do.User]}
			return w.settle(done.State, bot.Finished{Effect: e, Outcome: bot.Done, Fact: read})
		}
	}
	return done.State
}

// NoteDoing keeps it.
func (w *world) NoteDoing(_ context.Context, d web.Doing) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	d.ID = strconv.Itoa(len(w.doings))
	w.doings = append([]web.Doing{d}, w.doings...)
	return nil
}

// Doings lists them.
func (w *world) Doings(_ context.Context, before web.Doing, limit int) ([]web.Doing, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	from := 0
	if i := slices.IndexFunc(w.doings, func(d web.Doing) bool { return d.ID == before.ID }); i >= 0 && before.ID != "" {
		from = i + 1
	}
	list := w.doings[from:]
	return list[:min(limit, len(list))], nil
}
