package pipeline

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// Maintenance mode is on during a release that asks for it, however the release ends.
// State records the apps from the moment Headstart asks to turn it on. So whatever happens
// in between, the next decision turns it off.

// Maintenance is the maintenance mode of one app, as far as Headstart touches it.
type Maintenance struct {
	Stage    string
	Platform string    // where Headstart asked to turn it on; empty: it did not
	LookedAt time.Time // when it was read before it was turned on; zero: not yet
	Was      bool      // it was on then: it belongs to others, and stays on
	Asked    bool      // Headstart has asked to turn it on
	Off      bool      // Headstart has asked to turn it off again
	On       bool      // it is on, as far as known
	LostAt   time.Time // of the newest request whose answer was lost
	Reason   string    // why the last attempt was refused; empty: it was not
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
// may do so. Then the app's answers say nothing about the release.
func (s *State) InMaintenance(stage string) bool {
	for _, m := range s.Maintenance {
		if m.Stage == stage && m.Asked {
			return true
		}
	}
	return false
}
