package bot

import (
	"slices"
	"strings"
	"time"
)

// settle is how long after a push nothing is believed complete where nobody says
// which checks are required: CI systems need some seconds to report at all.
const settle = 15 * time.Second

// Verdict is what the reports about a commit amount to.
type Verdict struct {
	State   CheckState
	Waiting []string // names that have not passed yet, sorted
	Failed  []string // names that failed, sorted
	Reason  string   // why it is pending where that is not a matter of names
	Unread  bool     // with Reason: GitHub has not said what it requires of the branch
	// Settling says that everything reported so far has passed, and that only
	// what may still report is waited for.
	Settling bool
}

// verdict judges a candidate's checks by what the file names, else by what
// GitHub requires of the branch, else by everything that reports.
func (s *State) verdict(c *Candidate) Verdict {
	r := c.Reports
	switch {
	case s.Config.Checks.None:
		return Verdict{State: CheckPassed}
	case !s.Config.Checks.AsGitHubRequires():
		named := Required{Checks: make([]RequiredCheck, len(s.Config.Checks.Names))}
		for i, n := range s.Config.Checks.Names {
			named.Checks[i].Name = n
		}
		return judge(named.theirs(), r.Checks)
	case s.Required.ReadAt.IsZero():
		return Verdict{State: CheckPending, Unread: true, Reason: "what GitHub requires of the branch has not been read yet"}
	case len(s.Required.theirs()) > 0:
		return judge(s.Required.theirs(), r.Checks)
	}
	return judgeAll(r)
}

// judge holds reports against required contexts. Every report of a required
// name counts, a check run and a status alike, and one that has not reported is
// not green. A status carries no app, so a required app cannot be told from it.
func judge(required []RequiredCheck, reports []Check) Verdict {
	v := Verdict{}
	for _, q := range required {
		state, seen := CheckPassed, false
		for _, k := range reports {
			if !strings.EqualFold(k.Name, q.Name) || k.Kind == CheckRun && q.AppID != 0 && k.AppID != q.AppID {
				continue
			}
			seen = true
			state = worse(state, k.State)
		}
		if !seen {
			state = CheckPending
		}
		v.count(q.Name, state)
	}
	return v.sum()
}

// judgeAll waits for everything that reports: every run and status, and every
// suite that has runs. Suites that no app fills stay queued for ever and count
// for nothing.
func judgeAll(r Reports) Verdict {
	v := Verdict{}
	for _, k := range r.Checks {
		v.count(k.Name, k.State)
	}
	for _, u := range r.Suites {
		if u.Runs > 0 && !u.Completed {
			v.count("the suite of "+u.App, CheckPending)
		}
	}
	v = v.sum()
	if v.State == CheckPassed {
		v.Settling = true
	}
	if len(r.Checks) == 0 {
		return Verdict{State: CheckPending, Settling: true,
			Reason: "no check has reported; name yours under `checks:`, or say `checks: none`"}
	}
	return v
}

func (v *Verdict) count(name string, state CheckState) {
	switch state {
	case CheckFailed:
		v.Failed = append(v.Failed, name)
	case CheckPending:
		v.Waiting = append(v.Waiting, name)
	}
}

func (v Verdict) sum() Verdict {
	v.Failed, v.Waiting = tidy(v.Failed), tidy(v.Waiting)
	switch {
	case len(v.Failed) > 0:
		v.State = CheckFailed
	case len(v.Waiting) > 0:
		v.State = CheckPending
	default:
		v.State = CheckPassed
	}
	return v
}

func tidy(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

func worse(a, b CheckState) CheckState {
	if a == CheckFailed || b == CheckFailed {
		return CheckFailed
	}
	if a == CheckPending || b == CheckPending {
		return CheckPending
	}
	return CheckPassed
}
