package bot

import "fmt"

// groups lists the merge groups that this pipeline builds, in the queue's order: the
// one that is merged first is needed first.
func (d *view) groups() []*MergeGroup {
	if !d.s.Configured || len(d.s.Config.Prepare.Apps) == 0 {
		return nil
	}
	var list []*MergeGroup
	for i := range d.s.Groups {
		g := &d.s.Groups[i]
		if g.Branch == d.s.Branch() && g.live(d.now) && d.s.groupOwnsStatus(g) {
			list = append(list, g)
		}
	}
	return list
}

// groupsToBuild lists the merge groups that have no build yet.
func (d *decision) groupsToBuild() (list []*MergeGroup) {
	for _, g := range d.groups() {
		if d.s.groupAffects(g) != AffectedYes || d.starting[d.s.aheadKey(g.Head, g.Tree)] != "" {
			continue
		}
		if r, ok := d.s.runAhead(g.Head, g.Tree); !ok || r.Status == RunWaiting && !r.refusedBy(d.s.Config.Prepare.forPulls()) {
			list = append(list, g)
		}
	}
	return list
}

// buildGroups gives free prepare apps to merge groups, and reports whether one of them
// still waits: pull requests give way to it.
func (d *decision) buildGroups(free *[]string) (waits bool) {
	for _, g := range d.groupsToBuild() {
		key := d.s.aheadKey(g.Head, g.Tree)
		run, _ := d.s.runAhead(g.Head, g.Tree)
		if app, ok := d.takeApp(free, key, run, RankGroup); ok {
			d.take(app, RankGroup, key, g.Head, g.Tree)
			continue
		}
		d.queue(d.s.Config.Prepare.forPulls(), key, run, RankGroup)
		if !waits {
			waits = true
			d.makeRoom(key, d.s.Config.Prepare.forPulls())
		}
	}
	return waits
}

// neededByQueue reports whether a merge group waits for a build, or was merged so
// recently that its push may still be on its way.
func (d *decision) neededByQueue(key string) bool {
	for i := range d.s.Groups {
		g := &d.s.Groups[i]
		merged := g.Destroyed == groupMerged && d.now.Sub(g.EndedAt) < onItsWay
		if g.Branch == d.s.Branch() && (g.live(d.now) || merged) && d.s.aheadKey(g.Head, g.Tree) == key {
			return true
		}
	}
	return false
}

// readGroupAffected finds out which merge groups affect the pipeline. A group is
// compared as the candidate that it becomes: with what the pipeline took on last.
func (d *decision) readGroupAffected() {
	for _, g := range d.groups() {
		if d.s.groupAffects(g) != "" {
			continue
		}
		base := g.Base
		if c := d.s.lastTakenOn(); c != nil {
			base = c.SHA
		}
		d.want(groupAffectedKey(g.Head), ReadFiles{Base: base, Head: g.Head, Affects: AffectedGroup})
	}
}

// findMerged reads the branch's head where a group was merged, and the push that merged
// it is not seen.
func (d *decision) findMerged() {
	for i := range d.s.Groups {
		g := &d.s.Groups[i]
		if g.Destroyed == groupMerged && g.Over == "" && g.Branch == d.s.Branch() && d.s.candidate(g.Head) == nil &&
			d.s.HeadAt.Before(g.EndedAt) && d.due(g.EndedAt.Add(findSoon)) {
			d.want(headKey, ReadHead{Branch: g.Branch})
		}
	}
}

// lastTakenOn is the newest candidate that the pipeline has taken on; nil: none.
func (s *State) lastTakenOn() *Candidate {
	for i := len(s.Candidates) - 1; i >= 0; i-- {
		if c := &s.Candidates[i]; s.affects(c) == AffectedYes {
			return c
		}
	}
	return nil
}

// publishGroups says on the head of each merge group how its build goes. It ends in a
// final state, whatever becomes of the group: the queue waits for it.
func (d *decision) publishGroups() {
	for i := range d.s.Groups {
		g := &d.s.Groups[i]
		if g.EndedAt.IsZero() {
			d.due(g.SeenAt.Add(groupAge))
		}
		if !d.s.groupOwnsStatus(g) {
			continue
		}
		published := g.Published[buildContext]
		w := d.groupStatus(g, d.starting)
		if w == nil && !g.live(d.now) {
			w = published.orElse("Not built here: " + d.groupEnd(g))
		}
		if r, _ := d.s.runAhead(g.Head, g.Tree); published.final() && r.Status != RunSucceeded && r.Status != RunFailed {
			w = nil // the queue may have acted on it: only what comes of a build is news
		}
		d.publishStatus(g.Head, buildContext, g.Published, w)
	}
}

// groupStatus is what headstart/build says of a merge group; nil if nothing (yet).
func (d *view) groupStatus(g *MergeGroup, begins starting) *notice {
	if !d.s.Configured {
		return d.unconfigured(g.Branch)
	}
	if g.Branch != d.s.Branch() {
		return notBuilt("Headstart deploys " + d.s.Branch() + ", and this goes into " + g.Branch)
	}
	if len(d.s.Config.Prepare.Apps) == 0 {
		return notBuilt(d.noPrepareApp())
	}
	switch d.s.groupAffects(g) {
	case AffectedNo:
		return notBuilt(notAffected)
	case "":
		if d.late(groupAffectedKey(g.Head)) {
			return notBuilt("GitHub does not tell yet which files it changes")
		}
		if g.live(d.now) {
			return nil
		}
		return notBuilt(d.groupEnd(g))
	}
	r, begun := d.s.runAhead(g.Head, g.Tree)
	building := begins[d.s.aheadKey(g.Head, g.Tree)]
	if r.Active() {
		building = r.App
	}
	switch {
	case r.Status == RunSucceeded && r.Pull != 0:
		return newNotice(StatusSuccess, fmt.Sprintf("No build needed: built ahead of the merge of #%d in %s on %s",
			r.Pull, took(r.StartedAt, r.FinishedAt), r.App), r.OutputURL)
	case r.Status == RunSucceeded:
		return newNotice(StatusSuccess, fmt.Sprintf("Built in %s on %s", took(r.StartedAt, r.FinishedAt), r.App), r.OutputURL)
	case r.Status == RunFailed:
		return newNotice(StatusFailure, fmt.Sprintf("The build failed after %s on %s%s", took(r.StartedAt, r.FinishedAt), r.App, because(r.Reason)), r.OutputURL)
	case !g.live(d.now):
		return notBuilt(d.groupEnd(g))
	case begun && (r.Status == RunErrored || r.refusedBy(d.s.Config.Prepare.forPulls())):
		return notBuilt("no prepare app could build it" + because(r.Reason))
	case r.Status == RunUnread:
		return d.readingSource(r)
	case r.sourceless():
		return pendingNotice(PhaseSource, "Waiting for GitHub to know the commit; then it is built", "")
	case d.stuck(r):
		return notBuilt("no prepare app takes the build" + because(r.Reason))
	case !r.TroubleAt.IsZero():
		return pendingNotice(PhaseTrouble, "The build could not be started yet"+because(r.Reason), "")
	case building != "":
		return pendingNotice(PhaseBuild, "Building on "+building, r.OutputURL)
	}
	if w := d.shared(RankGroup); w != nil {
		return w
	}
	if d.s.Config.Prepare.apart() {
		return pendingNotice(PhaseQueue, "Queued for an app that builds pull requests", "")
	}
	return pendingNotice(PhaseQueue, "Queued for a prepare app (pushes to "+d.s.Branch()+" go first)", "")
}

// groupEnd says why nothing is built for a group that is over.
func (d *view) groupEnd(g *MergeGroup) string {
	switch {
	case g.EndedAt.IsZero() || g.Destroyed == "forgotten":
		return "the merge queue has not told what became of it"
	case g.Destroyed == groupMerged && g.Over != "":
		return "merged as part of " + Short(g.Over)
	case g.Destroyed == groupMerged:
		return "it was merged before its build began"
	case g.Over != "":
		return "superseded by " + Short(g.Over)
	}
	return "it left the merge queue (" + cut(g.Destroyed, 40) + ")"
}
