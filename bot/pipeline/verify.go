package pipeline

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
)

// Verification: after a release has ended well on every app of a stage, the
// stage's address is asked until it has answered well often enough. Only then is
// the release proved. While a stage soaks it goes on being asked.

// Proof is how a verification goes.
type Proof struct {
	From    time.Time   // what is answered before may still come from the version before
	Good    int         // good answers in a row
	BadFrom time.Time   // since when there were only bad ones; zero: the newest was good
	NextAt  time.Time   // when to ask next
	Last    *bot.Probed // the newest answer; nil: none yet
	LastAt  time.Time   // when that came
	Unasked bool        // it was given up because nobody could ask
}

const (
	// While a stage soaks it is asked about thirty times, and soon again once an
	// answer was bad. Apps are restarted now and then: that is no illness yet.
	soakProbes = 30
	soakLeast  = 5 * time.Second
	soakMost   = time.Minute
	soakAgain  = 3 * time.Second
	// unasked is how long it is tried to ask at all, where that is Headstart's own
	// fault: that an address was not asked proves nothing.
	unasked = time.Hour
)

// Verification is how a stage proves its releases, by the last good file; nil: by
// the release phase alone.
func (s *State) Verification(stage string) *bot.Verify {
	cfg, _ := s.Config.Stage(stage)
	st := s.Stage(stage)
	if p := st.Promoting; p != nil && p.Rollback != nil && cfg.Verify != nil {
		if past, ok := st.Named(p.SHA, 0); ok && past.Ran != nil {
			v := *cfg.Verify
			v.Revision = "" // it may be older than the app's way of naming its commit
			return &v
		}
	}
	return cfg.Verify
}

// SwitchesAfter is how long after a release the version before it may still answer.
func (st StageState) SwitchesAfter() time.Duration {
	longest := time.Duration(0)
	for _, app := range st.Apps {
		longest = max(longest, app.SwitchesAfter)
	}
	return longest
}

// Unseen says why nobody knows whether it works; empty: it is known.
func (p *Proof) Unseen() string {
	if p == nil || !p.Unasked {
		return ""
	}
	return "the verification could not be made"
}

// TiresAt reports whether nobody could ask for so long that it is given up.
func (p *Proof) TiresAt(at time.Time) bool { return at.Sub(bot.Later(p.From, p.LastAt)) >= unasked }

// LastSeen says what the verification saw last; empty: there was none.
func (p Progress) LastSeen() string {
	if p.Seen == nil {
		return ""
	}
	return ": " + p.Seen.Text()
}

// Text says how a verification stands; empty before the first answer.
func (p *Proof) Text() string {
	if p.Last == nil {
		return ""
	}
	return "; last at " + words.Moment(p.LastAt) + ": " + p.Last.Text()
}
