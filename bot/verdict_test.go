package bot

import (
	"slices"
	"testing"
	"time"
)

func run(name string, app int64, state CheckState) Check {
	return Check{Kind: CheckRun, Name: name, AppID: app, State: state}
}

func status(name string, state CheckState) Check {
	return Check{Kind: CommitStatus, Name: name, State: state}
}

func TestVerdict(t *testing.T) {
	now := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	named := Checks{Names: CheckNames("test", "lint")}
	for name, tt := range map[string]struct {
		checks   Checks
		required *Required
		reports  Reports
		want     CheckState
		waiting  []string
		failed   []string
	}{
		"none are waited for":             {checks: Checks{None: true}, want: CheckPassed},
		"a named one has not reported":    {checks: named, reports: Reports{Checks: []Check{run("test", 1, CheckPassed)}}, want: CheckPending, waiting: []string{"lint"}},
		"the named ones passed":           {checks: named, reports: Reports{Checks: []Check{run("test", 1, CheckPassed), status("lint", CheckPassed), run("slow", 1, CheckPending)}}, want: CheckPassed},
		"one failed, one waits":           {checks: named, reports: Reports{Checks: []Check{run("test", 1, CheckFailed)}}, want: CheckFailed, waiting: []string{"lint"}, failed: []string{"test"}},
		"contexts ignore case":            {checks: named, reports: Reports{Checks: []Check{run("TEST", 1, CheckPassed), status("Lint", CheckPassed)}}, want: CheckPassed},
		"requirements are not known yet":  {reports: Reports{Checks: []Check{run("test", 1, CheckPassed)}}, want: CheckPending},
		"a run and a status of one name":  {required: &Required{Checks: []RequiredCheck{{Name: "test"}}}, reports: Reports{Checks: []Check{run("test", 1, CheckPassed), status("test", CheckFailed)}}, want: CheckFailed, failed: []string{"test"}},
		"another app's run is not it":     {required: &Required{Checks: []RequiredCheck{{Name: "test", AppID: 2}}}, reports: Reports{Checks: []Check{run("test", 1, CheckPassed)}}, want: CheckPending, waiting: []string{"test"}},
		"that app's run is":               {required: &Required{Checks: []RequiredCheck{{Name: "test", AppID: 2}}}, reports: Reports{Checks: []Check{run("test", 1, CheckFailed), run("test", 2, CheckPassed)}}, want: CheckPassed},
		"everything that reports":         {required: &Required{}, reports: Reports{Checks: []Check{run("a", 1, CheckPassed), status("b", CheckPending)}}, want: CheckPending, waiting: []string{"b"}},
		"nothing reported":                {required: &Required{}, want: CheckPending},
		"an empty suite never blocks":     {required: &Required{}, reports: Reports{Checks: []Check{run("a", 1, CheckPassed)}, Suites: []Suite{{App: "x"}}}, want: CheckPassed},
		"a suite with runs is waited for": {required: &Required{}, reports: Reports{Checks: []Check{run("a", 1, CheckPassed)}, Suites: []Suite{{App: "x", Runs: 2}}}, want: CheckPending, waiting: []string{"the suite of x"}},
		"a completed suite is not":        {required: &Required{}, reports: Reports{Checks: []Check{run("a", 1, CheckPassed)}, Suites: []Suite{{App: "x", Runs: 2, Completed: true}}}, want: CheckPassed},
	} {
		s := State{Config: Config{Checks: tt.checks}}
		if tt.required != nil {
			s.Required = Required{Checks: tt.required.Checks, ReadAt: now}
		}
		v := s.verdict(&Candidate{Reports: tt.reports})
		if v.State != tt.want || !slices.Equal(v.Waiting, tt.waiting) || !slices.Equal(v.Failed, tt.failed) {
			t.Errorf("%s: got %+v, want %s, waiting for %v, failed %v", name, v, tt.want, tt.waiting, tt.failed)
		}
	}
}

func TestSort(t *testing.T) {
	at := func(s int) time.Time { return time.Date(2026, 11, 2, 12, 0, s, 0, time.UTC) }
	for name, tt := range map[string]struct {
		pushes []Candidate
		want   []string
	}{
		"by time":                               {[]Candidate{{SHA: "b", PushedAt: at(2)}, {SHA: "a", PushedAt: at(1)}}, []string{"a", "b"}},
		"by what came before in one second":     {[]Candidate{{SHA: "a", Before: "b", PushedAt: at(1)}, {SHA: "b", Before: "z", PushedAt: at(1)}}, []string{"b", "a"}},
		"a chain in one second":                 {[]Candidate{{SHA: "a", Before: "b", PushedAt: at(1)}, {SHA: "b", Before: "c", PushedAt: at(1)}, {SHA: "c", Before: "z", PushedAt: at(1)}}, []string{"c", "b", "a"}},
		"behind a head that was found later":    {[]Candidate{{SHA: "a", Before: "h", PushedAt: at(1)}, {SHA: "h", PushedAt: at(9)}}, []string{"h", "a"}},
		"times tell where they can":             {[]Candidate{{SHA: "a", Before: "b", PushedAt: at(1)}, {SHA: "b", Before: "z", PushedAt: at(2)}}, []string{"a", "b"}},
		"a circle in one second ends somewhere": {[]Candidate{{SHA: "a", Before: "b", PushedAt: at(1)}, {SHA: "b", Before: "a", PushedAt: at(1)}}, []string{"a", "b"}},
	} {
		for range len(tt.pushes) {
			tt.pushes = append(tt.pushes[1:], tt.pushes[0])
			s := State{Candidates: slices.Clone(tt.pushes)}
			s.sort()
			var got []string
			for _, c := range s.Candidates {
				got = append(got, c.SHA)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%s, heard as %v: got the order %v, want %v", name, tt.pushes, got, tt.want)
			}
		}
	}
}

func TestBackoff(t *testing.T) {
	for _, key := range []string{"a", "build shop tree 1", "status x y"} {
		var since time.Duration
		for attempt := 1; since < 4*time.Minute; attempt++ {
			d := backoff(key, attempt)
			if attempt == 1 && d >= time.Second || d >= 15*time.Second || d <= 0 {
				t.Fatalf("%s waits %s after attempt %d, %s after the first: it should be under a second at first, and under 15 for minutes", key, d, attempt, since)
			}
			since += d
		}
	}
	if d := backoff("a", 1000); d > 3*time.Minute {
		t.Errorf("after a thousand attempts it waits %s, which nobody has the patience for", d)
	}
	for looks := range 100 {
		if d := lookInterval(looks); d < time.Second || d > 15*time.Second || looks <= 1 && d != time.Second {
			t.Errorf("after %d looks the next is in %s: it should be a second at first, and never over 15", looks, d)
		}
	}
}
