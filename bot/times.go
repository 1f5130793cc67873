package bot

import (
	"fmt"
	"time"
)

// Times, and how people read them.

// later is the later of two times; the zero time is before all others.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// moment writes a time for people: UTC, to the second.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") + " UTC" }

// took says how long something took, as exactly as people care.
func took(from, to time.Time) string {
	t := to.Sub(from)
	if from.IsZero() || t < 0 {
		return "0 s"
	}
	if t = t.Round(100 * time.Millisecond); t < 10*time.Second {
		return fmt.Sprintf("%.1f s", t.Seconds())
	}
	switch t = t.Round(time.Second); {
	case t < time.Minute:
		return fmt.Sprintf("%.0f s", t.Seconds())
	case t < time.Hour:
		return fmt.Sprintf("%d min %02d s", int(t.Minutes()), int(t.Seconds())%60)
	}
	return fmt.Sprintf("%d h %02d min", int(t.Hours()), int(t.Minutes())%60)
}

// hours says how long something may take: in minutes where it is less than an hour.
func hours(d time.Duration) string {
	if d < time.Hour {
		return fmt.Sprintf("%.0f minutes", d.Minutes())
	}
	if d%time.Hour != 0 {
		return fmt.Sprintf("%.1f hours", d.Hours())
	}
	return fmt.Sprintf("%.0f hours", d.Hours())
}
