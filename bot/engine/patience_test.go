package engine

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A patient item waits for those that are expected, for one that does not wait, or
// until its time is up, and is folded in with whoever came.
func TestPatient(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(g *batcher[string, string, int], b *expected, come func(item string, was *expected, patient bool))
		want      [][]string
		after     time.Duration
	}{
		"who is expected comes": {func(_ *batcher[string, string, int], b *expected, come func(string, *expected, bool)) {
			come("b", b, true)
		}, [][]string{{"a", "b"}}, 0},
		"who is expected does not come": {func(g *batcher[string, string, int], b *expected, _ func(string, *expected, bool)) {
			g.giveUp("shop", b)
		}, [][]string{{"a"}}, 0},
		"somebody else comes who does not wait": {func(_ *batcher[string, string, int], _ *expected, come func(string, *expected, bool)) {
			come("c", nil, false)
		}, [][]string{{"a", "c"}}, 0},
		"nobody comes": {func(*batcher[string, string, int], *expected, func(string, *expected, bool)) {
		}, [][]string{{"a"}}, othersWithin},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var (
					g   batcher[string, string, int]
					mu  sync.Mutex
					got [][]string // guarded by mu
					all sync.WaitGroup
				)
				come := func(item string, was *expected, patient bool) {
					all.Go(func() {
						_, _, _ = g.await("shop", item, was, patient, func(take func() []string) (int, error) {
							mu.Lock()
							defer mu.Unlock()
							got = append(got, slices.Clone(take()))
							return 0, nil
						})
					})
					synctest.Wait()
				}
				a, b := g.expect("shop"), g.expect("shop")
				began := time.Now()
				come("a", a, true)
				mu.Lock()
				early := len(got) > 0
				mu.Unlock()
				if early {
					t.Fatal("a does not wait for b, which is expected")
				}
				c.meanwhile(&g, b, come)
				all.Wait()
				if !slices.EqualFunc(got, c.want, slices.Equal) {
					t.Errorf("folded in together: %v, expected %v", got, c.want)
				}
				if took := time.Since(began); took != c.after {
					t.Errorf("it took %s, expected %s", took, c.after)
				}
				g.giveUp("shop", b)
				if len(g.lines) > 0 {
					t.Error("a line is left in which nobody is")
				}
			})
		})
	}
}
