package decide

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

const (
	// promptLooks is how many completed suites are answered with a reading at once.
	promptLooks = 4
	// longestLookGap is the longest pause between readings when many suites are completed.
	longestLookGap = 5 * time.Second
)

// hinted returns how long after the last reading the hints ask for the next one; 0: they ask for none. state is the
// state of the commit's checks as far as is known.
func hinted(r pipeline.Reports, sha string, state bot.CheckState) time.Duration {
	var gaps []time.Duration
	if r.Contradictions > 0 && r.Contradictions < maxContradictions {
		gaps = append(gaps, pipeline.Backoff(sha, r.Contradictions))
	}
	if state != bot.CheckPassed {
		if r.Prompt {
			gaps = append(gaps, lookGap(r.Looks))
		}
		if r.Lags > 0 {
			gaps = append(gaps, lagGap(r.Lags))
		}
		if r.Look && r.Refused == "" {
			gaps = append(gaps, hintGap)
		}
	}
	if len(gaps) == 0 {
		return 0
	}
	return slices.Min(gaps)
}

// lookGap returns the least pause between two readings that completed suites ask for. looks counts the recent ones.
func lookGap(looks int) time.Duration {
	if looks < promptLooks {
		return time.Nanosecond // at once
	}
	return min(time.Second<<min(looks-promptLooks, 8), longestLookGap)
}

// lagGap returns the pause after the nth reading in a row that lagged behind a webhook: 1, 2, 4, 8 s.
func lagGap(lags int) time.Duration { return time.Second << (lags - 1) }
