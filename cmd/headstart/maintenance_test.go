package main

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

// maintained is a production that is in maintenance mode while a migration is
// released.
const maintained = `checks: none
prepare: {apps: [shop-prepare], pull_requests: false}
changes:
  migration: [db/migrate/**]
stages:
  - name: staging
    app: shop-staging
  - name: production
    app: shop-production
    maintenance: [migration]
`

// migration is a change of that class.
func migration(name string) map[string]string {
	return map[string]string{"db/migrate/" + name + ".sql": "alter table t add " + name + " int;\n"}
}

// expectUnder holds whether visitors of production are shown that it is in
// maintenance mode, and of staging that it never is.
func (b *bed) expectUnder(want bool) {
	b.t.Helper()
	if got := b.place.under(productionApp); got != want {
		b.t.Errorf("production should be in maintenance mode: %t, it is: %t", want, got)
	}
	if b.place.under(stagingApp) {
		b.t.Error("staging should never be in maintenance mode")
	}
}

// Maintenance mode is on while a migration is released, and off again after it,
// however the migration ended. Plain code does without.
func TestMaintenanceMode(t *testing.T) {
	onBoth(t, choices{pipeline: maintained}, func(b *bed) {
		b.deploy("first")
		b.place.releaseTakes(productionApp, 20*time.Second)
		code := b.merge("code")
		b.until(time.Minute, "plain code is being released", func() bool { return b.production().Promoting != nil })
		b.pass(10 * time.Second)
		b.expectUnder(false)
		b.until(time.Minute, "plain code is live", b.live(code.SHA))

		good := b.mergeFiles("good", migration("good"))
		b.until(time.Minute, "the migration is being released", func() bool { return b.production().Promoting != nil })
		b.pass(10 * time.Second)
		b.expectUnder(true)
		b.expectStatus(good.SHA, "headstart/production", "pending", "Maintenance mode is on while it is released to shop-production")
		b.until(time.Minute, "the migration is live", b.live(good.SHA))
		b.expectUnder(false)

		b.place.failRelease(productionApp, "column exists")
		bad := b.mergeFiles("bad", migration("bad"))
		b.until(time.Minute, "the bad migration is being released", func() bool { return b.production().Promoting != nil })
		b.pass(10 * time.Second)
		b.expectUnder(true)
		b.until(time.Minute, "it fails", b.hasStatus(bad.SHA, "headstart/production", "failure"))
		b.expectUnder(false)
		b.expectRuns(productionApp, good.SHA)
		b.expectStatus(bad.SHA, "headstart/production", "failure", "Not live: the release failed on shop-production")
		b.expectNothingPending(code.SHA, good.SHA, bad.SHA)
		if p, ok := b.place.(*herokuPlace); ok {
			if n := len(p.asked("PATCH", "/apps/shop-production")); n != 6 { // of the first deploy nobody knew what it changes
				t.Errorf("Heroku should have been asked six times to turn it on or off, it was %d times", n)
			}
		}
	})
}

// However often the bot is stopped in the middle of a migration, maintenance mode is
// never left on, and whoever turned it on by hand keeps it.
func TestRestartDuringMaintenance(t *testing.T) {
	t.Parallel()
	for _, name := range legs(t) {
		for _, every := range []int{1, 2, 3} {
			t.Run(fmt.Sprintf("%s, after every %d commits to the database", name, every), func(t *testing.T) {
				t.Parallel()
				b := newBed(t, name, choices{pipeline: maintained})
				b.deploy("first")
				b.place.releaseTakes(productionApp, 15*time.Second)
				most := 8
				if name == "local" { // what the embedded platform releases ends with the bot, and is begun anew only so often
					most = 2
				}
				var stop, on atomic.Bool
				count := 0
				b.mu.Lock()
				b.onState = func(c engine.Commit) {
					m := c.State.Maintenance[productionApp]
					on.Store(on.Load() || m.On)
					if m.Asked { // from here on it counts
						if count++; count%every == 0 {
							stop.Store(true)
						}
					}
				}
				b.mu.Unlock()
				c := b.mergeFiles("migration", migration("a"))
				restarts := 0
				for end := b.clock.Now().Add(15 * time.Minute); !b.live(c.SHA)() && b.clock.Now().Before(end); {
					if stop.CompareAndSwap(true, false) && restarts < most {
						b.restart()
						restarts++
					}
					if !b.step(end) {
						break
					}
				}
				if restarts == 0 {
					t.Error("it should have been stopped in the middle")
				}
				b.pass(7 * time.Minute)
				b.expectLive(c.SHA)
				b.expectUnder(false)
				b.expectNothingPending(c.SHA)
				if !on.Load() {
					t.Error("maintenance mode should have been on")
				}
			})
		}
	}
}

// The bot ends while maintenance mode is on. Its successor finds the release at its
// end, and turns maintenance mode off.
func TestDownDuringMaintenance(t *testing.T) {
	onHeroku(t, choices{pipeline: maintained}, func(b *bed, p *herokuPlace) {
		b.deploy("first")
		b.place.releaseTakes(productionApp, 20*time.Second)
		c := b.mergeFiles("migration", migration("a"))
		b.until(time.Minute, "the migration runs", func() bool { return len(p.releases(productionApp)) == 2 })
		b.expectUnder(true)
		b.stopBot()
		b.clock.Set(b.clock.Now().Add(3 * time.Minute))
		b.expectUnder(true) // nobody is there to turn it off
		b.start(nil)
		b.gh.SetWebhook(b.url+"/webhooks/github", webhookSecret)
		b.until(time.Minute, "it is live", b.live(c.SHA))
		b.expectUnder(false)
		b.expectNothingPending(c.SHA)
	})
}

// Maintenance mode that somebody turned on by hand is theirs: the release does not
// turn it off.
func TestMaintenanceByHand(t *testing.T) {
	onBoth(t, choices{pipeline: maintained}, func(b *bed) {
		b.deploy("first")
		b.place.maintain(productionApp)
		c := b.mergeFiles("migration", migration("a"))
		b.until(time.Minute, "the migration is live by its status", b.hasStatus(c.SHA, "headstart/production", "success"))
		b.pass(time.Minute)
		b.expectUnder(true)
		b.expectCurrent(productionApp, c.SHA)
		b.expectNothingPending(c.SHA)
	})
}

// Whatever happens to the requests that turn maintenance mode on and off, nothing is
// released without it, and it is never left on.
func TestMaintenanceModeDespiteFaults(t *testing.T) {
	for name, fault := range map[string]herokutest.Fault{
		"the answers are lost":  {DropAfter: true},
		"the connections drop":  {DropBefore: true},
		"Heroku is out of work": {Status: http.StatusServiceUnavailable, Body: herokutest.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			onHeroku(t, choices{pipeline: maintained}, func(b *bed, p *herokuPlace) {
				b.deploy("first")
				p.releaseTakes(productionApp, 10*time.Second)
				fault.Match, fault.Times = "PATCH /apps/shop-production", 2
				p.Inject(fault)
				c := b.mergeFiles("migration", migration("a"))
				b.until(30*time.Minute, "the migration runs", func() bool { return len(p.releases(productionApp)) == 2 })
				b.expectUnder(true)
				p.Inject(fault)
				b.until(10*time.Minute, "it is live", b.live(c.SHA))
				b.pass(20 * time.Minute)
				b.expectUnder(false)
				b.expectNothingPending(c.SHA)
			})
		})
	}
}
