package pipeline

import (
	"fmt"
	"time"

	"github.com/headstart-cd/headstart/bot/words"
)

// Lock keeps promotions out of a stage until it is removed or expires.
type Lock struct {
	Order
	Reason   string    // may be empty
	Rollback bool      // it came with a rollback or a failure; an explicit promotion ignores it
	Until    time.Time // when it expires; zero: never. A lock of a rollback never does
}

// LockedAt returns the lock that keeps promotions out of the stage at a time; nil: none.
// Everything that asks whether a stage is locked calls it.
func (st StageState) LockedAt(now time.Time) *Lock {
	if st.Lock == nil || !st.Lock.Until.IsZero() && !now.Before(st.Lock.Until) {
		return nil
	}
	return st.Lock
}

// Whose says who locked, until when, and why.
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

// AloneOf says who approved a candidate alone at a stage, and why; empty: nobody, or the
// approval is over.
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
