package pipeline

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
)

// Order is a request of a person, or of a failure.
type Order struct {
	By      string // login; empty: it is of a failure
	ByID    int64  // of the account; 0: unknown
	At      time.Time
	Comment int64
	Urgent  bool   // a promotion despite windows, freezes and soak
	Reason  string // of an urgent promotion
}

// Skew is how far the clocks of two push times may differ: GitHub's in whole seconds, and
// ours if no push was delivered.
const Skew = 30 * time.Second

// Returned reports whether a push brought the branch back to a former commit, and is not
// the known push itself.
func (c *Candidate) Returned(p bot.Pushed, timed bool) bool {
	switch {
	case c.Before == "": // found at the branch's head: the first push to it is the missed one
		return p.PushedAt.After(c.PushedAt.Add(Skew))
	case !timed:
		return p.Before != c.Before
	}
	return p.PushedAt.After(c.PushedAt)
}

// ByPerson reports whether the order is of a person, not of a failure.
func (o Order) ByPerson() bool { return o.By != "" }

// Who names who gave an order.
func (o Order) Who() string {
	if o.ByPerson() {
		return "@" + o.By
	}
	return "Headstart"
}

// HasOrder reports whether a candidate was ordered at a stage.
func (c *Candidate) HasOrder(stage string) bool {
	_, ordered := c.Ordered[stage]
	return ordered
}

// Urgency says who promoted urgently, and why.
func (o Order) Urgency() string { return "urgent, by @" + o.By + words.Because(o.Reason) }

// UrgentOrder is the order on which a promotion is about to begin, if it is urgent.
// Progress keeps it when the order itself is done.
func (c *Candidate) UrgentOrder(stage string) *Order {
	if o := c.Ordered[stage]; o.Urgent {
		return &o
	}
	return nil
}
