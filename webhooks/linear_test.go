package webhooks_test

import (
	"testing"
	"time"
)

// linear fails where eight times the input takes much more than eight times as long:
// the time has to grow with the length of an input, not with its square. How long it
// takes depends on the machine, and says nothing.
func linear(t *testing.T, what string, read func(length int)) {
	t.Helper()
	const short, long, slack = 8 << 10, 64 << 10, 4
	took := func(length int) time.Duration {
		start := time.Now()
		read(length)
		return time.Since(start)
	}
	var few, many time.Duration
	for range 20 { // somebody else may have the processor
		few, many = max(took(short), time.Millisecond), took(long)
		if many <= slack*long/short*few {
			return
		}
	}
	t.Errorf("%s: %d times the length takes %s instead of %s", what, long/short, many, few)
}
