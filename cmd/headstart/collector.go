package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// The heap that lives is small, about 20 MB, and a deploy leaves a few megabytes of garbage. Collecting at twice the
// heap, Go's default, has the collector run several times in a second of deploys, and give memory back to the system
// in between, which is more expensive still on a virtual machine. So a small heap may grow to more than twice what
// lives. A large one is collected as by default: with a limit of memory instead, the collector would never rest once
// more than that lives.

const (
	// headroom is how much a small heap may grow between two collections, in bytes.
	headroom = 64 << 20
	// Percent of what lives: Go's default, and the most that a small heap may grow.
	usualGrowth, mostGrowth = 100, 400
)

// growthFor returns by how many percent a heap may grow of which so many bytes live.
func growthFor(live uint64) int {
	return int(min(max(headroom*100/max(live, 1), usualGrowth), mostGrowth))
}

// relaxCollector has the garbage collector run seldom while the heap is small. GOGC and GOMEMLIMIT win.
func relaxCollector() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		tune(&cycle{})
	}
}

// cycle is garbage at once: each collection finds it, and what lives is looked at again.
type cycle struct{ growth int }

func tune(c *cycle) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if growth := growthFor(live[0].Value.Uint64()); growth != c.growth {
		c.growth = growth
		debug.SetGCPercent(growth)
	}
	runtime.SetFinalizer(c, tune)
}
