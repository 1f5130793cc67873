package engine_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// pipelines is a store of states in memory, with the operator's word.
type pipelines struct {
	mu       sync.Mutex
	states   map[bot.Key]pipeline.State
	versions map[bot.Key]int64
	word     bot.OperatorFreeze
	passed   time.Time
	listed   int  // how often all were listed
	down     bool // it does not answer what the operator says
}

func (p *pipelines) Load(_ context.Context, key bot.Key) (pipeline.State, int64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.states[key], p.versions[key], nil
}

func (p *pipelines) Commit(_ context.Context, c engine.Change) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.versions[c.Pipeline] != c.Version {
		return engine.ErrMoved
	}
	p.states[c.Pipeline] = c.State
	p.versions[c.Pipeline]++
	return nil
}

func (p *pipelines) Together(ctx context.Context, _ []context.Context) context.Context { return ctx }

func (p *pipelines) Pipelines(_ context.Context, repo bot.Repo) (keys []bot.Key, _ error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Collect(maps.Keys(p.states)), func(k bot.Key) bool { return k.Repo != repo }), nil
}

func (p *pipelines) SeenComments(context.Context, bot.Key, []int64) (map[int64]bool, error) {
	return nil, nil
}

func (p *pipelines) Needing(context.Context, bot.Need) ([]bot.Key, error) { return nil, nil }

func (p *pipelines) BuildQueues(context.Context, string, []string) (map[string]bot.BuildQueue, error) {
	return nil, nil
}

func (p *pipelines) Using(context.Context, string, string) ([]bot.Key, error) { return nil, nil }

func (p *pipelines) Due(context.Context, time.Time, int) ([]bot.Key, time.Time, error) {
	return nil, time.Time{}, nil
}

func (p *pipelines) All(context.Context) ([]bot.Key, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listed++
	return slices.Collect(maps.Keys(p.states)), nil
}

func (p *pipelines) Passed(context.Context) (time.Time, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.passed, nil
}

func (p *pipelines) SetPassed(_ context.Context, said time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.passed = said
	return nil
}

func (p *pipelines) Freeze(context.Context) (bot.OperatorFreeze, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		return bot.OperatorFreeze{}, errors.New("the database does not answer")
	}
	return p.word, nil
}

func (p *pipelines) freeze(word bot.OperatorFreeze) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.word = word
}

// The operator's word reaches every pipeline, those that appear later, too, and an
// instance that has not seen it yet does not take it back.
func TestTheOperatorsWordReachesEveryPipeline(t *testing.T) {
	ctx := t.Context()
	store := &pipelines{states: map[bot.Key]pipeline.State{}, versions: map[bot.Key]int64{}}
	instance := func() *engine.Engine { return engine.New(engine.Options{Store: store, Freezes: store}) }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	push := func(e *engine.Engine, repo bot.Repo, sha string) {
		t.Helper()
		must(e.Deliver(ctx, engine.Delivery{Repo: repo, Facts: []bot.Fact{
			bot.Installed{Installation: 1, DefaultBranch: "main"}, bot.Pushed{Branch: "main", After: sha, PushedAt: time.Now()},
		}}))
	}
	frozen := func(repo bot.Repo) bool { return store.states[bot.Key{Repo: repo}].Freeze.On }
	shop, api, web := bot.Repo{Owner: "acme", Name: "shop"}, bot.Repo{Owner: "acme", Name: "api"}, bot.Repo{Owner: "acme", Name: "web"}

	a, b := instance(), instance()
	push(a, shop, "a1")
	push(b, api, "b1")
	must(a.LookAtFreeze(ctx))
	must(b.LookAtFreeze(ctx))
	noon := time.Now()
	store.freeze(bot.OperatorFreeze{On: true, Reason: "an incident", At: noon})
	must(a.LookAtFreeze(ctx))
	if !frozen(shop) || !frozen(api) {
		t.Error("every pipeline should be frozen once one instance has heard of it")
	}
	push(b, shop, "a2") // it has not seen it
	if !frozen(shop) {
		t.Error("an instance that has not heard of the freeze should not take it back")
	}
	push(a, web, "w1")
	if !frozen(web) {
		t.Error("a pipeline that appears in a freeze should be frozen")
	}
	before := maps.Clone(store.versions)
	must(b.LookAtFreeze(ctx))
	if !maps.Equal(before, store.versions) {
		t.Error("what every pipeline has heard should be told to none of them again")
	}
	listed := store.listed
	must(instance().LookAtFreeze(ctx))
	if store.listed != listed {
		t.Error("an instance that starts should not read every pipeline for a word that all have heard")
	}
	store.freeze(bot.OperatorFreeze{At: noon.Add(time.Second)})
	must(b.LookAtFreeze(ctx))
	push(a, shop, "a3") // it still thinks that everything is frozen
	if frozen(shop) || frozen(api) || frozen(web) {
		t.Error("the end should reach every pipeline, and stay")
	}
}

// Nothing is decided before it is known whether everything is frozen.
func TestNothingIsDecidedBeforeTheOperatorWasHeard(t *testing.T) {
	store := &pipelines{states: map[bot.Key]pipeline.State{}, versions: map[bot.Key]int64{}, down: true}
	e := engine.New(engine.Options{Store: store, Freezes: store})
	push := engine.Delivery{Repo: bot.Repo{Owner: "acme", Name: "shop"}, Facts: []bot.Fact{bot.Pushed{Branch: "main", After: "a1", PushedAt: time.Now()}}}
	if err := e.Deliver(t.Context(), push); err == nil || len(store.states) > 0 {
		t.Errorf("a push should be refused, to be processed later, got %v", err)
	}
	store.down = false
	if err := e.Deliver(t.Context(), push); err != nil || len(store.states) != 1 {
		t.Errorf("the push should be processed now, got %v", err)
	}
}
