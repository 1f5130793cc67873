package apply

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// mostGroups bounds the remembered groups that have not ended. GitHub builds up to a hundred at once.
const mostGroups = 100

// groupChanged folds the webhook of a merge group. Its end may arrive before its beginning, and remains its end.
func groupChanged(s *pipeline.State, f bot.MergeGroupChanged, at time.Time) {
	if f.Head == "" || f.Branch == "" {
		return
	}
	g := s.GroupOf(f.Head)
	if g == nil {
		g = newGroup(s, f, at)
	}
	if g.Tree == "" {
		g.Tree = f.Tree
	}
	if f.Destroyed != "" {
		g.End(f.Destroyed, "", at)
		s.ForgetGroups(at)
	}
}

// newGroup remembers a group. It replaces an older group with the same last pull request, whose end may never be
// reported.
func newGroup(s *pipeline.State, f bot.MergeGroupChanged, at time.Time) *pipeline.MergeGroup {
	fresh := pipeline.MergeGroup{MergeGroupChanged: f, SeenAt: at}
	fresh.Destroyed = ""
	for i := range s.Groups {
		g := &s.Groups[i]
		if f.Pull == 0 || g.Pull != f.Pull || g.Branch != f.Branch || !g.EndedAt.IsZero() {
			continue
		}
		switch g.MadeAt.Compare(f.MadeAt) {
		case -1:
			g.End("superseded", f.Head, at)
		case 1:
			fresh.End("superseded", g.Head, at)
		}
	}
	heard := pipeline.Candidate{SHA: f.Head}
	catchUp(s, &heard)
	fresh.Reports = heard.Reports
	s.Groups = append(s.Groups, fresh)
	for i, n := 0, queued(s); i < len(s.Groups) && n > mostGroups; i++ {
		if g := &s.Groups[i]; g.EndedAt.IsZero() {
			g.End("forgotten", "", at)
			n--
		}
	}
	return &s.Groups[len(s.Groups)-1]
}

// queued counts the groups that have not ended.
func queued(s *pipeline.State) (n int) {
	for i := range s.Groups {
		if s.Groups[i].EndedAt.IsZero() {
			n++
		}
	}
	return n
}

// groupMergeCheck folds the report of a group's check, for the candidate that the group becomes.
func groupMergeCheck(g *pipeline.MergeGroup, k bot.Check) {
	c := pipeline.Candidate{Reports: g.Reports}
	mergeCheck(&c, k)
	g.Reports = c.Reports
}

// groupChecksMoved is groupMergeCheck for webhooks that do not contain the check.
func groupChecksMoved(g *pipeline.MergeGroup, f bot.ChecksMoved) {
	c := pipeline.Candidate{Reports: g.Reports}
	checksMoved(&c, f)
	g.Reports = c.Reports
}
