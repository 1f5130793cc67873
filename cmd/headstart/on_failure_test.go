package main

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// With on_failure: hold nothing goes back by itself: everything stays as it is, the
// stage is locked, and people are told. Somebody decides.
func TestFailedVerificationHolds(t *testing.T) {
	onBoth(t, choices{pipeline: verified + "    on_failure: hold\n"}, func(b *bed) {
		b.must(b.shop.SetRole("zoe", "write"))
		good := b.deploy("good")
		bad := b.merge("bad")
		b.sick(productionApp, bad.SHA, http.StatusInternalServerError, "boom")
		b.until(5*time.Minute, "production says that it failed", b.hasStatus(bad.SHA, "headstart/production", "failure"))
		b.pass(10 * time.Minute)
		b.expectCurrent(productionApp, bad.SHA)
		b.expectStatus(bad.SHA, "headstart/production", "failure", "Held until a person decides")
		b.expectLock("production", true)
		b.expectAnswer(bad.Number(), "@mona", "Held until a person decides", "boom")
		b.expectNothingPending(good.SHA, bad.SHA)

		b.done(bad.Number(), "zoe", "/rollback production")
		b.expectRuns(productionApp, good.SHA)
		b.expectStatus(good.SHA, "headstart/production", "success", "Live on production again after a rollback by @zoe")
		b.expectNothingPending(good.SHA, bad.SHA)
	})
}

// both is a production of two apps.
var both = strings.Replace(straight, "app: shop-production", "apps: [shop-production, shop-staging]", 1)

// Of two apps one does not take the release. That is no success: the one that took
// it goes back, the other has never moved, and each is named.
func TestOneAppOfTwoFails(t *testing.T) {
	onBoth(t, choices{pipeline: both}, func(b *bed) {
		good := b.deploy("good")
		b.expectRuns(stagingApp, good.SHA)
		b.place.failRelease(stagingApp, "the migration failed")
		b.place.releaseTakes(productionApp, 20*time.Second)
		bad := b.merge("bad")
		b.pass(15 * time.Second)
		b.expectRuns(productionApp, good.SHA) // as yet
		b.place.failRelease(stagingApp, "")   // of the bad commit it was
		b.until(time.Minute, "the other app has taken it", func() bool { return b.current(productionApp) == bad.SHA })
		b.until(5*time.Minute, "it goes back", b.runs(productionApp, good.SHA))
		b.pass(time.Minute)
		b.expectRuns(productionApp, good.SHA)
		b.expectRuns(stagingApp, good.SHA)
		b.expectStatus(bad.SHA, "headstart/production", "failure", "Rolled back to "+good.SHA[:7])
		b.expectAnswer(bad.Number(), "@mona", "the release failed on shop-staging", "it is live on shop-production", "Rolled back to "+good.SHA[:7])
		if d, _ := b.deployment(bad.SHA, "production"); d.State() != "failure" {
			t.Errorf("half a release is no success, the deployment says %s", d.State())
		}
		b.expectLock("production", true)
		b.expectNothingPending(good.SHA, bad.SHA)
	})
}

// Where it is to be held, the app that took it keeps it, and that is said.
func TestOneAppOfTwoFailsAndIsHeld(t *testing.T) {
	onBoth(t, choices{pipeline: both + "    on_failure: hold\n"}, func(b *bed) {
		good := b.deploy("good")
		b.place.failRelease(stagingApp, "the migration failed")
		bad := b.merge("bad")
		b.until(time.Minute, "production says that it failed", b.hasStatus(bad.SHA, "headstart/production", "failure"))
		b.pass(10 * time.Minute)
		b.expectRuns(productionApp, bad.SHA)
		b.expectRuns(stagingApp, good.SHA)
		b.expectStatus(bad.SHA, "headstart/production", "failure", "Held until a person decides")
		b.expectAnswer(bad.Number(), "the release failed on shop-staging", "it is live on shop-production", "Held until a person decides")
		b.expectLock("production", true)
		b.expectNothingPending(good.SHA, bad.SHA)
	})
}
