package pipeline

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// MergeGroup is what is known of a merge group. It ends once: a commit that the queue
// makes anew is another group.
type MergeGroup struct {
	bot.MergeGroupChanged
	SeenAt    time.Time
	EndedAt   time.Time    // zero: the queue's checks still run
	Over      string       // with EndedAt: the commit that replaced it, or was merged with it; empty: none
	Reports   Reports      // of its checks, for the candidate that it becomes
	Affected  bot.Affected // whether its files affect the pipeline; empty: unknown yet
	Published map[string]Published
}

const (
	// GroupAge is how long a group's checks may run: a little more than the six hours that
	// GitHub allows. An older group was destroyed without a webhook.
	GroupAge = 7 * time.Hour
	// forgetGroup is how long a group is remembered after its end, for a late push.
	forgetGroup = 10 * time.Minute
)

// GitHub's reasons for destroying a group.
const GroupMerged = "merged"

// QueueBranch reports whether a branch belongs to GitHub's merge queue. Such a branch
// never brings a candidate.
func QueueBranch(branch string) bool { return strings.HasPrefix(branch, "gh-readonly-queue/") }

// GroupOf finds a merge group by its commit; nil if there is none.
func (s *State) GroupOf(head string) *MergeGroup {
	i := slices.IndexFunc(s.Groups, func(g MergeGroup) bool { return g.Head == head })
	if i < 0 {
		return nil
	}
	return &s.Groups[i]
}

func (g *MergeGroup) End(why, over string, at time.Time) {
	if g.EndedAt.IsZero() {
		g.EndedAt, g.Destroyed, g.Over = at, why, over
	}
}

// Live reports whether the queue's checks may still run.
func (g *MergeGroup) Live(now time.Time) bool {
	return g.EndedAt.IsZero() && now.Sub(g.SeenAt) < GroupAge
}

// LeaveQueue gives a new candidate the reports of its time as a merge group. The groups
// that it was made on are merged with it.
func (s *State) LeaveQueue(c *Candidate) {
	g := s.GroupOf(c.SHA)
	if g == nil || g.Branch != c.Branch {
		return
	}
	c.QueuedAt, c.Reports = g.SeenAt, g.Reports
	if c.Tree == "" {
		c.Tree = g.Tree
	}
	if len(c.Published) == 0 && s.GroupAffects(g) == bot.AffectedYes {
		c.Published = maps.Clone(g.Published)
	}
	g.End(GroupMerged, "", c.SeenAt)
	for range s.Groups {
		if g = s.GroupOf(g.Base); g == nil {
			return
		}
		g.End(GroupMerged, c.SHA, c.SeenAt)
		if p, known := s.Pulls[g.Pull]; known {
			p.MergedWith = c.SHA
			s.Pulls[g.Pull] = p
		}
	}
}

// GroupOwnsStatus reports whether a commit's headstart/build is about a merge group. Once
// the commit is a candidate that the pipeline takes on, the status is about the candidate.
func (s *State) GroupOwnsStatus(g *MergeGroup) bool {
	c := s.Candidate(g.Head)
	return c == nil || c.FromPull || s.Affects(c) != bot.AffectedYes
}

// GroupAffects says whether a group affects the pipeline; empty: unknown yet.
func (s *State) GroupAffects(g *MergeGroup) bot.Affected {
	if len(s.Config.Paths) == 0 {
		return bot.AffectedYes
	}
	return g.Affected
}

// ForgetGroups drops groups with nothing left to do or to report.
func (s *State) ForgetGroups(at time.Time) {
	if len(s.Groups) == 0 {
		return
	}
	s.Groups = slices.DeleteFunc(slices.Clone(s.Groups), func(g MergeGroup) bool {
		gone := !g.EndedAt.IsZero() && at.Sub(g.EndedAt) > forgetGroup || at.Sub(g.SeenAt) > GroupAge+forgetGroup
		_, telling := s.Pending[StatusKey(g.Head, bot.BuildContext)]
		return gone && (!s.GroupOwnsStatus(&g) || g.Published[bot.BuildContext].Settled() && !telling)
	})
	if len(s.Groups) == 0 {
		s.Groups = nil
	}
}

// cloneGroups copies what Apply changes in place.
func cloneGroups(list []MergeGroup) []MergeGroup {
	list = slices.Clone(list)
	for i := range list {
		list[i].Published = maps.Clone(list[i].Published)
	}
	return list
}

// KnownSince is since when a candidate's checks may have reported: the queue runs them on
// a merge group before the branch moves to it.
func (c *Candidate) KnownSince() time.Time {
	if !c.QueuedAt.IsZero() {
		return c.QueuedAt
	}
	return c.SeenAt
}

// Became reports whether a pull request was merged as a candidate, or together with the
// candidate's.
func (p PullRequest) Became(c *Candidate) bool {
	return c.Pull == p.Number || p.MergedWith != "" && p.MergedWith == c.SHA
}
