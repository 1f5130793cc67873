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
