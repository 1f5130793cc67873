package engine

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"
)

// batch is how many overdue pipelines are looked at before asking for more.
const batch = 100

// Run keeps the wake times: it looks at each pipeline when its time has come.
// It returns nil when ctx ends.
func (e *Engine) Run(ctx context.Context) error {
	for {
		e.alarm.look(e.clock.Now())
		next, more, err := e.Tick(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			e.log.Error("could not wake pipelines", zap.Error(err))
			next = e.clock.Now().Add(time.Second)
		case more:
			continue
		}
		e.sleep(ctx, e.alarm.set(next))
	}
}

// Tick looks at the pipelines whose wake time has come. It returns the earliest
// wake time that is still to come, zero if there is none, or that there may be
// more whose time has come.
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

// sleep waits until the time has come, until an earlier one is seen, or until
// ctx ends.
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

// alarm is the time at which the wake times are looked at next. Most commits do
// not bring it closer, and then nobody needs to ask the store.
type alarm struct {
	nudged chan struct{} // holds one element when it is time to look

	mu     sync.Mutex
	looked time.Time // guarded by mu: when the wake times were last looked at
	until  time.Time // guarded by mu: the next time to look, or the earliest seen while looking; zero: none
	asleep bool      // guarded by mu: until has been set since
}

// lookAfter is how long after the last look any commit is a reason for the next:
// the wake times of another instance, which may have died, are not seen.
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

// set takes the next wake time that was read, and returns when to look: at an
// earlier one, if that was committed meanwhile.
func (a *alarm) set(next time.Time) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.until, a.asleep = earlier(a.until, next), true
	return a.until
}

// committed tells of the wake time of a commit; zero: it has none.
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

// earlier is the earlier of two times of which zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
