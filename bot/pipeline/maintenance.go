package pipeline

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// Maintenance mode is turned on before a release that asks for it, and off once
// the release has ended, however that was. Which apps Headstart has turned it on
// for is part of the state from the moment that it asks, so that whatever happens
// in between, the next decision turns it off.

// Maintenance is the maintenance mode of one app, as far as Headstart touches it.
type Maintenance struct {
	Stage    string
	Platform string    // where Headstart has asked to turn it on; empty: it has not
	LookedAt time.Time // when it was looked at before it was turned on; zero: not yet
	Was      bool      // it was on by then: it is somebody else's, and stays on
	Asked    bool      // Headstart has asked to turn it on
	Off      bool      // and to turn it off again
	On       bool      // it is on, for all that is known
	LostAt   time.Time // of the newest request whose answer was lost
	Reason   string    // why the last attempt was refused; empty if it was not
	RetryAt  time.Time // when to try again
}

// Unfinished reports whether a release of the promotion has not ended yet.
func (p *Promotion) Unfinished() bool {
	if p == nil {
		return false
	}
	for _, a := range p.Apps {
		if a.State == "" || a.State == bot.ReleasePending {
			return true
		}
	}
	return p.Building
}

// InMaintenance reports whether Headstart keeps an app of a stage in maintenance mode, or
// may do so. What is on then says nothing about what was released.
func (s *State) InMaintenance(stage string) bool {
	for _, m := range s.Maintenance {
		if m.Stage == stage && m.Asked {
			return true
		}
	}
	return false
}
