package bot

import "time"

// view is what gates and texts see: the state as it is now. They read it and change
// nothing. What they ask for by looking is when to look again.
type view struct {
	s      *State
	now    time.Time
	wakeAt time.Time          // the earliest time at which something that was looked at changes by itself; zero: none
	hours  map[string]opening // windows and freezes that were looked at
	known  map[entry][]Gate   // that were asked for; nil while the state may still change
}

// newView looks at a state that may still change.
func newView(s *State, now time.Time) *view { return &view{s: s, now: now} }

// keepingGates looks at a state that changes no more: each gate is asked once.
func keepingGates(s *State, now time.Time) *view {
	return &view{s: s, now: now, known: map[entry][]Gate{}}
}

// wake asks to look again at t, if nothing earlier does.
func (d *view) wake(t time.Time) {
	if d.wakeAt.IsZero() || t.Before(d.wakeAt) {
		d.wakeAt = t
	}
}

// due reports whether t has come, and else wakes then.
func (d *view) due(t time.Time) bool {
	if d.now.Before(t) {
		d.wake(t)
		return false
	}
	return true
}

// starting are the builds that a plan starts: build key → app.
type starting map[string]string
