package pipeline

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
)

// Verification: after all releases of a stage have succeeded, the stage's address is
// requested until enough answers are good. Only then is the release proved. During a soak
// the requests continue.

// Proof is the progress of a verification.
type Proof struct {
	From    time.Time   // answers before may still come from the version before
	Good    int         // good answers in a row
	BadFrom time.Time   // since when all answers were bad; zero: the newest was good
	NextAt  time.Time   // when to ask next
	Last    *bot.Probed // the newest answer; nil: none yet
	LastAt  time.Time   // when Last came
	Unasked bool        // it was given up because no request could be sent
}

const (
	// During a soak there are about thirty probes, and a quick one after a bad answer.
	// Apps restart now and then: one bad answer is no failure yet.
	soakProbes = 30
	soakLeast  = 5 * time.Second
	soakMost   = time.Minute
	soakAgain  = 3 * time.Second
	// unasked is how long Headstart tries to send a request at all, if it is itself at
	// fault. An address that was not asked proves nothing.
	unasked = time.Hour
)

// Verification is how a stage proves its releases, by the last valid file; nil: by the
// release phase alone.
func (s *State) Verification(stage string) *bot.Verify {
	cfg, _ := s.Config.Stage(stage)
	st := s.Stage(stage)
	if p := st.Promoting; p != nil && p.Rollback != nil && cfg.Verify != nil {
		if past, ok := st.Named(p.SHA, 0); ok && past.Ran != nil {
			v := *cfg.Verify
			v.Revision = "" // the release may be older than the app's way of naming its commit
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

// Unseen says why it is unknown whether the release works; empty: it is known.
func (p *Proof) Unseen() string {
	if p == nil || !p.Unasked {
		return ""
	}
	return "the verification could not be made"
}

// TiresAt reports whether the proof is given up, because no request could be sent for so
// long.
func (p *Proof) TiresAt(at time.Time) bool { return at.Sub(bot.Later(p.From, p.LastAt)) >= unasked }

// LastSeen says what the verification saw last; empty: nothing.
func (p Progress) LastSeen() string {
	if p.Seen == nil {
		return ""
	}
	return ": " + p.Seen.Text()
}

// Text says how far a verification is; empty before the first answer.
func (p *Proof) Text() string {
	if p.Last == nil {
		return ""
	}
	return "; last at " + words.Moment(p.LastAt) + ": " + p.Last.Text()
}
