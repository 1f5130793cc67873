// Package clocktest is the time of tests: a clock that stands still until it is moved.
package clocktest

import (
	"slices"
	"sync"
	"time"
)

// Clock is a clock that tests drive. It is safe for use by several goroutines.
type Clock struct {
	mu     sync.Mutex
	now    time.Time // guarded by mu
	alarms []*alarm  // guarded by mu; those that have not rung
	asked  func()    // called whenever the time is asked for; nil: nobody listens; guarded by mu
}

type alarm struct {
	at time.Time
	c  chan time.Time // has room for the one time that it gets
}

// New is a clock that stands at nine in the morning, UTC, of a Monday.
func New() *Clock { return &Clock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)} }

// Now is the driven time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	now, asked := c.now, c.asked
	c.mu.Unlock()
	if asked != nil {
		asked()
	}
	return now
}

// Listen has asked called whenever the time is asked for, by whoever asks.
func (c *Clock) Listen(asked func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = asked
}

// Set moves the clock to t, never back, and rings what is due.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set(t)
}

// Advance moves the clock on by d.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set(c.now.Add(d))
}

func (c *Clock) set(t time.Time) {
	if t.Before(c.now) {
		return
	}
	c.now = t
	c.alarms = slices.DeleteFunc(c.alarms, func(a *alarm) bool {
		if a.at.After(t) {
			return false
		}
		a.c <- t
		return true
	})
}

// Alarm rings once the clock was moved to t, and at once if it is there already. What
// it returns second takes the alarm back.
func (c *Clock) Alarm(t time.Time) (<-chan time.Time, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := &alarm{at: t, c: make(chan time.Time, 1)}
	if !t.After(c.now) {
		a.c <- c.now
		return a.c, func() {}
	}
	c.alarms = append(c.alarms, a)
	return a.c, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.alarms = slices.DeleteFunc(c.alarms, func(b *alarm) bool { return a == b })
	}
}

// Waits are how long it is until each of the alarms, in the order in which they were
// set.
func (c *Clock) Waits() (list []time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.alarms {
		list = append(list, a.at.Sub(c.now))
	}
	return list
}
