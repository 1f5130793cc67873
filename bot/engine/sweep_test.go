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

// A round in which GitHub does not answer leaves nothing behind: what is still to
// be asked for may be older than the delivery that GitHub did not answer about.
func TestSweepGoesOnWhereItStopped(t *testing.T) {
	noon := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	log := &deliveryLog{down: true, failed: []bot.FailedDelivery{
		{ID: 1, GUID: "check", Event: "check_run", At: noon.Add(-2 * time.Hour)},
		{ID: 2, GUID: "comment", Event: "issue_comment", At: noon.Add(-time.Minute)},
	}}
	clock := &still{noon}
	unlimited := bot.Allowance{Limit: -1}
	sweeper := engine.NewSweeper(engine.SweepOptions{
		Sweeps: idle{}, Hooks: log, Every: 2 * time.Minute, Clock: clock,
		App: func() bot.Allowance { return unlimited },
	})
	if _, err := sweeper.Sweep(t.Context()); err == nil {
		t.Error("a round in which GitHub does not answer passes for one that went well")
	}
	log.down = false
	clock.Time = noon.Add(2 * time.Minute)
	if _, err := sweeper.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := []int64{2, 1}; !slices.Equal(log.repeated, want) {
		t.Errorf("GitHub was asked to repeat the deliveries %v, expected %v: the comment first, and then the check of two hours ago", log.repeated, want)
	}
}

// dues are pipelines whose time has come, until they are swept.
type dues struct {
	idle
	*pipelines
	swept []bot.Key
}

func (d *dues) SweepsDue(context.Context, time.Time, []int64, int) (due []bot.Key, _ error) {
	for key, state := range d.states {
		if state.SweptAt.IsZero() {
			due = append(due, key)
		}
	}
	return due, nil
}

// slow is a clock by which each commit takes a minute.
type slow struct {
	*dues
	clock *still
}

func (s slow) Commit(ctx context.Context, c engine.Change) error {
	s.swept = append(s.swept, c.Pipeline)
	s.clock.Time = s.clock.Add(time.Minute)
	return s.dues.Commit(ctx, c)
}

// A round ends when the next one is due, which looks for lost deliveries first, and
// leaves the App's requests to deploys when few are left.
func TestARoundOfSweepsIsBounded(t *testing.T) {
	for _, tt := range []struct {
		what string
		app  bot.Allowance
		want int
	}{
		{"the next round is due", bot.Allowance{Limit: -1}, 2},
		{"the App has few requests left", bot.Allowance{Limit: 5000, Left: 1000}, 0},
	} {
		d := &dues{pipelines: &pipelines{states: map[bot.Key]pipeline.State{}, versions: map[bot.Key]int64{}}}
		for n := range 10 {
			key := bot.Key{Repo: bot.Repo{Owner: "acme", Name: string(rune('a' + n))}}
			d.states[key], d.versions[key] = pipeline.State{Pipeline: key, Installation: 1}, 1
		}
		store := slow{d, &still{time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)}}
		unlimited := bot.Allowance{Limit: -1}
		sweeper := engine.NewSweeper(engine.SweepOptions{
			Engine: engine.New(engine.Options{Store: store, Clock: store.clock}), Sweeps: d, Hooks: &deliveryLog{}, Every: 2 * time.Minute, Clock: store.clock,
			App: func() bot.Allowance { return tt.app }, GitHub: func(int64) bot.Allowance { return unlimited }, Platform: func(string) bot.Allowance { return unlimited },
		})
		if _, err := sweeper.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(d.swept) != tt.want {
			t.Errorf("%s: %d pipelines should be swept, got %d", tt.what, tt.want, len(d.swept))
		}
	}
}

// deliveryLog is GitHub's log of deliveries.
type deliveryLog struct {
	failed   []bot.FailedDelivery
	down     bool // it does not repeat anything
	repeated []int64
}

func (l *deliveryLog) FailedDeliveries(_ context.Context, since time.Time) ([]bot.FailedDelivery, error) {
	return slices.DeleteFunc(slices.Clone(l.failed), func(f bot.FailedDelivery) bool { return f.At.Before(since) }), nil
}

func (l *deliveryLog) Redeliver(_ context.Context, id int64) error {
	if l.down {
		return &bot.Unknown{Reason: "no answer"}
	}
	l.repeated = append(l.repeated, id)
	return nil
}

// idle is a store whose pipelines have nothing to look for.
type idle struct{}

func (idle) Leads(context.Context) (bool, error) { return true, nil }

func (idle) SweepsDue(context.Context, time.Time, []int64, int) ([]bot.Key, error) { return nil, nil }

func (idle) Processed(context.Context, []string) (map[string]bool, error) { return nil, nil }

// still is a clock that stands still.
type still struct{ time.Time }

func (c *still) Now() time.Time { return c.Time }

func (c *still) Alarm(time.Time) (<-chan time.Time, func()) { return nil, func() {} }
