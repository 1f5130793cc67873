package decide

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/render"
)

// groupsToBuild lists the merge groups that have no build yet.
func (d *decision) groupsToBuild() (list []*pipeline.MergeGroup) {
	for _, g := range d.Groups() {
		if d.State.GroupAffects(g) != bot.AffectedYes || d.starting[d.State.AheadKey(g.Head, g.Tree)] != "" {
			continue
		}
		if r, ok := d.State.RunAhead(g.Head, g.Tree); !ok || r.Status == pipeline.RunWaiting && !r.RefusedBy(d.State.Config.Prepare.ForPulls()) {
			list = append(list, g)
		}
	}
	return list
}

// buildGroups gives free prepare apps to merge groups. It reports whether a group still waits: pull requests give way
// to it.
func (d *decision) buildGroups(free *[]string) (waits bool) {
	for _, g := range d.groupsToBuild() {
		key := d.State.AheadKey(g.Head, g.Tree)
		run, _ := d.State.RunAhead(g.Head, g.Tree)
		if app, ok := d.takeApp(free, key, run, bot.RankGroup); ok {
			d.take(app, bot.RankGroup, key, g.Head, g.Tree)
			continue
		}
		d.queue(d.State.Config.Prepare.ForPulls(), key, run, bot.RankGroup)
		if !waits {
			waits = true
			d.makeRoom(key, d.State.Config.Prepare.ForPulls())
		}
	}
	return waits
}

// neededByQueue reports whether a merge group waits for a build. It is also true shortly after a group was merged,
// because the push may still be on its way.
func (d *decision) neededByQueue(key string) bool {
	for i := range d.State.Groups {
		g := &d.State.Groups[i]
		merged := g.Destroyed == pipeline.GroupMerged && d.Now.Sub(g.EndedAt) < onItsWay
		if g.Branch == d.State.Branch() && (g.Live(d.Now) || merged) && d.State.AheadKey(g.Head, g.Tree) == key {
			return true
		}
	}
	return false
}

// readGroupAffected reads which merge groups affect the pipeline. Like the candidate that it becomes, a group is
// compared with the last candidate that the pipeline took on.
func (d *decision) readGroupAffected() {
	for _, g := range d.Groups() {
		if d.State.GroupAffects(g) != "" {
			continue
		}
		base := g.Base
		if c := lastTakenOn(d.State); c != nil {
			base = c.SHA
		}
		d.want(pipeline.GroupAffectedKey(g.Head), bot.ReadFiles{Base: base, Head: g.Head, Affects: bot.AffectedGroup})
	}
}

// findMerged reads the branch's head where a group was merged but its push has not arrived.
func (d *decision) findMerged() {
	for i := range d.State.Groups {
		g := &d.State.Groups[i]
		if g.Destroyed == pipeline.GroupMerged && g.Over == "" && g.Branch == d.State.Branch() && d.State.Candidate(g.Head) == nil &&
			d.State.HeadAt.Before(g.EndedAt) && d.Due(g.EndedAt.Add(findSoon)) {
			d.want(pipeline.HeadKey, bot.ReadHead{Branch: g.Branch})
		}
	}
}

// lastTakenOn is the newest candidate that the pipeline has taken on; nil: none.
func lastTakenOn(s *pipeline.State) *pipeline.Candidate {
	for i := len(s.Candidates) - 1; i >= 0; i-- {
		if c := &s.Candidates[i]; s.Affects(c) == bot.AffectedYes {
			return c
		}
	}
	return nil
}

// publishGroups publishes a merge group's build on its head. The status always becomes final, even if the group is
// gone: the merge queue waits for it.
func (d *decision) publishGroups() {
	for i := range d.State.Groups {
		g := &d.State.Groups[i]
		if g.EndedAt.IsZero() {
			d.Due(g.SeenAt.Add(pipeline.GroupAge))
		}
		if !d.State.GroupOwnsStatus(g) {
			continue
		}
		published := g.Published[bot.BuildContext]
		w := render.GroupStatus(d.View, g, d.starting)
		if w == nil && !g.Live(d.Now) {
			w = render.EndWaiting(published, "Not built here: "+render.GroupEnd(d.View, g))
		}
		if r, _ := d.State.RunAhead(g.Head, g.Tree); published.Final() && r.Status != pipeline.RunSucceeded && r.Status != pipeline.RunFailed {
			w = nil // the queue may have acted on the status: only a build's result is news
		}
		d.publishStatus(g.Head, bot.BuildContext, g.Published, w)
	}
}
