package gate

import "github.com/headstart-cd/headstart/bot/pipeline"

// Groups lists the merge groups that this pipeline builds, in the queue's order: the group that merges first is needed
// first.
func (v *View) Groups() []*pipeline.MergeGroup {
	if !v.State.Configured || len(v.State.Config.Prepare.Apps) == 0 {
		return nil
	}
	var list []*pipeline.MergeGroup
	for i := range v.State.Groups {
		g := &v.State.Groups[i]
		if g.Branch == v.State.Branch() && g.Live(v.Now) && v.State.GroupOwnsStatus(g) {
			list = append(list, g)
		}
	}
	return list
}
