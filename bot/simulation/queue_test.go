package simulation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// GitHub's merge queue, in some histories: groups are made on the branch or on one
// another, their checks run, and they are merged, or destroyed because somebody pushed
// to the branch or took a pull request out. Webhooks of all of that get lost.

// simGroup is a merge group.
type simGroup struct {
	asked bot.MergeGroupChanged
	gone  bool
}

// queued lists the groups that are in the queue, the first in front.
func (s *sim) queued() (list []*simGroup) {
	for _, g := range s.groups {
		if !g.gone {
			list = append(list, g)
		}
	}
	return list
}

// enqueue has the queue make a group of an open pull request.
func (s *sim) enqueue() {
	p := s.openPull()
	live := s.queued()
	if p == nil || p.Fork || s.Heads["main"] == "" || slices.ContainsFunc(live, func(g *simGroup) bool { return g.asked.Pull == p.Number }) {
		s.pull()
		return
	}
	s.pass(s.Now.Add(time.Second)) // whole seconds tell two groups apart
	base := s.Heads["main"]
	if n := len(live); n > 0 {
		base = live[n-1].asked.Head
	}
	c := bottest.Commit{SHA: fmt.Sprintf("g%06d", len(s.groups)+1), Title: p.Title, Author: p.Author, Pull: p.Number, File: s.Commits[base].File}
	c.Tree = "tree-" + c.SHA
	if len(live) == 0 && s.once(1) {
		c.Tree = p.TestTree // the test merge was made on the same commit
	}
	c.Files = s.Commits[p.Head].Files
	s.broken[c.Tree] = s.broken[p.TestTree]
	pushed, requested := s.Group("main", base, p.Number, c)
	s.truth.reported(s, c.SHA)
	s.groups = append(s.groups, &simGroup{asked: requested[1].(bot.MergeGroupChanged)})
	s.note("queue", "makes %s of #%d on %s, tree %s, broken %v", c.SHA, p.Number, base, c.Tree, s.broken[c.Tree])
	s.send(pushed...)
	s.send(requested...)
}

// checkGroup has CI report on a group.
func (s *sim) checkGroup() {
	live := s.queued()
	if len(live) == 0 {
		return
	}
	sha := live[s.pick(len(live))].asked.Head
	for _, name := range contexts {
		fact := s.report(sha, name, among(s, bot.CheckPassed, bot.CheckPassed, bot.CheckPassed, bot.CheckPending))
		if s.once(2) {
			fact = bot.ChecksMoved{SHA: sha}
		}
		s.send(s.Installed(), fact)
	}
}

// mergeGroup moves the branch to a group, and with it to those before it.
func (s *sim) mergeGroup() {
	live := s.queued()
	if len(live) == 0 {
		return
	}
	n := 0
	if s.once(2) {
		n = s.pick(len(live))
	}
	merged := live[:n+1]
	for _, g := range merged {
		g.gone = true
	}
	last := merged[n]
	var told [][]bot.Fact
	for _, g := range merged {
		p := s.Pulls[g.asked.Pull]
		if p.Open {
			p.Open, p.Merged, p.MergeSHA, p.UpdatedAt = false, true, g.asked.Head, s.Now
			told = append(told, []bot.Fact{s.Installed(), p.PullRequestChanged})
		}
		told = append(told, s.endOf(g, "merged"))
	}
	push := s.moved(*s.Commits[last.asked.Head], false)
	if s.once(1) {
		told = append([][]bot.Fact{push}, told...)
	} else {
		told = append(told, push)
	}
	for _, facts := range told {
		s.send(facts...)
	}
}

// leaveQueue has somebody take a pull request out of the queue: those behind it are
// invalidated.
func (s *sim) leaveQueue() {
	live := s.queued()
	if len(live) == 0 {
		return
	}
	i := s.pick(len(live))
	for j, g := range live[i:] {
		g.gone = true
		why := "invalidated"
		if j == 0 {
			why = "dequeued"
		}
		s.send(s.endOf(g, why)...)
	}
}

// endOf are the facts of a group's end.
func (s *sim) endOf(g *simGroup, why string) []bot.Fact {
	f := g.asked
	f.Destroyed = why
	s.note("queue", "%s is destroyed: %s", f.Head, why)
	return []bot.Fact{s.Installed(), f}
}

// invalidate takes everything out of the queue, because somebody else has moved the
// branch.
func (s *sim) invalidate(to string) {
	for _, g := range s.queued() {
		if g.asked.Base != to {
			g.gone = true
			s.send(s.endOf(g, "invalidated")...)
		}
	}
}

// notBuilt reports whether a status says that nothing is built before the merge: that
// is said of merge groups and pull requests, also where they are none of the
// pipeline's business.
func notBuilt(do bot.SetStatus) bool {
	return do.Context == "headstart/build" && strings.HasPrefix(do.Status.Text, "Not built here: ")
}

// wereOnBranch is the part of [gatesOpen] about the queue: what was never on the branch
// is none of its commits.
func (s *sim) wereOnBranch(st pipeline.State) {
	for i := range st.Candidates {
		if sha := st.Candidates[i].SHA; len(s.pushed[sha]) == 0 {
			s.breaks(gatesOpen, "%s is a candidate, and the branch was never at it", sha)
		}
	}
}

// groupsEnd is the part of [endsInTruth] about the queue: headstart/build of a group's
// head ends in a final state, whatever keeps commits from going on.
func (s *sim) groupsEnd() {
	for _, g := range s.groups {
		v := s.Statuses[g.asked.Head]["headstart/build"]
		known := slices.ContainsFunc(s.store.state.Groups, func(o pipeline.MergeGroup) bool { return o.Head == g.asked.Head })
		switch {
		case v.State == bot.StatusPending && len(s.pushed[g.asked.Head]) == 0:
			s.breaks(endsInTruth, "headstart/build of the merge group %s is pending at the end: %s", g.asked.Head, v.Text)
		case v.State == "" && known && s.store.state.Configured && len(s.pushed[g.asked.Head]) == 0:
			s.breaks(endsInTruth, "the merge queue waits for headstart/build of %s, which was never set", g.asked.Head)
		}
	}
}
