package pipeline

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// Published is what people can read in one place, so that nothing is published
// twice and nothing is left untold.
type Published struct {
	State     bot.StatusState
	Phase     bot.Phase // what a pending status waits for; its text may grow stale within one phase
	Text      string
	Uncertain bool // something else was sent since, and nobody knows whether it arrived
	// RepeatAt is when to say it once more, because until then something else that
	// was sent before may still land; zero: not.
	RepeatAt time.Time
	Refusal
}

// Final reports whether something was said that is meant to stay.
func (s Published) Final() bool { return s.State != "" && s.State != bot.StatusPending && !s.Uncertain }

// Settled reports whether nothing more is to be said: what was said is the end of it,
// and nothing else may still overwrite it.
func (s Published) Settled() bool {
	return s.State != bot.StatusPending && !s.Uncertain && s.RepeatAt.IsZero()
}
