package main

import (
	"os"
	"runtime/debug"
)

// The heap that lives is small, about 20 MB, and a deploy leaves a few megabytes of garbage. Collecting at twice the
// heap, Go's default, has the collector run several times in a second of deploys, and give memory back to the system
// in between, which is more expensive still on a virtual machine. So the heap may grow to five times what lives, as
// long as the process stays small; then the collector runs as often as it must.
const (
	growth   = 400       // percent
	smallish = 128 << 20 // bytes of the process
)

// relaxCollector has the garbage collector run seldom while the process is small. GOGC and GOMEMLIMIT win.
func relaxCollector() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(growth)
		debug.SetMemoryLimit(smallish)
	}
}
