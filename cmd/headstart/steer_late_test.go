package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// holdComments keeps the webhooks of comments back, until what it returns is called.
func (b *bed) holdComments() (release func()) {
	b.gh.OnDelivery(func(d githubtest.Delivery) githubtest.Fate {
		if d.Event == "issue_comment" && d.Action == "created" && strings.Contains(string(d.Payload), `"User"`) {
			return githubtest.Hold
		}
		return githubtest.Deliver
	})
	return func() {
		b.gh.OnDelivery(nil)
		b.must(b.gh.Release())
	}
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

// On an open pull request /promote is about the head that its author saw.
func TestPromoteAboutTheHeadThatWasThere(t *testing.T) {
	onHeroku(t, choices{pipeline: pullStages}, func(b *bed, _ *herokuPlace) {
		b.deployThree()
		before := len(b.place.releases(stagingApp))
		p := b.open("feature", change("feature"))
		b.pass(time.Minute)
		release := b.holdComments()
		asked := b.comment(p.Number(), "zoe", "/promote staging")
		b.pass(5 * time.Second)
		evil := b.pushTo("feature", change("evil"))
		b.pass(time.Minute)
		release()
		b.until(time.Minute, "the promotion is answered", b.answered(asked))
		b.pass(5 * time.Second)
		b.expectReactions(asked, "eyes", "-1")
		b.expectComment(p.Number(), evil.SHA[:7]+" was pushed to the pull request after this was written", "/promote staging "+evil.SHA[:7])
		if n := len(b.place.releases(stagingApp)) - before; n != 0 {
			t.Error("what was pushed after the command should not be on staging")
		}
		b.done(p.Number(), "zoe", "/promote staging "+evil.SHA[:7])
		b.expectStatus(evil.SHA, "headstart/staging", "success", "Live on staging")
	})
}

const pullStages = `checks: none
prepare: {apps: [shop-prepare]}
stages:
  - name: staging
    app: shop-staging
    pull_requests: true
  - name: production
    app: shop-production
`

// What nobody reads in a comment, nobody said.
func TestHiddenCommands(t *testing.T) {
	onHeroku(t, choices{pipeline: straight}, func(b *bed, _ *herokuPlace) {
		_, _, third := b.deployThree()
		for _, body := range []string{
			"Release notes <!-- when ready\n/rollback production\n-->",
			"<details>\n\n/rollback production\n\n</details>",
			"![x\n/rollback production\n](y.png)",
		} {
			asked := b.comment(third.Number(), "zoe", body)
			b.pass(time.Minute)
			b.expectReactions(asked)
			b.expectRuns(productionApp, third.SHA)
		}
		b.done(third.Number(), "zoe", "Release notes <!-- hidden -->\n/lock production")
		b.expectLock("production", true)
	})
}

// GitHub may tell of a push without its commit: it is built and released like any
// other, within seconds.
func TestPushWithoutItsCommit(t *testing.T) {
	onHeroku(t, choices{pipeline: straight}, func(b *bed, _ *herokuPlace) {
		b.deployThree()
		var payload []byte
		b.gh.OnDelivery(func(d githubtest.Delivery) githubtest.Fate {
			if d.Event != "push" {
				return githubtest.Deliver
			}
			payload = d.Payload
			return githubtest.Vanish
		})
		c := b.push(change("bare"))
		var push map[string]any
		b.must(json.Unmarshal(payload, &push))
		push["head_commit"], push["commits"] = nil, []any{}
		body, err := json.Marshal(push)
		b.must(err)
		if status, answer := b.post("POST", "bare-1", "push", githubtest.Sign(webhookSecret, body), body); status != 202 {
			t.Fatalf("the push should be taken, it was answered with %d: %s", status, answer)
		}
		b.until(time.Minute, "it is live", b.live(c.SHA))
		b.expectBuilds(prepareApp, c.SHA, 1)
		b.expectNothingPending(c.SHA)
	})
}
