package bot

import "time"

// What GitHub refuses to show people, it may take later: a permission is granted, a
// conversation unlocked, a commit known at last. As long as it is still true it is said
// again, with pauses that grow, and not for ever: each try costs a request.

// Refusal is how often something was refused, and when to try it again.
type Refusal struct {
	Refusals int       // in a row, of one and the same text
	RetryAt  time.Time // when to say it once more; zero: not
}

const (
	firstRefusal   = 5 * time.Second
	longestRefusal = time.Hour
	// mostRefusals bounds how often one and the same is refused: after pauses of 5 s,
	// 20 s, 80 s, 5 min and 21 min, and then every hour for a day.
	mostRefusals = 30
)

// again is what becomes of what was refused once more.
func (u Refusal) again(at time.Time) Refusal {
	u.Refusals, u.RetryAt = u.Refusals+1, time.Time{}
	if u.Refusals < mostRefusals {
		u.RetryAt = at.Add(min(firstRefusal<<(2*(u.Refusals-1)), longestRefusal))
	}
	return u
}

// retryDue reports whether the time has come to say what was refused once more.
func (d *decision) retryDue(u Refusal) bool { return !u.RetryAt.IsZero() && d.due(u.RetryAt) }
