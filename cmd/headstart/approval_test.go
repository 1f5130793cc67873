package main

import (
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// asksForYes is a production that asks for an approval, behind a check.
const asksForYes = `checks: [ci]
prepare: {apps: [shop-prepare], pull_requests: false}
stages:
  - name: production
    app: shop-production
    promote: approval
    allow: [maintain, team/releasers]
`

// permissions counts how often GitHub was asked what somebody may do.
func (b *bed) permissions() (n int) {
	for _, r := range b.gh.Requests() {
		if strings.HasSuffix(r.Path, "/permission") {
			n++
		}
	}
	return n
}

// An approval ends with its giver's right to give it, which is read once more when
// everything else is open: one request for each entry.
func TestAnApprovalEndsWithItsGiversRight(t *testing.T) {
	onHeroku(t, choices{pipeline: asksForYes}, func(b *bed, _ *herokuPlace) {
		b.must(b.shop.SetRole("zoe", "maintain"))
		b.must(b.shop.SetRole("tim", "write"))
		b.gh.SetTeamMember("acme", "releasers", "tim", "active")
		enter := func(m mergedPull) {
			b.must(b.shop.Check(m.SHA, "ci", "success"))
			b.pass(30 * time.Second)
		}
		lapses := func(name, who string, leave func(), why string) {
			t.Helper()
			m := b.merge(name)
			b.pass(time.Minute)
			b.done(m.Number(), who, "/approve production")
			leave()
			before := b.permissions()
			enter(m)
			if n := b.permissions() - before; n != 1 {
				t.Errorf("%s: what @%s may do should be read once, it was %d times", name, who, n)
			}
			b.expectComment(m.Number(), "the approval of "+m.SHA[:7]+" for production lapsed: "+why)
			if n := len(b.place.releases(productionApp)); n != 0 {
				t.Errorf("%s: an approval whose giver has left should let nothing in", name)
			}
		}
		lapses("role", "zoe", func() { b.must(b.shop.SetRole("zoe", "write")) },
			"production takes maintain or team/releasers, and by now @zoe has the role write")
		lapses("team", "tim", func() { b.gh.SetTeamMember("acme", "releasers", "tim", "") },
			"production takes maintain or team/releasers, and by now @tim has the role write")
		b.gh.SetTeamMember("acme", "releasers", "tim", "active")
		lapses("gone", "tim", func() { b.must(b.shop.SetRole("tim", "none")) },
			"production takes maintain or team/releasers, and by now @tim has the role none")

		b.must(b.shop.SetRole("zoe", "maintain"))
		m := b.merge("good")
		b.pass(time.Minute)
		b.done(m.Number(), "zoe", "/approve production")
		b.gh.Inject(githubtest.Fault{Match: "GET */collaborators/zoe/permission", Status: 502, Times: 3})
		before := b.permissions()
		enter(m)
		b.until(5*time.Minute, "it is live", b.live(m.SHA))
		if n := b.permissions() - before; n > 5 {
			t.Errorf("what @zoe may do should be read once, and again while that fails; it was %d times", n)
		}
	})
}

// anyFourEyes is a production that takes what somebody other than the author approves.
const fourEyed = `checks: none
prepare: {apps: [shop-prepare], pull_requests: false}
stages:
  - name: staging
    app: shop-staging
  - name: production
    app: shop-production
    promote: approval
    four_eyes: true
`

// Nobody approves their own work. An approval is for one build in the place of what
// was live then: when something else goes live, it lapses, and says so.
func TestApprovalLapses(t *testing.T) {
	onBoth(t, choices{pipeline: fourEyed}, func(b *bed) {
		b.must(b.shop.SetRole("zoe", "write"))
		b.must(b.shop.SetRole("mona", "admin"))
		first, second := b.approved("first"), b.approved("second")
		third := b.merge("third")
		b.until(time.Minute, "staging has the third", b.hasStatus(third.SHA, "headstart/staging", "success"))
		b.pass(10 * time.Minute)
		b.expectUntouched(third.SHA, productionApp)
		b.refused(third.Number(), "mona", "/approve", "@mona is the author of the commit: this stage needs the approval of another person")
		b.expectUntouched(third.SHA, productionApp)
		b.done(third.Number(), "mona", "/lock production")
		b.done(third.Number(), "zoe", "/approve")
		b.expectComment(third.Number(), third.SHA[:7]+" is approved for production; it goes there as soon as it may: production is locked")

		b.done(third.Number(), "mona", "/rollback production")
		b.expectRuns(productionApp, first.SHA)
		b.expectComment(third.Number(), "the approval of "+third.SHA[:7]+" for production lapsed: production runs "+first.SHA[:7]+" now")
		b.done(third.Number(), "mona", "/unlock production")
		b.pass(10 * time.Minute)
		b.expectUntouched(third.SHA, productionApp)
		b.expectStatus(third.SHA, "headstart/production", "pending", "The approval by @zoe lapsed")
		b.done(third.Number(), "zoe", "/approve")
		b.until(time.Minute, "the third is live", b.live(third.SHA))
		b.expectNothingPending(first.SHA, second.SHA, third.SHA)
	})
}

// approved merges a change and has zoe approve it.
func (b *bed) approved(name string) mergedPull {
	b.t.Helper()
	m := b.merge(name)
	b.until(time.Minute, "staging has "+name, b.hasStatus(m.SHA, "headstart/staging", "success"))
	b.done(m.Number(), "zoe", "/approve")
	b.until(time.Minute, name+" is live", b.live(m.SHA))
	b.pass(10 * time.Second)
	return m
}
