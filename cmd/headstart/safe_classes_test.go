package main

import (
	"strings"
	"testing"
	"time"
)

// classed is a pipeline that treats changes by what they touch: documentation passes
// the canary by, and a migration needs somebody's yes for production.
const classed = `checks: none
prepare: {apps: [shop-prepare], pull_requests: false}
changes:
  migration: [db/migrate/**]
  docs: [docs/**, "*.md"]
stages:
  - name: staging
    app: shop-staging
  - name: canary
    app: shop-canary
    skip: [docs]
  - name: production
    app: shop-production
    hold: {migration: approval}
`

// A typo fix passes the canary by, plain code goes everywhere by itself, and a
// migration waits until somebody approves it.
func TestChangesByClass(t *testing.T) {
	onBoth(t, choices{pipeline: classed}, func(b *bed) {
		b.place.add(canaryApp)
		b.must(b.shop.SetRole("zoe", "write"))
		b.must(b.shop.SetRole("reader", "read"))
		first := b.merge("first")
		b.until(time.Minute, "canary has it", b.hasStatus(first.SHA, "headstart/canary", "success"))
		b.pass(time.Minute)
		b.expectStatus(first.SHA, "headstart/production", "pending", "it counts as migration because nothing is live on production yet")
		b.done(first.Number(), "zoe", "/approve")
		b.until(time.Minute, "it is live", b.live(first.SHA))

		docs := b.mergeFiles("docs", map[string]string{"docs/guide.md": "How to.\n", "README.md": "Read me.\n"})
		b.until(time.Minute, "the documentation is live", b.live(docs.SHA))
		b.expectRuns(canaryApp, first.SHA)
		b.expectUntouched(docs.SHA, canaryApp)
		b.expectStatus(docs.SHA, "headstart/canary", "success", "Skipped: only docs changed")

		code := b.deploy("code")
		b.expectRuns(canaryApp, code.SHA)

		migration := b.mergeFiles("migration", map[string]string{"db/migrate/1.sql": "alter table t add c int;\n", "docs/db.md": "c\n"})
		b.until(time.Minute, "canary has the migration", b.hasStatus(migration.SHA, "headstart/canary", "success"))
		b.pass(10 * time.Minute)
		b.expectUntouched(migration.SHA, productionApp)
		b.expectStatus(migration.SHA, "headstart/production", "pending", "Waiting for /approve production by anyone with write: it has changes of class migration")
		b.refused(migration.Number(), "reader", "/approve", "@reader may not /approve production")
		b.expectUntouched(migration.SHA, productionApp)
		b.done(migration.Number(), "zoe", "/approve production")
		b.until(time.Minute, "the migration is live", b.live(migration.SHA))
		if d, _ := b.deployment(migration.SHA, "production"); !strings.Contains(d.Description, "approved by @zoe") {
			t.Errorf("the deployment should keep who approved it, it says %q", d.Description)
		}
		b.expectNothingPending(first.SHA, docs.SHA, code.SHA, migration.SHA)
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
