package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/store"
)

// builder is a pipeline that builds on the app "builds", with its version.
type builder struct {
	key     bot.Key
	version int64
}

func newBuilder(repo string) *builder {
	return &builder{key: bot.Key{Repo: bot.Repo{Owner: "acme", Name: repo}}}
}

// moves has a pipeline take a place at a time; none: it leaves.
func (b *builder) moves(s *store.Store, at time.Time, places ...bot.QueueClaim) error {
	err := s.Commit(context.Background(), engine.Change{
		Pipeline: b.key, Version: b.version, At: at, Claims: places,
		State:  pipeline.State{Pipeline: b.key, Installation: 7, Config: bot.Config{Platform: bot.PlatformHeroku}},
		Events: []bot.Event{{At: at, Fact: bot.ChecksMoved{SHA: "a1"}}},
	})
	if err == nil {
		b.version++
	}
	return err
}

func takes(r bot.Rank) bot.QueueClaim { return bot.QueueClaim{App: "builds", Builds: true, Takes: r} }
func waits(r bot.Rank) bot.QueueClaim { return bot.QueueClaim{App: "builds", Waits: r} }

func queueOf(t *testing.T, s *store.Store) bot.BuildQueue {
	t.Helper()
	queues, err := s.BuildQueues(t.Context(), bot.PlatformHeroku, []string{"builds"})
	if err != nil {
		t.Fatal(err)
	}
	return queues["builds"]
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// calls runs the store and collects the pipelines that are called.
func calls(t *testing.T, s *store.Store) (stop func(), called func() []string) {
	var mu sync.Mutex
	var list []string
	stop = run(t, s, store.Handlers{Perform: func(_ context.Context, target bot.Target, e bot.Effect, _ bool) error {
		mu.Lock()
		defer mu.Unlock()
		if turn, ok := e.Do.(bot.TakeTurn); ok {
			list = append(list, target.Pipeline.Repo.Name+" "+turn.App)
		}
		return nil
	}})
	return stop, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), list...)
	}
}

// One pipeline builds on an app at a time, and whose turn it becomes is called.
func testTurns(t *testing.T, open opener) {
	s := open.open(t)
	stop, called := calls(t, s)
	defer stop()
	a, b, c := newBuilder("a"), newBuilder("b"), newBuilder("c")
	must(t, a.moves(s, noon, takes(bot.RankPull)))
	err := b.moves(s, noon, takes(bot.RankBranch))
	var turn *engine.NotItsTurn
	if !errors.As(err, &turn) || len(turn.Queues["builds"]) != 1 || turn.Queues["builds"][0].Pipeline != a.key {
		t.Fatalf("who takes an app on which somebody builds should be refused and told of the queue, got %v", err)
	}
	if _, version, err := s.Load(t.Context(), b.key); err != nil || version != 0 {
		t.Errorf("nothing of a change that is refused should be saved, got version %d, %v", version, err)
	}
	must(t, c.moves(s, noon.Add(time.Second), waits(bot.RankPull)))
	must(t, b.moves(s, noon.Add(2*time.Second), waits(bot.RankBranch)))
	if len(called()) > 0 {
		t.Errorf("nobody should be called while somebody builds, got %v", called())
	}
	must(t, a.moves(s, noon.Add(3*time.Second), waits(bot.RankPull)))
	eventually(t, s, "the branch is called", func() bool { return fmt.Sprint(called()) == "[b builds]" })
	if err := c.moves(s, noon.Add(4*time.Second), takes(bot.RankPull)); !errors.As(err, &turn) {
		t.Errorf("a pull request should not overtake the branch that was called, got %v", err)
	}
	if err := b.moves(s, noon.Add(4*time.Second), waits(bot.RankBranch)); !errors.As(err, &turn) {
		t.Errorf("who waits though it is its turn should be told so, got %v", err)
	}
	must(t, b.moves(s, noon.Add(4*time.Second), takes(bot.RankBranch)))
	must(t, b.moves(s, noon.Add(5*time.Second)))
	// c waits for longer than a, which has had a build since it came.
	eventually(t, s, "the repository that waits the longest is called", func() bool { return fmt.Sprint(called()) == "[b builds c builds]" })
	must(t, c.moves(s, noon.Add(6*time.Second))) // it gives up
	eventually(t, s, "the next one is called", func() bool { return fmt.Sprint(called()) == "[b builds c builds a builds]" })
	must(t, a.moves(s, noon.Add(7*time.Second), takes(bot.RankPull)))
	must(t, a.moves(s, noon.Add(8*time.Second)))
	for _, o := range queueOf(t, s) {
		if o.Active() {
			t.Errorf("nobody stands in the queue any more, got %+v", o)
		}
	}
}

// Who was called and does not come keeps nobody waiting, and neither does a build of
// which nobody answers for.
func testTurnsUnanswered(t *testing.T, open opener) {
	s := open.open(t)
	stop, called := calls(t, s)
	defer stop()
	a, b, c := newBuilder("a"), newBuilder("b"), newBuilder("c")
	must(t, a.moves(s, noon, takes(bot.RankPull)))
	must(t, b.moves(s, noon.Add(time.Second), waits(bot.RankBranch)))
	must(t, c.moves(s, noon.Add(2*time.Second), waits(bot.RankPull)))
	must(t, a.moves(s, noon.Add(3*time.Second)))
	eventually(t, s, "the branch is called", func() bool { return fmt.Sprint(called()) == "[b builds]" })
	var turn *engine.NotItsTurn
	if err := c.moves(s, noon.Add(20*time.Second), takes(bot.RankPull)); !errors.As(err, &turn) {
		t.Errorf("who was called has a moment to come, got %v", err)
	}
	must(t, c.moves(s, noon.Add(time.Minute), takes(bot.RankPull)))
	must(t, a.moves(s, noon.Add(2*time.Minute), waits(bot.RankPull)))
	must(t, a.moves(s, noon.Add(3*time.Hour), waits(bot.RankPull)))
	eventually(t, s, "the pipeline whose build never ends is asked", func() bool { return fmt.Sprint(called()) == "[b builds c builds]" })
	if err := a.moves(s, noon.Add(3*time.Hour+10*time.Second), takes(bot.RankPull)); !errors.As(err, &turn) {
		t.Errorf("who was asked has a moment to answer, got %v", err)
	}
	must(t, a.moves(s, noon.Add(3*time.Hour+time.Minute), takes(bot.RankPull)))
}

// Whoever asks whom to give way, it is called.
func testTurnsPressed(t *testing.T, open opener) {
	s := open.open(t)
	stop, called := calls(t, s)
	defer stop()
	a, b := newBuilder("a"), newBuilder("b")
	yielding := takes(bot.RankPull)
	yielding.Yields = true
	must(t, a.moves(s, noon, yielding))
	presses := waits(bot.RankBranch)
	must(t, b.moves(s, noon.Add(time.Second), presses))
	presses.Presses = true
	must(t, b.moves(s, noon.Add(time.Second), presses))
	eventually(t, s, "who builds for a pull request is called to give way", func() bool { return fmt.Sprint(called()) == "[a builds]" })
	must(t, b.moves(s, noon.Add(2*time.Second), presses)) // once is enough
	must(t, a.moves(s, noon.Add(3*time.Second), waits(bot.RankPull)))
	eventually(t, s, "who pressed is called", func() bool { return fmt.Sprint(called()) == "[a builds b builds]" })
}

// What a pipeline left open in another process is known to the next one.
func testTurnsElsewhere(t *testing.T, open opener) {
	s := open(t, store.Options{})
	a, b := newBuilder("a"), newBuilder("b")
	must(t, a.moves(s, noon, takes(bot.RankPull)))
	closeStore(t, s)
	s = open.open(t)
	if _, version, err := s.Load(t.Context(), a.key); err != nil || version == 0 {
		return // nothing survives in memory
	}
	var turn *engine.NotItsTurn
	if err := b.moves(s, noon.Add(time.Second), takes(bot.RankPull)); !errors.As(err, &turn) {
		t.Errorf("who builds is known to another process, got %v", err)
	}
	must(t, a.moves(s, noon.Add(2*time.Second)))
	must(t, b.moves(s, noon.Add(3*time.Second), takes(bot.RankPull)))
}

// However many want an app at the same moment, one gets it, and in the end all do: no
// call is lost.
func testTurnsAtOnce(t *testing.T, open opener) {
	s := open.open(t)
	const builders, builds = 6, 4
	var (
		mu   sync.Mutex
		busy string
		made = map[string]int{}
		all  = map[bot.Key]*builder{}
		each = map[bot.Key]*sync.Mutex{}
	)
	for i := range builders {
		b := newBuilder(fmt.Sprint("r", i))
		all[b.key], each[b.key] = b, &sync.Mutex{}
	}
	// goes builds as soon as it may, and goes on until it has built often enough.
	goes := func(b *builder) {
		each[b.key].Lock()
		defer each[b.key].Unlock()
		name := b.key.Repo.Name
		for {
			mu.Lock()
			enough := made[name] == builds
			mu.Unlock()
			if enough {
				return
			}
			var turn *engine.NotItsTurn
			switch err := b.moves(s, time.Now(), takes(bot.RankPull)); {
			case errors.As(err, &turn):
				err := b.moves(s, time.Now(), waits(bot.RankPull))
				if errors.As(err, &turn) {
					continue // it became free in between
				}
				if err != nil {
					t.Error(err)
				}
				return
			case err != nil:
				t.Error(err)
				return
			}
			mu.Lock()
			if busy != "" {
				t.Errorf("%s and %s build at the same time", busy, name)
			}
			busy = name
			made[name]++
			mu.Unlock()
			mu.Lock()
			busy = ""
			mu.Unlock()
			if err := b.moves(s, time.Now()); err != nil {
				t.Error(err)
				return
			}
		}
	}
	stop := run(t, s, store.Handlers{Perform: func(_ context.Context, target bot.Target, _ bot.Effect, _ bool) error {
		goes(all[target.Pipeline])
		return nil
	}})
	defer stop()
	var begun sync.WaitGroup
	for _, b := range all {
		begun.Go(func() { goes(b) })
	}
	begun.Wait()
	eventually(t, s, "everybody has built", func() bool {
		mu.Lock()
		defer mu.Unlock()
		n := 0
		for _, k := range made {
			n += k
		}
		return n == builders*builds
	})
}
