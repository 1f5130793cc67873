package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// A small heap may grow to five times what lives, a large one to twice.
func TestCollectorIsRelaxed(t *testing.T) {
	for live, want := range map[uint64]int{0: 400, 1 << 20: 400, 16 << 20: 400, 32 << 20: 200, 64 << 20: 100, 1 << 30: 100, 1 << 40: 100} {
		if got := growthFor(live); got != want {
			t.Errorf("a heap of which %d bytes live may grow by %d %%, got %d %%", live, want, got)
		}
	}
	was := debug.SetGCPercent(100)
	c := &cycle{}
	tune(c)
	runtime.SetFinalizer(c, nil) // the tests' collector stays as it was
	if got := debug.SetGCPercent(was); got != c.growth || got < usualGrowth || got > mostGrowth {
		t.Errorf("the collector should be told %d %%, it has %d %%", c.growth, got)
	}
}
