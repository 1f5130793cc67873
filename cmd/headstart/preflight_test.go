package main

import (
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"
)

// production lacks a config var that the app has which builds. The first promotion
// says so, in its status and in the comment, and no later one does. What the
// variable is set to is said nowhere.
func TestMissingConfigVars(t *testing.T) {
	const value = "sk-live-4f9a17"
	onBoth(t, choices{pipeline: steered}, func(b *bed) {
		b.setVar(prepareApp, "PAYMENT_KEY", value)
		b.setVar(stagingApp, "PAYMENT_KEY", "another one")
		first := b.deploy("first")
		const lacks = "shop-production lacks config vars that shop-prepare has: PAYMENT_KEY"
		b.expectStatus(first.SHA, "headstart/production", "success", lacks)
		b.expectComment(first.Number(), "⚠️ production: shop-production lacks config vars")
		if s := b.shop.Statuses(first.SHA)["headstart/staging"]; strings.Contains(s.Description, "lacks") {
			t.Errorf("staging lacks nothing, its status says %q", s.Description)
		}
		second := b.deploy("second")
		if s := b.shop.Statuses(second.SHA)["headstart/production"]; strings.Contains(s.Description, "lacks") {
			t.Errorf("it should be said once, and is again: %q", s.Description)
		}
		b.expectNowhere(value)
		b.expectNothingPending(first.SHA, second.SHA)
	})
}

// expectNowhere looks for a text in all that was written to GitHub, in the log and in
// what the bot remembers.
func (b *bed) expectNowhere(text string) {
	b.t.Helper()
	for _, r := range b.gh.Requests() {
		if strings.Contains(r.Body, text) {
			b.t.Errorf("the value of a config var was sent to GitHub: %s %s %s", r.Method, r.Path, r.Body)
		}
	}
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "message"})
	for _, e := range b.logs.All() {
		line, err := encoder.EncodeEntry(e.Entry, e.Context)
		b.must(err)
		if strings.Contains(line.String(), text) {
			b.t.Errorf("the value of a config var is in the log: %s", line)
		}
	}
	if strings.Contains(b.remembered(), text) {
		b.t.Error("the value of a config var is in what the bot remembers")
	}
}

// The file names an app that nobody has made. Nothing is promoted there, the status
// says why, and once the app is there it goes on by itself.
func TestPromotionWaitsForAnAppThatDoesNotExist(t *testing.T) {
	file := strings.Replace(steered, "app: shop-production", "apps: [shop-production, shop-canada]", 1)
	onHeroku(t, choices{pipeline: file}, func(b *bed, p *herokuPlace) {
		p.lost = []string{"shop-canada"}
		c := b.merge("first")
		b.until(time.Minute, "staging has it", b.hasStatus(c.SHA, "headstart/staging", "success"))
		b.pass(5 * time.Minute)
		b.expectUntouched(c.SHA, productionApp)
		if s := b.shop.Statuses(c.SHA)["headstart/production"]; !strings.Contains(s.Description, "Heroku has no app shop-canada, or does not show it to the API key's account") {
			t.Errorf("production should say what is missing, it says %s: %q", s.State, s.Description)
		}
		b.must(b.shop.SetRole("reader", "read"))
		b.ask(c.Number(), "reader", "/why production")
		b.expectAnswer(c.Number(), "Heroku has no app shop-canada", "ask the owner of shop-canada")

		p.add("shop-canada")
		b.until(15*time.Minute, "production has it", b.live(c.SHA))
		b.expectRuns("shop-canada", c.SHA)
		b.expectNothingPending(c.SHA)
	})
}

// An app is on another stack than what is built for it, and another one shows its
// restarts to visitors: that is said, and keeps nobody from deploying.
func TestWarningsOfHeroku(t *testing.T) {
	onHeroku(t, choices{pipeline: steered}, func(b *bed, p *herokuPlace) {
		p.apps[stagingApp].SetStack("heroku-22")
		p.apps[productionApp].Scale("web", "Standard-1X", 2)
		c := b.deploy("first")
		b.expectLive(c.SHA)
		b.expectStatus(c.SHA, "headstart/staging", "success", "shop-staging is on the stack heroku-22, and shop-prepare builds for heroku-24")
		b.expectStatus(c.SHA, "headstart/production", "success", "preboot is off for shop-production: people notice its restarts")
		b.expectNothingPending(c.SHA)
	})
}

// What the API key's account may not deploy to is closed, before anything is tried.
func TestAppThatMayNotBeDeployedTo(t *testing.T) {
	onHeroku(t, choices{pipeline: steered}, func(b *bed, p *herokuPlace) {
		p.apps[productionApp].Grant("view")
		c := b.merge("first")
		b.until(time.Minute, "staging has it", b.hasStatus(c.SHA, "headstart/staging", "success"))
		b.pass(5 * time.Minute)
		b.expectUntouched(c.SHA, productionApp)
		if s := b.shop.Statuses(c.SHA)["headstart/production"]; !strings.Contains(s.Description, "the API key's account may not deploy to shop-production") {
			t.Errorf("production should say what is missing, it says %s: %q", s.State, s.Description)
		}
		if n := len(p.asked("POST", "/pipeline-promotions")); n != 1 {
			t.Errorf("nothing but staging should have been tried, there were %d promotions", n)
		}
	})
}
