package decide

import (
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// explore looks at the apps of stages to which nothing was ever released. Where the platform refuses the look, a
// promotion looks again before it enters the stage.
func (d *decision) explore() {
	for _, stage := range d.State.Config.Stages {
		st := d.State.Stage(stage.Name)
		for _, app := range stage.Apps {
			if stand := st.Apps[app]; st.Unexplored() && !stand.Seen && stand.SeenAt.IsZero() {
				d.want(pipeline.LookKey(stage.Name, app), bot.LookAtApp{Stage: stage.Name, App: app})
			}
		}
	}
}

// adoptedBases lists every commit that a stage ran before Headstart was set up.
func adoptedBases(s *pipeline.State) (list []string) {
	for _, stage := range s.Config.Stages {
		if live := s.Stage(stage.Name).Live; live.Adopted != nil {
			for _, base := range live.Commits() {
				if !slices.Contains(list, base) {
					list = append(list, base)
				}
			}
		}
	}
	return list
}

// publishAdopted publishes the deployments of adopted commits that were rolled back to since.
func (d *decision) publishAdopted() {
	for i := range d.State.Adopted {
		c := &d.State.Adopted[i]
		if !pipeline.IsCommit(c.SHA) {
			continue
		}
		for _, stage := range pipeline.SortedKeys(c.Progress) {
			d.publishDeployment(c, stage)
		}
		d.endDeployments(c)
	}
}
