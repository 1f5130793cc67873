package pipeline

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
)

// Order is something that a person asked for, or that a failure did.
type Order struct {
	By      string // login; empty: a failure
	ByID    int64  // of the account; 0: not known
	At      time.Time
	Comment int64
	Urgent  bool   // of a promotion: it passes windows, freezes and soak
	Reason  string // of what is urgent
}

// Skew is how far the clocks behind two push times may disagree: one is
// GitHub's in whole seconds, the other is ours where a push was never delivered.
const Skew = 30 * time.Second

// Returned reports whether a push brought the branch back to a commit that it
// had been at before, rather than being the push that is known already.
func (c *Candidate) Returned(p bot.Pushed, timed bool) bool {
	switch {
	case c.Before == "": // found at the branch's head: the first push to tell of it is the one that was missed
		return p.PushedAt.After(c.PushedAt.Add(Skew))
	case !timed:
		return p.Before != c.Before
	}
	return p.PushedAt.After(c.PushedAt)
}

// ByPerson reports whether somebody asked for it, rather than a failure.
func (o Order) ByPerson() bool { return o.By != "" }

// Who names whoever gave an order.
func (o Order) Who() string {
	if o.ByPerson() {
		return "@" + o.By
	}
	return "Headstart"
}

// HasOrder reports whether somebody asked for a candidate at a stage.
func (c *Candidate) HasOrder(stage string) bool {
	_, ordered := c.Ordered[stage]
	return ordered
}

// Urgency says who found it urgent, and why.
func (o Order) Urgency() string { return "urgent, by @" + o.By + words.Because(o.Reason) }

// UrgentOrder is the order that a promotion is about to begin on, if it is urgent:
// it is remembered with the passage when the order itself is over.
func (c *Candidate) UrgentOrder(stage string) *Order {
	if o := c.Ordered[stage]; o.Urgent {
		return &o
	}
	return nil
}
