package decide

import (
	"fmt"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/render"
)

// readTrunk reads the default branch's file where something depends on which branch
// it names, and after each push to it.
func (d *decision) readTrunk() {
	t := d.State.Trunk
	switch n := len(d.State.Candidates); {
	case d.State.DefaultBranch == "":
	case t.SHA != "" && !t.Read:
		d.readFileAt(t.SHA, t.SeenAt, t.Unread, t.AskedAt)
	case d.State.TrunkKnown() || n > 0 && d.State.Candidates[n-1].Branch == d.State.DefaultBranch:
		// It is known, or about to be, as of a commit.
	case len(d.State.Elsewhere) > 0 || len(d.State.Pulls) > 0 || len(d.State.Groups) > 0 || n > 0:
		d.readFileAt(d.State.DefaultBranch, d.State.At, t.Unread, t.AskedAt)
	}
}

// readStrays looks whether pushes to other branches bring a file, where the default
// branch has none: whoever pushed it waits for something that will not come.
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

// strayFiles reports whether files on other branches are worth a word: the default
// branch has none.
func strayFiles(s *pipeline.State) bool {
	return s.Pipeline.Name == "" && s.Trunk.Known && !s.Trunk.Found && !s.Configured && len(s.Names) == 0
}

// publishStrays says at a commit that brings a file to a branch where it counts for
// nothing that it does, and what to do.
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
