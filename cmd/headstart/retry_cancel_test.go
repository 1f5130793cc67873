package main

import (
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// What failed is tried again by a word: a build, and a stage.
func TestRetryOfWhatFailed(t *testing.T) {
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
func TestCancelTakesACommitOut(t *testing.T) {
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
