package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// Whatever GitHub answers for a while, the deploy arrives, nothing is said twice
// and nobody is left waiting.
func TestFaultsOfGitHub(t *testing.T) {
	t.Parallel()
	faults := map[string]githubtest.Fault{
		"500":                    {Status: http.StatusInternalServerError},
		"502 with HTML":          {Status: http.StatusBadGateway, Body: "<html>Unicorn!</html>"},
		"the connection drops":   {Drop: true},
		"the answer is lost":     {Drop: true, After: true},
		"the secondary limit":    githubtest.SecondaryLimit("", 30*time.Second),
		"429 with a Retry-After": {Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"10"}}, Body: `{"message":"slow down"}`},
	}
	everyFault(t, faults, []string{"POST */deployments"}, []string{
		"GET */contents/*", "GET */check-runs*", "GET */status*", "GET */tarball/*", "GET */pulls*",
		"POST */statuses/*", "POST */deployments/*/statuses", "POST */access_tokens",
	}, func(t *testing.T, fault githubtest.Fault, request string) {
		b := newBed(t, "heroku", choices{})
		b.place.buildTakes(prepareApp, 20*time.Second)
		fault.Match = request
		b.gh.Inject(fault)
		c := b.push(change("a"))
		b.at(30*time.Second, func() { b.report(c.SHA, "success") })
		b.until(5*time.Minute, "the commit is live", b.live(c.SHA))
		b.pass(5 * time.Minute)
		b.expectLive(c.SHA)
		b.expectNothingPending(c.SHA)
		b.expectBuilds(prepareApp, c.SHA, 1)
		seen := map[string]bool{}
		for _, d := range b.shop.Deployments() {
			if seen[d.Environment] {
				t.Errorf("there should be one deployment to %s, there are more", d.Environment)
			}
			seen[d.Environment] = true
		}
	})
}

// The hour's limit of requests is respected: when it is used up the bot waits for
// the reset and then goes on.
func TestRateLimitOfGitHub(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		c := b.push(change("a"))
		b.pass(10 * time.Second)
		b.must(b.gh.SetRateLimit("acme", 5000, 0))
		b.report(c.SHA, "success")
		b.until(2*time.Hour, "the commit is live after the limit was reset", b.live(c.SHA))
		b.expectNothingPending(c.SHA)
		refused := 0
		for _, r := range b.gh.Requests() {
			if r.Status == http.StatusForbidden || r.Status == http.StatusTooManyRequests {
				refused++
			}
		}
		if refused > 10 {
			t.Errorf("a client that respects the limit should hardly run into it, it did %d times", refused)
		}
	})
}

// A busy minute may exceed the secondary limits, as GitHub counts them. The bot
// stops asking then, and everything is said all the same.
func TestSecondaryLimits(t *testing.T) {
	t.Parallel()
	b := newBed(t, "heroku", choices{options: func(o *githubtest.Options) { o.EnforceSecondaryLimits = true }})
	var shas []string
	many := inShort(5, 10) // deploys, each with a pull request
	for i := range many {
		c := b.push(change(fmt.Sprint("change ", i)))
		b.report(c.SHA, "success")
		shas = append(shas, c.SHA)
		b.open(fmt.Sprint("feature-", i), change(fmt.Sprint("feature ", i)))
		b.pass(10 * time.Second)
	}
	b.until(10*time.Minute, "the last commit is live", b.live(shas[many-1]))
	b.pass(10 * time.Minute)
	b.expectNothingPending(shas...)
	refused := 0
	for _, r := range b.gh.Requests() {
		if r.Status == http.StatusForbidden || r.Status == http.StatusTooManyRequests {
			refused++
		}
	}
	t.Logf("%d requests, %d refused", len(b.gh.Requests()), refused)
	if refused > 20 {
		t.Errorf("a client that respects the limits should hardly run into them, %d requests were refused", refused)
	}
}

// What one deploy asks of GitHub: at most 30 requests for two stages, also with
// twenty checks that all report on their own.
func TestBudgetOfGitHub(t *testing.T) {
	t.Parallel()
	b := newBed(t, "heroku", choices{pipeline: asGitHubRequires})
	b.place.buildTakes(prepareApp, 3*time.Minute)
	var names []githubtest.RequiredCheck
	for i := range 20 {
		names = append(names, githubtest.RequiredCheck{Context: fmt.Sprint("ci/", i)})
	}
	b.shop.RequireByRuleset("main", names...)
	for deploy := range 2 {
		before := len(b.gh.Requests())
		c := b.push(change(fmt.Sprint("change ", deploy)))
		for i, name := range names {
			run := b.run(c.SHA, name.Context)
			b.at(time.Duration(20+5*i)*time.Second, func() { b.must(run.Complete("success")) })
		}
		b.until(10*time.Minute, "the commit is live", b.live(c.SHA))
		b.pass(time.Minute)
		b.expectNothingPending(c.SHA)
		by, n := map[string]int{}, 0
		for _, r := range b.gh.Requests()[before:] {
			if !strings.Contains(r.Path, "access_tokens") && !strings.Contains(r.Path, "_codeload") && !strings.HasPrefix(r.Path, "/app/") {
				by[r.Route]++
				n++
			}
		}
		t.Logf("deploy %d, two stages and 20 checks, took %d requests to GitHub: %v", deploy+1, n, by)
		if n > 30 {
			t.Errorf("a deploy with 20 checks and two stages should take at most 30 requests to GitHub, it took %d: %v", n, by)
		}
	}
	resting := func() (n int) {
		for _, r := range b.gh.Requests() {
			if strings.HasPrefix(r.Path, "/repos/") {
				n++
			}
		}
		return n
	}
	before := resting()
	b.pass(time.Hour)
	if n := resting() - before; n > 7 {
		t.Errorf("a pipeline that rests should look at its branch every ten minutes, it asked GitHub %d times in an hour", n)
	}
}

// What GitHub refused to show people is shown later, as long as it is still true.
func TestWhatWasRefusedIsSaidLater(t *testing.T) {
	onBoth(t, choices{sweep: 117 * time.Second}, func(b *bed) {
		b.place.buildTakes(prepareApp, 3*time.Minute)
		refusal := githubtest.Fault{Status: http.StatusUnprocessableEntity, Body: `{"message":"Validation Failed"}`}
		for _, match := range []string{"POST */statuses/*", "POST */deployments"} {
			fault := refusal
			fault.Match = match
			b.gh.Inject(githubtest.For(20*time.Second, fault))
		}
		b.gh.Inject(githubtest.SubmittedTooQuickly())
		c := b.push(change("a"))
		pull := b.open("feature", change("feature"))
		b.pass(time.Minute)
		b.expectStatus(c.SHA, "headstart/build", "pending", "Building")
		b.expectStatus(c.SHA, "headstart/staging", "pending", "")
		b.report(c.SHA, "success")
		b.until(10*time.Minute, "the commit is live", b.live(c.SHA))
		b.pass(10 * time.Minute)
		b.expectNothingPending(c.SHA, pull.HeadSHA())
		if comments := b.shop.Comments(pull.Number()); len(comments) != 1 || !strings.Contains(comments[0].Body, "staging") {
			b.t.Errorf("the pull request should have the bot's one comment, it has %+v", comments)
		}
		if n := b.gh.Count("POST */statuses/*"); n > 30 {
			b.t.Errorf("what is refused is not said over and over, there were %d statuses", n)
		}
	})
}

// A permission that the App lacks is asked for ever less often.
func TestAMissingPermissionIsNotHammered(t *testing.T) {
	t.Parallel()
	b := newBed(t, "heroku", choices{})
	undo := b.gh.Inject(githubtest.Fault{Match: "POST */statuses/*", Status: http.StatusForbidden, Body: `{"message":"Resource not accessible by integration"}`, Times: -1})
	c := b.push(change("a"))
	b.report(c.SHA, "success")
	b.pass(time.Hour)
	before := b.gh.Count("POST */statuses/*")
	if before > 40 {
		t.Errorf("within an hour a status is tried about seven times, there were %d requests", before)
	}
	undo()
	b.until(90*time.Minute, "the statuses are set once the permission is there", func() bool {
		return b.shop.Statuses(c.SHA)["headstart/production"].State == "success" && b.shop.Statuses(c.SHA)["headstart/build"].State == "success"
	})
}
