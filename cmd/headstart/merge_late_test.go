package main

import (
	"strings"
	"testing"
	"time"
)

// GitHub says that a pull request merges and does not name the test merge yet. That is
// no conflict: people are told what is waited for, and it is built as soon as there is
// one.
func TestTestMergeComesLate(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		b.firstDeploy()
		pull := b.open("feature", change("feature"))
		pull.HoldTestMerge(true)
		b.pass(20 * time.Second)
		b.expectStatus(pull.HeadSHA(), "headstart/build", "pending", "Waiting for GitHub to make the test merge into main")
		if said := b.botComment(pull.Number()); !strings.Contains(said, "Waiting for GitHub") || strings.Contains(said, "merge cleanly") {
			t.Errorf("the comment should say what is waited for, and not of a conflict; it says:\n%s", said)
		}
		pull.HoldTestMerge(false)
		b.until(time.Minute, "the pull request is built", b.hasStatus(pull.HeadSHA(), "headstart/build", "success"))
		b.expectStatus(pull.HeadSHA(), "headstart/build", "success", "Built ahead of the merge")
	})
}

// It never comes: GitHub is asked a bounded number of times, and people are told.
func TestTestMergeNeverComes(t *testing.T) {
	onHeroku(t, choices{}, func(b *bed, _ *herokuPlace) {
		b.firstDeploy()
		pull := b.open("feature", change("feature"))
		pull.HoldTestMerge(true)
		b.pass(10 * time.Minute)
		b.expectStatus(pull.HeadSHA(), "headstart/build", "success", "GitHub does not say whether it merges into main")
		asked := b.gh.Count("GET /repos/acme/shop/pulls/*")
		b.pass(30 * time.Minute)
		if more := b.gh.Count("GET /repos/acme/shop/pulls/*") - asked; asked > 15 || more != 0 {
			t.Errorf("GitHub should be asked a few times and then no more, it was asked %d times and then %d times", asked, more)
		}
	})
}
