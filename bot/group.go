package bot

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// A merge group is what GitHub's merge queue is about to merge: a commit on a branch
// of the queue's own, on which the required checks run. It is built ahead like a pull
// request, and is no candidate until the branch itself moves to it. By then its build
// is done, and what its checks came to is known.

// MergeGroupChanged is a merge group of which checks are requested, or one that is gone.
type MergeGroupChanged struct {
	Head   string    // full SHA of the group's commit
	Tree   string    // of Head; empty: not told
	Title  string    // first line of Head's message
	Branch string    // that the group is to be merged into, without refs/heads/
	Base   string    // full SHA that Head was made on: the branch's head, or the group before
	Pull   int       // the last pull request in the group; 0: not known
	MadeAt time.Time // when Head was made; zero: not told
	// Destroyed is GitHub's word for why the group is gone: merged, invalidated or
	// dequeued. It is empty while checks are requested.
	Destroyed string
}

func (MergeGroupChanged) fact() {}

// MergeGroup is what is known of a merge group. It ends once: a commit that the
// queue makes anew is another group.
type MergeGroup struct {
	MergeGroupChanged
	SeenAt    time.Time
	EndedAt   time.Time // zero: the queue's checks run
	Over      string    // with EndedAt: the commit that took its place, or was merged with it; empty: none
	Reports   Reports   // what was reported of its checks, for the candidate that it becomes
	Affected  Affected  // whether its files affect the pipeline; empty: not known yet
	Published map[string]Published
}

const (
	// groupAge is how long a group's checks may run, a little more than the six hours
	// that GitHub allows at most. What is older was destroyed, and nobody told.
	groupAge = 7 * time.Hour
	// forgetGroup is how long a group is remembered after its end: its push may be
	// seen later.
	forgetGroup = 10 * time.Minute
	// mostGroups is how many groups are in the queue at most, for all that is
	// remembered. GitHub builds up to a hundred at once.
	mostGroups = 100
)

// The reasons for which GitHub destroys a group.
const groupMerged = "merged"

// QueueBranch reports whether a branch is one that GitHub's merge queue makes for a
// group. It is nobody's candidate.
func QueueBranch(branch string) bool { return strings.HasPrefix(branch, "gh-readonly-queue/") }

// groupOf finds a merge group by its commit; nil if there is none.
func (s *State) groupOf(head string) *MergeGroup {
	i := slices.IndexFunc(s.Groups, func(g MergeGroup) bool { return g.Head == head })
	if i < 0 {
		return nil
	}
	return &s.Groups[i]
}

// groupChanged folds what is said of a merge group. Its end may be seen before
// its beginning, and stays its end.
func (s *State) groupChanged(f MergeGroupChanged, at time.Time) {
	if f.Head == "" || f.Branch == "" {
		return
	}
	g := s.groupOf(f.Head)
	if g == nil {
		g = s.newGroup(f, at)
	}
	if g.Tree == "" {
		g.Tree = f.Tree
	}
	if f.Destroyed != "" {
		g.end(f.Destroyed, "", at)
		s.forgetGroups(at)
	}
}

// newGroup remembers a group. It takes the place of an older one with the same last
// pull request, whose end may never be told.
func (s *State) newGroup(f MergeGroupChanged, at time.Time) *MergeGroup {
	fresh := MergeGroup{MergeGroupChanged: f, SeenAt: at}
	fresh.Destroyed = ""
	for i := range s.Groups {
		g := &s.Groups[i]
		if f.Pull == 0 || g.Pull != f.Pull || g.Branch != f.Branch || !g.EndedAt.IsZero() {
			continue
		}
		switch g.MadeAt.Compare(f.MadeAt) {
		case -1:
			g.end("superseded", f.Head, at)
		case 1:
			fresh.end("superseded", g.Head, at)
		}
	}
	heard := Candidate{SHA: f.Head}
	s.catchUp(&heard)
	fresh.Reports = heard.Reports
	s.Groups = append(s.Groups, fresh)
	for i, n := 0, s.queued(); i < len(s.Groups) && n > mostGroups; i++ {
		if g := &s.Groups[i]; g.EndedAt.IsZero() {
			g.end("forgotten", "", at)
			n--
		}
	}
	return &s.Groups[len(s.Groups)-1]
}

// queued counts the groups that have not ended.
func (s *State) queued() (n int) {
	for i := range s.Groups {
		if s.Groups[i].EndedAt.IsZero() {
			n++
		}
	}
	return n
}

func (g *MergeGroup) end(why, over string, at time.Time) {
	if g.EndedAt.IsZero() {
		g.EndedAt, g.Destroyed, g.Over = at, why, over
	}
}

// live reports whether the queue's checks may still run.
func (g *MergeGroup) live(now time.Time) bool {
	return g.EndedAt.IsZero() && now.Sub(g.SeenAt) < groupAge
}

// mergeCheck takes what is said of a group's checks, for the candidate that it becomes.
func (g *MergeGroup) mergeCheck(k Check) {
	c := Candidate{Reports: g.Reports}
	c.mergeCheck(k)
	g.Reports = c.Reports
}

// checksMoved is mergeCheck for what does not say how the checks have moved.
func (g *MergeGroup) checksMoved(f ChecksMoved) {
	c := Candidate{Reports: g.Reports}
	c.checksMoved(f)
	g.Reports = c.Reports
}

// leaveQueue gives a new candidate what was reported of it while it was a merge group.
// The groups that it was made on are merged with it.
func (s *State) leaveQueue(c *Candidate) {
	g := s.groupOf(c.SHA)
	if g == nil || g.Branch != c.Branch {
		return
	}
	c.QueuedAt, c.Reports = g.SeenAt, g.Reports
	if c.Tree == "" {
		c.Tree = g.Tree
	}
	if len(c.Published) == 0 && s.groupAffects(g) == AffectedYes {
		c.Published = maps.Clone(g.Published)
	}
	g.end(groupMerged, "", c.SeenAt)
	for range s.Groups {
		if g = s.groupOf(g.Base); g == nil {
			return
		}
		g.end(groupMerged, c.SHA, c.SeenAt)
		if p, known := s.Pulls[g.Pull]; known {
			p.MergedWith = c.SHA
			s.Pulls[g.Pull] = p
		}
	}
}

// groupOwnsStatus reports whether headstart/build of a commit is about a merge group. Once
// it is a candidate that the pipeline takes on, it is about that.
func (s *State) groupOwnsStatus(g *MergeGroup) bool {
	c := s.candidate(g.Head)
	return c == nil || c.FromPull || s.affects(c) != AffectedYes
}

// groupAffects says whether a group affects the pipeline; empty: it is not known yet.
func (s *State) groupAffects(g *MergeGroup) Affected {
	if len(s.Config.Paths) == 0 {
		return AffectedYes
	}
	return g.Affected
}

// forgetGroups drops groups of which nothing is left to do or to say.
func (s *State) forgetGroups(at time.Time) {
	if len(s.Groups) == 0 {
		return
	}
	s.Groups = slices.DeleteFunc(slices.Clone(s.Groups), func(g MergeGroup) bool {
		gone := !g.EndedAt.IsZero() && at.Sub(g.EndedAt) > forgetGroup || at.Sub(g.SeenAt) > groupAge+forgetGroup
		_, telling := s.Pending[statusKey(g.Head, buildContext)]
		return gone && (!s.groupOwnsStatus(&g) || g.Published[buildContext].settled() && !telling)
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

// knownSince is since when a candidate's checks may have reported: the queue has them run
// on a merge group before the branch moves to it.
func (c *Candidate) knownSince() time.Time {
	if !c.QueuedAt.IsZero() {
		return c.QueuedAt
	}
	return c.SeenAt
}

// became reports whether a pull request was merged as a candidate, or together with the
// one that was.
func (p PullRequest) became(c *Candidate) bool {
	return c.Pull == p.Number || p.MergedWith != "" && p.MergedWith == c.SHA
}
