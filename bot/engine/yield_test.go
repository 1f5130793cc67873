package engine_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// busy is a store in which another instance is faster a few times.
type busy struct {
	*pipelines
	faster int
}

func (b *busy) Commit(ctx context.Context, c engine.Change) error {
	if b.faster > 0 {
		b.faster--
		b.versions[c.Pipeline]++
	}
	return b.pipelines.Commit(ctx, c)
}

// Whoever loses against another instance lets a moment pass each time, and then gets through.
func TestWhoeverLosesARaceYields(t *testing.T) {
	store := &busy{&pipelines{states: map[bot.Key]pipeline.State{}, versions: map[bot.Key]int64{}}, 3}
	var losses []int
	e := engine.New(engine.Options{Store: store, Yield: func(_ context.Context, n int) { losses = append(losses, n) }})
	push := engine.Delivery{Repo: bot.Repo{Owner: "acme", Name: "shop"}, Facts: []bot.Fact{bot.Pushed{Branch: "main", After: "a1", PushedAt: time.Now()}}}
	if err := e.Deliver(t.Context(), push); err != nil {
		t.Fatal(err)
	}
	if want := []int{1, 2, 3}; !slices.Equal(losses, want) {
		t.Errorf("after each of three losses a moment should pass, got %v", losses)
	}
	if n := len(store.states); n != 1 {
		t.Errorf("the push should be taken in, there are %d pipelines", n)
	}
}
