package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// What nobody asked for in a new comment of their own changes nothing, and the
// bot does not even answer.
func TestOnlyANewCommentOfItsAuthorCommands(t *testing.T) {
	onBoth(t, choices{pipeline: straight}, func(b *bed) {
		b.must(b.shop.SetRole("zoe", "admin"))
		first, second := b.deploy("first"), b.deploy("second")
		quiet := func(what string, do func()) {
			t.Helper()
			before := b.writes()
			do()
			b.pass(time.Minute)
			if n := b.writes() - before; n != 0 {
				t.Errorf("%s should make the bot do nothing, it wrote %d times", what, n)
			}
		}
		var talk githubtest.Comment
		quiet("a comment without a command", func() { talk = b.comment(second.Number(), "zoe", "> /rollback\n\nno need to /rollback") })
		quiet("an edited comment", func() { b.must(b.shop.EditComment(talk.ID, "zoe", "/rollback")) })
		quiet("a deleted comment", func() { b.must(b.shop.DeleteComment(talk.ID, "zoe")) })
		quiet("a bot's comment", func() { b.comment(second.Number(), "dependabot[bot]", "/rollback") })
		quiet("a comment of the App itself", func() { b.comment(second.Number(), botUser, "/rollback") })
		quiet("a comment on an issue", func() { b.comment(b.shop.OpenIssue("It is slow", "zoe"), "zoe", "/rollback") })
		b.expectRuns(productionApp, second.SHA)
		b.expectUntouchedSince(first.SHA, second.SHA)
	})
}

// expectUntouchedSince holds that production got these commits once, in order.
func (b *bed) expectUntouchedSince(shas ...string) {
	b.t.Helper()
	var got []string
	for _, r := range b.place.releases(productionApp) {
		if slices.Contains(shas, r.commit) {
			got = append(got, r.commit)
		}
	}
	if !slices.Equal(got, shas) {
		b.t.Errorf("production should have got %v, it got %v", shas, got)
	}
}

// Who may not is refused with what that would take, and leaves no trace. What
// counts is the permission that GitHub gives, not what the comment says of its
// author.
func TestWhoMayNotCommand(t *testing.T) {
	onBoth(t, choices{pipeline: straight}, func(b *bed) {
		b.must(b.shop.SetRole("reader", "read"))
		first, second := b.deploy("first"), b.deploy("second")
		b.refused(second.Number(), "stranger", "/rollback", "@stranger may not /rollback production: that takes write, and @stranger has the role none")
		b.refused(second.Number(), "stranger", "/lock\n/cancel\n/retry build\n/promote production")

		// GitHub calls a member of the organization who may only read a MEMBER.
		b.gh.OnDelivery(func(d githubtest.Delivery) githubtest.Fate {
			if d.Event == "issue_comment" {
				return githubtest.Hold
			}
			return githubtest.Deliver
		})
		c := b.comment(second.Number(), "reader", "/rollback")
		held := b.gh.Held()
		var payload map[string]any
		b.must(json.Unmarshal(held[len(held)-1].Payload, &payload))
		payload["comment"].(map[string]any)["author_association"] = "MEMBER"
		b.gh.OnDelivery(nil)
		b.must(b.shop.Send("issue_comment", "created", payload))
		b.until(time.Minute, "the member is answered", b.answered(c))
		b.pass(10 * time.Second)
		b.expectReactions(c, "eyes", "-1")
		b.expectComment(second.Number(), "@reader may not /rollback production: that takes write, and @reader has the role read")
		b.expectLock("production", false)
		b.expectRuns(productionApp, second.SHA)
		b.expectUntouchedSince(first.SHA, second.SHA)
		if s := b.known(); s.Candidates[len(s.Candidates)-1].Cancelled != nil {
			t.Error("a refused command should leave no trace")
		}
	})
}

// A stage may name a team, people, and a stronger role. A login, and a team, may become
// somebody else's: whoever is named needs write as well.
func TestAllowNamesWhoMayCommand(t *testing.T) {
	onBoth(t, choices{pipeline: straight + "    allow: [maintain, team/releasers, \"@ada\"]\n"}, func(b *bed) {
		for login, role := range map[string]string{"walter": "write", "mia": "maintain", "tom": "read", "guest": "read", "Ada": "read"} {
			b.must(b.shop.SetRole(login, role))
		}
		b.gh.SetTeamMember("acme", "releasers", "tom", "active")
		b.gh.SetTeamMember("acme", "releasers", "guest", "pending")
		n := b.deploy("first").Number()
		b.refused(n, "walter", "/lock production", "@walter may not /lock production: that takes maintain or team/releasers or @ada")
		b.refused(n, "guest", "/lock production", "@guest may not")
		b.done(n, "mia", "/lock production")
		const too = ": a person or team that is named needs write, too"
		b.refused(n, "tom", "/unlock production", "@tom has the role read"+too)
		b.refused(n, "Ada", "/unlock production", "@Ada has the role read"+too)
		b.expectLock("production", true)
		b.must(b.shop.SetRole("tom", "write"))
		b.must(b.shop.SetRole("Ada", "write"))
		b.done(n, "tom", "/unlock production")
		b.done(n, "Ada", "/lock production")
		b.expectLock("production", true)
		b.must(b.shop.SetRole("Ada", "none")) // the login is somebody else's by now
		b.refused(n, "Ada", "/unlock production", "@Ada has the role none"+too)
		b.expectLock("production", true)
	})
}

// Of two people at once, each is answered; the second learns of the first.
func TestTwoPeopleAtOnce(t *testing.T) {
	onBoth(t, choices{pipeline: straight}, func(b *bed) {
		_, second, third := b.deployThree()
		b.must(b.shop.SetRole("yan", "maintain"))
		b.place.releaseTakes(productionApp, 10*time.Second)
		releases := len(b.place.releases(productionApp))
		one, two := b.comment(third.Number(), "zoe", "/rollback"), b.comment(second.Number(), "yan", "/rollback")
		b.until(time.Minute, "both are answered", func() bool { return b.answered(one)() && b.answered(two)() })
		b.pass(10 * time.Second)
		b.expectRuns(productionApp, second.SHA)
		if n := len(b.place.releases(productionApp)) - releases; n != 1 {
			t.Errorf("production should be rolled back once, it was %d times", n)
		}
		winners := slices.Contains(b.reactions(one), "rocket") != slices.Contains(b.reactions(two), "rocket")
		if said := b.botComment(second.Number()) + b.botComment(third.Number()); !winners || !strings.Contains(said, "is being rolled back by @") {
			t.Errorf("one of them should win, and the other be told who did: %v, %v\n%s", b.reactions(one), b.reactions(two), said)
		}
	})
}

// However often its delivery arrives, a comment acts once.
func TestSameCommentTwice(t *testing.T) {
	onBoth(t, choices{pipeline: straight}, func(b *bed) {
		_, second, third := b.deployThree()
		b.gh.OnDelivery(func(d githubtest.Delivery) githubtest.Fate {
			if d.Event == "issue_comment" {
				return githubtest.Duplicate
			}
			return githubtest.Deliver
		})
		b.done(third.Number(), "zoe", "/rollback")
		for _, d := range b.gh.Deliveries() {
			if d.Event == "issue_comment" && d.Action == "created" {
				b.must(b.gh.Redeliver(d.GUID))
			}
		}
		b.pass(10 * time.Minute)
		b.expectRuns(productionApp, second.SHA)
		if n := len(b.production().Past); n != 4 && n != 3 {
			t.Errorf("production should have proved what was deployed, it proved %d", n)
		}
	})
}

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
