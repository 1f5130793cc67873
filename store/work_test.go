package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/store"
)

func testReceiveOnce(t *testing.T, open opener) {
	s := open.open(t)
	if receive(t, s, "one") {
		t.Error("the first delivery of a GUID is no duplicate")
	}
	if !receive(t, s, "one") {
		t.Error("the second delivery of a GUID is a duplicate")
	}
	if receive(t, s, "two") {
		t.Error("another GUID is no duplicate")
	}
	if d := delivery(t, s, "one"); d.Outcome != store.Waiting || d.Event != "push" {
		t.Errorf("nobody works: the delivery waits, got %+v", d)
	}
	var times atomic.Int64
	stop := run(t, s, store.Handlers{Deliver: func(context.Context, store.Delivery) error { times.Add(1); return nil }})
	defer stop()
	idle(t, s)
	if times.Load() != 2 {
		t.Errorf("two deliveries are processed, got %d", times.Load())
	}
	if !receive(t, s, "one") {
		t.Error("a delivery that was processed is a duplicate when it comes again")
	}
}

func testReceiveTogether(t *testing.T, open opener) {
	s := open.open(t)
	var (
		wg    sync.WaitGroup
		fresh atomic.Int64
	)
	for i := range 200 {
		wg.Go(func() {
			duplicate, err := s.Receive(t.Context(), fmt.Sprint("guid-", i/2), "push", []byte(`{}`))
			if err != nil {
				t.Error(err)
			}
			if !duplicate {
				fresh.Add(1)
			}
		})
	}
	wg.Wait()
	if fresh.Load() != 100 {
		t.Errorf("of 200 deliveries with 100 GUIDs 100 are new, got %d", fresh.Load())
	}
}

func testDeliver(t *testing.T, open opener) {
	s := open.open(t)
	got := make(chan store.Delivery, 100)
	stop := run(t, s, store.Handlers{Deliver: func(_ context.Context, d store.Delivery) error { got <- d; return nil }})
	defer stop()
	for i := range 100 {
		receive(t, s, fmt.Sprint(i))
	}
	idle(t, s)
	if len(got) != 100 {
		t.Fatalf("100 deliveries are processed once each, got %d", len(got))
	}
	if d := <-got; string(d.Body) != `{"ref":"refs/heads/main"}` || d.Event != "push" || d.ReceivedAt.IsZero() {
		t.Errorf("a delivery comes as it was received, got %+v", d)
	}
	if d := delivery(t, s, "7"); d.Outcome != store.Processed || d.Attempts != 1 || d.ProcessedAt.IsZero() {
		t.Errorf("the outcome of a delivery can be looked up, got %+v", d)
	}
}

func testDeliverFails(t *testing.T, open opener) {
	s := open(t, store.Options{Retries: []time.Duration{0, 0}})
	defer closeStore(t, s)
	var times atomic.Int64
	stop := run(t, s, store.Handlers{Deliver: func(_ context.Context, d store.Delivery) error {
		if d.GUID == "good" {
			return nil
		}
		return fmt.Errorf("attempt %d: the file is odd", times.Add(1))
	}})
	defer stop()
	receive(t, s, "bad")
	receive(t, s, "good")
	idle(t, s)
	if times.Load() != 3 {
		t.Errorf("a delivery with two retries is tried three times, got %d", times.Load())
	}
	if d := delivery(t, s, "bad"); d.Outcome != store.Failed || d.Reason != "attempt 3: the file is odd" || d.Attempts != 3 {
		t.Errorf("the delivery is kept as failed with its reason, got %+v", d)
	}
	failed := store.Failed
	if list, err := s.Deliveries(t.Context(), store.Filter{Outcome: &failed}); err != nil || len(list) != 1 {
		t.Errorf("one failed delivery is listed, got %+v, %v", list, err)
	}
}

func testRedeliver(t *testing.T, open opener) {
	s := open(t, store.Options{Retries: []time.Duration{}})
	defer closeStore(t, s)
	var broken atomic.Bool
	broken.Store(true)
	stop := run(t, s, store.Handlers{Deliver: func(context.Context, store.Delivery) error {
		if broken.Load() {
			return errors.New("broken")
		}
		return nil
	}})
	defer stop()
	receive(t, s, "one")
	idle(t, s)
	if d := delivery(t, s, "one"); d.Outcome != store.Failed {
		t.Fatalf("without retries one attempt decides, got %+v", d)
	}
	broken.Store(false)
	if receive(t, s, "one") {
		t.Error("a delivery that failed is no duplicate when it comes again")
	}
	idle(t, s)
	if d := delivery(t, s, "one"); d.Outcome != store.Processed || d.Reason != "" {
		t.Errorf("the delivery is processed in the end, got %+v", d)
	}
}

func testDeliverPanics(t *testing.T, open opener) {
	s := open(t, store.Options{Retries: []time.Duration{}})
	defer closeStore(t, s)
	stop := run(t, s, store.Handlers{Deliver: func(context.Context, store.Delivery) error { panic("hunter2") }})
	defer stop()
	receive(t, s, "one")
	idle(t, s)
	if d := delivery(t, s, "one"); d.Outcome != store.Failed || d.Reason != "a defect in Headstart: a panic with a value of type string" {
		t.Errorf("the delivery failed with the panic as its reason, but without its words, got %+v", d)
	}
}

type performed struct {
	target bot.Target
	effect bot.Effect
	again  bool
}

func testPerform(t *testing.T, open opener) {
	s := open.open(t)
	got := make(chan performed, 10)
	stop := run(t, s, store.Handlers{Perform: func(_ context.Context, target bot.Target, e bot.Effect, again bool) error {
		got <- performed{target, e, again}
		return nil
	}})
	defer stop()
	commit(t, s, change(0, effect("config"), effect("checks")))
	idle(t, s)
	if len(got) != 2 {
		t.Fatalf("two effects are performed once each, got %d", len(got))
	}
	p := <-got
	if p.again || p.target.Installation != 7 || p.target.Pipeline != shop {
		t.Errorf("an effect comes with its target, and for the first time: got %+v", p)
	}
	if do, ok := p.effect.Do.(bot.ReadConfig); !ok || do.Ref != "main" || !p.effect.At.Equal(noon) {
		t.Errorf("an effect comes as it was decided, got %+v", p.effect)
	}
}

func testPerformAgain(t *testing.T, open opener) {
	s := open.open(t)
	got := make(chan bool, 10)
	stop := run(t, s, store.Handlers{Perform: func(_ context.Context, _ bot.Target, _ bot.Effect, again bool) error {
		got <- again
		if !again {
			return errors.New("the database is away")
		}
		return nil
	}})
	defer stop()
	commit(t, s, change(0, effect("config")))
	idle(t, s)
	if len(got) != 2 {
		t.Fatalf("the effect is performed twice, got %d", len(got))
	}
	if first, second := <-got, <-got; first || !second {
		t.Errorf("the second time is told to be one, got %v and %v", first, second)
	}
}

func testPerformRecorded(t *testing.T, open opener) {
	s := open.open(t)
	got := make(chan string, 10)
	stop := run(t, s, store.Handlers{Perform: func(ctx context.Context, _ bot.Target, e bot.Effect, _ bool) error {
		got <- e.Key
		if e.Key == "config" {
			if err := s.Commit(ctx, change(1, effect("checks"))); err != nil {
				t.Error(err)
			}
		}
		return errors.New("too late to matter")
	}})
	commit(t, s, change(0, effect("config")))
	if first, second := <-got, <-got; first != "config" || second != "checks" {
		t.Errorf("an effect follows from another's outcome: got %q and %q", first, second)
	}
	if third := <-got; third != "checks" {
		t.Errorf("only the effect without a recorded outcome is performed again, got %q", third)
	}
	stop()
}

func testPerformedTogether(t *testing.T, open opener) {
	s := open.open(t)
	var (
		mu    sync.Mutex
		times = map[string]int{} // guarded by mu
		first = make(chan context.Context)
		ended = make(chan struct{})
	)
	stop := run(t, s, store.Handlers{Perform: func(ctx context.Context, _ bot.Target, e bot.Effect, again bool) error {
		mu.Lock()
		times[e.Key]++
		mu.Unlock()
		switch {
		case e.Key == "alone" || again:
		case e.Key == "first":
			first <- ctx
			<-ended
		case e.Key == "second":
			defer close(ended)
			together := s.Together(ctx, []context.Context{ctx, t.Context(), <-first})
			if err := s.Commit(together, change(0)); !errors.Is(err, engine.ErrMoved) {
				t.Errorf("the pipeline has moved, a commit to what it was gives %v", err)
			}
			if err := s.Commit(together, change(1)); err != nil {
				t.Error(err)
			}
		}
		if e.Key == "alone" && again {
			return nil
		}
		return errors.New("too late to matter for those whose outcomes are recorded")
	}})
	defer stop()
	commit(t, s, change(0, effect("first"), effect("second"), effect("alone")))
	idle(t, s)
	if want := map[string]int{"first": 1, "second": 1, "alone": 2}; !maps.Equal(times, want) {
		t.Errorf("only the one without a recorded outcome is performed again: expected %v, got %v", want, times)
	}
}

func testSlowEffects(t *testing.T, open opener) {
	s := open.open(t)
	hold := make(chan struct{})
	var under sync.WaitGroup
	under.Add(64)
	stop := run(t, s, store.Handlers{Perform: func(context.Context, bot.Target, bot.Effect, bool) error {
		under.Done()
		<-hold
		return nil
	}})
	defer stop()
	effects := make([]bot.Effect, 64)
	for i := range effects {
		effects[i] = effect(fmt.Sprint(i))
	}
	commit(t, s, change(0, effects...))
	under.Wait()
	receive(t, s, "one")
	eventually(t, s, "the delivery is processed though 64 effects are under way", func() bool {
		return delivery(t, s, "one").Outcome == store.Processed
	})
	close(hold)
	idle(t, s)
}

func testTakenUp(t *testing.T, open opener) {
	// The queue that the deaf handler keeps from ending outlives the test, so it
	// must not log to it.
	s := open(t, store.Options{Drain: 50 * time.Millisecond, Logger: zap.NewNop()})
	started, hold := make(chan bool, 10), make(chan struct{})
	perform := func(_ context.Context, _ bot.Target, _ bot.Effect, again bool) error {
		started <- again
		<-hold // deaf to its context
		return errors.New("too late")
	}
	end := begin(t, s, store.Handlers{Perform: perform})
	commit(t, s, change(0, effect("config")))
	<-started
	if err := end(); err == nil {
		t.Error("work that does not end in time is an error of Run")
	}
	again := make(chan bool, 10)
	end = begin(t, s, store.Handlers{Perform: func(_ context.Context, _ bot.Target, _ bot.Effect, a bool) error { again <- a; return nil }})
	if !<-again {
		t.Error("the effect is performed again, and told so")
	}
	idle(t, s)
	_ = end()
	close(hold)
	closeStore(t, s)
}

func testInterrupted(t *testing.T, open opener) {
	s := open(t, store.Options{Retries: []time.Duration{}, Drain: 50 * time.Millisecond})
	defer closeStore(t, s)
	started := make(chan struct{})
	end := begin(t, s, store.Handlers{Deliver: func(ctx context.Context, _ store.Delivery) error {
		close(started)
		<-ctx.Done()
		return ctx.Err()
	}})
	receive(t, s, "one")
	<-started
	_ = end()
	if d := delivery(t, s, "one"); d.Outcome != store.Waiting || d.Attempts != 0 {
		t.Errorf("the delivery waits as before, got %+v", d)
	}
	end = begin(t, s, store.Handlers{})
	defer func() { _ = end() }()
	idle(t, s)
	if d := delivery(t, s, "one"); d.Outcome != store.Processed {
		t.Errorf("the next start processes it, got %+v", d)
	}
}

func testOddText(t *testing.T, open opener) {
	s := open(t, store.Options{Retries: []time.Duration{}})
	defer closeStore(t, s)
	odd := "a\x00b\xffc \\u0000 \u2028 \U0001F680"
	texts := make(chan string, 1)
	stop := run(t, s, store.Handlers{
		Deliver: func(context.Context, store.Delivery) error { return errors.New(odd) },
		Perform: func(_ context.Context, _ bot.Target, e bot.Effect, _ bool) error {
			texts <- e.Do.(bot.WriteComment).Body
			return nil
		},
	})
	defer stop()
	if _, err := s.Receive(t.Context(), "one", odd, []byte(odd)); err != nil {
		t.Fatal(err)
	}
	c := change(0, bot.Effect{Key: odd, Do: bot.WriteComment{Body: odd}})
	c.State.DefaultBranch = odd
	c.Events = []bot.Event{{Fact: bot.Pushed{Title: odd}}}
	commit(t, s, c)
	if got, want := <-texts, "a\x00b\uFFFDc \\u0000 \u2028 \U0001F680"; got != want {
		t.Errorf("text goes through the queue as JSON has it: got %q, want %q", got, want)
	}
	idle(t, s)
	if d := delivery(t, s, "one"); d.Outcome != store.Failed {
		t.Errorf("the failure is recorded, got %+v", d)
	}
	if state, _, err := s.Load(t.Context(), shop); err != nil || state.DefaultBranch == "" {
		t.Errorf("the state is loaded again, got %+v, %v", state, err)
	}
}
