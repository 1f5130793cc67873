package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
)

const canaryApp = "shop-canary"

// soaking is a pipeline whose canary has to stay healthy for a while.
const soaking = `checks: none
prepare: {apps: [shop-prepare], pull_requests: false}
stages:
  - name: canary
    app: shop-canary
    soak: 10m
    verify: {url: https://shop-canary.example.com/healthz, revision: header X-Revision}
  - name: production
    app: shop-production
`

// A part of the customers goes first. The canary is asked again and again for ten
// minutes, and to the second then production gets what it has proved. Of what turns
// out ill meanwhile production never hears: the canary goes back.
func TestProductionWaitsForTheSoak(t *testing.T) {
	onBoth(t, choices{pipeline: soaking}, func(b *bed) {
		b.must(b.shop.SetRole("zoe", "maintain"))
		good := b.merge("good")
		b.until(time.Minute, "the canary has it", b.hasStatus(good.SHA, "headstart/canary", "success"))
		b.expectStatus(good.SHA, "headstart/canary", "success", "watched until 2026-03-02 09:1")
		b.expectStatus(good.SHA, "headstart/production", "pending", "canary has to stay healthy with "+good.SHA[:7])
		state := b.known()
		soak := state.Stage("canary").Soak
		if soak == nil {
			t.Fatal("the canary should be watched")
		}
		asked := b.countProbes("canary")
		b.pass(soak.Until.Sub(b.clock.Now()) - time.Second)
		b.expectUntouched(good.SHA, productionApp)
		if n := asked(); n < 10 {
			t.Errorf("the canary should be asked again and again, it was %d times", n)
		}
		b.pass(2 * time.Second)
		b.until(30*time.Second, "production has it", b.live(good.SHA))

		ill := b.merge("ill")
		b.until(time.Minute, "the canary has the next", b.hasStatus(ill.SHA, "headstart/canary", "success"))
		b.pass(4 * time.Minute)
		b.sick(canaryApp, ill.SHA, http.StatusInternalServerError, "out of memory")
		b.until(3*time.Minute, "the canary goes back", b.runs(canaryApp, good.SHA))
		b.pass(20 * time.Minute)
		b.expectRuns(canaryApp, good.SHA)
		b.expectUntouched(ill.SHA, productionApp)
		b.expectStatus(ill.SHA, "headstart/canary", "failure", "Rolled back to "+good.SHA[:7])
		b.expectAnswer(ill.Number(), "@mona", "it did not stay healthy for 10 min", "out of memory")
		b.expectLock("canary", true)
		if s := b.shop.Statuses(ill.SHA)["headstart/production"]; s.State != "failure" {
			t.Errorf("production should say that it never gets it, it says %s: %s", s.State, s.Description)
		}
		b.expectNothingPending(good.SHA, ill.SHA)
	})
}

// A hiccup is no illness: apps are restarted now and then.
func TestOneBadAnswerIsNoFailedSoak(t *testing.T) {
	onBoth(t, choices{pipeline: strings.Replace(soaking, "soak: 10m", "soak: 3m", 1)}, func(b *bed) {
		c := b.merge("good")
		b.until(time.Minute, "the canary has it", b.hasStatus(c.SHA, "headstart/canary", "success"))
		b.pass(time.Minute)
		b.sick(canaryApp, c.SHA, http.StatusServiceUnavailable, "restarting")
		b.pass(20 * time.Second)
		b.well(canaryApp, c.SHA)
		b.until(5*time.Minute, "production has it", b.live(c.SHA))
		b.expectLock("canary", false)
		b.expectNothingPending(c.SHA)
	})
}

// countProbes counts from now on how often a stage's address was asked.
func (b *bed) countProbes(stage string) func() int {
	n := 0
	b.mu.Lock()
	defer b.mu.Unlock()
	b.onState = func(c engine.Commit) {
		for _, e := range c.Events {
			if f, ok := e.Fact.(bot.Finished); ok {
				if do, ok := f.Effect.Do.(bot.Probe); ok && do.Stage == stage {
					b.mu.Lock()
					n++
					b.mu.Unlock()
				}
			}
		}
	}
	return func() int {
		b.mu.Lock()
		defer b.mu.Unlock()
		return n
	}
}
