package decide

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// readTrees reads the branch's head to learn the newest candidate's tree. The answer may lag behind the push: then the
// head is read again.
func (d *decision) readTrees() {
	n := len(d.State.Candidates)
	if n == 0 || !d.TreeUnread(&d.State.Candidates[n-1]) {
		return
	}
	c := &d.State.Candidates[n-1]
	pause := max(pipeline.NotYetPause, d.State.HeadAt.Sub(c.SeenAt)/4)
	if d.State.HeadAt.Before(c.SeenAt) || d.Due(d.State.HeadAt.Add(pause)) {
		d.want(pipeline.HeadKey, bot.ReadHead{Branch: d.State.Branch()})
	}
}
