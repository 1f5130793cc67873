package store_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/apply"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/store"
)

// A comment is seen by a pipeline in the transaction that says what came of it: with
// that, or not at all. It is forgotten once nobody would obey it any more.
func testSeenComments(t *testing.T, open opener) {
	now := noon
	var mu sync.Mutex
	s := open(t, store.Options{Clock: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }})
	defer closeStore(t, s)
	api := bot.Key{Repo: shop.Repo, Name: "api"}
	expect := func(when string, key bot.Key, want ...int64) {
		t.Helper()
		var all []int64
		for id := range int64(100) {
			all = append(all, id)
		}
		heard, err := s.SeenComments(t.Context(), key, all)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, is := range heard {
			if is {
				n++
			}
		}
		if n != len(want) {
			t.Errorf("%s, %s has heard of %v, got %v", when, key, want, heard)
		}
		for _, id := range want {
			if !heard[id] {
				t.Errorf("%s, %s has heard of comment %d, got %v", when, key, id, heard)
			}
		}
	}
	expect("before anything was said", shop)
	c := change(0)
	c.Comments = []int64{1, 2}
	commit(t, s, c)
	expect("after the first commit", shop, 1, 2)
	expect("after the first commit", api)

	late := change(0)
	late.Comments = []int64{3}
	if err := s.Commit(t.Context(), late); !errors.Is(err, engine.ErrMoved) {
		t.Fatalf("somebody was faster: expected ErrMoved, got %v", err)
	}
	expect("after a commit that was too late", shop, 1, 2)

	c = change(1)
	c.Comments = []int64{2, 4} // somebody may have looked before the first commit
	for id := range int64(40) {
		c.Comments = append(c.Comments, 50+id)
	}
	commit(t, s, c)
	other := engine.Change{Pipeline: api, State: pipeline.State{Pipeline: api}, Comments: []int64{1}, Target: bot.Target{Pipeline: api}}
	commit(t, s, other)
	expect("of another pipeline", api, 1)

	mu.Lock()
	now = noon.Add(apply.CommandAge)
	mu.Unlock()
	c = change(2)
	c.Comments = []int64{9}
	commit(t, s, c)
	prune := func() {
		t.Helper()
		if _, err := s.Prune(t.Context(), noon, noon); err != nil {
			t.Fatal(err)
		}
	}
	prune()
	expect("as long as one may be obeyed", api, 1)
	mu.Lock()
	now = noon.Add(apply.CommandAge + pipeline.CommandSlack + time.Second)
	mu.Unlock()
	prune()
	expect("after that", api)
	expect("after that", shop, 9)
}
