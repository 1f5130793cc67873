package web_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// The home page of somebody with a hundred pipelines.
func BenchmarkHomeOfHundred(b *testing.B) { benchmarkPage(b, "/", 100) }

func benchmarkPage(b *testing.B, path string, pipelines int) {
	w := newWorld(b)
	w.put(shop, next(b))
	state := w.states[shop]
	w.sees["mia"] = []int64{shopID}
	for i := 1; i < pipelines; i++ {
		key := bot.Key{Repo: bot.Repo{Owner: "acme", Name: fmt.Sprintf("shop-%03d", i)}}
		state.Pipeline, state.RepoID = key, int64(1000+i)
		w.states[key], w.more, w.sees["mia"] = state, append(w.more, key), append(w.sees["mia"], state.RepoID)
	}
	mia := w.browser().signIn("mia")
	var took []time.Duration
	size := 0
	for b.Loop() {
		began := time.Now()
		p := mia.get(path)
		took = append(took, time.Since(began))
		if size = len(p.body); p.StatusCode != http.StatusOK {
			b.Fatalf("the page should be shown, got %s", p)
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
	b.ReportMetric(float64(size), "bytes")
}
