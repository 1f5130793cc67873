package main

import (
	"testing"
	"time"
)

func TestRetention(t *testing.T) {
	for text, want := range map[string]retention{
		"":        {730 * day, 730 * day},
		"730d":    {730 * day, 730 * day},
		"30d":     {30 * day, 400 * day},
		"24h":     {day, 400 * day},
		"104w":    {728 * day, 728 * day},
		"0":       {},
		"1440m":   {day, 400 * day},
		"1d12h":   {36 * time.Hour, 400 * day},
		"999999d": {36500 * day, 36500 * day},
	} {
		if got, ok := (settings{History: text}).retention(); !ok || got != want {
			t.Errorf("HEADSTART_HISTORY=%s should mean %v, it means %v, %v", text, want, got, ok)
		}
	}
	for _, text := range []string{"730", "d", "1h", "23h", "-1d", "0d", "1.5d", "2y", "soon"} {
		if got, ok := (settings{History: text}).retention(); ok {
			t.Errorf("HEADSTART_HISTORY=%s should be refused, it means %v", text, got)
		}
	}
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	if history, audit := (retention{30 * day, 400 * day}).before(now); !history.Equal(now.AddDate(0, 0, -30)) || !audit.Equal(now.AddDate(0, 0, -400)) {
		t.Errorf("rows from before 30 and 400 days ago are old, got %s and %s", history, audit)
	}
	for kept, want := range map[time.Duration]time.Duration{0: 90 * day, 30 * day: 30 * day, 730 * day: 90 * day} {
		if got := (retention{history: kept}).outputBefore(now); !got.Equal(now.Add(-want)) {
			t.Errorf("with HEADSTART_HISTORY of %v, outputs from before %v ago are old, got %s", kept, want, got)
		}
	}
	if history, audit := (retention{}).before(now); !history.IsZero() || !audit.IsZero() {
		t.Errorf("no row is old where all are kept, got %s and %s", history, audit)
	}
}
