package pipeline

import (
	"fmt"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
)

// A stage with four eyes accepts an approval only from a person who made nothing of what
// would go live. Everybody named in a commit has made it, and so has everybody who pushed
// it. A commit's names are its maker's claim; a push is what GitHub saw. A person who only
// pressed Merge has made nothing, and neither has the merge queue. Missing knowledge
// refuses the approval.

// makers are the people who made what lies between a stage and a candidate.
type makers struct {
	made    map[int64]string // by account: what the person did, to be read after the name
	unknown string           // why a maker may be missing; empty: none is
	Unread  bool             // GitHub has not been asked yet
}

// add records what a person did; the first record is shown.
func (e *makers) add(a bot.Account, what string) {
	switch {
	case a.Bot:
	case !known(a):
		e.missing("it is not known who " + what)
	case e.made[a.ID] == "":
		Put(&e.made, a.ID, what)
	}
}

// ownBots push only what they made themselves: nobody controls what they write. Only Apps
// have logins with [bot].
var ownBots = []string{"dependabot[bot]", "renovate[bot]", "github-merge-queue[bot]"}

// pushed records who pushed. Other bots push what people have them push, such as
// workflows.
func (e *makers) pushed(a bot.Account, what string) {
	if a.Bot && !slices.Contains(ownBots, a.Login) {
		e.missing("who " + what + " is not known: @" + a.Login + " did, and people may have had it do so")
		return
	}
	e.add(a, what)
}

func (e *makers) missing(why string) {
	if e.unknown == "" {
		e.unknown = why
	}
}

// MakersOf returns who made what a candidate would bring to a stage.
func (s *State) MakersOf(c *Candidate, stage string) (e makers) {
	bases, why := s.makerBases(c, stage)
	if why != "" {
		e.missing(why)
	}
	for _, base := range bases {
		seen, read := s.People[PeopleKey(base, c.SHA)]
		switch {
		case !read:
			e.Unread = true
			e.missing("who made what differs from what " + stage + " runs has not been read yet")
		case seen.Refused != "":
			e.missing("GitHub does not tell who made what differs from what " + stage + " runs" + words.Because(seen.Refused))
		default:
			s.takePeople(&e, c, seen)
		}
	}
	return e
}

// makerBases lists the commits that a candidate at a stage is compared with: all that the
// stage runs. If nothing is live yet, it is the branch's commit when Headstart came;
// makers before that are not asked for.
func (s *State) makerBases(c *Candidate, stage string) (bases []string, why string) {
	live := s.Stage(stage).Live
	switch {
	case live.Adopted != nil:
		for _, app := range SortedKeys(live.Adopted) {
			if live.Adopted[app].Commit == "" {
				return nil, "which commit " + app + " runs is not known"
			}
		}
		bases = live.Commits()
	case live.SHA != "":
		bases = []string{live.SHA}
	case s.Origin == "":
		return nil, "nothing is live on " + stage + " yet, and what was pushed before Headstart came is not known"
	case bot.IsZero(s.Origin):
		bases = []string{""}
	default:
		bases = []string{s.Origin}
	}
	return slices.DeleteFunc(bases, func(base string) bool { return base == c.SHA }), ""
}

// takePeople adds the makers of one reading.
func (s *State) takePeople(e *makers, c *Candidate, read PeopleSeen) {
	if read.Incomplete != "" {
		e.missing(read.Incomplete)
	}
	l := makersReading{s: s, makers: e, of: c, parents: map[string][]string{}, exact: map[string]bot.MergedPull{}, seen: map[string]bool{}, merger: map[string]bool{}, merged: map[int]bool{}, listed: map[string]bool{}}
	commits := map[string]bot.CommitMakers{}
	for _, m := range read.Commits {
		l.parents[m.SHA], commits[m.SHA] = m.Parents, m
	}
	for _, m := range read.Merges {
		l.merged[m.Number], l.listed[m.SHA] = true, true
		if m.Exact {
			l.exact[m.SHA] = m
			l.seen[m.SHA] = true
			l.merger[m.SHA] = true
		}
	}
	l.credit()
	// The candidate's own first: people look for these.
	if m, known := commits[c.SHA]; known {
		l.named(m)
	}
	for _, m := range read.Merges {
		l.mergedPull(m, commits)
	}
	for _, m := range read.Commits {
		if m.SHA != c.SHA {
			l.named(m)
		}
	}
	l.pushed(read.At, commits)
	if c.FromPull {
		l.openPull(commits)
	}
	for _, m := range read.Commits {
		if !l.seen[m.SHA] && !m.Signed {
			e.missing("who pushed " + bot.Short(m.SHA) + " is not known: Headstart received no webhook of that push")
		}
	}
}

// makersReading is one reading while it is evaluated.
type makersReading struct {
	s       *State
	makers  *makers
	of      *Candidate
	parents map[string][]string       // of every commit of the reading
	exact   map[string]bot.MergedPull // merges that GitHub made, by the commit
	seen    map[string]bool           // commits whose pusher is known
	merged  map[int]bool              // pull requests that the reading shows as merged
	listed  map[string]bool           // the commits that these were merged as
	merger  map[string]bool           // commits whose committer only pressed Merge
}

// name is what a sentence calls a commit.
func (l *makersReading) name(sha string) string {
	if sha == l.of.SHA {
		return "the commit"
	}
	return bot.Short(sha) + ", which would go live with it"
}

// named adds the people that a commit names. The author of a merge commit by GitHub only
// pressed Merge, and so did the committer of GitHub's rebase.
func (l *makersReading) named(m bot.CommitMakers) {
	mergeCommit := l.merger[m.SHA] && l.exact[m.SHA].Parents > 1
	for _, by := range m.By {
		switch {
		case mergeCommit, by.As == bot.PartCommitter && l.merger[m.SHA]:
		case by.As == bot.PartCommitter:
			l.makers.add(by.Account, "is the committer of "+l.name(m.SHA))
		case by.As == bot.PartCoAuthor:
			l.makers.add(by.Account, "is a co-author of "+l.name(m.SHA))
		default:
			l.makers.add(by.Account, "is the author of "+l.name(m.SHA))
		}
	}
	if len(m.Unattributed) > 0 && !mergeCommit {
		l.makers.missing(fmt.Sprintf("%s of %s has no account on GitHub to compare with", m.Unattributed[0], bot.Short(m.SHA)))
	}
}

// mergedPull adds who opened a pull request, and who pushed to its branch.
func (l *makersReading) mergedPull(m bot.MergedPull, commits map[string]bot.CommitMakers) {
	pull := "the pull request"
	if m.Number != l.of.Pull {
		pull = fmt.Sprintf("#%d, which would go live with it", m.Number)
	}
	l.makers.add(m.Author, "is the author of "+pull)
	own := l.own(m)
	pushes, gap := l.s.PushersOf(m.Branch, m.Head, own)
	if m.Branch == "" {
		gap = m.Head // no webhook reports pushes to forks
	}
	for _, p := range pushes {
		l.makers.pushed(p.By, fmt.Sprintf("pushed to %s", pull))
	}
	for _, sha := range SortedKeys(own) {
		switch {
		case gap == "" || commits[sha].Signed:
			l.seen[sha] = true
		case m.Branch == "":
			l.makers.missing(fmt.Sprintf("who pushed %s to the fork that #%d comes from is not known, and it is not signed", bot.Short(sha), m.Number))
		default:
			l.makers.missing(fmt.Sprintf("who pushed %s to #%d is not known: Headstart received no webhook of that push", bot.Short(gap), m.Number))
		}
	}
}

// own lists the commits of a pull request. If its head was pushed to the branch, they are
// in the branch itself: then they are the commits that no push to the branch had brought
// before.
func (l *makersReading) own(m bot.MergedPull) map[string]bool {
	own := map[string]bool{}
	for _, sha := range m.Commits {
		own[sha] = true
	}
	if m.Exact || len(own) > 0 {
		return own
	}
	own = reach(m.Head, l.parents)
	for _, p := range l.s.Pushes {
		if p.Branch == l.s.Branch() && p.After != m.Head && own[p.After] {
			for sha := range reach(p.After, l.parents) {
				delete(own, sha)
			}
		}
	}
	return own
}

// credit records the commits whose pusher to the branch is known. A push that is exactly
// the merge of a pull request was made by its Merge button. The person who pressed it is
// the committer of rebased commits.
func (l *makersReading) credit() {
	for _, p := range l.s.Pushes {
		merge, exact := l.exact[p.After]
		if _, between := l.parents[p.After]; !between || p.Branch != l.s.Branch() || exact && merge.Parents > 1 {
			continue // a merge's commits came by the pull request's branch
		}
		for sha := range p.brought(l.parents) {
			l.seen[sha] = true
			l.merger[sha] = l.merger[sha] || exact
		}
	}
}

// pushed adds who pushed these commits to the branch itself, or to another branch. GitHub
// lists a pull request at its commit some seconds after the merge.
func (l *makersReading) pushed(at time.Time, commits map[string]bot.CommitMakers) {
	for _, p := range l.s.Pushes {
		_, between := l.parents[p.After]
		_, exact := l.exact[p.After]
		switch {
		case !between, exact && p.Branch == l.s.Branch():
		case p.Branch != l.s.Branch():
			if !p.Nothing {
				l.makers.pushed(p.By, "pushed "+bot.Short(p.After))
			}
		case l.unlisted(p.After), commits[p.After].Web && !l.listed[p.After] && at.Sub(p.At) < listedBy:
			l.makers.missing("GitHub does not list yet which pull request " + bot.Short(p.After) + " was; say it again in a minute")
		default:
			l.makers.pushed(p.By, fmt.Sprintf("pushed %s to %s", bot.Short(p.After), p.Branch))
		}
	}
}

// listedBy is how soon after a merge's push GitHub surely lists the pull request.
const listedBy = 30 * time.Second

// unlisted reports whether a webhook announced a merge that a reading does not show.
func (l *makersReading) unlisted(sha string) bool {
	for _, p := range l.s.Pulls {
		if p.Merged && p.MergeSHA == sha && !l.merged[p.Number] {
			return true
		}
	}
	return false
}

// openPull adds who pushed to the branch of a pull request that is not merged.
func (l *makersReading) openPull(commits map[string]bot.CommitMakers) {
	p := l.s.Pulls[l.of.Pull]
	m := bot.MergedPull{Number: p.Number, Head: l.of.SHA, Branch: p.Branch, Author: bot.Account{ID: p.AuthorID, Login: p.Author}}
	for sha := range commits {
		if !l.seen[sha] {
			m.Commits = append(m.Commits, sha)
		}
	}
	slices.Sort(m.Commits)
	l.mergedPull(m, commits)
}
