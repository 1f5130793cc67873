package pipeline

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// Published is what people can read in one place: nothing is published twice, and nothing
// is left out.
type Published struct {
	State     bot.StatusState
	Phase     bot.Phase // what a pending status waits for; within one phase its text may grow stale
	Text      string
	Uncertain bool // something else was sent since, and it is unknown whether it arrived
	// RepeatAt is when to send it again, because something sent before may still arrive
	// until then; zero: never.
	RepeatAt time.Time
	Refusal
}

// Final reports whether the last text is meant to stay.
func (s Published) Final() bool { return s.State != "" && s.State != bot.StatusPending && !s.Uncertain }

// Settled reports whether nothing more is to be sent: the text is final, and nothing can
// overwrite it.
func (s Published) Settled() bool {
	return s.State != bot.StatusPending && !s.Uncertain && s.RepeatAt.IsZero()
}
