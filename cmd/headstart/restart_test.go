package main

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot/engine"
)

// However often the bot is stopped in the middle, its successor on the same
// database goes on where it was: everything arrives, and nothing is done twice.
func TestRestartAnywhere(t *testing.T) {
	t.Parallel()
	for _, name := range legs(t) {
		for _, every := range []int{2, 3, 5, 8} {
			t.Run(fmt.Sprintf("%s, after every %d commits to the database", name, every), func(t *testing.T) {
				t.Parallel()
				b := newBed(t, name, choices{})
				if name == "heroku" { // what the embedded platform builds ends with the bot
					b.place.buildTakes(prepareApp, 40*time.Second)
				}
				var stop atomic.Bool
				count := 0
				b.onState = func(engine.Commit) {
					if count++; count%every == 0 {
						stop.Store(true)
					}
				}
				c := b.push(change("a"))
				run := b.run(c.SHA, ciCheck)
				b.at(60*time.Second, func() { b.must(run.Complete("success")) })
				restarts := 0
				end := b.clock.Now().Add(15 * time.Minute)
				for !b.live(c.SHA)() && b.clock.Now().Before(end) {
					if stop.CompareAndSwap(true, false) && restarts < 12 {
						b.restart()
						restarts++
					}
					if !b.step(end) {
						break
					}
				}
				t.Logf("%d restarts", restarts)
				b.pass(2 * time.Minute)
				b.expectLive(c.SHA)
				b.expectNothingPending(c.SHA)
				for _, app := range []string{stagingApp, productionApp} {
					if n := len(b.place.releases(app)); n != 1 && name == "heroku" {
						t.Errorf("%s should be released to once, it was %d times", app, n)
					}
				}
				if name == "heroku" {
					b.expectBuilds(prepareApp, c.SHA, 1)
				}
			})
		}
	}
}

// What comes while the bot is down is found by its successor: GitHub does not
// send it again by itself, but the bot looks.
func TestChecksTurnGreenWhileTheBotIsDown(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		c := b.push(change("a"))
		run := b.run(c.SHA, ciCheck)
		b.pass(10 * time.Second)
		b.stopBot()
		b.must(run.Complete("success"))
		b.clock.Set(b.clock.Now().Add(5 * time.Minute))
		b.start(nil)
		b.gh.SetWebhook(b.url+"/webhooks/github", webhookSecret)
		b.until(5*time.Minute, "the commit is live although the bot was down when its checks turned green", b.live(c.SHA))
		b.expectLive(c.SHA)
		b.expectNothingPending(c.SHA)
	})
}
