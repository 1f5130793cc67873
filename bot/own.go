package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// GitHub may require Headstart's own statuses of a branch. They are never waited for:
// that would be waiting for itself. Those of stages are set only after the merge, so
// that nothing can be merged where one is required; people are told.

// theirs are the required checks that others report. Where there are none, nothing is
// required as far as Headstart is concerned, and everything that reports counts.
func (r Required) theirs() []RequiredCheck {
	if !slices.ContainsFunc(r.Checks, RequiredCheck.own) {
		return r.Checks
	}
	return slices.DeleteFunc(slices.Clone(r.Checks), RequiredCheck.own)
}

// own reports whether a required check is one of Headstart's own statuses.
func (q RequiredCheck) own() bool { return OwnContext(q.Name) }

// has reports whether a context is among the required ones. GitHub does not tell upper
// from lower case.
func (r Required) has(context string) bool {
	return slices.ContainsFunc(r.Checks, func(q RequiredCheck) bool { return strings.EqualFold(q.Name, context) })
}

// NeverGreen lists the contexts that GitHub requires of the branch before a merge and
// that Headstart sets only afterwards, or not at all.
func (s State) NeverGreen() (contexts []string) {
	if !s.Configured {
		return nil
	}
	set := []string{s.context(buildContext)}
	for _, name := range s.Names {
		set = append(set, buildContext, ownPrefix+name+"/build")
	}
	for _, q := range s.Required.Checks {
		if q.own() && !slices.ContainsFunc(set, func(c string) bool { return strings.EqualFold(c, q.Name) }) {
			contexts = append(contexts, q.Name)
		}
	}
	return tidy(contexts)
}

// neverGreen warns of required contexts that cannot be green before a merge, as a line
// of Markdown; empty if there are none.
func (d *view) neverGreen() string {
	contexts := d.s.NeverGreen()
	if len(contexts) == 0 {
		return ""
	}
	are := "it is"
	if len(contexts) > 1 {
		are = "they are"
	}
	return fmt.Sprintf("- ⚠️ GitHub requires %s before the merge, but %s set only after it: nothing can be merged. **Next:** require `%s` of `%s` instead.\n",
		text(names(contexts)), are, code(d.s.context(buildContext)), code(d.s.Branch()))
}

// requiredComment is the comment on a pull request that is not built ahead: it warns of
// required contexts that keep it from being merged, and says when that is over; empty
// where there is nothing to warn of.
func (d *view) requiredComment(p PullRequest) (body string, neverGreen bool) {
	switch warning := d.neverGreen(); {
	case p.Fork || p.Listed:
		return "", false
	case warning != "":
		return Marker + "\n" + warning, true
	case p.Comment.NeverGreen:
		return Marker + "\nGitHub requires nothing any more that is set only after the merge.\n", false
	}
	return "", false
}

// ReadRules reads what GitHub requires of a branch, where no reading of checks does.
// Answer: RulesRead.
type ReadRules struct{ Branch string }

// RulesRead is what GitHub requires of a branch.
type RulesRead struct {
	Branch   string
	Required Required
}

// ListPullRequests lists the open pull requests of the repository, for those that were
// opened before anybody listened. Answer: PullRequestsListed.
type ListPullRequests struct{}

// PullRequestsListed are the open pull requests of the repository.
type PullRequestsListed struct{ Pulls []PullRequestChanged }

func (ReadRules) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{RulesRead{}}, Deadline: dayDeadline, Priority: PriorityWatch}
}

func (ListPullRequests) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{PullRequestsListed{}}, Deadline: dayDeadline, Priority: PriorityWatch}
}

func (RulesRead) fact()          {}
func (PullRequestsListed) fact() {}

// readRules finds out what GitHub requires where something waits to be merged, and no
// commit's checks are read: those tell it by the way.
func (d *decision) readRules() {
	newest := d.mergeable()
	if d.s.Branch() == "" || !d.s.sought() || newest.IsZero() {
		return
	}
	if d.s.Configured && !d.s.Config.Checks.None && len(d.s.Candidates) > 0 {
		return
	}
	if read := later(d.s.Required.ReadAt, d.s.RulesAt); newest.After(read.Add(staleRules)) {
		d.want(rulesKey, ReadRules{Branch: d.s.Branch()})
	} else if d.overdue(d.rereadSince(read, read.Add(sweepQuiet))) {
		d.wantIdle(rulesKey, ReadRules{Branch: d.s.Branch()})
	}
}

// mergeable is when the newest that could be merged into the branch was seen; zero:
// nothing could.
func (d *decision) mergeable() (newest time.Time) {
	for _, p := range d.s.Pulls {
		if p.Open && p.Base == d.s.Branch() {
			newest = later(newest, p.SeenAt)
		}
	}
	for i := range d.s.Groups {
		if g := &d.s.Groups[i]; g.Branch == d.s.Branch() && g.live(d.now) {
			newest = later(newest, g.SeenAt)
		}
	}
	return newest
}

// listPulls looks once for pull requests that were opened before anybody listened, where
// GitHub will not merge them without headstart/build.
func (d *decision) listPulls() {
	if d.s.Configured && d.s.PullsListed.IsZero() && d.s.Required.has(d.s.context(buildContext)) {
		d.want(listPullsKey, ListPullRequests{})
	}
}

func (s *State) rulesRead(do ReadRules, f Finished, began time.Time) {
	if do.Branch != s.Branch() {
		return
	}
	read, ok := f.Fact.(RulesRead)
	if ok && !read.Required.Missing && began.After(s.Required.ReadAt) {
		s.Required = Required{Checks: read.Required.Checks, ReadAt: began}
	}
	if ok || f.Outcome == Refuse {
		// That GitHub knows no rules is for the reading that decides to believe.
		s.RulesAt = later(s.RulesAt, began) // what was refused is asked again when that is overdue
	}
}

func (s *State) pullsListed(f Finished, at time.Time) {
	if f.Outcome != Done && f.Outcome != Refuse {
		return
	}
	s.PullsListed = at
	read, _ := f.Fact.(PullRequestsListed)
	for _, p := range read.Pulls {
		if _, known := s.Pulls[p.Number]; !known {
			s.Pulls[p.Number] = PullRequest{PullRequestChanged: p, SeenAt: at, Listed: true}
		}
	}
}
