package store

import (
	"testing"
	"time"
)

func TestCrowd(t *testing.T) {
	var (
		c   crowd
		now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	)
	expect := func(what, queue string, want bool) {
		t.Helper()
		if got := c.mayFetch(queue, now); got != want {
			t.Errorf("%s: whether it is fetched from %s should be %t", what, queue, want)
		}
	}
	c.urgent = crowded - 1
	expect("few are under way", queueTelling, true)
	if c.left() {
		t.Error("where nobody yields, nobody is relieved")
	}
	c.urgent = crowded
	for _, queue := range []string{queueDeliveries, queueEffects} {
		expect("many are under way", queue, true)
	}
	expect("many are under way", queueTelling, false)
	now = now.Add(yieldFor - 1)
	expect("for a moment", queueTelling, false)
	expect("later", queueIdle, false)
	now = now.Add(1)
	expect("for too long", queueTelling, true)
	expect("not that long", queueIdle, false)
	if !c.left() {
		t.Error("whoever yields is relieved when it is no longer crowded")
	}
	if c.left() {
		t.Error("they are relieved once")
	}
	expect("few are left", queueIdle, true)
	c.urgent = crowded
	expect("nobody has looked since", queueTelling, true)
	c.urgent = 0
	expect("it is quiet", queueTelling, true)
	c.urgent = crowded
	expect("it is crowded anew", queueTelling, false)
}
