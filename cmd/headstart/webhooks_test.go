package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// Deleted branches, tags and other branches are not deployed.
func TestOtherBranchesAndTagsAreNotDeployed(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		first := b.firstDeploy()
		side := b.pushTo("side", change("side"))
		b.report(side.SHA, "success")
		b.must(b.shop.Tag("v1.0.0", side.SHA))
		b.must(b.shop.Tag("v1.0.1", first.SHA))
		b.must(b.shop.DeleteTag("v1.0.0"))
		b.must(b.shop.DeleteBranch("side"))
		_, err := b.shop.Comment(b.shop.OpenIssue("A plain issue", "mona"), "mona", "hello")
		b.must(err)
		b.must(b.shop.Send("deployment", "created", map[string]any{"deployment": map[string]any{"sha": side.SHA}}))
		b.pass(10 * time.Minute)
		b.expectUntouched(side.SHA, prepareApp, stagingApp, productionApp)
		b.expectBuilds(prepareApp, side.SHA, 0)
		if s := b.shop.Statuses(side.SHA); len(s) != 1 && len(s) != 0 {
			t.Errorf("a commit of another branch should get no status of Headstart's, got %v", s)
		}
		for _, d := range b.gh.Deliveries() {
			if !d.OK() {
				t.Errorf("%s %s should be acknowledged, got %+v", d.Event, d.Action, d.Attempts)
			}
		}
		b.expectLive(first.SHA)
	})
}

// Every delivery twice is as good as once.
func TestEveryDeliveryTwice(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		b.gh.OnDelivery(func(githubtest.Delivery) githubtest.Fate { return githubtest.Duplicate })
		c := b.push(change("a"))
		run := b.run(c.SHA, ciCheck)
		b.pass(time.Minute)
		b.must(run.Complete("success"))
		b.until(2*time.Minute, "the commit is live", b.live(c.SHA))
		for _, d := range b.gh.Deliveries() {
			b.must(b.gh.Redeliver(d.GUID))
		}
		b.pass(10 * time.Minute)
		b.expectLive(c.SHA)
		b.expectNothingPending(c.SHA)
		b.expectBuilds(prepareApp, c.SHA, 1)
		for _, app := range []string{stagingApp, productionApp} {
			if n := len(b.place.releases(app)); n != 1 {
				t.Errorf("%s should be released to once, it was %d times", app, n)
			}
		}
	})
}

// Whatever order webhooks come in, the end is the same.
func TestWebhooksInAnyOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			onBoth(t, choices{}, func(b *bed) {
				b.firstDeploy()
				b.gh.OnDelivery(func(githubtest.Delivery) githubtest.Fate { return githubtest.Hold })
				second := b.push(change("second"))
				b.report(second.SHA, "success")
				pull := b.open("feature", change("feature"))
				merge, err := pull.Merge(githubtest.MergeOptions{})
				b.must(err)
				b.report(merge.SHA, "success")
				held := b.gh.Held()
				guids := make([]string, len(held))
				for i, d := range held {
					guids[i] = d.GUID
				}
				r := rand.New(rand.NewPCG(seed, 7))
				r.Shuffle(len(guids), func(i, j int) { guids[i], guids[j] = guids[j], guids[i] })
				b.gh.OnDelivery(nil)
				for len(guids) > 0 {
					n := 1 + r.IntN(len(guids))
					b.must(b.gh.Release(guids[:n]...))
					guids = guids[n:]
					b.pass(3 * time.Second)
				}
				b.until(10*time.Minute, "the merge is live", b.live(merge.SHA))
				b.pass(10 * time.Minute)
				b.expectLive(merge.SHA)
				b.expectNothingPending(second.SHA, merge.SHA, pull.HeadSHA())
			})
		})
	}
}

// What webhooks lost is found by reading again: the checks of a commit that is
// waited for, without anybody telling of them.
func TestLostChecksAreFound(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		b.gh.OnDelivery(func(d githubtest.Delivery) githubtest.Fate {
			if strings.HasPrefix(d.Event, "check_") || d.Event == "status" {
				return githubtest.Vanish
			}
			return githubtest.Deliver
		})
		c := b.push(change("a"))
		b.pass(time.Minute)
		b.report(c.SHA, "success")
		b.until(3*time.Minute, "the commit is live although no check's webhook came", b.live(c.SHA))
		b.expectNothingPending(c.SHA)
	})
}

// A push that was lost is found while the bot still looks at the branch, and at
// the latest with the next one.
func TestLostPushIsFound(t *testing.T) {
	onBoth(t, choices{pipeline: asGitHubRequires}, func(b *bed) {
		first := b.push(change("first"))
		b.run(first.SHA, ciCheck)
		b.settle()
		b.gh.OnDelivery(func(d githubtest.Delivery) githubtest.Fate {
			if d.Event == "push" {
				return githubtest.Vanish
			}
			return githubtest.Deliver
		})
		lost := b.push(change("lost"))
		b.report(lost.SHA, "success")
		b.until(10*time.Minute, "the commit whose push was lost is live", b.live(lost.SHA))
		b.pass(10 * time.Minute)
		b.expectLive(lost.SHA)
		b.expectNothingPending(first.SHA, lost.SHA)
	})
}

// A branch that was forced back does not deploy what was thrown away.
func TestForcePushDeploysNothingThrownAway(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		first := b.firstDeploy()
		gone := b.push(change("gone"))
		b.run(gone.SHA, ciCheck)
		b.pass(5 * time.Second)
		b.must(b.shop.ForcePush("main", first.SHA))
		b.pass(5 * time.Second)
		next := b.push(change("next"))
		b.report(next.SHA, "success")
		b.until(5*time.Minute, "the new tip is live", b.live(next.SHA))
		b.report(gone.SHA, "success")
		b.pass(10 * time.Minute)
		b.expectUntouched(gone.SHA, stagingApp, productionApp)
		b.expectLive(next.SHA)
		b.expectNothingPending(gone.SHA, next.SHA)
	})
}
