package store

import (
	"testing"
	"time"
)

func TestBackpressure(t *testing.T) {
	var (
		c   backpressure
		now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	)
	expect := func(what, queue string, want bool) {
		t.Helper()
		if got := c.mayFetch(queue, now); got != want {
			t.Errorf("%s: whether it is fetched from %s should be %t", what, queue, want)
		}
	}
	c.deploys = busyDeploys - 1
	expect("few are under way", queuePublish, true)
	if c.left() {
		t.Error("where nobody yields, nobody is relieved")
	}
	c.deploys = busyDeploys
	for _, queue := range []string{queueDeliveries, queueEffects} {
		expect("many are under way", queue, true)
	}
	expect("many are under way", queuePublish, false)
	now = now.Add(yieldFor - 1)
	expect("for a moment", queuePublish, false)
	expect("later", queueIdle, false)
	now = now.Add(1)
	expect("for too long", queuePublish, true)
	expect("not that long", queueIdle, false)
	if !c.left() {
		t.Error("whoever yields is relieved when it is no longer crowded")
	}
	if c.left() {
		t.Error("they are relieved once")
	}
	expect("few are left", queueIdle, true)
	c.deploys = busyDeploys
	expect("nobody has looked since", queuePublish, true)
	c.deploys = 0
	expect("it is quiet", queuePublish, true)
	c.deploys = busyDeploys
	expect("it is crowded anew", queuePublish, false)
}
