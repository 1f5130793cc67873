package gate

import (
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// Open reports whether every gate between a candidate and a stage is open, by
// what is known, but for those that whoever enters asks for (vouched).
func (v *View) Open(c *pipeline.Candidate, stage string) bool {
	_, no := Blocked(Without(v.Gates(c, stage), Right))
	return !no
}

// Without is a list of gates without those of some names.
func Without(gates []Gate, names ...Name) []Gate {
	named := func(g Gate) bool { return slices.Contains(names, g.Name) }
	if !slices.ContainsFunc(gates, named) {
		return gates
	}
	return slices.DeleteFunc(slices.Clone(gates), named)
}

// FreshlyGreen reports whether the checks, and what the branch requires, were
// read a moment ago and nothing moved since.
func (v *View) FreshlyGreen(c *pipeline.Candidate) bool {
	if v.State.Config.Checks.None {
		return true
	}
	r := c.Reports
	return r.Read && r.Refused == "" && r.Hints == r.Seen && v.Now.Sub(r.ReadAt) < bot.Fresh &&
		(!v.State.Config.Checks.AsGitHubRequires() || v.Now.Sub(v.State.Required.ReadAt) < bot.Fresh)
}
