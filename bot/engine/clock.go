package engine

import "time"

// Clock is the engine's source of time. Tests have clocks of their own.
type Clock interface {
	Now() time.Time
	// Alarm returns a channel that gets the time once t has come, and a function that releases the alarm.
	Alarm(t time.Time) (c <-chan time.Time, stop func())
}

// SystemClock is the machine's clock.
type SystemClock struct{}

// Now returns the current time, in UTC.
func (SystemClock) Now() time.Time { return time.Now().UTC() }

// Alarm rings at t by the machine's clock.
func (SystemClock) Alarm(t time.Time) (<-chan time.Time, func()) {
	timer := time.NewTimer(time.Until(t))
	return timer.C, func() { timer.Stop() }
}
