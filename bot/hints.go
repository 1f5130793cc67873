package bot

import (
	"slices"
	"time"
)

// Webhooks hint that the checks of a commit have moved. A suite that was completed may
// be the one that everybody waits for, so the bot looks at once, however recently it
// did; where suites are completed in floods, a reading takes in several of them.

const (
	// promptLooks is how many readings such hints get at once.
	promptLooks = 4
	// lookDecay is after how long without a reading one more is at once again.
	lookDecay = 5 * time.Second
	// longestLookGap is the longest pause in a flood.
	longestLookGap = 5 * time.Second
	// lagLooks is how many readings in a row may show runs of a completed suite as
	// pending: GitHub's answers can lag behind its webhooks.
	lagLooks = 5
	// mostDone bounds how many completed suites are remembered until a reading shows them so.
	mostDone = 32
)

// checksMoved notes that a candidate's checks have moved, and that nobody said how.
func (c *Candidate) checksMoved(f ChecksMoved) {
	r := &c.Reports
	r.Hints++
	r.Look = true
	if !f.Completed {
		return
	}
	r.Prompt, r.Lags = true, 0
	if f.Suite != 0 && !slices.Contains(r.Done, f.Suite) {
		r.Done = append(slices.Clone(r.Done), f.Suite)
		r.Done = r.Done[max(0, len(r.Done)-mostDone):]
	}
}

// look notes that a reading begins: it takes in what was seen so far.
func (r *Reports) look(at time.Time) {
	r.Looks = max(0, r.Looks-int(at.Sub(r.ReadAt)/lookDecay))
	if r.Prompt {
		r.Looks++
	}
	r.Reading, r.Look, r.Prompt = r.Hints, false, false
}

// hinted is how long after the last reading hints ask for the next one, of a commit whose
// checks are in some state by what is known; 0: they ask for none.
func (r Reports) hinted(sha string, state CheckState) time.Duration {
	var gaps []time.Duration
	if r.Contradictions > 0 && r.Contradictions < maxContradictions {
		gaps = append(gaps, backoff(sha, r.Contradictions))
	}
	if state != CheckPassed {
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

// confirm forgets the completed suites of which a reading shows nothing pending. What
// GitHub still does not show after some readings is not waited for any more.
func (r *Reports) confirm() {
	if len(r.Done) == 0 {
		r.Lags = 0
		return
	}
	r.Done = slices.DeleteFunc(slices.Clone(r.Done), func(suite int64) bool {
		shown, pending := false, false
		for _, k := range r.Checks {
			if k.Suite == suite {
				shown, pending = true, pending || k.State == CheckPending
			}
		}
		return shown && !pending
	})
	if r.Prompt {
		return // another one was completed meanwhile, and is looked at
	}
	if r.Lags++; len(r.Done) == 0 || r.Lags >= lagLooks {
		r.Done, r.Lags = nil, 0
	}
}
