package pipeline

import (
	"fmt"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
)

// A stage with four eyes takes an approval only from somebody who has made nothing of
// what would go live with the candidate. Made has whoever is named in a commit, and
// whoever pushed: names in a commit are what its maker says, a push is what GitHub saw.
// Who only pressed Merge has made nothing, and neither has the merge queue. What is not
// known closes.

// makers are the people who made what lies between a stage and a candidate.
type makers struct {
	made    map[int64]string // by account: what somebody did, to be read after the name
	unknown string           // why somebody may be missing; empty: nobody is
	Unread  bool             // GitHub has not been asked yet
}

// add notes what somebody did. What was noted first is what is told.
func (e *makers) add(a bot.Account, what string) {
	switch {
	case a.Bot:
	case !known(a):
		e.missing("it is not known who " + what)
	case e.made[a.ID] == "":
		Put(&e.made, a.ID, what)
	}
}

// ownBots push what they made themselves: nobody tells them what to write. Logins with
// [bot] are given to Apps alone.
var ownBots = []string{"dependabot[bot]", "renovate[bot]", "github-merge-queue[bot]"}

// pushed notes who pushed. Other bots push what people have them push, such as workflows.
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

// MakersOf finds out who made what a candidate would bring to a stage.
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

// makerBases lists the commits that a candidate is to be compared with at a stage: all of
// what it runs. Where nothing is live yet, that is what the branch was when Headstart
// came: what went before nobody is asked about.
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

// takePeople takes in one reading.
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
	// The candidate's own first: that is what people look for.
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

// makersReading is one reading while it is looked at.
type makersReading struct {
	s       *State
	makers  *makers
	of      *Candidate
	parents map[string][]string       // of every commit of the reading
	exact   map[string]bot.MergedPull // merges that GitHub made, by the commit
	seen    map[string]bool           // commits of which it is known who pushed them
	merged  map[int]bool              // pull requests that the reading knows to be merged
	listed  map[string]bool           // the commits that they were merged as
	merger  map[string]bool           // commits whose committer only pressed Merge
}

// name is what a commit is called in a sentence about it.
func (l *makersReading) name(sha string) string {
	if sha == l.of.SHA {
		return "the commit"
	}
	return bot.Short(sha) + ", which would go live with it"
}

// named takes in who is named in a commit. The author of a merge commit that GitHub made
// is whoever pressed Merge, and so is the committer of what GitHub rebased.
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

// mergedPull takes in who opened a pull request, and who pushed to its branch.
func (l *makersReading) mergedPull(m bot.MergedPull, commits map[string]bot.CommitMakers) {
	pull := "the pull request"
	if m.Number != l.of.Pull {
		pull = fmt.Sprintf("#%d, which would go live with it", m.Number)
	}
	l.makers.add(m.Author, "is the author of "+pull)
	own := l.own(m)
	pushes, gap := l.s.PushersOf(m.Branch, m.Head, own)
	if m.Branch == "" {
		gap = m.Head // nobody tells of pushes to forks
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

// own lists the commits of a pull request. Those of one whose head somebody pushed to the
// branch are in the branch itself: they are what no push to the branch had brought before.
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

// credit notes of which commits it is known who pushed them to the branch. A push that is
// exactly the merge of a pull request was made by pressing a button: what a rebase wrote
// anew has the one who pressed it as its committer.
func (l *makersReading) credit() {
	for _, p := range l.s.Pushes {
		merge, exact := l.exact[p.After]
		if _, between := l.parents[p.After]; !between || p.Branch != l.s.Branch() || exact && merge.Parents > 1 {
			continue // the commits of a merge came by the branch of the pull request
		}
		for sha := range p.brought(l.parents) {
			l.seen[sha] = true
			l.merger[sha] = l.merger[sha] || exact
		}
	}
}

// pushed takes in who pushed what lies between to the branch itself, or to any other
// branch. GitHub lists a pull request at its commit some seconds after it was merged.
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

// listedBy is how soon after a push GitHub surely lists of which pull request it was the
// merge.
const listedBy = 30 * time.Second

// unlisted reports whether a webhook has told of a merge that a reading does not know.
func (l *makersReading) unlisted(sha string) bool {
	for _, p := range l.s.Pulls {
		if p.Merged && p.MergeSHA == sha && !l.merged[p.Number] {
			return true
		}
	}
	return false
}

// openPull takes in who pushed to the branch of a pull request that is not merged.
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
