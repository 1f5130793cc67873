package gate

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// PullGate is closed once the pull request has changed since the command was read.
func (v *View) PullGate(c *pipeline.Candidate) Gate {
	g := Gate{Name: PullRequest, State: Open}
	p := v.State.Pulls[c.Pull]
	switch {
	case p.Head != c.SHA:
		g.State, g.Text, g.Next = Closed, bot.Short(p.Head)+" was pushed after the command", "give the command again"
	case !p.Open:
		g.State, g.Text, g.Next = Closed, "the pull request is not open any more", "nothing to do: it cannot be released any more"
	}
	return g
}
