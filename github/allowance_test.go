package github_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github/githubtest"
)

func TestTheAllowanceIsWhatTheLastAnswerSaid(t *testing.T) {
	w := start(t)
	c := w.commit(map[string]string{"a": "1"})
	if a, app := w.client.Allowance(w.target.Installation), w.client.AppAllowance(); a != (bot.Allowance{}) || app != (bot.Allowance{}) {
		t.Errorf("nothing was heard yet, got %+v and %+v", a, app)
	}
	reset := w.clock.Now().Add(time.Hour)
	for left := 4999; left > 4996; left-- {
		do[bot.PullRequestFound](w, bot.FindPullRequest{SHA: c.SHA})
		if got, want := w.client.Allowance(w.target.Installation), (bot.Allowance{Limit: 5000, Left: left, Reset: reset}); !same(got, want) {
			t.Errorf("expected %+v, got %+v", want, got)
		}
	}
	// The token was the App's own request, and the installation's nothing.
	if got, want := w.client.AppAllowance(), (bot.Allowance{Limit: 5000, Left: 4999, Reset: reset}); !same(got, want) {
		t.Errorf("the App has asked for a token: expected %+v, got %+v", want, got)
	}
	if _, err := w.client.Installations(context.Background()); err != nil || w.client.AppAllowance().Left != 4998 {
		t.Errorf("the App has asked twice, got %+v, %v", w.client.AppAllowance(), err)
	}
	if got := w.client.Allowance(4711); got != (bot.Allowance{}) {
		t.Errorf("of an installation never spoken for nothing was heard, got %+v", got)
	}
	w.must(w.SetRateLimit("acme", 12500, 800))
	do[bot.PullRequestFound](w, bot.FindPullRequest{SHA: c.SHA})
	if got := w.client.Allowance(w.target.Installation); got.Limit != 12500 || got.Left != 799 {
		t.Errorf("the limit has grown to 12500, of which 799 are left, got %+v", got)
	}
	w.clock.Advance(time.Hour)
	if got, want := w.client.Allowance(w.target.Installation), (bot.Allowance{Limit: 12500, Left: 12500}); got != want {
		t.Errorf("the hour is over: expected %+v, got %+v", want, got)
	}
}

func same(a, b bot.Allowance) bool {
	return a.Limit == b.Limit && a.Left == b.Left && a.Reset.Equal(b.Reset)
}

// limits are the ways in which GitHub says that a limit is exhausted.
func limits(now time.Time) map[string]struct {
	fault githubtest.Fault
	wait  time.Duration
} {
	hour := func(left int, reset time.Duration) http.Header {
		return http.Header{
			"X-Ratelimit-Limit": {"5000"}, "X-Ratelimit-Remaining": {fmt.Sprint(left)}, "X-Ratelimit-Resource": {"core"},
			"X-Ratelimit-Reset": {fmt.Sprint(now.Add(reset).Unix())},
		}
	}
	after := func(h http.Header, text string) http.Header {
		h.Set("Retry-After", text)
		return h
	}
	const primary, secondary = `{"message":"API rate limit exceeded for installation ID 1."}`, `{"message":"You have exceeded a secondary rate limit."}`
	return map[string]struct {
		fault githubtest.Fault
		wait  time.Duration
	}{
		"403, primary":                               {githubtest.Fault{Status: 403, Body: primary, Header: hour(0, 40*time.Minute)}, 40 * time.Minute},
		"429, primary":                               {githubtest.Fault{Status: 429, Body: primary, Header: hour(0, 40*time.Minute)}, 40 * time.Minute},
		"403, primary, without words":                {githubtest.Fault{Status: 403, Header: hour(0, 40*time.Minute)}, 40 * time.Minute},
		"403, primary, with Retry-After":             {githubtest.Fault{Status: 403, Body: primary, Header: after(hour(0, 40*time.Minute), "2400")}, 40 * time.Minute},
		"403, primary, Retry-After before the reset": {githubtest.Fault{Status: 403, Body: primary, Header: after(hour(0, 40*time.Minute), "60")}, 40 * time.Minute},
		"403, primary, reset just now":               {githubtest.Fault{Status: 403, Body: primary, Header: hour(0, 0)}, time.Second},
		"403, primary, reset in years":               {githubtest.Fault{Status: 403, Body: primary, Header: hour(0, 1e6*time.Hour)}, time.Hour},
		"403, secondary":                             {githubtest.Fault{Status: 403, Body: secondary, Header: hour(4000, 40*time.Minute)}, time.Minute},
		"429, secondary":                             {githubtest.Fault{Status: 429, Body: secondary, Header: hour(4000, 40*time.Minute)}, time.Minute},
		"429, without headers":                       {githubtest.Fault{Status: 429, Body: html}, time.Minute},
		"403, secondary, with Retry-After":           {githubtest.Fault{Status: 403, Body: secondary, Header: after(hour(4000, 40*time.Minute), "42")}, 42 * time.Second},
		"429, secondary, with Retry-After":           {githubtest.Fault{Status: 429, Body: secondary, Header: after(hour(4000, 40*time.Minute), "42")}, 42 * time.Second},
		"403, Retry-After alone":                     {githubtest.Fault{Status: 403, Header: after(http.Header{}, "90")}, 90 * time.Second},
		"429, Retry-After as a date":                 {githubtest.Fault{Status: 429, Header: after(http.Header{}, now.Add(30*time.Second).Format(http.TimeFormat))}, 30 * time.Second},
		"429, Retry-After that is none":              {githubtest.Fault{Status: 429, Header: after(http.Header{}, "soon")}, time.Minute},
		"429, Retry-After in years":                  {githubtest.Fault{Status: 429, Header: after(http.Header{}, "2000000000")}, time.Hour},
		"429, Retry-After in the past":               {githubtest.Fault{Status: 429, Header: after(http.Header{}, "-5")}, time.Second},
	}
}

// While a limit is exhausted nothing is asked, everybody is told until when,
// and nothing counts as left; then all goes on by itself.
func TestEveryExhaustedLimitSaysUntilWhen(t *testing.T) {
	w := start(t)
	c := w.commit(map[string]string{"a": "1"})
	installation := struct {
		match     string
		ask       func() error
		allowance func() bot.Allowance
	}{"GET *pulls",
		func() error { _, err := w.perform(bot.Effect{Do: bot.FindPullRequest{SHA: c.SHA}}); return err },
		func() bot.Allowance { return w.client.Allowance(w.target.Installation) }}
	app := installation
	app.match = "GET /app/hook/*"
	app.ask = func() error { _, err := w.client.FailedDeliveries(context.Background(), w.clock.Now()); return err }
	app.allowance = w.client.AppAllowance
	w.must(installation.ask())

	for name := range limits(w.clock.Now()) {
		for _, one := range []struct {
			match     string
			ask       func() error
			allowance func() bot.Allowance
		}{installation, app} {
			w.clock.Advance(2 * time.Hour)
			c := limits(w.clock.Now())[name]
			until := w.clock.Now().Add(c.wait)
			c.fault.Match = one.match
			w.Inject(c.fault)
			for requests := range 2 { // the second time nothing is asked
				w.costs(1-requests, func() {
					err := one.ask()
					var limited *bot.Retryable
					if !errors.As(err, &limited) || !limited.Limit {
						t.Fatalf("%s: expected a limit, got %v", name, err)
					}
					if limited.After != c.wait || !strings.Contains(limited.Reason, "until "+until.Format("15:04:05")+" UTC") || !strings.HasSuffix(limited.Reason, ".") {
						t.Errorf("%s: expected to wait %s, and a sentence that says until %s; got %s and %q", name, c.wait, until, limited.After, limited.Reason)
					}
				})
			}
			if a := one.allowance(); a.Limit != 5000 || a.Left != 0 || !a.Reset.Equal(until) {
				t.Errorf("%s: nothing of 5000 should be left until %s, got %+v", name, until, a)
			}
			w.clock.Advance(c.wait)
			if a := one.allowance(); a.Left == 0 {
				t.Errorf("%s: the time has come, and yet nothing is left: %+v", name, a)
			}
			w.costs(1, func() { w.must(one.ask()) })
		}
	}
}

// The App's limit holds back who needs a token, and nobody who has one.
func TestTheAppsLimitIsNotTheInstallations(t *testing.T) {
	w := start(t)
	c := w.commit(map[string]string{"a": "1"})
	find := bot.FindPullRequest{SHA: c.SHA}
	other, err := w.CreateRepo("umbrella/shop", githubtest.RepoOptions{})
	w.must(err)
	theirs, err := other.Commit("main", map[string]string{"b": "1"})
	w.must(err)
	elsewhere := w.target
	elsewhere.Pipeline.Repo.Owner, elsewhere.Installation, elsewhere.RepoID = "umbrella", w.InstallationID("umbrella"), other.ID()
	ask := func() error {
		_, err := w.client.Perform(context.Background(), elsewhere, bot.Effect{Do: bot.FindPullRequest{SHA: theirs.SHA}})
		return err
	}
	do[bot.PullRequestFound](w, find)

	w.Inject(githubtest.SecondaryLimit("POST */access_tokens", time.Minute))
	tokens := w.Count("POST */access_tokens")
	for range 2 {
		if err := ask(); kind(err) != "limit" {
			t.Errorf("there is no token to be had: expected a limit, got %v", err)
		}
	}
	if n := w.Count("POST */access_tokens"); n != tokens+1 {
		t.Errorf("the App should ask for a token once, and then wait: it asked %d times", n-tokens)
	}
	do[bot.PullRequestFound](w, find)
	if a := w.client.Allowance(elsewhere.Installation); a != (bot.Allowance{}) {
		t.Errorf("of the installation itself nothing was heard, got %+v", a)
	}
	if a := w.client.AppAllowance(); a.Left != 0 || a.Limit == 0 {
		t.Errorf("the App itself may ask nothing now, got %+v", a)
	}
	w.clock.Advance(time.Minute)
	w.must(ask())
}

func TestA503SaysHowLongToWait(t *testing.T) {
	w := start(t)
	c := w.commit(map[string]string{"a": "1"})
	for text, want := range map[string]time.Duration{"": 0, "120": 2 * time.Minute, "soon": 0, "-1": 0, "999999": time.Hour} {
		undo := w.Inject(githubtest.Fault{Match: "GET *pulls", Status: 503, Header: http.Header{"Retry-After": {text}}, Body: html, Times: -1})
		_, err := w.perform(bot.Effect{Do: bot.FindPullRequest{SHA: c.SHA}})
		undo()
		var later *bot.Retryable
		if !errors.As(err, &later) || later.Limit || later.After != want {
			t.Errorf("Retry-After %q: expected a retry after %s, got %v", text, want, err)
		}
	}
}

// For the race detector.
func TestTheAllowanceIsReadWhileRequestsRun(t *testing.T) {
	w := start(t)
	c := w.commit(map[string]string{"a": "1"})
	w.Inject(githubtest.SecondaryLimit("GET *status", time.Second))
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 5 {
				_, err := w.client.Perform(context.Background(), w.target, bot.Effect{Do: bot.ReadChecks{SHA: c.SHA}})
				if k := kind(err); k != "done" && k != "limit" {
					t.Errorf("read the checks: %v", err)
				}
				a := w.client.Allowance(w.target.Installation)
				if a.Left < 0 || a.Left > a.Limit {
					t.Errorf("more is left than there is: %+v", a)
				}
				_ = w.client.AppAllowance()
				w.clock.Advance(time.Second)
			}
		})
	}
	wait.Wait()
}
