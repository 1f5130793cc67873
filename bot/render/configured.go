package render

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
)

// configStatus is headstart/build of a commit that its own file keeps out; nil: the file is about to be read.
func configStatus(v *gate.View, g gate.Gate) *Notice {
	switch {
	case g.State == gate.Closed:
		return NewNotice(bot.StatusError, "Not built: "+g.Text, "").InPhase(bot.PhaseConfiguration)
	case g.Next != "" || !g.Until.IsZero():
		return pendingNotice(bot.PhaseConfiguration, "Waiting: "+g.Text, "")
	}
	return nil
}
