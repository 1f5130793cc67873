package web_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot/pipeline"
)

// The home page of somebody who sees 10,000 pipelines, of which 30 move.
func BenchmarkHomeOfTenThousand(b *testing.B) {
	w := newWorld(b)
	calm, moves := live(b), next(b)
	for i := range 10_000 {
		s := calm
		if i%333 == 0 && i < 30*333 {
			s = moves
		}
		w.putMore("acme", fmt.Sprintf("shop-%05d", i), s)
	}
	b.Run("unchanged", func(b *testing.B) { benchmarkPage(b, w, "/", func() {}) })
	b.Run("changed", func(b *testing.B) {
		benchmarkPage(b, w, "/", func() { w.change(w.more[0], func(*pipeline.State) {}) })
	})
	b.Run("pipeline", func(b *testing.B) { benchmarkPage(b, w, "/p/acme/shop-00000", func() {}) })
}

func benchmarkPage(b *testing.B, w *world, path string, before func()) {
	mia := w.browser().signIn("mia")
	var took []time.Duration
	size := 0
	for b.Loop() {
		before()
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
