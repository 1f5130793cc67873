package bot

import (
	"slices"
	"strings"
)

// GitHub may require Headstart's own statuses of a branch. They are never waited for:
// that would be waiting for itself. Those of stages are set only after the merge, so
// that nothing can be merged where one is required; people are told.

// Theirs are the required checks that others report. Where there are none, nothing is
// required as far as Headstart is concerned, and everything that reports counts.
func (r Required) Theirs() []RequiredCheck {
	if !slices.ContainsFunc(r.Checks, RequiredCheck.Own) {
		return r.Checks
	}
	return slices.DeleteFunc(slices.Clone(r.Checks), RequiredCheck.Own)
}

// Own reports whether a required check is one of Headstart's own statuses.
func (q RequiredCheck) Own() bool { return OwnContext(q.Name) }

// Has reports whether a context is among the required ones. GitHub does not tell upper
// from lower case.
func (r Required) Has(context string) bool {
	return slices.ContainsFunc(r.Checks, func(q RequiredCheck) bool { return strings.EqualFold(q.Name, context) })
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

func (RulesRead) fact() {}

func (PullRequestsListed) fact() {}
