package engine

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
)

// A sweeper that gets the same answer says so once, then once an hour, and when it is over.
func TestSweeperDoesNotRepeatItself(t *testing.T) {
	clock := &handClock{now: noon}
	core, logs := observer.New(zap.InfoLevel)
	s := NewSweeper(SweepOptions{Engine: New(Options{}), Clock: clock, Logger: zap.New(core)})
	expect := func(lines int, what string) {
		t.Helper()
		if n := logs.Len(); n != lines {
			t.Errorf("%s: expected %d lines, there are %d: %v", what, lines, n, logs.All())
		}
		logs.TakeAll()
	}
	away := errors.New("GitHub answered 502")
	for range 30 {
		s.told(true, away)
		clock.now = clock.now.Add(2 * time.Minute)
	}
	expect(1, "the same answer within an hour")
	s.told(true, away)
	expect(1, "an hour later")
	s.told(true, errors.New("the App is suspended"))
	expect(1, "another answer")
	s.told(true, nil)
	s.told(true, nil)
	expect(1, "it is over")
	s.told(true, away)
	expect(1, "it begins anew")
	s.told(false, nil)
	expect(0, "another instance sweeps")
}

// However many pipelines there are, the series are bounded, and none of what happened is missing in the sum.
func TestSeriesAreBounded(t *testing.T) {
	registry := prometheus.NewRegistry()
	m := newMetrics(registry)
	cfg := bot.Config{Stages: []bot.Stage{{Name: "staging"}, {Name: "production", Verify: &bot.Verify{}}}}
	const pipelines = 10_000
	for i := range pipelines {
		key := bot.Key{Repo: bot.Repo{Owner: "acme", Name: fmt.Sprint("shop-", i)}}
		m.count(key, cfg, []history.Note{{What: history.NotePush}, {What: history.NoteBuild, Result: history.Succeeded}})
		for _, stage := range []string{"staging", "production"} {
			m.count(key, cfg, []history.Note{
				{What: history.NoteVerification, Stage: stage, Result: history.Succeeded},
				{What: history.NotePromotion, Stage: stage, Result: history.Succeeded},
				{What: history.NotePromotion, Stage: stage, Result: history.Failed},
				{What: history.NoteAutomatic, Stage: stage, Result: history.Succeeded},
				{What: history.NoteRollback, Stage: stage, Result: history.Succeeded},
			})
		}
	}
	gathered, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	series, promoted := 0, 0.0
	for _, family := range gathered {
		series += len(family.GetMetric())
		for _, one := range family.GetMetric() {
			for _, label := range one.GetLabel() {
				if family.GetName() == "headstart_promotions_total" && label.GetName() == "result" && label.GetValue() == history.Succeeded {
					promoted += one.GetCounter().GetValue()
				}
			}
		}
	}
	if series > 8*mostPlaces {
		t.Errorf("%d pipelines should have %d series at most, they have %d", pipelines, 8*mostPlaces, series)
	}
	if promoted != 2*pipelines {
		t.Errorf("all of %d promotions should be counted, %v are", 2*pipelines, promoted)
	}
	t.Logf("%d pipelines have %d series", pipelines, series)
}
