package decide

import (
	"fmt"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/render"
)

// readTrunk reads the default branch's file after each push to it, and where something depends on the branch that it
// names.
func (d *decision) readTrunk() {
	t := d.State.Trunk
	switch n := len(d.State.Candidates); {
	case d.State.DefaultBranch == "":
	case t.SHA != "" && !t.Read:
		d.readFileAt(t.SHA, t.SeenAt, t.Unread, t.AskedAt)
	case d.State.TrunkKnown() || n > 0 && d.State.Candidates[n-1].Branch == d.State.DefaultBranch:
		// The file is known as of a commit, or about to be.
	case len(d.State.Elsewhere) > 0 || len(d.State.Pulls) > 0 || len(d.State.Groups) > 0 || n > 0:
		d.readFileAt(d.State.DefaultBranch, d.State.At, t.Unread, t.AskedAt)
	}
}

// readStrays checks pushes to other branches for a file, where the default branch has none. People who pushed such a
// file wait for releases that will not come.
func (d *decision) readStrays() {
	if !strayFiles(d.State) {
		return
	}
	for _, x := range d.State.Elsewhere {
		if !x.Read {
			d.want(pipeline.ConfigKey(x.After), bot.ReadConfig{Ref: x.After})
		}
	}
}

// strayFiles reports whether files on other branches are to be reported: the default branch has none.
func strayFiles(s *pipeline.State) bool {
	return s.Pipeline.Name == "" && s.Trunk.Known && !s.Trunk.Found && !s.Configured && len(s.Names) == 0
}

// publishStrays publishes, on a commit that adds a file to a branch where it has no effect, that it has none and what
// to do.
func (d *decision) publishStrays() {
	for _, x := range d.State.Elsewhere {
		switch {
		case strayFiles(d.State) && x.Found && x.Follows == x.Branch:
			d.publishStatus(x.After, bot.ConfigContext, x.Published, render.NewNotice(bot.StatusError,
				fmt.Sprintf("Not deployed: only %s's .github/headstart.yml counts; put `branch: %s` there", d.State.DefaultBranch, x.Branch), ""))
		case strayFiles(d.State) && x.Found:
			d.publishStatus(x.After, bot.ConfigContext, x.Published, render.NewNotice(bot.StatusSuccess,
				fmt.Sprintf("Not in force here: only %s's .github/headstart.yml counts; merge it there to start", d.State.DefaultBranch), ""))
		}
	}
}
