package words

import (
	"fmt"
	"time"
)

// Moment writes a time for people: UTC, to the second.
func Moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") + " UTC" }

// Took says how long something took, as precisely as people care.
func Took(from, to time.Time) string {
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

// Hours says how long something may take; in minutes if that is less than an hour.
func Hours(d time.Duration) string {
	if d < time.Hour {
		return fmt.Sprintf("%.0f minutes", d.Minutes())
	}
	if d%time.Hour != 0 {
		return fmt.Sprintf("%.1f hours", d.Hours())
	}
	return fmt.Sprintf("%.0f hours", d.Hours())
}
