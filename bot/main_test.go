package bot_test

import (
	"flag"
	"os"
	"runtime/debug"
	"testing"
)

// Histories are the same in every run, so that a change is what makes one fail.
// Others are drawn with -rapid.seed=N and, for more of them, -rapid.checks=N.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"rapid.seed": "20261102", "rapid.checks": "60", "rapid.nofailfile": "true"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	flag.Parse()
	// Stories leave much behind and need little at a time.
	debug.SetGCPercent(800)
	os.Exit(m.Run())
}
