package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// asked counts the requests to GitHub that comments have caused.
func (b *bed) asked() (n int) {
	for _, r := range b.gh.Requests() {
		if !strings.Contains(r.Path, "access_tokens") {
			n++
		}
	}
	return n
}

// However many questions a stranger asks, a few are answered and the others cost nothing;
// and what a maintainer has said before is obeyed, once, however late it arrives and
// however often.
func TestQuestionsOfAStranger(t *testing.T) {
	onHeroku(t, choices{pipeline: straight}, func(b *bed, _ *herokuPlace) {
		_, second, third := b.deployThree()
		release := b.holdComments()
		late := b.comment(third.Number(), "zoe", "/rollback production")
		b.gh.OnDelivery(nil)
		b.pass(time.Second)
		var asked []githubtest.Comment
		before := b.asked()
		for i := range 200 {
			asked = append(asked, b.comment(third.Number(), "mallory", []string{"/status", "/why", "/plan", "/help", "/rollback"}[i%5]))
			if i%20 == 19 {
				b.pass(time.Second)
			}
		}
		b.pass(time.Minute)
		if n := b.asked() - before; n > 45 {
			t.Errorf("200 questions of a stranger should cost few requests, they cost %d", n)
		}
		answered, refused, silent := 0, 0, 0
		for _, c := range asked {
			switch list := b.reactions(c); {
			case slices.Contains(list, "eyes"):
				answered++
			case len(list) > 0:
				refused++
			default:
				silent++
			}
		}
		if answered != 5 || refused != 1 || silent != 194 {
			t.Errorf("5 of them should be answered, one should get a reaction, and the others nothing: got %d, %d and %d", answered, refused, silent)
		}
		if n := len(b.known().Requests); n > 20 {
			t.Errorf("what a stranger has asked should push nobody else's comment out of what is remembered, which has %d", n)
		}

		b.pass(2 * time.Minute)
		release()
		b.until(time.Minute, "the late rollback is answered", b.answered(late))
		b.pass(time.Minute)
		b.expectReactions(late, "eyes", "rocket")
		b.expectRuns(productionApp, second.SHA)
		releases := len(b.place.releases(productionApp))
		b.done(third.Number(), "zoe", "/unlock production")
		for range 60 { // what is remembered of what was said holds 50
			b.comment(third.Number(), "zoe", "/lokc")
			b.pass(time.Second)
		}
		b.restart()
		for _, d := range b.gh.Deliveries() {
			if d.Event == "issue_comment" && d.Action == "created" {
				b.must(b.gh.Redeliver(d.GUID))
			}
		}
		b.pass(2 * time.Minute)
		b.expectRuns(productionApp, second.SHA)
		b.expectLock("production", false)
		if n := len(b.place.releases(productionApp)) - releases; n != 0 {
			t.Errorf("a comment whose delivery arrives again should do nothing, production got %d releases", n)
		}
	})
}

// Fifty accounts together get no more than the repository has answers for in an hour.
// Whoever may write is heard all the same.
func TestQuestionsOfManyStrangers(t *testing.T) {
	onHeroku(t, choices{pipeline: straight}, func(b *bed, _ *herokuPlace) {
		_, second, third := b.deployThree()
		before := b.asked()
		for round := range 4 {
			for i := range 50 {
				b.comment(third.Number(), fmt.Sprint("stranger", i), []string{"/status", "/why"}[round%2])
			}
			b.pass(5 * time.Second)
		}
		b.pass(time.Minute)
		if n := b.asked() - before; n > 420 {
			t.Errorf("200 questions of 50 strangers should cost a bounded number of requests, they cost %d", n)
		}
		before = b.asked()
		for range 10 {
			b.pass(2 * time.Minute)
			for i := range 50 {
				b.comment(third.Number(), fmt.Sprint("stranger", i), "/status")
			}
			b.pass(5 * time.Second)
		}
		if n := b.asked() - before; n > 120 {
			t.Errorf("500 more of them should cost next to nothing, they cost %d", n)
		}
		b.done(third.Number(), "zoe", "/rollback production")
		b.expectRuns(productionApp, second.SHA)
	})
}
