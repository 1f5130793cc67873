package decide

import (
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// explore looks at the apps of stages to which nothing was ever released. Where that
// is refused, whoever enters the stage looks again.
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

// adoptedBases lists every commit that a stage ran when Headstart came.
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

// publishAdopted tells of what was adopted and brought back since, by its deployments.
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
