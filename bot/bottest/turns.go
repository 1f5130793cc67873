package bottest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// Turns are the queues of the prepare apps that pipelines share, as a store keeps them.
type Turns struct {
	Queues map[string]bot.BuildQueue // by app

	// Call has a pipeline look at the queue of an app.
	Call func(key bot.Key, app string)
}

// tries is how often a decision may be refused for its places.
const tries = 5

// decideInTurn decides as bot/engine does where other pipelines share apps: again, with
// what is known of the queues then, where they do not allow what was decided.
func (l *Loop) decideInTurn(facts []bot.Fact) error {
	was, out := l.State, len(l.Out)
	refused := map[string]bool{}
	for _, f := range facts {
		if called, ok := f.(bot.Called); ok {
			refused[called.App] = true
		}
	}
	for range tries {
		told := facts
		seen := maps.Clone(refused)
		for app := range was.Queues {
			if !seen[app] {
				seen[app] = false
			}
		}
		queues := map[string]bot.BuildQueue{}
		for app := range seen {
			queues[app] = slices.Clone(l.Turns.Queues[app])
		}
		if look, ok := was.Look(queues, refused, l.Now); ok {
			told = append([]bot.Fact{look}, facts...)
		}
		if err := l.decide(told); err != nil {
			return err
		}
		no := l.Turns.take(l)
		if len(no) == 0 {
			return nil
		}
		for _, app := range no {
			refused[app] = true
		}
		l.State, l.Out = was, l.Out[:out]
	}
	return fmt.Errorf("%s does not come to terms with the queues of %v", was.Pipeline, refused)
}

// take has a pipeline take the places of its last decision, as [Turns.Take].
func (t *Turns) take(l *Loop) (refused []string) {
	who := bot.QueueEntry{Pipeline: l.State.Pipeline, Installation: l.State.Installation, Public: l.State.Visibility == bot.Public}
	return t.Take(who, l.claims, l.Now)
}

// Take has a pipeline take its places, and leave all others. It returns the apps whose
// queues do not allow them: then nothing has changed.
func (t *Turns) Take(who bot.QueueEntry, places []bot.QueueClaim, now time.Time) (refused []string) {
	moves := map[string]bot.QueueClaim{}
	for app, queue := range t.Queues {
		if slices.ContainsFunc(queue, func(s bot.QueueEntry) bool { return s.Pipeline == who.Pipeline && s.Active() }) {
			moves[app] = bot.QueueClaim{App: app}
		}
	}
	for _, p := range places {
		moves[p.App] = p
	}
	after := map[string]bot.Moved{}
	for _, app := range slices.Sorted(maps.Keys(moves)) {
		m, ok := t.Queues[app].Move(who, moves[app], now)
		if after[app] = m; !ok {
			refused = append(refused, app)
		}
	}
	if len(refused) > 0 {
		return refused
	}
	for _, app := range slices.Sorted(maps.Keys(after)) {
		for _, s := range after[app].Changed {
			queue := slices.DeleteFunc(slices.Clone(t.Queues[app]), func(o bot.QueueEntry) bool { return o.Pipeline == s.Pipeline })
			t.Queues[app] = append(queue, s)
		}
		for _, key := range after[app].Call {
			t.Call(key, app)
		}
	}
	return nil
}
