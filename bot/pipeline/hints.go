package pipeline

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

const (
	// lookDecay is the time without a reading after which the next one is immediate again.
	lookDecay = 5 * time.Second
	// lagLooks is how many readings in a row may show runs of a completed suite as
	// pending: GitHub's API can lag behind its webhooks.
	lagLooks = 5
)

// BeginReading records that a reading begins: it covers all hints so far.
func (r *Reports) BeginReading(at time.Time) {
	r.Looks = max(0, r.Looks-int(at.Sub(r.ReadAt)/lookDecay))
	if r.Prompt {
		r.Looks++
	}
	r.Reading, r.Look, r.Prompt = r.Hints, false, false
}

// Confirm forgets completed suites for which a reading shows nothing pending. After some
// readings it gives up on the others.
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
		return // another suite was completed meanwhile, and is read
	}
	if r.Lags++; len(r.Done) == 0 || r.Lags >= lagLooks {
		r.Done, r.Lags = nil, 0
	}
}
