package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/store"
)

const (
	burstPipelines = 100 // that each receive a push at once
	burstRounds    = 10
)

// BenchmarkBurst has 100 pipelines receive a push in the same instant. Each push
// is folded into its pipeline's state, and three effects follow: the build that
// people wait for, a status and a comment, whose outcomes are folded in as well.
// What counts is the time from Receive until the build is handed to its
// performer. What the world answers takes no time here.
func BenchmarkBurst(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchBurst(b, "sqlite:"+filepath.Join(b.TempDir(), "state.db")) })
	b.Run("postgres", func(b *testing.B) { benchBurst(b, postgresURL(b)) })
}

func benchBurst(b *testing.B, url string) {
	ctx, cancel := context.WithCancel(context.Background())
	s, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	w := newBurst(b, s)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, store.Handlers{Deliver: w.deliver, Perform: w.performed}) }()
	var waited, whole, spent []time.Duration
	w.round(b) // warms up
	for b.Loop() {
		for range burstRounds {
			before := cpuTime(b)
			first, all := w.round(b)
			waited, whole, spent = append(waited, first...), append(whole, all), append(spent, cpuTime(b)-before)
		}
	}
	ms := func(list []time.Duration, percent int) float64 {
		slices.Sort(list)
		return float64(list[(len(list)-1)*percent/100].Microseconds()) / 1000
	}
	b.ReportMetric(ms(waited, 50), "p50-ms")
	b.ReportMetric(ms(waited, 95), "p95-ms")
	b.ReportMetric(ms(whole, 50), "all-done-ms")
	b.ReportMetric(ms(spent, 50)/burstPipelines, "cpu-ms/pipeline")
	cancel()
	if err := <-ended; err != nil {
		b.Error(err)
	}
	if err := s.Close(); err != nil {
		b.Error(err)
	}
}

// cpuTime is what this process has used so far. On PostgreSQL the server's own
// comes on top.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// burst folds in what happens, the way the engine does.
type burst struct {
	store *store.Store
	teams map[bot.Key]*burstTeam
	n     int // of the round
}

// burstTeam is one of the pipelines.
type burstTeam struct {
	sync.Mutex                // one reconcile at a time
	state      pipeline.State // guarded by the mutex, as version: as it was left, which the engine remembers too
	version    int64
	received   time.Time
	building   chan time.Duration // takes the time from Receive to the build
}

func newBurst(b *testing.B, s *store.Store) *burst {
	w := &burst{store: s, teams: make(map[bot.Key]*burstTeam)}
	var state pipeline.State
	if err := json.Unmarshal([]byte(scaleState(b)), &state); err != nil {
		b.Fatal(err)
	}
	for i := range burstPipelines {
		key := bot.Key{Repo: bot.Repo{Owner: "acme", Name: fmt.Sprint("shop-", i)}}
		state.Pipeline = key
		if err := s.Commit(context.Background(), engine.Change{Pipeline: key, State: state}); err != nil {
			b.Fatal(err)
		}
		w.teams[key] = &burstTeam{building: make(chan time.Duration, 1), state: state, version: 1}
	}
	return w
}

// round returns how long each pipeline waited for its build, and how long it was
// until there was nothing left to do.
func (w *burst) round(b *testing.B) (waited []time.Duration, whole time.Duration) {
	w.n++
	begin := make(chan struct{})
	var sent sync.WaitGroup
	for key, t := range w.teams {
		sent.Go(func() {
			<-begin
			t.received = time.Now()
			if _, err := w.store.Receive(context.Background(), fmt.Sprint(key, w.n), "push", []byte(key.Repo.String())); err != nil {
				b.Error(err)
			}
		})
	}
	began := time.Now()
	close(begin)
	for _, t := range w.teams {
		select {
		case took := <-t.building:
			waited = append(waited, took)
		case <-time.After(time.Minute):
			b.Fatal("a pipeline waited for its build for a minute")
		}
	}
	sent.Wait()
	for {
		changed := w.store.Changed()
		idle, err := w.store.Idle(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		if idle {
			return waited, time.Since(began)
		}
		<-changed
	}
}

func (w *burst) deliver(ctx context.Context, d store.Delivery) error {
	repo, err := bot.ParseRepo(string(d.Body))
	if err != nil {
		return err
	}
	keys, err := w.store.Pipelines(ctx, repo)
	for _, key := range keys {
		now := time.Now()
		err = w.fold(ctx, key, bot.Pushed{Branch: "main"},
			bot.Effect{Key: "build", Attempt: 1, At: now, Do: bot.StartBuild{App: "shop-prepare"}},
			bot.Effect{Key: "status", Attempt: 1, At: now, Do: bot.SetStatus{Context: "headstart/build"}},
			bot.Effect{Key: "comment", Attempt: 1, At: now, Do: bot.WriteComment{Number: 1, Body: "Building."}})
	}
	return err
}

func (w *burst) performed(ctx context.Context, target bot.Target, e bot.Effect, _ bool) error {
	t := w.teams[target.Pipeline]
	if _, ok := e.Do.(bot.StartBuild); ok {
		t.building <- time.Since(t.received)
	}
	return w.fold(ctx, target.Pipeline, bot.Finished{Effect: e, Outcome: bot.Done})
}

// fold commits a fact and the effects that follow from it.
func (w *burst) fold(ctx context.Context, key bot.Key, f bot.Fact, effects ...bot.Effect) error {
	t := w.teams[key]
	t.Lock()
	defer t.Unlock()
	now := time.Now()
	events := []bot.Event{{At: now, Fact: f}}
	for _, e := range effects {
		events = append(events, bot.Event{At: now, Fact: bot.Started{Effect: e}})
	}
	err := w.store.Commit(ctx, engine.Change{Pipeline: key, Version: t.version, State: t.state, Events: events, Effects: effects,
		Target: bot.Target{Pipeline: key, Installation: 7}, Wake: now.Add(time.Hour), Sweep: now.Add(time.Hour)})
	if err == nil {
		t.version++
	}
	return err
}
