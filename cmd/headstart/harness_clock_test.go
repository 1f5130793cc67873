package main

import (
	"slices"
	"sync"
	"time"
)

// clock is the time of a whole world: of the bot, of both stand-ins and of the
// builds on the embedded platform. It stands still until a test moves it.
type clock struct {
	mu     sync.Mutex
	now    time.Time // guarded by mu
	alarms []*alarm  // guarded by mu
	asked  func()    // called whenever the time is asked for; nil: nobody listens; guarded by mu
}

type alarm struct {
	at time.Time
	c  chan time.Time // has room for the one time that it gets
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)} }

// Now is the driven time.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	now, asked := c.now, c.asked
	c.mu.Unlock()
	if asked != nil {
		asked()
	}
	return now
}

// listen has asked called whenever the time is asked for, by whoever asks.
func (c *clock) listen(asked func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = asked
}

// Alarm rings once the clock was moved to t, and at once if it is there already.
func (c *clock) Alarm(t time.Time) (<-chan time.Time, func()) {
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

// waited reports whether somebody waits for exactly t.
func (c *clock) waited(t time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.alarms, func(a *alarm) bool { return a.at.Equal(t) })
}

// set moves the clock to t, never back, and rings what is due.
func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
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
