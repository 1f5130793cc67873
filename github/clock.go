package github

import (
	"net/http"
	"sync"
	"time"
)

// clocks tells how far GitHub's clock is ahead of ours, by the Date of its answers.
// That has whole seconds, and an answer takes its time, so each of them only bounds
// the difference; together they do so more and more closely.
type clocks struct {
	now func() time.Time

	mu        sync.Mutex
	low, high time.Duration // bounds of the difference; guarded by mu
	since     time.Time     // when they were begun; zero: not yet; guarded by mu
}

// clocksAnew is how long bounds hold: clocks drift, and are put right.
const clocksAnew = 10 * time.Minute

// take takes the Date of an answer to a request that was sent at a time.
func (c *clocks) take(sent time.Time, date string) {
	told, err := http.ParseTime(date)
	if err != nil {
		return
	}
	got := c.now()
	low, high := told.Sub(got), told.Add(time.Second).Sub(sent)
	if low > clocksApart || high < -clocksApart {
		return // no clock that GitHub would take a signed request from
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() || got.Sub(c.since) > clocksAnew || low > c.high || high < c.low {
		c.low, c.high, c.since = low, high, got
		return
	}
	c.low, c.high = max(low, c.low), min(high, c.high)
}

// ahead is how far GitHub's clock is ahead of ours at least; negative if it is behind.
// It is 0 while both may well show the same.
func (c *clocks) ahead() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return max(c.low, min(c.high, 0))
}
