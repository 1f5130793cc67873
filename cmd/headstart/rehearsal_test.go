package main

import (
	"testing"
	"time"
)

const rehearsalApp = "shop-rehearsal"

// rehearsed is a pipeline that tries every release phase on a copy of production's
// database first.
const rehearsed = `checks: none
prepare: {apps: [shop-prepare], pull_requests: false}
stages:
  - name: rehearsal
    app: shop-rehearsal
    rehearse: {copy_from: shop-production}
  - name: production
    app: shop-production
`

// The copy is made before the release phase of the rehearsal runs, is there while it
// does, and is removed after it. A release phase that fails there never gets to
// production, and its copy is removed, too.
func TestRehearsalComesBeforeProduction(t *testing.T) {
	onBoth(t, choices{pipeline: rehearsed}, func(b *bed) {
		b.place.add(rehearsalApp)
		b.place.database(productionApp)
		b.place.copyTakes(rehearsalApp, 2*time.Minute)
		b.place.releaseTakes(rehearsalApp, 20*time.Second)
		good := b.merge("good")
		b.until(time.Minute, "the database is being copied", func() bool { return b.known().Copies[rehearsalApp].ID != "" })
		b.pass(time.Minute)
		b.expectStatus(good.SHA, "headstart/rehearsal", "pending", "Copying the database of shop-production for shop-rehearsal")
		b.expectUntouched(good.SHA, rehearsalApp, productionApp)
		b.until(5*time.Minute, "the rehearsal runs", func() bool { return len(b.place.releases(rehearsalApp)) == 1 })
		b.expectCopy(productionApp)
		b.expectUntouched(good.SHA, productionApp)
		b.until(time.Minute, "production has it", b.live(good.SHA))
		b.pass(10 * time.Second)
		b.expectCopy("")
		b.expectStatus(good.SHA, "headstart/rehearsal", "success", "Live on rehearsal")

		b.place.failRelease(rehearsalApp, "duplicate key in orders")
		bad := b.merge("bad")
		b.until(10*time.Minute, "the rehearsal fails", b.hasStatus(bad.SHA, "headstart/rehearsal", "failure"))
		b.pass(10 * time.Second)
		b.expectCopy("")
		b.expectStatus(bad.SHA, "headstart/rehearsal", "failure", "Not live: the release failed on shop-rehearsal")
		b.pass(10 * time.Minute)
		b.expectUntouched(bad.SHA, productionApp)
		b.expectRuns(productionApp, good.SHA)
		b.expectNothingPending(good.SHA, bad.SHA)
	})
}

// The database cannot be copied. Nothing is released without a copy, nothing gets to
// production, and of what was begun nothing is left.
func TestNoRehearsalWithoutACopy(t *testing.T) {
	onBoth(t, choices{pipeline: rehearsed}, func(b *bed) {
		b.place.add(rehearsalApp)
		b.place.database(productionApp)
		b.place.copyTakes(rehearsalApp, time.Minute)
		b.place.failCopy(rehearsalApp)
		c := b.merge("good")
		b.until(10*time.Minute, "the rehearsal fails", b.hasStatus(c.SHA, "headstart/rehearsal", "failure"))
		b.pass(10 * time.Minute)
		b.expectStatus(c.SHA, "headstart/rehearsal", "failure", "Not live: the database of shop-production could not be copied for shop-rehearsal")
		b.expectUntouched(c.SHA, rehearsalApp, productionApp)
		b.expectCopy("")
		b.expectNothingPending(c.SHA)
	})
}

// The bot is stopped while the copy is made. Whatever becomes of the rehearsal, no
// copy is left.
func TestRestartDuringRehearsal(t *testing.T) {
	onBoth(t, choices{pipeline: rehearsed}, func(b *bed) {
		b.place.add(rehearsalApp)
		b.place.database(productionApp)
		b.place.copyTakes(rehearsalApp, 2*time.Minute)
		c := b.merge("good")
		b.until(time.Minute, "the database is being copied", func() bool { return b.known().Copies[rehearsalApp].ID != "" })
		b.pass(30 * time.Second)
		b.restart()
		ended := func() bool {
			s := b.shop.Statuses(c.SHA)["headstart/rehearsal"].State
			return s == "success" || s == "failure"
		}
		b.until(10*time.Minute, "the rehearsal has ended", ended)
		b.pass(time.Minute)
		b.expectCopy("")
		if n := len(b.known().Copies); n != 0 {
			t.Errorf("no copy should be remembered, %d are", n)
		}
		b.expectNothingPending(c.SHA)
	})
}

// expectCopy holds whose database the rehearsal has a copy of.
func (b *bed) expectCopy(of string) {
	b.t.Helper()
	if got := b.place.copied(rehearsalApp); got != of {
		b.t.Errorf("shop-rehearsal should have a copy of the database of %q, it has one of %q", of, got)
	}
}
