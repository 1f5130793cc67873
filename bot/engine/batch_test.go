package engine

import (
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// batched is what became of deliveries that came while the first one was on its way.
type batched struct {
	parts [][]string // what was folded in together, by SHA
	errs  map[string]error
}

// batchThree has three deliveries about commits come together. What fold makes of
// the facts is what it makes of them in a pipeline.
func batchThree(t *testing.T, fold func(shas []string) error) batched {
	t.Helper()
	var (
		g    batcher[string, string, struct{}]
		mu   sync.Mutex
		got  = batched{errs: map[string]error{}}
		leds int
		all  sync.WaitGroup
	)
	deliver := func(sha string, begun chan<- struct{}, wait <-chan struct{}) {
		var err error
		var led bool
		defer func() {
			if recover() != nil {
				err = errors.New("it panicked")
			}
			mu.Lock()
			defer mu.Unlock()
			got.errs[sha] = err
			if led {
				leds++
			}
		}()
		_, led, err = g.Do("shop", sha, func(take func() []string) (struct{}, error) {
			if begun != nil {
				close(begun)
				begun = nil
				<-wait
			}
			shas := slices.Clone(take())
			mu.Lock()
			got.parts = append(got.parts, shas)
			mu.Unlock()
			return struct{}{}, fold(shas)
		})
	}
	begun, go1 := make(chan struct{}), make(chan struct{})
	all.Go(func() { deliver("a", begun, go1) })
	<-begun
	for _, sha := range []string{"b", "c"} {
		joined := g.count("shop") + 1
		all.Go(func() { deliver(sha, nil, nil) })
		for g.count("shop") < joined { // it has joined
			runtime.Gosched()
		}
	}
	close(go1)
	all.Wait()
	if len(g.lines) != 0 {
		t.Errorf("nothing should be remembered of what is over: %v", g.lines)
	}
	if len(got.parts) == 1 && leds != 1 {
		t.Errorf("one should have led, it was %d", leds)
	}
	return got
}

// count is how many wait for their turn.
func (g *batcher[K, T, R]) count(about K) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if l := g.lines[about]; l != nil && l.next != nil {
		return len(l.next.items)
	}
	return 0
}

func TestWhatComesTogetherIsFoldedInTogether(t *testing.T) {
	got := batchThree(t, func([]string) error { return nil })
	if len(got.parts) != 1 || !slices.Equal(got.parts[0], []string{"a", "b", "c"}) {
		t.Errorf("three deliveries should be folded in together, in their order, got %v", got.parts)
	}
	for sha, err := range got.errs {
		if err != nil {
			t.Errorf("%s: %v", sha, err)
		}
	}
}

// One that cannot be processed takes none of the others with it.
func TestWhatFailsTogetherIsFoldedInAlone(t *testing.T) {
	for _, bad := range []string{"a", "b", "c"} {
		for name, fail := range map[string]func() error{
			"error": func() error { return errors.New("no") },
			"panic": func() error { panic("no") },
		} {
			got := batchThree(t, func(shas []string) error {
				if slices.Contains(shas, bad) {
					return fail()
				}
				return nil
			})
			for sha, err := range got.errs {
				if (err != nil) != (sha == bad) {
					t.Errorf("%s by %s: the delivery about %s ended with %v", name, bad, sha, err)
				}
			}
			if len(got.errs) != 3 {
				t.Errorf("%s by %s: three deliveries should come to an end, got %v", name, bad, got.errs)
			}
		}
	}
}
