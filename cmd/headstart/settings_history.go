package main

import (
	"time"

	"github.com/headstart-cd/headstart/bot/words"
)

const (
	day = 24 * time.Hour
	// defaultHistory is how long history is kept.
	defaultHistory = "730d"
	// auditAtLeast is how long it is kept what people asked for: who looks into it does so once a year.
	auditAtLeast = 400 * day
	// outputAtMost is how long the outputs of failures are kept.
	outputAtMost = 90 * day
)

// retention is how long history is kept; zero: for ever.
type retention struct{ history, audit time.Duration }

// retention reads HEADSTART_HISTORY.
func (s settings) retention() (retention, bool) {
	switch s.History {
	case "":
		s.History = defaultHistory
	case "0":
		return retention{}, true
	}
	kept, ok := words.ParseDuration(s.History)
	return retention{history: kept, audit: max(kept, auditAtLeast)}, ok && kept >= day
}

// before returns the times before which rows are old; zero: none is.
func (r retention) before(now time.Time) (history, audit time.Time) {
	if r.history == 0 {
		return time.Time{}, time.Time{}
	}
	return now.Add(-r.history), now.Add(-r.audit)
}

// outputBefore returns the time before which outputs are old.
func (r retention) outputBefore(now time.Time) time.Time {
	if r.history != 0 && r.history < outputAtMost {
		return now.Add(-r.history)
	}
	return now.Add(-outputAtMost)
}
