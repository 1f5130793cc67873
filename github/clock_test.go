package github

import (
	"net/http"
	"testing"
	"time"
)

// By the Date of GitHub's answers the bot finds out how far the clocks are apart,
// to less than a second at once and ever more closely.
func TestClocksApart(t *testing.T) {
	for _, apart := range []time.Duration{0, 300 * time.Millisecond, -300 * time.Millisecond, 5 * time.Second, -90*time.Second - 400*time.Millisecond, 20 * time.Minute} {
		now := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
		c := &clocks{now: func() time.Time { return now }}
		answer := func(took time.Duration) {
			sent := now
			now = now.Add(took)
			c.take(sent, now.Add(apart-took/2).Format(http.TimeFormat))
		}
		answer(50 * time.Millisecond)
		if off := (c.ahead() - apart).Abs(); off > 1100*time.Millisecond {
			t.Errorf("GitHub's clock is %s ahead, one answer says %s", apart, c.ahead())
		}
		for range 200 {
			now = now.Add(637 * time.Millisecond)
			answer(40 * time.Millisecond)
		}
		if off := (c.ahead() - apart).Abs(); off > 100*time.Millisecond && c.ahead() != 0 || off > time.Second {
			t.Errorf("GitHub's clock is %s ahead, 200 answers say %s", apart, c.ahead())
		}
	}
}

func TestClocksThatAreSet(t *testing.T) {
	now := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	c := &clocks{now: func() time.Time { return now }}
	for _, date := range []string{"", "noon", now.AddDate(1, 0, 0).Format(http.TimeFormat), now.AddDate(-1, 0, 0).Format(http.TimeFormat)} {
		if c.take(now, date); c.ahead() != 0 {
			t.Errorf("the Date %q should tell nothing, it told %s", date, c.ahead())
		}
	}
	c.take(now, now.Add(time.Minute).Format(http.TimeFormat))
	if got := c.ahead(); got != time.Minute {
		t.Errorf("GitHub's clock is a minute ahead, it is said to be %s", got)
	}
	now = now.Add(time.Minute) // somebody has set ours
	c.take(now, now.Format(http.TimeFormat))
	if got := c.ahead(); got != 0 {
		t.Errorf("the clocks agree now, GitHub's is said to be %s ahead", got)
	}
}
