package main

import (
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// withPulls is steered with a staging that takes open pull requests.
var withPulls = strings.Replace(steered, "app: shop-staging", "app: shop-staging\n    pull_requests: true", 1)

// An open pull request's head is promoted into a stage that takes pull requests,
// and nowhere else; the next commit of the branch takes the stage back.
func TestPromoteOpenPullRequest(t *testing.T) {
	onBoth(t, choices{pipeline: withPulls}, func(b *bed) {
		b.must(b.shop.SetRole("zoe", "write"))
		first := b.deploy("first")
		pull := b.open("feature", change("feature"))
		b.pass(10 * time.Second)
		b.refused(pull.Number(), "zoe", "/promote production", "production takes no open pull requests")
		b.done(pull.Number(), "zoe", "/promote staging")
		b.expectRuns(stagingApp, pull.HeadSHA())
		b.expectRuns(productionApp, first.SHA)
		b.expectStatus(pull.HeadSHA(), "headstart/staging", "success", "Live on staging")
		b.expectComment(pull.Number(), pull.HeadSHA()[:7]+" is live on staging")
		b.pass(10 * time.Minute)
		b.expectRuns(productionApp, first.SHA)

		merge, err := pull.Merge(githubtest.MergeOptions{Method: "squash"})
		b.must(err)
		b.until(5*time.Minute, "production has the merge", b.hasStatus(merge.SHA, "headstart/production", "success"))
		b.pass(time.Minute)
		b.expectStatus(merge.SHA, "headstart/staging", "success", "Live on staging")
		b.expectNothingPending(first.SHA, merge.SHA, pull.HeadSHA())
	})
}

// The head is pinned when the command is read: what is pushed afterwards was not
// asked for.
func TestPushBetweenCommandAndPromotion(t *testing.T) {
	onBoth(t, choices{pipeline: withPulls}, func(b *bed) {
		b.must(b.shop.SetRole("zoe", "write"))
		first := b.deploy("first")
		pull := b.open("feature", change("feature"))
		asked := pull.HeadSHA()
		b.pass(2 * time.Second) // what is written in the second of a push may be about the head before
		b.place.buildTakes(prepareApp, time.Minute)
		c := b.comment(pull.Number(), "zoe", "/promote staging")
		b.pass(10 * time.Second)
		b.expectReactions(c, "eyes")
		pushed := b.pushTo("feature", change("more"))
		b.until(time.Minute, "the command is answered", b.answered(c))
		b.pass(10 * time.Minute)
		b.expectReactions(c, "eyes", "-1")
		b.expectComment(pull.Number(), pushed.SHA[:7]+" was pushed after the command")
		b.expectUntouched(asked, stagingApp, productionApp)
		b.expectUntouched(pushed.SHA, stagingApp, productionApp)
		b.expectNothingPending(first.SHA, asked)
		b.done(pull.Number(), "zoe", "/promote staging")
		b.expectRuns(stagingApp, pushed.SHA)
	})
}

// Code of forks is never released, whoever asks.
func TestForkIsNotPromoted(t *testing.T) {
	onBoth(t, choices{pipeline: withPulls, repo: githubtest.RepoOptions{Public: true}}, func(b *bed) {
		b.must(b.shop.SetRole("zoe", "admin"))
		first := b.deploy("first")
		fork, err := b.shop.Fork("stranger")
		b.must(err)
		c, err := fork.Commit("evil", change("evil"))
		b.must(err)
		pull, err := b.shop.OpenPull(githubtest.PullOptions{From: fork, Head: "evil", Title: "Trust me", User: "stranger"})
		b.must(err)
		b.refused(pull.Number(), "zoe", "/promote staging", "comes from a fork")
		b.refused(pull.Number(), "zoe", "/promote staging "+c.SHA, "comes from a fork")
		b.pass(10 * time.Minute)
		b.expectUntouched(c.SHA, stagingApp, productionApp)
		b.expectRuns(stagingApp, first.SHA)
	})
}

// On an open pull request /promote is about the head that its author saw.
func TestPromoteAboutTheHeadThatWasThere(t *testing.T) {
	onHeroku(t, choices{pipeline: pullStages}, func(b *bed, _ *herokuPlace) {
		b.deployThree()
		before := len(b.place.releases(stagingApp))
		p := b.open("feature", change("feature"))
		b.pass(time.Minute)
		release := b.holdComments()
		asked := b.comment(p.Number(), "zoe", "/promote staging")
		b.pass(5 * time.Second)
		evil := b.pushTo("feature", change("evil"))
		b.pass(time.Minute)
		release()
		b.until(time.Minute, "the promotion is answered", b.answered(asked))
		b.pass(5 * time.Second)
		b.expectReactions(asked, "eyes", "-1")
		b.expectComment(p.Number(), evil.SHA[:7]+" was pushed to the pull request after this was written", "/promote staging "+evil.SHA[:7])
		if n := len(b.place.releases(stagingApp)) - before; n != 0 {
			t.Error("what was pushed after the command should not be on staging")
		}
		b.done(p.Number(), "zoe", "/promote staging "+evil.SHA[:7])
		b.expectStatus(evil.SHA, "headstart/staging", "success", "Live on staging")
	})
}

const pullStages = `checks: none
prepare: {apps: [shop-prepare]}
stages:
  - name: staging
    app: shop-staging
    pull_requests: true
  - name: production
    app: shop-production
`

// An order for an open pull request names its head as GitHub has it at that moment,
// whatever webhooks have told, and is about that commit to its end.
func TestPromoteExactlyTheHead(t *testing.T) {
	onHeroku(t, choices{pipeline: pullStages}, func(b *bed, _ *herokuPlace) {
		_, _, third := b.deployThree()
		b.pushTo("feature", change("feature"))
		p, err := b.shop.OpenPull(githubtest.PullOptions{Head: "feature", Title: "Not yet", Draft: true})
		b.must(err)
		b.pass(time.Minute)
		reviewed := p.HeadSHA()
		other := b.pushTo("other", change("other"))
		b.must(b.shop.ForcePush("feature", other.SHA))
		b.pass(time.Minute)
		b.refused(p.Number(), "zoe", "/promote staging "+reviewed, "neither the head of this pull request", "/promote staging "+other.SHA[:7])

		b.gh.OnDelivery(func(d githubtest.Delivery) githubtest.Fate {
			if d.Event == "push" || d.Event == "pull_request" {
				return githubtest.Vanish
			}
			return githubtest.Deliver
		})
		unannounced := b.pushTo("feature", change("unannounced"))
		b.pass(5 * time.Second)
		b.refused(p.Number(), "zoe", "/promote staging "+other.SHA[:7], "neither the head of this pull request", "/promote staging "+unannounced.SHA[:7])
		b.expectUntouched(reviewed, stagingApp, productionApp)
		b.expectUntouched(other.SHA, stagingApp, productionApp)

		b.place.releaseTakes(stagingApp, 30*time.Second)
		c := b.comment(p.Number(), "zoe", "/promote staging "+unannounced.SHA)
		b.pass(10 * time.Second)
		b.expectReactions(c, "eyes")
		evil := b.pushTo("feature", change("evil"))
		b.until(5*time.Minute, "the command is answered", b.answered(c))
		b.pass(time.Minute)
		b.expectUntouched(evil.SHA, stagingApp, productionApp)
		b.expectReactions(c, "eyes", "rocket")
		b.expectStatus(unannounced.SHA, "headstart/staging", "success", "Live on staging")
		b.expectRuns(productionApp, third.SHA)
	})
}
