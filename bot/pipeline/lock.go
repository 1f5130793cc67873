package pipeline

import (
	"fmt"
	"time"

	"github.com/headstart-cd/headstart/bot/words"
)

// Lock keeps promotions out of a stage until somebody unlocks it.
type Lock struct {
	Order
	Reason   string    // may be empty
	Rollback bool      // it came with a rollback or a failure; an explicit promotion opens it
	Until    time.Time // when it ends by itself; zero: it does not. One with a rollback never does
}

// A lock keeps promotions out of a stage until somebody unlocks it, or until the
// time that it was given is over. One that came with a rollback has no such time.

// LockedAt is the lock that keeps promotions out of the stage at a time; nil:
// none does. Whoever wants to know whether a stage is locked asks it.
func (st StageState) LockedAt(now time.Time) *Lock {
	if st.Lock == nil || !st.Lock.Until.IsZero() && !now.Before(st.Lock.Until) {
		return nil
	}
	return st.Lock
}

// Whose says who has locked, until when, and why.
func (l *Lock) Whose() string {
	text := "by @" + l.By
	if l.By == "" { // after a release that failed
		text = "by Headstart"
	}
	if !l.Until.IsZero() {
		text += " until " + words.Moment(l.Until)
	}
	return text + words.Because(l.Reason)
}

// AloneOf says who has approved a candidate alone at a stage, and why; empty: nobody, or
// that is over.
func AloneOf(c *Candidate, stage string) string {
	a := c.Approvals[stage]
	if a.Alone == "" {
		return ""
	}
	if p, in := c.Progress[stage]; in && p.Promotion != a.Promotion || !in && !a.Good() {
		return ""
	}
	return fmt.Sprintf("approved alone by @%s: %s", a.By, a.Alone)
}
