package gate

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// View is what gates and texts see: the state as it is now. They read it and change
// nothing. What they ask for by looking is when to look again.
type View struct {
	State  *pipeline.State
	Now    time.Time
	WakeAt time.Time          // the earliest time at which something that was looked at changes by itself; zero: none
	hours  map[string]opening // windows and freezes that were looked at
	known  map[entry][]Gate   // that were asked for; nil while the state may still change
}

// NewView looks at a state that may still change.
func NewView(s *pipeline.State, now time.Time) *View { return &View{State: s, Now: now} }

// NewSettledView looks at a state that changes no more: each gate is asked once.
func NewSettledView(s *pipeline.State, now time.Time) *View {
	return &View{State: s, Now: now, known: map[entry][]Gate{}}
}

// Wake asks to look again at t, if nothing earlier does.
func (v *View) Wake(t time.Time) {
	if v.WakeAt.IsZero() || t.Before(v.WakeAt) {
		v.WakeAt = t
	}
}

// Due reports whether t has come, and else wakes then.
func (v *View) Due(t time.Time) bool {
	if v.Now.Before(t) {
		v.Wake(t)
		return false
	}
	return true
}

func (v *View) LastStage() string { return v.State.Config.Stages[len(v.State.Config.Stages)-1].Name }

// BuildsPulls reports whether pull requests are built ahead: an artifact that
// serves only its own commit would never serve the merge. One from an app for pull
// requests does not either; there it is whether they build that is asked for.
func (v *View) BuildsPulls() bool {
	p := v.State.Config.Prepare
	return p.PullRequests && len(p.Apps) > 0 && (p.Reuse != bot.ReuseCommit || p.Apart())
}

func (v *View) FirstStage() string { return v.State.Config.Stages[0].Name }

// Planned is what has to be compared to answer /plan; empty if nothing.
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
