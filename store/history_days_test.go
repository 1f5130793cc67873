package store_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/insight"
	"github.com/headstart-cd/headstart/store"
)

// Days and weeks are what the rows come to, are made anew when these change or time does, and outlive them.
func testHistoryDays(t *testing.T, open opener) {
	s := open.open(t)
	h, ctx := s.History(), t.Context()
	random := rand.New(rand.NewPCG(3, 4))
	file := history.Process{At: noon, Config: bot.Config{Stages: []bot.Stage{{Name: "staging"}, {Name: "production"}}}}
	rows := []history.Entry{file}
	for n := range 60 { // three days
		for _, life := range lifeOf(random, n) {
			rows = append(rows, life...)
		}
	}
	commitHistory(t, s, 0, rows...)
	now := noon.Add(60 * 72 * time.Minute)
	sum := func(want int, when string) {
		t.Helper()
		if n, err := s.SumHistory(ctx, now); err != nil || n != want {
			t.Errorf("%s, %d pipelines should be added up, got %d, %v", when, want, n, err)
		}
	}
	figures := func() (insight.Figures, []insight.PipelineSums) {
		t.Helper()
		period, before := insight.Weeks(4, insight.DayOf(now))
		fleet := insight.NewFleet(period, before)
		keys := []bot.Key{shop, {Repo: shop.Repo, Name: "unknown"}}
		if err := h.Weeks(ctx, keys, before.From, now, fleet.Add); err != nil {
			t.Fatal(err)
		}
		is, _ := fleet.Figures()
		return is, fleet.Pipelines
	}
	expect := func(when string) insight.Figures {
		t.Helper()
		all, err := h.Insights(ctx, shop, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		period, _ := insight.Weeks(4, insight.DayOf(now))
		want, got := insight.Read(all, now).Numbers(period).Figures(), insight.Figures{}
		got, _ = figures()
		if got.Deploys != want.Deploys || got.Judged != want.Judged || got.Failed != want.Failed || got.Lead.N != want.Lead.N || got.Start.Spared != want.Start.Spared || got.Period != want.Period {
			t.Errorf("%s, the weeks should come to\n%+v, got\n%+v", when, want, got)
		}
		return got
	}
	if got, pipelines := figures(); got.Deploys != 0 || pipelines != nil {
		t.Errorf("nothing is added up yet, got %+v of %+v", got, pipelines)
	}
	sum(1, "with new rows")
	first := expect("with new rows")
	if first.Deploys != 60 || first.Judged >= 60 || first.Judged == 0 {
		t.Errorf("of 60 deployments those of the last day should not be judged yet, got %+v", first)
	}
	sum(0, "without new rows")
	now = now.Add(24 * time.Hour)
	sum(1, "a day later, when the last ones are old enough")
	if got := expect("a day later"); got.Judged != 60 {
		t.Errorf("all should be judged a day later, got %+v", got)
	}
	sum(0, "another time")

	change := lifeOf(random, 61)
	commitHistory(t, s, 1, change[len(change)-1]...)
	sum(1, "with another row")
	expect("with another row")

	before, err := store.Days(ctx, s, shop)
	if err != nil || len(before) < 8 {
		t.Fatalf("there should be days with a stage and without, got %d, %v", len(before), err)
	}
	if err := s.RuinDays(ctx); err != nil {
		t.Fatal(err)
	}
	commitHistory(t, s, 2)
	sum(1, "after days were lost and spoiled")
	if again, err := store.Days(ctx, s, shop); err != nil || !maps.EqualFunc(before, again, func(a, b []byte) bool { return reflect.DeepEqual(a, b) }) {
		t.Errorf("days should be made anew as they were, got %d instead of %d, %v", len(again), len(before), err)
	}

	// The rows of the first two days go, and their sums stay.
	if _, err := s.PruneHistory(ctx, noon.Add(48*time.Hour), time.Time{}); err != nil {
		t.Fatal(err)
	}
	commitHistory(t, s, 3)
	sum(1, "when old rows are gone")
	if got, pipelines := figures(); got.Deploys != 61 || len(pipelines) != 1 || pipelines[0].Pipeline != shop {
		t.Errorf("the sums of days outlive their rows: there were 61 deployments, got %+v of %+v", got, pipelines)
	}
	many := []bot.Key{shop}
	for i := range 600 {
		many = append(many, bot.Key{Repo: shop.Repo, Name: fmt.Sprint(i)})
	}
	seen := 0
	if err := h.Weeks(ctx, many, 0, now, func(key bot.Key, _ insight.Day, _ []byte) error { seen++; return nil }); err != nil || seen != 1 {
		t.Errorf("of many pipelines the one should be found that has weeks, got %d, %v", seen, err)
	}
	seen = 0
	if err := h.Weeks(ctx, many[1:], 0, now, func(key bot.Key, _ insight.Day, _ []byte) error { seen++; return nil }); err != nil || seen != 0 {
		t.Errorf("weeks of a pipeline that was not asked for should not be handed over, got %d, %v", seen, err)
	}

	if err := s.KeepOutput(ctx, shop, history.NewOutput(history.Output{App: "shop-prepare", ID: "b-1", SHA: shaOf("till"), At: after(4), Text: "Error: no space\n"})); err != nil {
		t.Fatal(err)
	}
	failures, err := h.Failures(ctx, shop, noon)
	if err != nil || len(failures) != 1 || failures[0].Error != "Error: no space" || failures[0].SHA != shaOf("till") || failures[0].Print == 0 || !failures[0].At.Equal(after(4)) {
		t.Errorf("the failed build should be found by its error, got %+v, %v", failures, err)
	}
	if failures, err := h.Failures(ctx, shop, after(5)); err != nil || len(failures) != 0 {
		t.Errorf("no output is that new, got %+v, %v", failures, err)
	}
}
