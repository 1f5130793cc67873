package decide

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

const (
	// promptLooks is how many readings such hints get at once.
	promptLooks = 4
	// longestLookGap is the longest pause in a flood.
	longestLookGap = 5 * time.Second
)

// hinted is how long after the last reading hints ask for the next one, of a commit whose
// checks are in some state by what is known; 0: they ask for none.
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

// lookGap is how long after a reading the next one may begin that a completed suite
// asks for, where so many were asked for lately.
func lookGap(looks int) time.Duration {
	if looks < promptLooks {
		return time.Nanosecond // at once
	}
	return min(time.Second<<min(looks-promptLooks, 8), longestLookGap)
}

// lagGap is how long after so many readings that lagged behind a webhook the next one
// begins: 1, 2, 4, 8 s.
func lagGap(lags int) time.Duration { return time.Second << (lags - 1) }
