package engine_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
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
