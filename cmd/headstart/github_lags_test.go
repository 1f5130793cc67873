package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// Where every fourth connection to GitHub is lost, or every fourth request answered by
// something between, deploys arrive as quickly as without: what reads is repeated below
// the decision, and no status or comment is in anybody's way.
func TestEveryFourthRequestIsLost(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]githubtest.Fault{
		"the connection": githubtest.DropEvery(4), "the answer is 502": githubtest.BadGatewayEvery(4),
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, choices{pipeline: asGitHubRequires}, func(b *bed) {
				b.shop.RequireByRuleset("main", githubtest.RequiredCheck{Context: ciCheck})
				b.gh.Inject(fault)
				for i := range 5 {
					c := b.push(change(fmt.Sprint("change ", i)))
					run := b.run(c.SHA, ciCheck)
					b.pass(40 * time.Second)
					b.must(run.Complete("success"))
					if took := b.until(5*time.Minute, "the commit is live", b.live(c.SHA)); took > 15*time.Second {
						b.t.Errorf("deploy %d took %s from its green checks", i+1, took)
					}
					b.expectBuilds(prepareApp, c.SHA, 1)
				}
				b.pass(5 * time.Minute)
			})
		})
	}
}

// GitHub may not know a token yet that it has just given out. The commit is built ahead
// all the same, and nothing falls back.
func TestANewTokenIsNotKnownYet(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		delay  time.Duration
		status int
	}{{time.Second, http.StatusUnauthorized}, {3 * time.Second, http.StatusUnauthorized}, {time.Second, http.StatusForbidden}} {
		t.Run(fmt.Sprint(c.delay, " ", c.status), func(t *testing.T) {
			onBoth(t, choices{}, func(b *bed) {
				b.gh.SetTokenDelay(c.delay, c.status)
				commit := b.push(change("a"))
				b.report(commit.SHA, "success")
				if took := b.until(5*time.Minute, "the commit is live", b.live(commit.SHA)); took > 10*time.Second {
					t.Errorf("nothing should wait for a token but the request, the deploy took %s", took)
				}
				b.expectBuilds(prepareApp, commit.SHA, 1)
				b.expectBuilds(stagingApp, commit.SHA, 0)
				b.expectNothingPending(commit.SHA)
				if n := b.gh.Count("POST */access_tokens"); n != 1 {
					t.Errorf("another token would be as young: one should be asked for, %d were", n)
				}
			})
		})
	}
}

// GitHub's API lags behind its webhooks: everything about the pushed commit is unknown
// for a while. It is built on the prepare app within two seconds of being known, and
// its statuses are set.
func TestTheAPILagsBehindThePush(t *testing.T) {
	t.Parallel()
	for _, lag := range []githubtest.Lag{{For: 4 * time.Second}, {For: 20 * time.Second}, {For: 4 * time.Second, Status: 404}, {For: 9 * time.Second, OldHead: true}} {
		t.Run(fmt.Sprintf("%+v", lag), func(t *testing.T) {
			onBoth(t, choices{pipeline: asGitHubRequires}, func(b *bed) {
				b.shop.RequireByRuleset("main", githubtest.RequiredCheck{Context: ciCheck})
				b.firstDeploy()
				b.gh.SetLag(lag)
				c := b.push(change("late"))
				built := func() bool {
					return slices.ContainsFunc(b.place.builds(prepareApp), func(x built) bool { return x.commit == c.SHA })
				}
				if took := b.until(5*time.Minute, "the commit is built ahead", built); took < lag.For || took > lag.For+2*time.Second {
					t.Errorf("it should be built within 2 s of GitHub knowing it, it was after %s", took)
				}
				b.pass(2 * time.Second)
				if len(b.shop.Statuses(c.SHA)) == 0 {
					t.Error("its statuses should be set within 2 s of GitHub knowing it")
				}
				b.report(c.SHA, "success")
				b.until(time.Minute, "the commit is live", b.live(c.SHA))
				b.expectBuilds(prepareApp, c.SHA, 1)
				b.expectBuilds(stagingApp, c.SHA, 0)
				b.pass(5 * time.Minute)
				b.expectNothingPending(c.SHA)
			})
		})
	}
}

// A pull request is known later than its webhook, too, and is built ahead all the same.
func TestTheAPILagsBehindAPullRequest(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		b.firstDeploy()
		b.gh.SetLag(githubtest.Lag{For: 5 * time.Second})
		pull := b.open("feature", change("feature"))
		b.until(time.Minute, "the pull request is built", b.hasStatus(pull.HeadSHA(), "headstart/build", "success"))
		merge, err := pull.Merge(githubtest.MergeOptions{})
		b.must(err)
		b.report(merge.SHA, "success")
		b.until(time.Minute, "the merge is live", func() bool { return b.shop.Statuses(merge.SHA)["headstart/production"].State == "success" })
		b.expectBuilds(prepareApp, merge.SHA, 0)
		b.pass(5 * time.Minute)
		b.expectNothingPending(merge.SHA, pull.HeadSHA())
		if comments := b.shop.Comments(pull.Number()); len(comments) != 1 || !strings.Contains(comments[0].Body, "production") {
			b.t.Errorf("the pull request should have the bot's one comment, it has %+v", comments)
		}
	})
}

// GitHub lags behind its own webhooks: whatever is asked or said about the commit is
// 404 or 422 for seconds. It is built on the prepare app within two seconds of GitHub
// knowing it, and its statuses are set.
func TestGitHubDoesNotKnowTheCommitYet(t *testing.T) {
	const lag = 4 * time.Second
	onHeroku(t, choices{}, func(b *bed, _ *herokuPlace) {
		b.firstDeploy()
		b.gh.SetLag(githubtest.Lag{For: lag})
		pushed := b.clock.Now()
		c := b.push(change("a"))
		b.at(6*time.Second, func() { b.report(c.SHA, "success") })
		b.until(lag+2*time.Second, "the commit is built on the prepare app", func() bool {
			return slices.ContainsFunc(b.place.builds(prepareApp), func(x built) bool { return x.commit == c.SHA })
		})
		t.Logf("built %s after GitHub knew the commit", b.clock.Now().Sub(pushed)-lag)
		b.until(2*time.Minute, "the commit is live", b.live(c.SHA))
		b.expectBuilds(prepareApp, c.SHA, 1)
		b.expectNothingPending(c.SHA)
	})
}

// A rule that GitHub does not tell of yet holds: 404 is no word about rules while the
// push is young.
func TestRulesAreNotMissingBecauseTheyAreNotShown(t *testing.T) {
	onHeroku(t, choices{pipeline: asGitHubRequires}, func(b *bed, _ *herokuPlace) {
		b.shop.RequireByRuleset("main", githubtest.RequiredCheck{Context: ciCheck}, githubtest.RequiredCheck{Context: "security"})
		b.at(40*time.Second, b.gh.Inject(githubtest.Fault{
			Match: "GET /repos/*/rules/*", Times: -1, Status: http.StatusNotFound, Body: `{"message":"Not Found"}`,
		}))
		c := b.push(change("a"))
		b.report(c.SHA, "success")
		b.pass(6 * time.Minute)
		b.expectUntouched(c.SHA, stagingApp)
		b.must(b.shop.Check(c.SHA, "security", "success"))
		b.until(time.Minute, "the commit is live", b.live(c.SHA))
	})
}

// Where there are no rules at all GitHub's 404 is believed in the end.
func TestRepositoryWithoutRulesets(t *testing.T) {
	onHeroku(t, choices{pipeline: asGitHubRequires}, func(b *bed, _ *herokuPlace) {
		b.gh.Inject(githubtest.Fault{Match: "GET /repos/*/rules/*", Times: -1, Status: http.StatusNotFound, Body: `{"message":"Not Found"}`})
		c := b.push(change("a"))
		b.report(c.SHA, "success")
		b.until(3*time.Minute, "the commit is live", b.live(c.SHA))
	})
}

// GitHub may tell of a push without its commit: it is built and released like any
// other, within seconds.
func TestPushWithoutItsCommit(t *testing.T) {
	onHeroku(t, choices{pipeline: straight}, func(b *bed, _ *herokuPlace) {
		b.deployThree()
		var payload []byte
		b.gh.OnDelivery(func(d githubtest.Delivery) githubtest.Fate {
			if d.Event != "push" {
				return githubtest.Deliver
			}
			payload = d.Payload
			return githubtest.Vanish
		})
		c := b.push(change("bare"))
		var push map[string]any
		b.must(json.Unmarshal(payload, &push))
		push["head_commit"], push["commits"] = nil, []any{}
		body, err := json.Marshal(push)
		b.must(err)
		if status, answer := b.post("POST", "bare-1", "push", githubtest.Sign(webhookSecret, body), body); status != 202 {
			t.Fatalf("the push should be taken, it was answered with %d: %s", status, answer)
		}
		b.until(time.Minute, "it is live", b.live(c.SHA))
		b.expectBuilds(prepareApp, c.SHA, 1)
		b.expectNothingPending(c.SHA)
	})
}
