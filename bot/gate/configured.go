package gate

import (
	"fmt"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// ConfigSettled reports whether the newest commit's file is in force, or has kept other commits waiting long enough.
func (v *View) ConfigSettled() bool {
	n := len(v.State.Candidates)
	if n == 0 {
		return true
	}
	c := &v.State.Candidates[n-1]
	return c.ConfigRead || c.ConfigUnread != "" || v.State.Pending[pipeline.ConfigKey(c.SHA)].Attempt > 1
}

// ConfigGate keeps a commit waiting until its own version of the pipeline's file was read. For a pull request's head,
// the branch's newest version counts.
func (v *View) ConfigGate(c *pipeline.Candidate) Gate {
	g := Gate{Name: Configuration, State: Open}
	if c.FromPull {
		n := len(v.State.Candidates)
		if n == 0 {
			return g
		}
		c = &v.State.Candidates[n-1]
	}
	switch f := v.State.Pending[pipeline.ConfigKey(c.SHA)]; {
	case c.ConfigHold != "":
		g.State, g.Since, g.Text, g.Next = Closed, c.SeenAt, c.ConfigHold, "edit the pipeline's file"
	case c.ConfigRead:
	case c.ConfigUnread != "":
		g.State, g.Since, g.Next = Waiting, c.SeenAt, "ask the owner of the GitHub App"
		g.Text = fmt.Sprintf("GitHub does not show %s at %s: %s", bot.ConfigPath, bot.Short(c.SHA), c.ConfigUnread)
	case f.Reason != "":
		g.State, g.Since, g.Until, g.Who = Waiting, c.SeenAt, f.NotBefore, "GitHub"
		g.Text = fmt.Sprintf("%s at %s cannot be read yet: %s", bot.ConfigPath, bot.Short(c.SHA), f.Reason)
	default:
		g.State, g.Since, g.Text, g.Who = Waiting, c.SeenAt, "reading the pipeline's file", "GitHub"
	}
	return g
}
