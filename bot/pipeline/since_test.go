package pipeline

import (
	"testing"
	"time"
)

func TestPushedIsNeverAfterWhatFollows(t *testing.T) {
	push := time.Date(2026, 11, 2, 12, 0, 7, 0, time.UTC)
	for _, c := range []struct {
		name string
		seen time.Duration // after GitHub's time
		want time.Duration // the same
	}{
		{"heard of within the second that GitHub tells", 600 * time.Millisecond, 600 * time.Millisecond},
		{"heard of a moment later", 1900 * time.Millisecond, 1900 * time.Millisecond},
		{"our clock is behind", -3 * time.Second, -3 * time.Second},
		{"heard of minutes later", 5 * time.Minute, 0},
	} {
		candidate := Candidate{PushedAt: push, SeenAt: push.Add(c.seen)}
		if got := candidate.Pushed().Sub(push); got != c.want {
			t.Errorf("%s: the push counts from %s after GitHub's time; expected %s", c.name, got, c.want)
		}
		if candidate.Pushed().After(candidate.SeenAt) {
			t.Errorf("%s: the push counts from after it was heard of, so that times since then are negative", c.name)
		}
	}
}
