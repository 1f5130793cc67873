package pipeline

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

const (
	// lookDecay is after how long without a reading one more is at once again.
	lookDecay = 5 * time.Second
	// lagLooks is how many readings in a row may show runs of a completed suite as
	// pending: GitHub's answers can lag behind its webhooks.
	lagLooks = 5
)

// BeginReading notes that a reading begins: it takes in what was seen so far.
func (r *Reports) BeginReading(at time.Time) {
	r.Looks = max(0, r.Looks-int(at.Sub(r.ReadAt)/lookDecay))
	if r.Prompt {
		r.Looks++
	}
	r.Reading, r.Look, r.Prompt = r.Hints, false, false
}

// Confirm forgets the completed suites of which a reading shows nothing pending. What
// GitHub still does not show after some readings is not waited for any more.
func (r *Reports) Confirm() {
	if len(r.Done) == 0 {
		r.Lags = 0
		return
	}
	r.Done = slices.DeleteFunc(slices.Clone(r.Done), func(suite int64) bool {
		shown, pending := false, false
		for _, k := range r.Checks {
			if k.Suite == suite {
				shown, pending = true, pending || k.State == bot.CheckPending
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
