package main

import (
	"strings"
	"testing"
	"time"
)

// Each question is answered in a comment of its own, which takes the place of
// the last answer, whoever asks.
func TestAnswersToQuestions(t *testing.T) {
	onBoth(t, choices{pipeline: strings.Replace(steered, "checks: none", "checks: [ci/test]", 1)}, func(b *bed) {
		b.must(b.shop.SetRole("zoe", "write"))
		b.must(b.shop.SetRole("reader", "read"))
		first := b.merge("first")
		b.report(first.SHA, "success")
		b.until(5*time.Minute, "the first commit is live", b.live(first.SHA))
		second := b.merge("second")
		run := b.run(second.SHA, ciCheck)
		b.pass(time.Minute)

		answer := func(number int, user, question string, pieces ...string) {
			t.Helper()
			c, _ := b.ask(number, user, question)
			b.expectReactions(c, "eyes", "rocket")
			list := b.replies(number)
			if len(list) != 1 {
				t.Fatalf("there should be one answer, the newest; there are %d:\n%s", len(list), strings.Join(list, "\n"))
			}
			for _, p := range pieces {
				if !strings.Contains(list[0], p) {
					t.Errorf("the answer to %s should say %q, it says:\n%s", question, p, list[0])
				}
			}
		}
		answer(second.Number(), "reader", "/why", "staging", "Waiting for ci/test", "up to CI", "Open gates")
		answer(second.Number(), "reader", "/why production", "production", "Waiting for staging")
		answer(second.Number(), "stranger", "/status", "staging", "production", "(#1)", "(#2)")
		answer(second.Number(), "zoe", "/help", "/rollback", "/promote")
		pull := b.open("feature", change("feature"))
		b.pass(10 * time.Second)
		answer(pull.Number(), "reader", "/plan", "staging", "production", "ci/test", pull.HeadSHA()[:7], "Change second (#2)")
		answer(pull.Number(), "reader", "/why", "not merged yet")

		b.must(run.Complete("success"))
		b.until(5*time.Minute, "the second commit is live", b.live(second.SHA))
		b.pass(10 * time.Second)
		answer(second.Number(), "reader", "/why", "released in")
		b.expectLive(second.SHA)
	})
}
