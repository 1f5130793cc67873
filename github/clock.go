package github

import (
	"net/http"
	"sync"
	"time"
)

// clocks measures how far GitHub's clock is ahead of ours, by the Date of its answers. Each Date has whole seconds, and
// each answer takes its time, so it only bounds the difference. Together the bounds get closer.
type clocks struct {
	now func() time.Time

	mu        sync.Mutex
	low, high time.Duration // bounds of the difference; guarded by mu
	since     time.Time     // when they began; zero: not yet; guarded by mu
}

// clocksAnew is how long bounds are valid: clocks drift, and are adjusted.
const clocksAnew = 10 * time.Minute

// take takes the Date of the answer to a request sent at sent.
func (c *clocks) take(sent time.Time, date string) {
	told, err := http.ParseTime(date)
	if err != nil {
		return
	}
	got := c.now()
	low, high := told.Sub(got), told.Add(time.Second).Sub(sent)
	if low > clocksApart || high < -clocksApart {
		return // with such a clock GitHub would refuse every signed request
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() || got.Sub(c.since) > clocksAnew || low > c.high || high < c.low {
		c.low, c.high, c.since = low, high, got
		return
	}
	c.low, c.high = max(low, c.low), min(high, c.high)
}

// ahead returns the least lead of GitHub's clock over ours; negative: it is behind; 0: both may show the same.
func (c *clocks) ahead() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return max(c.low, min(c.high, 0))
}
