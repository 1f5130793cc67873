package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
)

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
