package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// What webhooks do not tell is found.

// stop ends the bot: nobody answers GitHub any more.
func (b *bed) stop() {
	b.t.Helper()
	b.stopBot()
	b.gh.SetWebhook("http://127.0.0.1:1/webhooks/github", webhookSecret)
}

// Webhooks that came while nobody was there stand in GitHub's log as failed, and
// are asked for again: also those that nothing else could tell, such as a comment.
func TestFailedDeliveriesAreAskedForAgain(t *testing.T) {
	onBoth(t, choices{pipeline: steered}, func(b *bed) {
		b.must(b.shop.SetRole("mona", "write"))
		pull := b.deploy("first")
		b.stop()
		next := b.push(change("next"))
		comment := b.comment(pull.Number(), "mona", "/status")
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		b.must(b.gh.Flush(ctx))
		b.restart()
		// The first redelivery comes before GitHub knows where the bot is now.
		b.until(5*time.Minute, "what was pushed meanwhile is live", b.live(next.SHA))
		b.until(3*time.Minute, "who asked meanwhile is answered", b.answered(comment))
		b.pass(10 * time.Minute)
		b.expectLive(next.SHA)
		b.expectNothingPending(next.SHA)
		for _, d := range b.gh.Deliveries() {
			if !d.OK() && d.Event != "ping" {
				t.Errorf("%s %s should have been delivered in the end, got %+v", d.Event, d.Action, d.Attempts)
			}
			if len(d.Attempts) > 3 {
				t.Errorf("%s %s should have been asked for again twice, got %+v", d.Event, d.Action, d.Attempts)
			}
		}
	})
}

// A push of which GitHub itself knows nothing is found at the branch's head, also
// hours after the pipeline came to rest.
func TestPushWithoutAWebhookIsFound(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		b.firstDeploy()
		b.pass(3 * time.Hour)
		b.gh.OnDelivery(func(githubtest.Delivery) githubtest.Fate { return githubtest.Vanish })
		lost := b.push(change("lost"))
		b.report(lost.SHA, "success")
		b.until(15*time.Minute, "the commit whose push was lost is live", b.live(lost.SHA))
		b.expectNothingPending(lost.SHA)
	})
}

// A release by hand is seen though nobody tells of it, and what it replaced does
// not claim to be live any more. The next push is newer, and goes.
func TestReleasedByHand(t *testing.T) {
	onHeroku(t, choices{pipeline: steered}, func(b *bed, p *herokuPlace) {
		b.must(b.shop.SetRole("mona", "write"))
		first := b.deploy("first")
		b.pass(time.Hour)
		p.apps[productionApp].Deploy(strings.Repeat("d", 40))
		b.until(15*time.Minute, "the status says so", func() bool {
			return strings.Contains(b.shop.Statuses(first.SHA)["headstart/production"].Description, "by hand")
		})
		b.settle()
		if d, _ := b.deployment(first.SHA, "production"); d.State() != "inactive" {
			t.Errorf("the deployment that was replaced by hand should be inactive, it is %s", d.State())
		}
		asked := b.comment(first.Number(), "mona", "/status")
		b.until(time.Minute, "/status is answered", b.answered(asked))
		if replies := b.replies(first.Number()); len(replies) != 1 || !strings.Contains(replies[0], "by hand") {
			t.Errorf("/status should tell of the release by hand, it says %q", replies)
		}
		next := b.push(change("next"))
		b.until(2*time.Minute, "the next commit is live", b.live(next.SHA))
		b.expectStatus(first.SHA, "headstart/production", "success", "Live on production")
	})
}

// What somebody released by hand after a push is not taken back by that push; who
// asks for it gets it.
func TestNothingNewerIsOverwritten(t *testing.T) {
	onHeroku(t, choices{pipeline: steered}, func(b *bed, p *herokuPlace) {
		b.must(b.shop.SetRole("mona", "write"))
		b.deploy("first")
		b.place.buildTakes(prepareApp, 20*time.Second)
		second := b.merge("second")
		b.pass(5 * time.Second)
		hotfix := strings.Repeat("d", 40)
		p.apps[productionApp].Deploy(hotfix)
		b.until(2*time.Minute, "production says why not", b.hasStatus(second.SHA, "headstart/production", "failure"))
		b.expectStatus(second.SHA, "headstart/production", "failure", "by hand after this was pushed")
		b.pass(30 * time.Minute)
		if got := p.runs(productionApp); got != hotfix {
			t.Errorf("production should still run what was released by hand, it runs %s", got)
		}
		b.done(second.Number(), "mona", "/promote production")
		b.expectLive(second.SHA)
	})
}

// A pipeline that rests asks little, and none of it once a limit is nearly used up.
func TestSweepsStayInTheirBudget(t *testing.T) {
	onHeroku(t, choices{}, func(b *bed, p *herokuPlace) {
		b.firstDeploy()
		b.pass(10 * time.Minute)
		asked := func() (github, heroku int) {
			for _, r := range b.gh.Requests() {
				if strings.HasPrefix(r.Path, "/repos/") {
					github++
				}
			}
			return github, len(p.APIRequests())
		}
		g0, h0 := asked()
		b.pass(2 * time.Hour)
		g1, h1 := asked()
		if g1-g0 > 12 || h1-h0 > 24 || g1 == g0 || h1 == h0 {
			t.Errorf("a resting pipeline should look at its branch and each app every ten minutes; in two hours it asked GitHub %d times and Heroku %d times", g1-g0, h1-h0)
		}
		b.must(b.gh.SetRateLimit("acme", 5000, 1200))
		p.SetRemaining(1000)
		b.settle()
		b.pass(20 * time.Minute) // one more look each, which tells that little is left
		g1, h1 = asked()
		b.pass(15 * time.Minute)
		if g2, h2 := asked(); g2 != g1 || h2-h1 > 4 {
			t.Errorf("with less than a quarter of the limit left nothing should be asked but what is needed; GitHub was asked %d times and Heroku %d times", g2-g1, h2-h1)
		}
	})
}
