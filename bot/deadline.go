package bot

import (
	"fmt"
	"time"
)

// Nothing is waited for without end: what is still not done when its time is over
// becomes a failure that people see.

const (
	// buildDeadline is how long a build may be pending. Heroku ends a compilation
	// after 15 minutes.
	buildDeadline = 40 * time.Minute
	// ReleaseDeadline is how long a release may be pending. Heroku ends a release
	// phase after an hour.
	ReleaseDeadline = 90 * time.Minute
	// beginDeadline is how long a promotion is tried that cannot begin. While it is
	// not tried for so long, because a window has closed, its time starts anew.
	beginDeadline = 24 * time.Hour
	untried       = time.Hour
)

// How long after its first attempt an effect is given up.
const (
	briefDeadline    = 10 * time.Minute // the next sweep asks again; or, of a probe: nobody has asked, which proves nothing
	hoursDeadline    = 2 * time.Hour    // nothing hangs on it, or it is decided without
	platformDeadline = 6 * time.Hour    // it is the platform that does not answer
	dayDeadline      = 24 * time.Hour
)

// overtime turns an attempt that did not settle the effect into a refusal, once
// the effect's time is over.
func (f Finished) overtime(pending PendingEffect, at time.Time) Finished {
	limit := TraitsOf(f.Effect.Do).Deadline
	if f.Outcome != Retry && f.Outcome != Unsure || at.Sub(pending.Since) < limit {
		return f
	}
	return Finished{Effect: f.Effect, Outcome: Refuse, Reason: fmt.Sprintf("given up after %s%s", hours(limit), because(f.Reason)), Fault: true}
}
