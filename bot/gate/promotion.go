package gate

import (
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// Open reports whether every known gate between a candidate and a stage is open. It leaves out the gates that are
// checked right before the entry (vouched).
func (v *View) Open(c *pipeline.Candidate, stage string) bool {
	_, no := Blocked(Without(v.Gates(c, stage), Right))
	return !no
}

// Without returns gates without those of the given names.
func Without(gates []Gate, names ...Name) []Gate {
	named := func(g Gate) bool { return slices.Contains(names, g.Name) }
	if !slices.ContainsFunc(gates, named) {
		return gates
	}
	return slices.DeleteFunc(slices.Clone(gates), named)
}

// FreshlyGreen reports whether the checks and the branch's requirements were read a moment ago, are green, and have not
// moved since.
func (v *View) FreshlyGreen(c *pipeline.Candidate) bool {
	if v.State.Config.Checks.None {
		return true
	}
	r := c.Reports
	return r.Read && r.Refused == "" && r.Hints == r.Seen && v.Now.Sub(r.ReadAt) < bot.Fresh &&
		(!v.State.Config.Checks.AsGitHubRequires() || v.Now.Sub(v.State.Required.ReadAt) < bot.Fresh)
}
