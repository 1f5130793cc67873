package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/store"
)

// BenchmarkListing measures what the home page asks of a database with 10,000 pipelines at rest, of which each was
// deployed 20 times in 14 days: the list of all, and the deploys of a hundred.
func BenchmarkListing(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkListing(b, "sqlite:"+b.TempDir()+"/state.db") })
	b.Run("postgres", func(b *testing.B) { benchmarkListing(b, postgresURL(b)) })
}

func benchmarkListing(b *testing.B, url string) {
	const pipelines, deploys = 10_000, 20
	s, err := store.Open(b.Context(), url, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	key := func(i int) bot.Key { return bot.Key{Repo: bot.Repo{Owner: "acme", Name: fmt.Sprintf("shop-%05d", i)}} }
	var wg sync.WaitGroup
	for part := range 16 {
		wg.Go(func() {
			for i := part; i < pipelines; i += 16 {
				c := change(0)
				c.Pipeline = key(i)
				c.State = resting(c.State)
				c.State.Pipeline = c.Pipeline
				for n := range deploys {
					at := noon.Add(time.Duration(n) * 16 * time.Hour)
					c.History = append(c.History, history.Promotion{
						Stage: "production", N: n, SHA: shaOf(fmt.Sprint(i, n)), Replaced: shaOf(fmt.Sprint(i, n-1)), Kind: history.KindForward, Began: at, Released: at, Proved: at, Ended: at, Result: history.ResultProved,
					})
				}
				if err := s.Commit(b.Context(), c); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			if list, err := s.Listing(b.Context()); err != nil || len(list) != pipelines || !list[0].Resting() {
				b.Fatalf("%d pipelines at rest should be listed, got %d, %v", pipelines, len(list), err)
			}
		}
	})
	b.Run("deploys", func(b *testing.B) {
		stages := map[bot.Key]string{}
		for i := range 100 {
			stages[key(i)] = "production"
		}
		for b.Loop() {
			if got, err := s.History().Deploys(b.Context(), stages, noon); err != nil || len(got) != 100 {
				b.Fatalf("100 pipelines were deployed, got %d, %v", len(got), err)
			}
		}
	})
}
