package main

import (
	"testing"
	"time"
)

// What closes is obeyed whatever has moved.
func TestLockIsObeyedLate(t *testing.T) {
	onHeroku(t, choices{pipeline: straight}, func(b *bed, _ *herokuPlace) {
		_, _, third := b.deployThree()
		release := b.holdComments()
		asked := b.comment(third.Number(), "zoe", "/lock production it is on fire")
		b.deploy("fourth")
		release()
		b.until(time.Minute, "the lock is answered", b.answered(asked))
		b.expectReactions(asked, "eyes", "rocket")
		b.expectLock("production", true)
	})
}

// Somebody locks production for ten minutes. What is merged meanwhile waits, is told
// until when, and goes live by itself in the second in which that time is over; also
// if the bot was started anew meanwhile. What is urgent passes no lock.
func TestLockExpires(t *testing.T) {
	onBoth(t, choices{pipeline: steered, sweep: aside}, func(b *bed) {
		b.must(b.shop.SetRole("zoe", "maintain"))
		first := b.deploy("first")
		b.done(first.Number(), "zoe", "/lock production 10m I run a migration")
		until := b.production().Lock.Until
		second := b.merge("second")
		b.until(time.Minute, "staging has it", b.hasStatus(second.SHA, "headstart/staging", "success"))
		b.expectStatus(second.SHA, "headstart/production", "pending", "production is locked by @zoe until "+until.Format("2006-01-02 15:04:05")+" UTC: I run a migration")
		b.refused(second.Number(), "zoe", "/promote production --urgent at once", "production is locked by @zoe until")
		b.restart()
		b.pass(until.Sub(b.clock.Now()) - time.Second)
		b.expectUntouched(second.SHA, productionApp)
		b.expectLock("production", true)
		b.pass(time.Second)
		if b.current(productionApp) != second.SHA {
			t.Error("production should get it in the very second in which the lock ends")
		}
		b.until(10*time.Second, "it is live", b.live(second.SHA))
		b.expectLive(second.SHA)
		b.expectLock("production", false)
		b.expectNothingPending(first.SHA, second.SHA)
	})
}

// A lock keeps everything out until somebody who may unlocks; its reason is seen
// wherever somebody waits.
func TestLockKeepsEverythingOut(t *testing.T) {
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
