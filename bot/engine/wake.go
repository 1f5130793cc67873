package engine

import (
	"context"
	"sync"
	"time"
)

// batch is how many overdue pipelines are looked at before the store is asked for more.
const batch = 100

// Run looks at each pipeline at its wake time. It returns nil when ctx ends.
func (e *Engine) Run(ctx context.Context) error {
	for {
		e.alarm.look(e.clock.Now())
		next, more, err := e.Tick(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			e.warn("could not wake pipelines; retrying every second", err)
			next = e.clock.Now().Add(time.Second)
		case more:
			continue
		}
		e.sleep(ctx, e.alarm.set(next))
	}
}

// Tick looks at the pipelines whose wake time has come. next is the earliest wake time still to come; zero: there is
// none. more reports that further pipelines may be due.
func (e *Engine) Tick(ctx context.Context) (next time.Time, more bool, err error) {
	due, next, err := e.store.Due(ctx, e.clock.Now(), batch)
	if err != nil {
		return time.Time{}, false, err
	}
	for _, key := range due {
		if err := e.update(ctx, key, 0, nil); err != nil {
			return time.Time{}, false, err
		}
	}
	return next, len(due) > 0, nil
}

// sleep waits until the time has come, an earlier one is seen, or ctx ends.
func (e *Engine) sleep(ctx context.Context, until time.Time) {
	var rings <-chan time.Time
	if !until.IsZero() {
		c, stop := e.clock.Alarm(until)
		defer stop()
		rings = c
	}
	select {
	case <-ctx.Done():
	case <-rings:
	case <-e.alarm.nudged:
	}
}

// alarm is when the wake times are read next. Most commits do not make it earlier, and then the store need not be
// asked.
type alarm struct {
	nudged chan struct{} // holds one element when it is time to look

	mu     sync.Mutex
	looked time.Time // guarded by mu: when the wake times were last looked at
	until  time.Time // guarded by mu: the next time to look, or the earliest seen while looking; zero: none
	asleep bool      // guarded by mu: until was set since
}

// lookAfter is how long after the last look any commit causes the next one. Otherwise the wake times of another
// instance, which may have died, would not be seen.
const lookAfter = time.Second

// look notes that the wake times are about to be read.
func (a *alarm) look(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.looked, a.until, a.asleep = now, time.Time{}, false
	select {
	case <-a.nudged:
	default:
	}
}

// set stores the next wake time as read. It returns when to look: earlier if an earlier time was committed meanwhile.
func (a *alarm) set(next time.Time) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.until, a.asleep = earlier(a.until, next), true
	return a.until
}

// committed takes the wake time of a commit; zero: it has none.
func (a *alarm) committed(wake, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	closer := !wake.IsZero() && (a.until.IsZero() || wake.Before(a.until))
	if closer {
		a.until = wake
	}
	if !a.asleep || !closer && now.Sub(a.looked) < lookAfter {
		return
	}
	select {
	case a.nudged <- struct{}{}:
	default:
	}
}

// earlier returns the earlier of two times; zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
