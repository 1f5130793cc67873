package main

import (
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// An order for an open pull request names its head as GitHub has it at that moment,
// whatever webhooks have told, and is about that commit to its end.
func TestPromoteExactlyTheHead(t *testing.T) {
	onHeroku(t, choices{pipeline: pullStages}, func(b *bed, _ *herokuPlace) {
		_, _, third := b.deployThree()
		b.pushTo("feature", change("feature"))
		p, err := b.shop.OpenPull(githubtest.PullOptions{Head: "feature", Title: "Not yet", Draft: true})
		b.must(err)
		b.pass(time.Minute)
		reviewed := p.HeadSHA()
		other := b.pushTo("other", change("other"))
		b.must(b.shop.ForcePush("feature", other.SHA))
		b.pass(time.Minute)
		b.refused(p.Number(), "zoe", "/promote staging "+reviewed, "neither the head of this pull request", "/promote staging "+other.SHA[:7])

		b.gh.OnDelivery(func(d githubtest.Delivery) githubtest.Fate {
			if d.Event == "push" || d.Event == "pull_request" {
				return githubtest.Vanish
			}
			return githubtest.Deliver
		})
		unheard := b.pushTo("feature", change("unheard"))
		b.pass(5 * time.Second)
		b.refused(p.Number(), "zoe", "/promote staging "+other.SHA[:7], "neither the head of this pull request", "/promote staging "+unheard.SHA[:7])
		b.expectUntouched(reviewed, stagingApp, productionApp)
		b.expectUntouched(other.SHA, stagingApp, productionApp)

		b.place.releaseTakes(stagingApp, 30*time.Second)
		c := b.comment(p.Number(), "zoe", "/promote staging "+unheard.SHA)
		b.pass(10 * time.Second)
		b.expectReactions(c, "eyes")
		evil := b.pushTo("feature", change("evil"))
		b.until(5*time.Minute, "the command is answered", b.answered(c))
		b.pass(time.Minute)
		b.expectUntouched(evil.SHA, stagingApp, productionApp)
		b.expectReactions(c, "eyes", "rocket")
		b.expectStatus(unheard.SHA, "headstart/staging", "success", "Live on staging")
		b.expectRuns(productionApp, third.SHA)
	})
}
