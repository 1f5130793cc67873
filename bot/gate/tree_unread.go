package gate

import (
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// GitHub may report a push without its commit. Then the tree, by which builds are shared, is still to be read: at the
// branch's head, while the commit is there.

// TreeUnread reports whether a candidate is not built yet because its tree is being read. The wait ends: a commit whose
// tree GitHub does not show in time, or that is no longer the head, is built by its SHA.
func (v *View) TreeUnread(c *pipeline.Candidate) bool {
	if c.Tree != "" || c.FromPull || c.Artifact != "" || v.State.Position(c.SHA) != len(v.State.Candidates)-1 {
		return false
	}
	if _, begun := v.State.RunOf(c); begun {
		return false
	}
	return !v.Due(c.SeenAt.Add(pipeline.NotYetFor))
}

// treeGate keeps a candidate waiting for its tree.
func (v *View) treeGate(c *pipeline.Candidate) Gate {
	text := "GitHub told of this push without its commit; reading the head of " + v.State.Branch()
	return Gate{Name: Build, State: Waiting, Since: c.SeenAt, Until: c.SeenAt.Add(pipeline.NotYetFor), Who: "GitHub", Text: text + words.Because(v.State.Pending[pipeline.HeadKey].Reason)}
}
