package web_test

import (
	"context"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/decide"
	"github.com/headstart-cd/headstart/bot/pipeline"
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
