package bot

import "time"

// Later is the later of two times; the zero time is before all others.
func Later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
