package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/apply"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/store"
)

// Every behaviour is tried on SQLite and on PostgreSQL.
func TestStore(t *testing.T) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, opener)
	}{
		{"a delivery is received once", testReceiveOnce},
		{"deliveries that arrive together are each told apart", testReceiveTogether},
		{"a delivery is processed", testDeliver},
		{"a delivery that fails is tried again, then kept as failed", testDeliverFails},
		{"a failed delivery is processed when it is delivered again", testRedeliver},
		{"a handler that panics fails its delivery", testDeliverPanics},
		{"what is committed is loaded", testCommit},
		{"what is committed piece by piece is loaded as a whole", testTail},
		{"a version is committed once", testFence},
		{"a change is saved as a whole or not at all", testAtomic},
		{"pipelines are found by repository and by wake time", testFind},
		{"pipelines are found by their apps, and by the stages that they need", testFindUsers},
		{"every pipeline is listed", testAll},
		{"an effect is performed once, soon", testPerform},
		{"an effect without a recorded outcome is performed again, and told so", testPerformAgain},
		{"outcomes that are recorded together are all recorded", testPerformedTogether},
		{"an effect whose outcome is recorded is done, whatever its handler says", testPerformRecorded},
		{"slow effects keep no delivery waiting", testSlowEffects},
		{"what did not end before the end is taken up at the next start", testTakenUp},
		{"deliveries interrupted by the end are no failed attempts", testInterrupted},
		{"what is old is removed in the end", testPrune},
		{"a comment is seen once, for days", testSeenComments},
		{"a session is kept until it ends", testSessions},
		{"what is done with the server is recorded", testDoings},
		{"a setting that changed is told by its mark", testSettingsSeen},
		{"a token is good until it expires or is revoked", testTokens},
		{"every pipeline is listed with what is kept of it at rest", testListing},
		{"deploys are counted by the day", testDeploys},
		{"history is kept and read page by page", testHistory},
		{"history knows more with every row, and never less", testHistoryKeeps},
		{"history is committed with its change", testHistoryAtomic},
		{"history is removed when it is old", testHistoryPrune},
		{"history is filled in once", testHistoryFill},
		{"history is added up", testHistoryDays},
		{"outputs of failures are kept and counted", testHistoryOutput},
		{"sweeps come due", testSweepsDue},
		{"deliveries that need not be asked for again are known", testProcessed},
		{"effects go in the order of their urgency", testPriority},
		{"effects that no deploy waits for hold none up", testApart},
		{"effects that yield to a crowd do not wait for its end", testYields},
		{"text that no database takes is stored all the same", testOddText},
		{"changes are announced", testChanged},
		{"one pipeline builds on an app at a time, and whose turn it is is called", testTurns},
		{"who is called to a queue and does not come keeps nobody waiting", testTurnsUnanswered},
		{"who builds for a pull request is called to give way", testTurnsPressed},
		{"queues outlive the process", testTurnsElsewhere},
		{"of many that want an app at once one gets it, and in the end all do", testTurnsAtOnce},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			t.Run("sqlite", func(t *testing.T) {
				t.Parallel()
				test.run(t, sqliteOpener(t))
			})
			t.Run("memory", func(t *testing.T) {
				t.Parallel()
				test.run(t, memoryOpener())
			})
			t.Run("postgres", func(t *testing.T) {
				t.Parallel()
				test.run(t, postgresOpener(t))
			})
		})
	}
}

// opener opens the same database each time, except in memory.
type opener func(*testing.T, store.Options) *store.Store

func sqliteOpener(t *testing.T) opener {
	return openerOf("sqlite:" + filepath.Join(t.TempDir(), "state.db"))
}

func memoryOpener() opener { return openerOf("sqlite::memory:") }

func openerOf(url string) opener {
	return func(t *testing.T, o store.Options) *store.Store {
		t.Helper()
		if o.Logger == nil {
			o.Logger = zaptest.NewLogger(t)
		}
		s, err := store.Open(t.Context(), url, o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

func (open opener) open(t *testing.T) *store.Store {
	t.Helper()
	s := open(t, store.Options{})
	t.Cleanup(func() { closeStore(t, s) })
	return s
}

func closeStore(t *testing.T, s *store.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("closing the store: %v", err)
	}
}

// run starts the handlers; the function it returns ends them.
func run(t *testing.T, s *store.Store, h store.Handlers) (stop func()) {
	t.Helper()
	end := begin(t, s, h)
	return sync.OnceFunc(func() {
		if err := end(); err != nil {
			t.Errorf("running ended with: %v", err)
		}
	})
}

// begin starts the handlers; the function it returns ends them, and says how that went. Of a store with a short
// Options.Drain a busy machine may say that some work did not end in time.
func begin(t *testing.T, s *store.Store, h store.Handlers) (end func() error) {
	t.Helper()
	if h.Deliver == nil {
		h.Deliver = func(context.Context, store.Delivery) error { return nil }
	}
	if h.Perform == nil {
		h.Perform = func(context.Context, bot.Target, bot.Effect, bool) error { return nil }
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, h) }()
	return sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
}

// eventually waits for a change of the store until ok is true.
func eventually(t *testing.T, s *store.Store, what string, ok func() bool) {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		changed := s.Changed()
		if ok() {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("after 20 s, still not so: %s", what)
		}
	}
}

func idle(t *testing.T, s *store.Store) {
	t.Helper()
	eventually(t, s, "nothing is left to do", func() bool {
		ok, err := s.Idle(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return ok
	})
}

func receive(t *testing.T, s *store.Store, guid string) (duplicate bool) {
	t.Helper()
	duplicate, err := s.Receive(t.Context(), guid, "push", []byte(`{"ref":"refs/heads/main"}`))
	if err != nil {
		t.Fatal(err)
	}
	return duplicate
}

func delivery(t *testing.T, s *store.Store, guid string) store.Delivery {
	t.Helper()
	list, err := s.Deliveries(t.Context(), store.Filter{GUID: guid})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 {
		t.Fatalf("the delivery %s is listed %d times", guid, len(list))
	}
	return list[0]
}

var (
	shop = bot.Key{Repo: bot.Repo{Owner: "acme", Name: "shop"}}
	noon = time.Date(2025, 3, 1, 12, 0, 0, 123456000, time.UTC)
)

func effect(key string) bot.Effect {
	return bot.Effect{Key: key, Attempt: 1, Since: noon, At: noon, Do: bot.ReadConfig{Ref: "main"}}
}

func commit(t *testing.T, s *store.Store, c engine.Change) {
	t.Helper()
	if err := s.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// change is the next change of the shop's pipeline.
func change(version int64, effects ...bot.Effect) engine.Change {
	return engine.Change{
		Pipeline: shop, Version: version,
		State:   pipeline.State{Pipeline: shop, DefaultBranch: fmt.Sprintf("v%d", version+1)},
		Effects: effects,
		Target:  bot.Target{Pipeline: shop, Installation: 7},
	}
}

func testCommit(t *testing.T, open opener) {
	s := open.open(t)
	state, version, err := s.Load(t.Context(), shop)
	if err != nil || version != 0 || state.Pipeline != (bot.Key{}) {
		t.Errorf("a pipeline that was never saved has the zero state and version 0, got %+v, %d, %v", state, version, err)
	}
	c := change(0)
	c.Events = []bot.Event{
		{At: noon, Fact: bot.Pushed{Branch: "main", After: "a1", PushedAt: noon}},
		{At: noon, Fact: bot.Started{Effect: effect("config")}},
	}
	commit(t, s, c)
	c = change(1)
	c.Events = []bot.Event{{At: noon, Fact: bot.ChecksMoved{SHA: "a1"}}}
	commit(t, s, c)
	state, version, err = s.Load(t.Context(), shop)
	if err != nil || version != 2 || state.DefaultBranch != "v2" {
		t.Errorf("after two commits the second state has version 2, got %+v, %d, %v", state, version, err)
	}
	events, last, err := s.Events(t.Context(), shop, 0, 10)
	if err != nil || last != 3 {
		t.Fatalf("the log has the 3 events of both commits, got %d, %v", last, err)
	}
	if p, ok := events[0].Fact.(bot.Pushed); !ok || p.After != "a1" || !p.PushedAt.Equal(noon) {
		t.Errorf("the first event is the push, got %+v", events[0])
	}
	if _, ok := events[2].Fact.(bot.ChecksMoved); !ok {
		t.Errorf("the last event is the one of the second commit, got %+v", events[2])
	}
}

// Whatever of a state was written when, what is loaded is what was committed: also
// by another Store, and after what is old was removed.
func testTail(t *testing.T, open opener) {
	s := open.open(t)
	state := pipeline.State{Pipeline: shop, DefaultBranch: "main"}
	longest := 0
	const commits = 90
	for version := range int64(commits) {
		c := engine.Change{Pipeline: shop, Version: version, Folded: true, Target: bot.Target{Pipeline: shop}}
		for n := range version % 4 {
			at := noon.Add(time.Duration(version)*time.Minute + time.Duration(n)*time.Second)
			c.Events = append(c.Events, bot.Event{At: at, Fact: bot.Pushed{Branch: "main", After: fmt.Sprintf("c%d-%d", version, n), PushedAt: at}})
		}
		for _, e := range c.Events {
			state = apply.Apply(state, e)
		}
		c.State = state
		commit(t, s, c)
		switch version {
		case 20:
			s.ForgetSaved() // as another instance would begin
		case 40, 60:
			if removed, err := s.Prune(t.Context(), noon, noon.Add(time.Hour*24)); err != nil || removed == 0 {
				t.Errorf("what is folded in is removed, got %d, %v", removed, err)
			}
		}
		loaded, at, err := s.Load(t.Context(), shop)
		if err != nil || at != version+1 || !reflect.DeepEqual(loaded, state) {
			t.Fatalf("version %d is loaded as version %d, %v:\n%+v\n%+v", version+1, at, err, loaded, state)
		}
		tail, err := s.ReadIn(t.Context(), false, `SELECT CAST(p.last_event - s.event AS TEXT) FROM pipelines p, pipeline_states s`)
		if err != nil {
			t.Fatal(err)
		}
		n, _ := strconv.Atoi(tail)
		longest = max(longest, n)
	}
	if longest < 20 || longest > 32 {
		t.Errorf("a state is to be written once in 32 events, it was after %d", longest)
	}
}

func testFence(t *testing.T, open opener) {
	s := open.open(t)
	for version := range int64(3) {
		var (
			wg         sync.WaitGroup
			mu         sync.Mutex
			won, moved int
		)
		for range 8 {
			wg.Go(func() {
				err := s.Commit(t.Context(), change(version))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					won++
				case errors.Is(err, engine.ErrMoved):
					moved++
				default:
					t.Errorf("a commit that lost is told that the state moved, got: %v", err)
				}
			})
		}
		wg.Wait()
		if won != 1 || moved != 7 {
			t.Errorf("of 8 commits to version %d one wins, got %d winners and %d told that it moved", version, won, moved)
		}
	}
}

func testAtomic(t *testing.T, open opener) {
	s := open.open(t)
	commit(t, s, change(0))
	c := change(0, effect("config"))
	c.Events = []bot.Event{{At: noon, Fact: bot.ChecksMoved{SHA: "a1"}}}
	if err := s.Commit(t.Context(), c); !errors.Is(err, engine.ErrMoved) {
		t.Fatalf("the version moved, got: %v", err)
	}
	if events, _, err := s.Events(t.Context(), shop, 0, 10); err != nil || len(events) != 0 {
		t.Errorf("a change that lost leaves no events, got %v, %v", events, err)
	}
	if ok, err := s.Idle(t.Context()); err != nil || !ok {
		t.Errorf("a change that lost leaves no effects: idle %v, %v", ok, err)
	}
}

func testFind(t *testing.T, open opener) {
	s := open.open(t)
	ctx := t.Context()
	api := bot.Key{Repo: shop.Repo, Name: "api"}
	other := bot.Key{Repo: bot.Repo{Owner: "acme", Name: "other"}}
	for i, key := range []bot.Key{api, shop, other} {
		c := change(0)
		c.Pipeline, c.State.Pipeline = key, key
		if key != other {
			c.Wake = noon.Add(time.Duration(i) * time.Minute)
		}
		commit(t, s, c)
	}
	if keys, err := s.Pipelines(ctx, shop.Repo); err != nil || !slices.Equal(keys, []bot.Key{shop, api}) {
		t.Errorf("the repository's pipelines by name, got %v, %v", keys, err)
	}
	if keys, err := s.Pipelines(ctx, bot.Repo{Owner: "acme", Name: "none"}); err != nil || len(keys) != 0 {
		t.Errorf("a repository never seen has no pipelines, got %v, %v", keys, err)
	}
	for _, tt := range []struct {
		at   time.Time
		want []bot.Key
		next time.Time
	}{
		{noon.Add(-time.Second), nil, noon},
		{noon, []bot.Key{api}, noon.Add(time.Minute)},
		{noon.Add(time.Hour), []bot.Key{api, shop}, time.Time{}},
	} {
		due, next, err := s.Due(ctx, tt.at, 10)
		if err != nil || !slices.Equal(due, tt.want) || !next.Equal(tt.next) {
			t.Errorf("due at %s: got %v, then %s, %v; want %v, then %s", tt.at, due, next, err, tt.want, tt.next)
		}
	}
	if due, _, err := s.Due(ctx, noon.Add(time.Hour), 1); err != nil || !slices.Equal(due, []bot.Key{api}) {
		t.Errorf("the longest overdue comes first, got %v, %v", due, err)
	}
	c := change(0)
	c.Pipeline.Repo.Name = "odd"
	c.Wake = noon.Add(time.Nanosecond)
	commit(t, s, c)
	if _, next, err := s.Due(ctx, noon, 10); err != nil || next.Before(c.Wake) {
		t.Errorf("nothing is woken before its time: next is %s, wanted %s, %v", next, c.Wake, err)
	}
}

func testFindUsers(t *testing.T, open opener) {
	s := open.open(t)
	need := bot.Need{Pipeline: bot.Key{Repo: bot.Repo{Owner: "Acme", Name: "API"}}, Stage: "production"}
	heard := bot.Need{Pipeline: bot.Key{Repo: bot.Repo{Owner: "acme", Name: "api"}}, Stage: "production"}
	expect := func(when, app string, users, needing []bot.Key) {
		t.Helper()
		if keys, err := s.Using(t.Context(), bot.PlatformHeroku, app); err != nil || !slices.Equal(keys, users) {
			t.Errorf("%s %s should be used by %v, got %v, %v", when, app, users, keys, err)
		}
		if keys, err := s.Needing(t.Context(), heard); err != nil || !slices.Equal(keys, needing) {
			t.Errorf("%s %s should be needed by %v, got %v, %v", when, heard, needing, keys, err)
		}
	}
	c := change(0)
	c.State.Config = bot.Config{Platform: bot.PlatformHeroku, Stages: []bot.Stage{{Name: "production", Apps: []string{"shop-us"}, Needs: []bot.Need{need}}}}
	expect("at first", "shop-us", nil, nil)
	commit(t, s, c)
	expect("by the file", "shop-us", []bot.Key{shop}, []bot.Key{shop})
	expect("by the file", "shop-ca", nil, []bot.Key{shop})
	c.Version = 1
	commit(t, s, c)
	expect("by the same file", "shop-us", []bot.Key{shop}, []bot.Key{shop})
	c.Version, c.State.Config = 2, bot.Config{Platform: bot.PlatformHeroku, Stages: []bot.Stage{{Name: "production", Apps: []string{"shop-ca"}}}}
	commit(t, s, c)
	expect("by the next file", "shop-us", nil, nil)
	expect("by the next file", "shop-ca", []bot.Key{shop}, nil)
}

func testPrune(t *testing.T, open opener) {
	now := noon
	var mu sync.Mutex
	s := open(t, store.Options{Clock: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }})
	defer closeStore(t, s)
	var wg sync.WaitGroup
	for i := range 1300 {
		wg.Go(func() {
			if _, err := s.Receive(t.Context(), fmt.Sprint("old ", i), "push", nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	stop := run(t, s, store.Handlers{})
	idle(t, s)
	stop()
	receive(t, s, "old but waiting")
	mu.Lock()
	now = noon.Add(time.Hour)
	mu.Unlock()
	receive(t, s, "new")
	c := change(0)
	for range 1200 {
		c.Events = append(c.Events, bot.Event{At: noon, Fact: bot.ChecksMoved{SHA: "a1"}})
	}
	c.Events = append(c.Events, bot.Event{At: noon.Add(time.Hour), Fact: bot.ChecksMoved{SHA: "a2"}})
	commit(t, s, c)
	removed, err := s.Prune(t.Context(), noon.Add(time.Minute), noon.Add(time.Minute))
	if err != nil || removed != 2500 {
		t.Errorf("1300 old deliveries and 1200 old events are removed, got %d, %v", removed, err)
	}
	list, err := s.Deliveries(t.Context(), store.Filter{})
	if err != nil || len(list) != 2 || list[0].GUID != "new" || list[1].GUID != "old but waiting" {
		t.Errorf("what is new stays, and what waits stays: got %+v, %v", list, err)
	}
	if events, _, err := s.Events(t.Context(), shop, 0, 10); err != nil || len(events) != 1 {
		t.Errorf("the new event stays, got %v, %v", events, err)
	}
}

func testChanged(t *testing.T, open opener) {
	s := open.open(t)
	changed := s.Changed()
	select {
	case <-changed:
		t.Error("nothing was written, yet a change is announced")
	default:
	}
	receive(t, s, "one")
	<-changed
	changed = s.Changed()
	commit(t, s, change(0))
	<-changed
}
