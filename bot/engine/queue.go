package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// Pipelines that share a prepare app queue for it; the store keeps the queue. A pipeline takes the app in the commit
// that decides the build, as if nobody shared it. If it is not its turn, the store refuses the commit, and the pipeline
// decides again with the queue as read. So pipelines that share nothing pay nothing. The store also notifies the next
// pipeline, on any instance.

// NotItsTurn is why a change is not saved: it takes a prepare app while other pipelines are ahead, or waits for one
// though it is its turn.
type NotItsTurn struct {
	Queues map[string]bot.BuildQueue // by app, as they are
}

func (*NotItsTurn) Error() string { return "it is not its turn to build, or it is and was not taken" }

// patience bounds how often in a row a change may be refused for its place in a queue.
const patience = 5

// queueRefusals is what one commit has learned of queues.
type queueRefusals struct {
	refused map[string]bot.BuildQueue // by app; nil: it was not
	times   int
}

// refuse takes an error of the store, and reports whether it is about a queue. A decision that keeps being refused lets
// all others go first for a while.
func (w *queueRefusals) refuse(err error) bool {
	var not *NotItsTurn
	if !errors.As(err, &not) {
		return false
	}
	w.refused = not.Queues
	w.times++
	return true
}

func (w *queueRefusals) gaveUp() bool { return w.times >= patience }

// look reads the queues in which a pipeline stands together with others, or that it was notified of. It adds the
// changes to its facts.
func (e *Engine) look(ctx context.Context, state pipeline.State, facts []bot.Fact, w *queueRefusals) ([]bot.Fact, error) {
	asked := map[string]bool{}
	for _, f := range facts {
		if called, ok := f.(bot.Called); ok {
			asked[called.App] = true
		}
	}
	for app := range w.refused {
		asked[app] = true
	}
	var apps []string
	for app := range asked {
		apps = append(apps, app)
	}
	for app := range state.Queues {
		if !asked[app] {
			apps = append(apps, app)
		}
	}
	if len(apps) == 0 {
		return facts, nil
	}
	slices.Sort(apps)
	platform, _ := state.Apps()
	queues, err := e.store.BuildQueues(ctx, platform, apps)
	if err != nil {
		return nil, fmt.Errorf("read the queues of %v: %w", apps, err)
	}
	now := e.clock.Now().UTC().Round(0)
	if w.gaveUp() {
		for app := range w.refused {
			queues[app] = append(queues[app], bot.QueueEntry{Builds: now})
		}
	}
	if seen, ok := state.Look(queues, asked, now); ok {
		return append([]bot.Fact{seen}, facts...), nil
	}
	return facts, nil
}

// takeTurn makes a pipeline look at the queue of an app.
func (e *Engine) takeTurn(ctx context.Context, key bot.Key, app string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recording)
	defer cancel()
	if _, version, err := e.load(ctx, key); err != nil || version == 0 {
		return err // a deleted pipeline is not created again for this
	}
	if err := e.update(ctx, key, 0, []bot.Fact{bot.Called{App: app}}); err != nil {
		return fmt.Errorf("call %s to the queue of %s: %w", key, app, err)
	}
	return nil
}
