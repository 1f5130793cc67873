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

// What failed is tried again by a word: a build, and a stage.
func TestRetry(t *testing.T) {
	onBoth(t, choices{pipeline: steered}, func(b *bed) {
		b.must(b.shop.SetRole("zoe", "write"))
		b.deploy("first")
		b.place.failRelease(productionApp, "the migration failed")
		second := b.merge("second")
		b.until(5*time.Minute, "production says that it failed", b.hasStatus(second.SHA, "headstart/production", "failure"))
		b.pass(10 * time.Second)
		b.refused(second.Number(), "zoe", "/retry staging", "has not failed at staging")
		b.refused(second.Number(), "zoe", "/retry production", "is not live on production: the release failed on shop-production")
		b.place.failRelease(productionApp, "")
		b.done(second.Number(), "zoe", "/retry")
		b.expectLive(second.SHA)
		b.refused(second.Number(), "zoe", "/retry build", "no build of "+second.SHA[:7]+" failed")

		third := b.open("third", change("third"))
		b.settle()
		b.place.buildTakes(prepareApp, 10*time.Second)
		merge, err := third.Merge(githubtest.MergeOptions{Method: "squash"})
		b.must(err)
		b.place.failBuildOf(merge.SHA, "undefined: total")
		b.until(5*time.Minute, "the build fails", b.hasStatus(merge.SHA, "headstart/build", "failure"))
		b.pass(10 * time.Second)
		b.place.failBuildOf(merge.SHA, "")
		b.done(third.Number(), "zoe", "/retry build")
		b.until(5*time.Minute, "the third commit is live", b.live(merge.SHA))
		b.pass(10 * time.Second)
		b.expectLive(merge.SHA)
		b.expectNothingPending(second.SHA, merge.SHA)
	})
}

// A candidate is taken out of the pipeline, and its build is cancelled.
func TestCancel(t *testing.T) {
	onBoth(t, choices{pipeline: steered}, func(b *bed) {
		b.must(b.shop.SetRole("zoe", "write"))
		first := b.deploy("first")
		b.place.buildTakes(prepareApp, 10*time.Minute)
		second := b.merge("second")
		b.until(time.Minute, "the second commit is being built", b.hasStatus(second.SHA, "headstart/build", "pending"))
		b.done(second.Number(), "zoe", "/cancel")
		b.pass(time.Minute)
		for _, k := range b.place.builds(prepareApp) {
			if k.commit == second.SHA && k.status == "pending" {
				t.Errorf("the build of what was cancelled should be cancelled")
			}
		}
		b.expectStatus(second.SHA, "headstart/build", "error", "cancelled by @zoe")
		b.expectStatus(second.SHA, "headstart/staging", "failure", "cancelled by @zoe")
		b.refused(second.Number(), "zoe", "/cancel", "@zoe has cancelled "+second.SHA[:7]+" already")
		b.pass(20 * time.Minute)
		b.expectUntouched(second.SHA, stagingApp, productionApp)
		b.expectRuns(productionApp, first.SHA)
		b.expectNothingPending(first.SHA, second.SHA)
	})
}

// A lock keeps everything out until somebody who may unlocks; its reason is seen
// wherever somebody waits.
func TestLock(t *testing.T) {
	onBoth(t, choices{pipeline: steered}, func(b *bed) {
		b.must(b.shop.SetRole("zoe", "write"))
		b.must(b.shop.SetRole("eve", "triage"))
		first := b.deploy("first")
		b.done(first.Number(), "zoe", "/lock prod we are on television")
		second := b.merge("second")
		b.until(5*time.Minute, "staging has the second commit", b.hasStatus(second.SHA, "headstart/staging", "success"))
		b.pass(10 * time.Minute)
		b.expectRuns(productionApp, first.SHA)
		b.expectStatus(second.SHA, "headstart/production", "pending", "locked by @zoe: we are on television")
		b.expectComment(second.Number(), "locked by @zoe: we are on television")
		b.refused(second.Number(), "eve", "/unlock production", "@eve may not /unlock production", "write", "triage")
		b.refused(second.Number(), "zoe", "/promote production", "production is locked by @zoe: we are on television")
		b.expectRuns(productionApp, first.SHA)
		b.expectLock("production", true)
		b.done(first.Number(), "zoe", "/unlock production\n/lock staging")
		b.until(time.Minute, "the second commit is live", b.live(second.SHA))
		b.expectLock("staging", true)
		b.refused(first.Number(), "zoe", "/unlock production", "nothing is locked there")
		b.expectNothingPending(first.SHA, second.SHA)
	})
}
