package gate

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// View is what gates and texts read: the state at a time. They change nothing in the state; they only set when to look
// again.
type View struct {
	State  *pipeline.State
	Now    time.Time
	WakeAt time.Time          // the earliest time at which something that was looked at changes with time; zero: none
	hours  map[string]opening // windows and freezes that were looked at
	known  map[entry][]Gate   // the gates asked for so far; nil while the state may still change
}

// NewView returns a view of a state that may still change.
func NewView(s *pipeline.State, now time.Time) *View { return &View{State: s, Now: now} }

// NewSettledView returns a view of a state that no longer changes: it computes each gate once.
func NewSettledView(s *pipeline.State, now time.Time) *View {
	return &View{State: s, Now: now, known: map[entry][]Gate{}}
}

// Wake asks for a look at t, unless an earlier one is set.
func (v *View) Wake(t time.Time) {
	if v.WakeAt.IsZero() || t.Before(v.WakeAt) {
		v.WakeAt = t
	}
}

// Due reports whether t has come. If not, it wakes the decision then.
func (v *View) Due(t time.Time) bool {
	if v.Now.Before(t) {
		v.Wake(t)
		return false
	}
	return true
}

func (v *View) LastStage() string { return v.State.Config.Stages[len(v.State.Config.Stages)-1].Name }

// BuildsPulls reports whether pull requests are built ahead. An artifact that serves only its own commit never serves
// the merge. Neither does one from an app for pull requests: there the file decides.
func (v *View) BuildsPulls() bool {
	p := v.State.Config.Prepare
	return p.PullRequests && len(p.Apps) > 0 && (p.Reuse != bot.ReuseCommit || p.Apart())
}

func (v *View) FirstStage() string { return v.State.Config.Stages[0].Name }

// Planned returns the two commits to compare for /plan; empty: nothing to compare.
func (v *View) Planned(r *pipeline.Request) (base, head string) {
	if !slices.ContainsFunc(r.Commands, func(c command.Command) bool { return c.Problem == "" && c.Verb == command.VerbPlan }) {
		return "", ""
	}
	stages := v.State.Config.Stages
	base = v.State.Stage(stages[len(stages)-1].Name).Live.Commit()
	head = r.Actor.Pull.Head
	if r.Actor.Pull.Merged {
		head = r.Actor.Pull.MergeSHA
	}
	if head == "" || base == head {
		return "", ""
	}
	return base, head
}
