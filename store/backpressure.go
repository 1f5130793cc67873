package store

import "time"

// When a hundred pipelines move at once, the processor's load decides when their builds begin. Publications can wait.
// While many effects that deploys wait for are performed, no others are begun. They wait for yieldFor at most, however
// many urgent ones there are.
const (
	// busyDeploys is how many effects that deploys wait for make the others yield.
	busyDeploys = 8
	// yieldFor is how long other effects yield at most, until it is less crowded.
	yieldFor = 2 * time.Second
)

// backpressure counts the effects that deploys wait for.
type backpressure struct {
	deploys int                  // under way
	yielded map[string]time.Time // by queue: since when it yields
}

// mayFetch reports whether jobs may be fetched from a queue now.
func (c *backpressure) mayFetch(queue string, now time.Time) bool {
	if queue != queuePublish && queue != queueIdle {
		return true
	}
	if c.deploys < busyDeploys {
		delete(c.yielded, queue)
		return true
	}
	since, yields := c.yielded[queue]
	if !yields {
		if c.yielded == nil {
			c.yielded = make(map[string]time.Time)
		}
		since, c.yielded[queue] = now, now
	}
	return now.Sub(since) >= yieldFor
}

// left notes that an effect which a deploy waited for has ended. It reports whether the queues that yielded are to be
// fetched from again.
func (c *backpressure) left() (relieved bool) {
	c.deploys--
	return c.deploys == busyDeploys-1 && len(c.yielded) > 0
}
