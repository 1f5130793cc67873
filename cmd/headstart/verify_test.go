package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// verified is steered with a production that is verified: its answers have to name
// the commit.
const verified = `checks: none
prepare: {apps: [shop-prepare], pull_requests: false}
stages:
  - name: staging
    app: shop-staging
  - name: production
    app: shop-production
    verify:
      url: https://shop-production.example.com/healthz
      revision: header X-Revision
      contains: is well
      successes: 2
      within: 1m
`

// A pull request is merged whose code does not work in production. The build that
// worked goes back by itself and is verified, too; production is locked, and
// whoever wrote it is told. What comes next waits until somebody decides.
func TestFailedVerificationRollsBack(t *testing.T) {
	onBoth(t, choices{pipeline: verified}, func(b *bed) {
		b.must(b.shop.SetRole("zoe", "write"))
		good := b.deploy("good")
		b.expectStatus(good.SHA, "headstart/production", "success", "released and verified in")
		bad := b.merge("bad")
		b.sick(productionApp, bad.SHA, http.StatusInternalServerError, "no such column: price")
		b.until(time.Minute, "the bad commit is being verified", func() bool {
			return strings.Contains(b.shop.Statuses(bad.SHA)["headstart/production"].Description, "verifying that it works")
		})
		b.expectCurrent(productionApp, bad.SHA)
		b.pass(30 * time.Second)
		b.expectCurrent(productionApp, bad.SHA) // it has a minute
		b.until(time.Minute, "production runs the good commit again", b.runs(productionApp, good.SHA))
		b.pass(20 * time.Second)

		b.expectStatus(bad.SHA, "headstart/staging", "success", "Live on staging")
		b.expectStatus(bad.SHA, "headstart/production", "failure", "Rolled back to "+good.SHA[:7]+" in")
		b.expectStatus(bad.SHA, "headstart/production", "failure", "it answers 500 (Internal Server Error) and not 200")
		b.expectStatus(good.SHA, "headstart/production", "success", "Live on production again after a rollback by Headstart")
		b.expectComment(bad.Number(), bad.SHA[:7]+" failed on production", "/unlock production")
		b.expectAnswer(bad.Number(), "@mona", bad.SHA[:7]+" failed on production", "no such column: price", "Rolled back to "+good.SHA[:7])
		if n := len(b.replies(bad.Number())); n != 1 {
			t.Errorf("people should be told once, they were %d times", n)
		}
		if d, _ := b.deployment(bad.SHA, "production"); d.State() != "failure" {
			t.Errorf("the deployment of the bad commit should have failed, it says %s", d.State())
		}
		b.expectLock("production", true)
		b.expectNothingPending(good.SHA, bad.SHA)

		mended := b.merge("mended")
		b.pass(5 * time.Minute)
		b.expectUntouched(mended.SHA, productionApp)
		b.expectStatus(mended.SHA, "headstart/production", "pending", "production is locked: "+bad.SHA[:7]+" failed there")
		b.done(mended.Number(), "zoe", "/promote production")
		b.expectLive(mended.SHA)
		b.expectLock("production", false)
		b.expectNothingPending(good.SHA, bad.SHA, mended.SHA)
	})
}

// An app that takes its time to come up is not taken for a bad one, as long as it
// is there in time.
func TestVerificationWaitsForASlowStart(t *testing.T) {
	onBoth(t, choices{pipeline: verified}, func(b *bed) {
		b.deploy("first")
		slow := b.merge("slow")
		b.sick(productionApp, slow.SHA, http.StatusServiceUnavailable, "warming up")
		b.until(time.Minute, "the slow commit is released", func() bool { return b.current(productionApp) == slow.SHA })
		b.pass(50 * time.Second)
		b.expectStatus(slow.SHA, "headstart/production", "pending", "verifying that it works")
		b.well(productionApp, slow.SHA)
		b.until(15*time.Second, "it is found well", b.live(slow.SHA))
		b.pass(10 * time.Minute)
		b.expectLive(slow.SHA)
		b.expectLock("production", false)
		b.expectNothingPending(slow.SHA)
		if n := len(b.replies(slow.Number())); n != 0 {
			t.Errorf("nobody should be alarmed, there are %d comments", n)
		}
	})
}

// The very first release does not work: there is nothing to go back to, and the
// bot says so in place of doing something.
func TestFailedVerificationOfTheFirstRelease(t *testing.T) {
	onBoth(t, choices{pipeline: verified}, func(b *bed) {
		first := b.open("first", change("first"))
		b.gh.PauseDeliveries()
		merge, err := first.Merge(githubtest.MergeOptions{Method: "squash"})
		b.must(err)
		b.sick(productionApp, merge.SHA, http.StatusInternalServerError, "no database")
		b.gh.ResumeDeliveries()
		b.until(10*time.Minute, "production says that it failed", b.hasStatus(merge.SHA, "headstart/production", "failure"))
		b.pass(10 * time.Minute)
		b.expectCurrent(productionApp, merge.SHA)
		b.expectStatus(merge.SHA, "headstart/production", "failure", "Held, with nothing proved to go back to")
		b.expectLock("production", true)
		b.expectAnswer(first.Number(), "@mona", "nothing proved to go back to")
		b.expectNothingPending(merge.SHA)
	})
}

// With preboot the version before answers for minutes after a release. Its answers
// prove nothing, because they name another commit; and where answers name none,
// nobody asks before the time that Heroku documents.
func TestVerificationBesidePreboot(t *testing.T) {
	for _, named := range []bool{true, false} {
		name, file := "answers name the commit", strings.Replace(verified, "within: 1m", "within: 10m", 1)
		if !named {
			name, file = "answers name nothing", strings.Replace(file, "      revision: header X-Revision\n", "", 1)
		}
		t.Run(name, func(t *testing.T) {
			onHeroku(t, choices{pipeline: file}, func(b *bed, p *herokuPlace) {
				p.apps[productionApp].SetPreboot(true)
				b.deploy("first")
				next := b.merge("next")
				b.sick(productionApp, next.SHA, http.StatusInternalServerError, "boom")
				b.until(time.Minute, "it is released", func() bool { return b.current(productionApp) == next.SHA })
				released := b.clock.Now()
				b.pass(2*time.Minute + 50*time.Second) // the version before answers, and is well
				b.expectStatus(next.SHA, "headstart/production", "pending", "Released; ")
				b.well(productionApp, next.SHA)
				b.until(time.Minute, "it is proved", b.live(next.SHA))
				if took := b.clock.Now().Sub(released); took < 3*time.Minute {
					t.Errorf("nothing that answers before the new version can take over proves it; it was proved after %s", took)
				}
				b.expectNothingPending(next.SHA)
			})
		})
	}
}
