package bot

import (
	"slices"
	"strings"
)

// GitHub may require Headstart's own statuses of a branch. Headstart never waits for them:
// it would wait for itself. Statuses of stages are set only after the merge. So requiring
// one of them blocks every merge, and people are warned.

// Theirs are the required checks that others report. Without any, Headstart takes it that
// nothing is required, and everything that reports counts.
func (r Required) Theirs() []RequiredCheck {
	if !slices.ContainsFunc(r.Checks, RequiredCheck.Own) {
		return r.Checks
	}
	return slices.DeleteFunc(slices.Clone(r.Checks), RequiredCheck.Own)
}

// Own reports whether a required check is one of Headstart's own statuses.
func (q RequiredCheck) Own() bool { return OwnContext(q.Name) }

// Has reports whether a context is required. GitHub ignores case.
func (r Required) Has(context string) bool {
	return slices.ContainsFunc(r.Checks, func(q RequiredCheck) bool { return strings.EqualFold(q.Name, context) })
}

// ReadRules reads what GitHub requires of a branch if no reading of checks does. Answer:
// RulesRead.
type ReadRules struct{ Branch string }

// RulesRead is what GitHub requires of a branch.
type RulesRead struct {
	Branch   string
	Required Required
}

// ListPullRequests lists the open pull requests of the repository. It finds those opened
// before Headstart got webhooks. Answer: PullRequestsListed.
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
