package gate

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
)

// copyGate waits until the copy of an earlier rehearsal is removed: each rehearsal gets its own copy.
func (v *View) copyGate(stage bot.Stage) (Gate, bool) {
	if stage.Rehearse == nil {
		return Gate{}, false
	}
	for _, app := range stage.Apps {
		cp, left := v.State.Copies[app]
		if !left || v.State.Wanted(cp) {
			continue
		}
		g := Gate{Name: Copy, State: Waiting, Since: cp.Since, Until: cp.RetryAt, Next: "ask the owner of " + app}
		if g.Text = "the copy of an earlier rehearsal is being removed from " + app; cp.Reason != "" {
			g.Text = "the copy of an earlier rehearsal cannot be removed from " + app + words.Because(cp.Reason)
		}
		return g, true
	}
	return Gate{}, false
}
