package apply

import (
	"slices"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/release"
)

func run(name string, app int64, state bot.CheckState) bot.Check {
	return bot.Check{Kind: bot.CheckRun, Name: name, AppID: app, State: state}
}

func status(name string, state bot.CheckState) bot.Check {
	return bot.Check{Kind: bot.CommitStatus, Name: name, State: state}
}

func TestVerdict(t *testing.T) {
	now := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	named := bot.Checks{Names: bot.CheckNames("test", "lint")}
	for name, tt := range map[string]struct {
		checks   bot.Checks
		required *bot.Required
		reports  pipeline.Reports
		want     bot.CheckState
		waiting  []string
		failed   []string
	}{
		"none are waited for":             {checks: bot.Checks{None: true}, want: bot.CheckPassed},
		"a named one has not reported":    {checks: named, reports: pipeline.Reports{Checks: []bot.Check{run("test", 1, bot.CheckPassed)}}, want: bot.CheckPending, waiting: []string{"lint"}},
		"the named ones passed":           {checks: named, reports: pipeline.Reports{Checks: []bot.Check{run("test", 1, bot.CheckPassed), status("lint", bot.CheckPassed), run("slow", 1, bot.CheckPending)}}, want: bot.CheckPassed},
		"one failed, one waits":           {checks: named, reports: pipeline.Reports{Checks: []bot.Check{run("test", 1, bot.CheckFailed)}}, want: bot.CheckFailed, waiting: []string{"lint"}, failed: []string{"test"}},
		"contexts ignore case":            {checks: named, reports: pipeline.Reports{Checks: []bot.Check{run("TEST", 1, bot.CheckPassed), status("Lint", bot.CheckPassed)}}, want: bot.CheckPassed},
		"requirements are not known yet":  {reports: pipeline.Reports{Checks: []bot.Check{run("test", 1, bot.CheckPassed)}}, want: bot.CheckPending},
		"a run and a status of one name":  {required: &bot.Required{Checks: []bot.RequiredCheck{{Name: "test"}}}, reports: pipeline.Reports{Checks: []bot.Check{run("test", 1, bot.CheckPassed), status("test", bot.CheckFailed)}}, want: bot.CheckFailed, failed: []string{"test"}},
		"another app's run is not it":     {required: &bot.Required{Checks: []bot.RequiredCheck{{Name: "test", AppID: 2}}}, reports: pipeline.Reports{Checks: []bot.Check{run("test", 1, bot.CheckPassed)}}, want: bot.CheckPending, waiting: []string{"test"}},
		"that app's run is":               {required: &bot.Required{Checks: []bot.RequiredCheck{{Name: "test", AppID: 2}}}, reports: pipeline.Reports{Checks: []bot.Check{run("test", 1, bot.CheckFailed), run("test", 2, bot.CheckPassed)}}, want: bot.CheckPassed},
		"everything that reports":         {required: &bot.Required{}, reports: pipeline.Reports{Checks: []bot.Check{run("a", 1, bot.CheckPassed), status("b", bot.CheckPending)}}, want: bot.CheckPending, waiting: []string{"b"}},
		"nothing reported":                {required: &bot.Required{}, want: bot.CheckPending},
		"an empty suite never blocks":     {required: &bot.Required{}, reports: pipeline.Reports{Checks: []bot.Check{run("a", 1, bot.CheckPassed)}, Suites: []bot.Suite{{App: "x"}}}, want: bot.CheckPassed},
		"a suite with runs is waited for": {required: &bot.Required{}, reports: pipeline.Reports{Checks: []bot.Check{run("a", 1, bot.CheckPassed)}, Suites: []bot.Suite{{App: "x", Runs: 2}}}, want: bot.CheckPending, waiting: []string{"the suite of x"}},
		"a completed suite is not":        {required: &bot.Required{}, reports: pipeline.Reports{Checks: []bot.Check{run("a", 1, bot.CheckPassed)}, Suites: []bot.Suite{{App: "x", Runs: 2, Completed: true}}}, want: bot.CheckPassed},
	} {
		s := pipeline.State{Config: bot.Config{Checks: tt.checks}}
		if tt.required != nil {
			s.Required = bot.Required{Checks: tt.required.Checks, ReadAt: now}
		}
		v := s.Verdict(&pipeline.Candidate{Reports: tt.reports})
		if v.State != tt.want || !slices.Equal(v.Waiting, tt.waiting) || !slices.Equal(v.Failed, tt.failed) {
			t.Errorf("%s: got %+v, want %s, waiting for %v, failed %v", name, v, tt.want, tt.waiting, tt.failed)
		}
	}
}

func TestSort(t *testing.T) {
	at := func(s int) time.Time { return time.Date(2026, 11, 2, 12, 0, s, 0, time.UTC) }
	for name, tt := range map[string]struct {
		pushes []pipeline.Candidate
		want   []string
	}{
		"by time":                               {[]pipeline.Candidate{{SHA: "b", PushedAt: at(2)}, {SHA: "a", PushedAt: at(1)}}, []string{"a", "b"}},
		"by what came before in one second":     {[]pipeline.Candidate{{SHA: "a", Before: "b", PushedAt: at(1)}, {SHA: "b", Before: "z", PushedAt: at(1)}}, []string{"b", "a"}},
		"a chain in one second":                 {[]pipeline.Candidate{{SHA: "a", Before: "b", PushedAt: at(1)}, {SHA: "b", Before: "c", PushedAt: at(1)}, {SHA: "c", Before: "z", PushedAt: at(1)}}, []string{"c", "b", "a"}},
		"behind a head that was found later":    {[]pipeline.Candidate{{SHA: "a", Before: "h", PushedAt: at(1)}, {SHA: "h", PushedAt: at(9)}}, []string{"h", "a"}},
		"times tell where they can":             {[]pipeline.Candidate{{SHA: "a", Before: "b", PushedAt: at(1)}, {SHA: "b", Before: "z", PushedAt: at(2)}}, []string{"a", "b"}},
		"a circle in one second ends somewhere": {[]pipeline.Candidate{{SHA: "a", Before: "b", PushedAt: at(1)}, {SHA: "b", Before: "a", PushedAt: at(1)}}, []string{"a", "b"}},
	} {
		for range len(tt.pushes) {
			tt.pushes = append(tt.pushes[1:], tt.pushes[0])
			s := pipeline.State{Candidates: slices.Clone(tt.pushes)}
			sort(&s)
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
			d := pipeline.Backoff(key, attempt)
			if attempt == 1 && d >= time.Second || d >= 15*time.Second || d <= 0 {
				t.Fatalf("%s waits %s after attempt %d, %s after the first: it should be under a second at first, and under 15 for minutes", key, d, attempt, since)
			}
			since += d
		}
	}
	if d := pipeline.Backoff("a", 1000); d > 3*time.Minute {
		t.Errorf("after a thousand attempts it waits %s, which nobody has the patience for", d)
	}
	for looks := range 100 {
		if d := release.LookInterval(looks); d < time.Second || d > 15*time.Second || looks <= 1 && d != time.Second {
			t.Errorf("after %d looks the next is in %s: it should be a second at first, and never over 15", looks, d)
		}
	}
}
