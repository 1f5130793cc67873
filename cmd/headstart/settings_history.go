package main

import (
	"regexp"
	"strconv"
	"time"
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
	kept, ok := parsePeriod(s.History)
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

var period = regexp.MustCompile(`^([1-9]\d{0,4})(m|h|d|w)$`)

// longestPeriod is a hundred years.
const longestPeriod = 100 * 365 * day

// parsePeriod reads a time such as 90m, 12h, 30d or 52w, of at most a hundred years.
func parsePeriod(text string) (time.Duration, bool) {
	parts := period.FindStringSubmatch(text)
	if parts == nil {
		return 0, false
	}
	n, _ := strconv.Atoi(parts[1]) // five digits
	unit := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": day, "w": 7 * day}[parts[2]]
	return time.Duration(n) * unit, time.Duration(n) <= longestPeriod/unit
}
