package main

import (
	"testing"
	"time"
)

// The main job: the build starts with the push, and what it leaves goes through
// every stage once the checks are green.
func TestPushToProduction(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		b.place.buildTakes(prepareApp, 90*time.Second)
		b.place.releaseTakes(stagingApp, 10*time.Second)
		b.place.releaseTakes(productionApp, 10*time.Second)
		c := b.push(change("a"))
		run := b.run(c.SHA, ciCheck)
		b.settle()
		b.expectBuilds(prepareApp, c.SHA, 1)
		b.expectStatus(c.SHA, "headstart/build", "pending", "Building on shop-prepare")
		b.expectStatus(c.SHA, "headstart/staging", "pending", "Waiting for the build and the checks")

		b.at(150*time.Second, func() { b.must(run.Complete("success")) })
		b.pass(149 * time.Second)
		b.expectStatus(c.SHA, "headstart/build", "success", "Built in")
		b.expectUntouched(c.SHA, stagingApp, productionApp)
		b.until(time.Minute, "the commit is live on production", b.live(c.SHA))
		b.expectLive(c.SHA)
		b.expectTold(c.SHA)
		b.expectBuilds(prepareApp, c.SHA, 1)
		b.expectBuilds(stagingApp, c.SHA, 0)
	})
}
