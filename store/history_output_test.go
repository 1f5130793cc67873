package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
)

// The outputs of a commit's failures are found by the commit, or by the promotion of it, and are counted with those that
// look the same.
func testHistoryOutput(t *testing.T, open opener) {
	s := open.open(t)
	h, ctx := s.History(), t.Context()
	keep := func(key bot.Key, o history.Output) history.Output {
		t.Helper()
		o = history.NewOutput(o)
		if err := s.KeepOutput(ctx, key, o); err != nil {
			t.Fatal(err)
		}
		return o
	}
	expect := func(what, sha string, want ...history.Output) {
		t.Helper()
		got, err := h.OutputsOf(ctx, shop, sha)
		expectRows(t, what, got, err, want...)
	}
	expect("before the pipeline is known", shaOf("till"))

	commitHistory(t, s, 0, promotionOf("production", 1, after(5)))
	long := strings.Repeat("a line of an output\n", 3) + "Error: “naïve” \x01 <b>\n"
	build := keep(shop, history.Output{App: "shop-prepare", ID: "b-1", SHA: shaOf("till"), At: after(4), Text: long, Cut: true})
	early := keep(shop, history.Output{App: "shop-us", ID: "v7", Stage: "production", N: 1, At: after(6), Text: "migrate 17: permission denied"})
	keep(shop, history.Output{App: "shop-us", ID: "v8", Stage: "production", N: 2, At: after(7), Text: "another promotion's\n"})
	keep(bot.Key{Repo: shop.Repo, Name: "api"}, history.Output{App: "shop-prepare", ID: "b-1", SHA: shaOf("till"), At: after(4), Text: "another pipeline's\n"})
	build.Seen, early.Seen = 1, 1
	expect("the outputs of a commit", shaOf("till"), build, early)
	expect("the outputs of another one", shaOf("next"))

	again := keep(shop, history.Output{App: "shop-us", ID: "v9", Stage: "production", N: 1, At: after(8), Text: "migrate 18: permission denied"})
	again.Seen = 2
	expect("a failure that looks the same", shaOf("till"), build, early, again)
	later := keep(shop, history.Output{App: "shop-us", ID: "v9", Stage: "production", N: 1, At: after(6).Add(history.SeenFor), Text: "migrate 19: permission denied"})
	later.Seen = 1
	expect("30 days later, read anew", shaOf("till"), build, early, later)
	for i := range 10 {
		keep(shop, history.Output{App: "shop-prepare", ID: fmt.Sprint(i), SHA: shaOf("many"), At: after(i), Text: "x"})
	}
	if list, err := h.OutputsOf(ctx, shop, shaOf("many")); err != nil || len(list) != 8 || list[0].ID != "2" || list[7].ID != "9" {
		t.Errorf("of many outputs the last eight should be read, got %+v, %v", list, err)
	}

	if removed, err := s.PruneOutput(ctx, time.Time{}); err != nil || removed != 0 {
		t.Errorf("nothing should be removed, got %d, %v", removed, err)
	}
	if removed, err := s.PruneOutput(ctx, after(1000)); err != nil || removed != 14 {
		t.Errorf("all but the last one should be removed, got %d, %v", removed, err)
	}
	later.Seen = 1
	expect("what was written later", shaOf("till"), later)
	if keys, err := h.Pipelines(ctx); err != nil || len(keys) != 1 {
		t.Errorf("an output makes no pipeline, got %v, %v", keys, err)
	}
}
