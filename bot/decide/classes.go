package decide

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

const fileGap = 10 * time.Second

// readFiles reads what candidates change, for stages that depend on it. A candidate is compared with the live commit
// and with the commit that is being released.
func (d *decision) readFiles() {
	if !d.ConfigSettled() {
		return // it may name other classes
	}
	for _, stage := range d.State.Config.Stages {
		unplaced := gate.OutsideHistory(d.State, stage.Name)
		if !stage.AsksClasses() && len(unplaced) == 0 {
			continue
		}
		for _, c := range d.State.All() {
			if !d.MayEnter(c, stage.Name) {
				continue
			}
			if !c.FromPull { // a pull request's candidate comes after these
				d.readDiffs(c, unplaced)
			}
			if !stage.AsksClasses() {
				continue
			}
			for _, base := range d.State.Bases(stage.Name) {
				if p := d.State.Stage(stage.Name).Promoting; p != nil && base == p.SHA && d.State.Position(base) > d.State.Position(c.SHA) {
					continue // a newer commit is entering: once it is live, c is not compared with it
				}
				d.readDiffs(c, []string{base})
			}
		}
	}
}

// readDiffs reads the files that differ between each base and a candidate, unless they are known.
func (d *decision) readDiffs(c *pipeline.Candidate, bases []string) {
	for _, base := range bases {
		if f := c.Diffs[base]; base != c.SHA && !f.Final() && (f.Readings == 0 || d.Due(f.ReadAt.Add(fileGap))) {
			d.want(pipeline.FilesKey(base, c.SHA), bot.ReadFiles{Base: base, Head: c.SHA})
		}
	}
}
