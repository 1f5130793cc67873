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
