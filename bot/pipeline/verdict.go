package pipeline

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// Verdict is the result of all reports about a commit.
type Verdict struct {
	State   bot.CheckState
	Waiting []string // names that have not passed yet, sorted
	Failed  []string // names that failed, sorted
	Reason  string   // why it is pending, other than by names
	Unread  bool     // with Reason: GitHub has not said what it requires of the branch
	// Settling says that all reports so far have passed, and only checks that may still
	// report are waited for.
	Settling bool
}

// Verdict judges a candidate's checks by the file's names, else by GitHub's required
// checks, else by everything that reports.
func (s *State) Verdict(c *Candidate) Verdict {
	r := c.Reports
	switch {
	case s.Config.Checks.None:
		return Verdict{State: bot.CheckPassed}
	case !s.Config.Checks.AsGitHubRequires():
		named := bot.Required{Checks: make([]bot.RequiredCheck, len(s.Config.Checks.Names))}
		for i, n := range s.Config.Checks.Names {
			named.Checks[i] = bot.RequiredCheck{Name: n.Name, App: n.App}
		}
		return judge(named.Theirs(), r.Checks)
	case s.Required.ReadAt.IsZero():
		return Verdict{State: bot.CheckPending, Unread: true, Reason: "what GitHub requires of the branch has not been read yet"}
	case len(s.Required.Theirs()) > 0:
		return judge(s.Required.Theirs(), r.Checks)
	}
	return judgeAll(r)
}

// judge compares reports with required contexts. Every report with a required name counts,
// of check runs and statuses alike. A context without a report is not green. See
// [bot.RequiredCheck] for contexts that require an app.
func judge(required []bot.RequiredCheck, reports []bot.Check) Verdict {
	v := Verdict{}
	for _, q := range required {
		state, seen := bot.CheckPassed, false
		for _, k := range reports {
			if q.Takes(k) {
				seen = true
				state = worse(state, k.State)
			}
		}
		if !seen {
			state = bot.CheckPending
		}
		v.count(q.String(), state)
	}
	return v.sum()
}

// judgeAll waits for everything that reports: every check run, every status, and every
// suite with runs. Suites without runs stay queued forever and do not count.
func judgeAll(r Reports) Verdict {
	v := Verdict{}
	for _, k := range r.Checks {
		v.count(k.Name, k.State)
	}
	for _, u := range r.Suites {
		if u.Runs > 0 && !u.Completed {
			v.count("the suite of "+u.App, bot.CheckPending)
		}
	}
	v = v.sum()
	if v.State == bot.CheckPassed {
		v.Settling = true
	}
	if len(r.Checks) == 0 {
		return Verdict{State: bot.CheckPending, Settling: true,
			Reason: "no check has reported; name yours under `checks:`, or say `checks: none`"}
	}
	return v
}

func (v *Verdict) count(name string, state bot.CheckState) {
	switch state {
	case bot.CheckFailed:
		v.Failed = append(v.Failed, name)
	case bot.CheckPending:
		v.Waiting = append(v.Waiting, name)
	}
}

func (v Verdict) sum() Verdict {
	v.Failed, v.Waiting = tidy(v.Failed), tidy(v.Waiting)
	switch {
	case len(v.Failed) > 0:
		v.State = bot.CheckFailed
	case len(v.Waiting) > 0:
		v.State = bot.CheckPending
	default:
		v.State = bot.CheckPassed
	}
	return v
}

func tidy(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

func worse(a, b bot.CheckState) bot.CheckState {
	if a == bot.CheckFailed || b == bot.CheckFailed {
		return bot.CheckFailed
	}
	if a == bot.CheckPending || b == bot.CheckPending {
		return bot.CheckPending
	}
	return bot.CheckPassed
}

// UpdateGreen keeps since when each candidate's checks are green, and when they were first
// red.
func (s *State) UpdateGreen(at time.Time) {
	for _, c := range s.All() {
		v := s.Verdict(c)
		if v.State == bot.CheckFailed && c.RedAt.IsZero() && c.Way.Ending.Outcome == "" {
			c.RedAt, c.Red = at, v.Failed
		}
		switch green := v.State == bot.CheckPassed; {
		case !green:
			c.GreenAt = time.Time{}
		case c.GreenAt.IsZero():
			c.GreenAt = at
		}
	}
}
