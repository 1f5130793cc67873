package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// A rollback is live again in seconds, with exactly what ran there before, and
// says so everywhere. The stage is locked: what is pushed meanwhile stops before
// it, and goes on once somebody unlocks.
func TestRollback(t *testing.T) {
	onBoth(t, choices{pipeline: steered}, func(b *bed) {
		b.place.releaseTakes(productionApp, 4*time.Second)
		_, second, third := b.deployThree()
		before, builds := b.place.releases(productionApp), len(b.place.builds(prepareApp))

		asked := b.comment(third.Number(), "zoe", "this is slow\n\n/rollback production\n")
		took := b.until(time.Minute, "production runs the second commit again", b.runs(productionApp, second.SHA))
		if most := 14 * time.Second; took > most {
			t.Errorf("a rollback should be live in under 10 s plus the 4 s of the release, it took %s", took)
		}
		b.until(time.Minute, "the comment is answered", b.answered(asked))
		b.pass(10 * time.Second)
		b.expectReactions(asked, "eyes", "rocket")
		after := b.place.releases(productionApp)
		if len(after) != len(before)+1 || after[len(after)-1].artifact != before[len(before)-2].artifact {
			t.Errorf("production should get one release, of the very artifact that ran there before; it had %v and has %v", before, after)
		}
		if n := len(b.place.builds(prepareApp)) - builds; n != 0 {
			t.Errorf("a rollback should build nothing, it built %d times", n)
		}
		b.expectRuns(stagingApp, third.SHA)
		b.expectStatus(second.SHA, "headstart/production", "success", "Live on production again after a rollback by @zoe")
		b.expectStatus(third.SHA, "headstart/production", "failure", "Rolled back by @zoe: production runs "+second.SHA[:7])
		var states []string
		for _, d := range b.shop.Deployments() {
			if d.Environment == "production" && (d.SHA == second.SHA || d.SHA == third.SHA) {
				states = append(states, d.SHA[:7]+" "+d.State())
			}
		}
		want := []string{second.SHA[:7] + " inactive", third.SHA[:7] + " inactive", second.SHA[:7] + " success"}
		if !slices.Equal(states, want) {
			t.Errorf("the deployments to production should be %v, they are %v", want, states)
		}
		b.expectComment(third.Number(), "rolled back by @zoe", "Production runs "+second.SHA[:7], "/unlock production")
		b.expectLock("production", true)

		fourth := b.merge("fourth")
		b.until(5*time.Minute, "the fourth commit is live on staging", b.hasStatus(fourth.SHA, "headstart/staging", "success"))
		b.pass(10 * time.Minute)
		b.expectRuns(productionApp, second.SHA)
		b.expectStatus(fourth.SHA, "headstart/production", "pending", "production is locked: rolled back by @zoe")
		b.expectComment(fourth.Number(), "production is locked: rolled back by @zoe")
		b.done(fourth.Number(), "zoe", "/unlock production")
		b.until(time.Minute, "the fourth commit is live", b.live(fourth.SHA))
		b.pass(time.Minute)
		b.expectLive(fourth.SHA)
		b.expectNothingPending(second.SHA, third.SHA, fourth.SHA)
		for _, r := range b.place.releases(productionApp)[len(after):] {
			if r.commit == third.SHA {
				t.Errorf("what was rolled back should never come back by itself")
			}
		}
	})
}

// A second rollback goes one further back, and a third finds nothing.
func TestRollbackTwice(t *testing.T) {
	onBoth(t, choices{pipeline: straight}, func(b *bed) {
		first, second, third := b.deployThree()
		b.done(third.Number(), "zoe", "/rollback")
		b.expectRuns(productionApp, second.SHA)
		b.done(third.Number(), "zoe", "/rollback")
		b.expectRuns(productionApp, first.SHA)
		b.expectComment(third.Number(), "production runs "+first.SHA[:7]+" again", "one further back")
		b.refused(third.Number(), "zoe", "/rollback", "no proved release of production to go back to")
		b.expectNothingPending(first.SHA, second.SHA, third.SHA)
	})
}

// A rollback during a promotion waits for its end, and undoes it.
func TestRollbackDuringPromotion(t *testing.T) {
	onBoth(t, choices{pipeline: straight}, func(b *bed) {
		_, _, third := b.deployThree()
		b.place.releaseTakes(productionApp, 30*time.Second)
		fourth := b.merge("fourth")
		b.until(time.Minute, "the fourth commit is being released", func() bool { return b.production().Promoting != nil })
		b.pass(5 * time.Second)
		asked := b.comment(fourth.Number(), "zoe", "/rollback")
		b.pass(5 * time.Second)
		b.expectReactions(asked, "eyes")
		b.expectComment(fourth.Number(), "once the promotion of "+fourth.SHA[:7]+" has ended")
		b.until(3*time.Minute, "the rollback is answered", b.answered(asked))
		b.pass(10 * time.Second)
		b.expectReactions(asked, "eyes", "rocket")
		b.expectRuns(productionApp, third.SHA)
		b.expectStatus(fourth.SHA, "headstart/production", "failure", "Rolled back by @zoe")
		b.expectNothingPending(third.SHA, fourth.SHA)
	})
}

// A rollback may name its target, by its commit or by a release's number.
func TestRollbackToTarget(t *testing.T) {
	onBoth(t, choices{pipeline: straight}, func(b *bed) {
		first, second, third := b.deployThree()
		b.done(third.Number(), "zoe", "/rollback production to "+first.SHA[:8])
		b.expectRuns(productionApp, first.SHA)
		b.done(third.Number(), "zoe", fmt.Sprintf("/rollback to v%d", b.version(productionApp, second.SHA)))
		b.expectRuns(productionApp, second.SHA)
		b.refused(third.Number(), "zoe", "/rollback to v99", "production has no proved release v99")
		b.refused(third.Number(), "zoe", "/rollback to "+second.SHA, "is what production runs")
		b.expectRuns(productionApp, second.SHA)
	})
}

// Code only is rolled back, unless the command says `with config`.
func TestRollbackWithConfig(t *testing.T) {
	onBoth(t, choices{pipeline: straight}, func(b *bed) {
		b.must(b.shop.SetRole("zoe", "write"))
		b.setVar(productionApp, "COLOR", "red")
		first := b.deploy("first")
		b.setVar(productionApp, "COLOR", "blue")
		second := b.deploy("second")
		b.done(second.Number(), "zoe", "/rollback production")
		b.expectRuns(productionApp, first.SHA)
		if got := b.variable(productionApp, "COLOR"); got != "blue" {
			t.Errorf("a rollback should leave config vars alone, COLOR is %q", got)
		}
		b.done(second.Number(), "zoe", "/promote production")
		b.expectRuns(productionApp, second.SHA)
		b.expectLock("production", false)
		b.done(second.Number(), "zoe", "/rollback production with config")
		b.expectRuns(productionApp, first.SHA)
		if got := b.variable(productionApp, "COLOR"); got != "red" {
			t.Errorf("a rollback with config should bring config vars back, COLOR is %q", got)
		}
	})
}

// Where the target is gone from the platform, the next older one is taken, and
// the answer says so.
func TestRollbackToAnArtifactThatIsGone(t *testing.T) {
	onBoth(t, choices{pipeline: straight}, func(b *bed) {
		first, second, third := b.deployThree()
		b.destroy(productionApp, second.SHA)
		b.done(third.Number(), "zoe", "/rollback")
		b.expectRuns(productionApp, first.SHA)
		b.expectComment(third.Number(), second.SHA[:7]+" cannot be brought back", "production runs "+first.SHA[:7]+" again")
		b.expectNothingPending(first.SHA, second.SHA, third.SHA)
	})
}

// A stage with two apps is rolled back on both; where one does not take it, the
// answer says which, and a further rollback brings them together.
func TestRollbackOfSeveralApps(t *testing.T) {
	onBoth(t, choices{pipeline: strings.Replace(straight, "app: shop-production", "apps: [shop-production, shop-staging]", 1)}, func(b *bed) {
		_, second, third := b.deployThree()
		b.done(third.Number(), "zoe", "/rollback")
		b.expectRuns(productionApp, second.SHA)
		b.expectRuns(stagingApp, second.SHA)
		b.done(third.Number(), "zoe", "/promote")
		b.expectRuns(productionApp, third.SHA)
		b.expectRuns(stagingApp, third.SHA)

		b.place.failRelease(stagingApp, "the database is away")
		b.refused(third.Number(), "zoe", "/rollback", "the rollback of production to "+second.SHA[:7]+" failed", "shop-staging", "it is live on shop-production")
		b.expectRuns(productionApp, second.SHA)
		b.expectRuns(stagingApp, third.SHA)
		b.place.failRelease(stagingApp, "")
		b.done(third.Number(), "zoe", "/rollback to "+second.SHA)
		b.expectRuns(productionApp, second.SHA)
		b.expectRuns(stagingApp, second.SHA)
		b.expectNothingPending(second.SHA, third.SHA)
	})
}

// After a rollback only an explicit promotion brings the commit back; it opens
// the lock that came with the rollback.
func TestPromoteAfterRollback(t *testing.T) {
	onBoth(t, choices{pipeline: steered}, func(b *bed) {
		_, second, third := b.deployThree()
		b.done(third.Number(), "zoe", "/rollback")
		b.done(third.Number(), "zoe", "/unlock")
		b.pass(10 * time.Minute)
		b.expectRuns(productionApp, second.SHA)
		b.done(third.Number(), "zoe", "/rollback")
		b.done(third.Number(), "zoe", "/promote production")
		b.expectLive(third.SHA)
		b.expectLock("production", false)
		b.expectComment(third.Number(), third.SHA[:7]+" is live on production")
		b.expectNothingPending(second.SHA, third.SHA)
	})
}

// The bot that was stopped between 👀 and the result goes on where it was.
func TestRestartDuringRollback(t *testing.T) {
	onBoth(t, choices{pipeline: straight}, func(b *bed) {
		_, second, third := b.deployThree()
		b.place.releaseTakes(productionApp, 20*time.Second)
		asked := b.comment(third.Number(), "zoe", "/rollback")
		b.until(time.Minute, "the rollback is under way", func() bool { return len(b.reactions(asked)) == 1 && b.production().Promoting != nil })
		b.pass(time.Second)
		b.restart()
		b.until(5*time.Minute, "the rollback is answered", b.answered(asked))
		b.pass(10 * time.Second)
		b.expectReactions(asked, "eyes", "rocket")
		b.expectRuns(productionApp, second.SHA)
		n := 0 // what the embedded platform was doing ends with the bot
		for _, r := range b.place.releases(productionApp) {
			if r.commit == second.SHA && r.status == "succeeded" {
				n++
			}
		}
		if n != 2 {
			t.Errorf("production should have got the second commit twice, forward and back, it got it %d times", n)
		}
		b.expectNothingPending(second.SHA, third.SHA)
	})
}

// A rollback is about what its author saw: once another commit has gone live, it
// brings nothing back, least of all what it was said about, and says how to say it
// exactly. Said exactly it is done.
func TestRollbackAboutWhatWasLive(t *testing.T) {
	onBoth(t, choices{pipeline: straight}, func(b *bed) {
		_, second, third := b.deployThree()
		release := b.holdComments()
		asked := b.comment(third.Number(), "zoe", "/rollback production")
		fourth := b.deploy("fourth")
		release()
		b.until(time.Minute, "the rollback is answered", b.answered(asked))
		b.pass(10 * time.Second)
		b.expectReactions(asked, "eyes", "-1")
		b.expectRuns(productionApp, fourth.SHA)
		b.expectLock("production", false)
		exactly := "/rollback production to " + second.SHA[:7]
		b.expectComment(third.Number(), fourth.SHA[:7]+" went live on production after this was written", exactly)
		b.done(third.Number(), "zoe", exactly)
		b.expectRuns(productionApp, second.SHA)
	})
}
