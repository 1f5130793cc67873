package main

import (
	"strings"
	"testing"
	"time"
)

// early opens at half past nine by the clocks of these stories, which is half past
// four in Toronto.
const early = `checks: none
prepare: {apps: [shop-prepare], pull_requests: false}
windows:
  early: {days: mon-fri, from: "04:30", to: "05:00", zone: America/Toronto}
stages:
  - name: staging
    app: shop-staging
  - name: production
    app: shop-production
    windows: [early]
`

// aside keeps the bot's looks for lost webhooks away from full minutes.
const aside = 2*time.Minute + 7*time.Millisecond

// What is merged outside of the window waits before production, is told until when,
// and goes live in the very second in which the window opens. Urgent work passes the
// window, if somebody who may says so and why.
func TestReleaseWaitsForItsWindow(t *testing.T) {
	onBoth(t, choices{pipeline: early, sweep: aside}, func(b *bed) {
		b.must(b.shop.SetRole("zoe", "maintain"))
		b.must(b.shop.SetRole("walter", "write"))
		first := b.merge("first")
		b.until(time.Minute, "staging has it", b.hasStatus(first.SHA, "headstart/staging", "success"))
		b.clockTo(9, 29, 59)
		b.expectStatus(first.SHA, "headstart/production", "pending", "the window early opens Mon 2026-03-02 04:30 America/Toronto")
		b.expectUntouched(first.SHA, productionApp)
		b.clockTo(9, 30, 0)
		if b.current(productionApp) != first.SHA {
			t.Error("production should get it in the very second in which the window opens")
		}
		b.until(10*time.Second, "it is live", b.live(first.SHA))

		b.clockTo(10, 0, 0) // it is shut again
		second := b.merge("second")
		b.until(time.Minute, "staging has the next", b.hasStatus(second.SHA, "headstart/staging", "success"))
		b.pass(5 * time.Minute)
		b.expectUntouched(second.SHA, productionApp)
		b.expectStatus(second.SHA, "headstart/production", "pending", "opens Tue 2026-03-03 04:30 America/Toronto")
		b.refused(second.Number(), "walter", "/promote production --urgent the shop is down", "--urgent takes maintain or admin, and @walter has the role write")
		b.expectUntouched(second.SHA, productionApp)
		b.done(second.Number(), "zoe", "/promote production --urgent the shop is down")
		b.expectLive(second.SHA)
		b.expectStatus(second.SHA, "headstart/production", "success", "urgent, by @zoe: the shop is down")
		if d, _ := b.deployment(second.SHA, "production"); !strings.Contains(d.Description, "Urgent, by @zoe: the shop is down") {
			t.Errorf("the deployment should keep who found it urgent, and why; it says %q", d.Description)
		}
		b.expectNothingPending(first.SHA, second.SHA)
	})
}
