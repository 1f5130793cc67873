package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx" of database/sql
)

const (
	filledPipelines  = 10_000
	filledDeliveries = 1_000_000
	filledEvents     = 10 // of each pipeline
)

// numbers is a table n of the numbers from 1 on, in both databases.
const numbers = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) `

// fill gives a database the past of a busy year: pipelines at rest that are
// copies of one that has deployed, and deliveries of the last week.
func fill(b *testing.B, database, like string) {
	ctx := context.Background()
	driver, source, guid := "pgx", database, `md5(CAST(i AS TEXT))`
	if path, ok := strings.CutPrefix(database, "sqlite:"); ok {
		driver, source, guid = "sqlite", "file:"+path+"?_pragma=synchronous(OFF)&_pragma=cache_size(-100000)", `lower(hex(randomblob(16)))`
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	run := func(query string) {
		b.Helper()
		if _, err := db.ExecContext(ctx, query); err != nil {
			b.Fatalf("%.100s: %v", query, err)
		}
	}
	now := time.Now()
	run(fmt.Sprintf(`INSERT INTO deliveries (guid, event, body, received_at, processed_at, outcome, attempts) `+numbers+
		`SELECT %s, 'check_run', '', %d - i * 600000, %d - i * 600000, 'processed', 1 FROM n`,
		filledDeliveries, guid, now.UnixMicro(), now.UnixMicro()))
	copies := func(table, where string, columns map[string]string) {
		b.Helper()
		rows, err := db.QueryContext(ctx, `SELECT * FROM `+table+` WHERE 1 = 0`)
		if err != nil {
			b.Fatal(err)
		}
		names, err := rows.Columns()
		if err != nil {
			b.Fatal(err)
		}
		rows.Close()
		values := make([]string, len(names))
		for i, name := range names {
			if values[i] = "p." + name; columns[name] != "" {
				values[i] = columns[name]
			}
		}
		run(fmt.Sprintf(`INSERT INTO %s (%s) `+numbers+`SELECT %s FROM n, %s p WHERE p.repo = '%s'%s`, table,
			strings.Join(names, ", "), filledPipelines, strings.Join(values, ", "), table, like, where))
	}
	repo := `'past/shop-' || CAST(i AS TEXT)`
	copies("pipelines", "", map[string]string{
		"repo": repo, "last_event": fmt.Sprint(filledEvents), "wake_at": "0", "sweep_at": fmt.Sprint(now.Add(24 * time.Hour).UnixMicro()),
	})
	copies("pipeline_states", "", map[string]string{"repo": repo, "event": fmt.Sprint(filledEvents)})
	copies("pipeline_apps", "", map[string]string{"repo": repo, "app": `p.app || '-' || CAST(i AS TEXT)`})
	copies("events", fmt.Sprintf(" AND p.seq <= %d", filledEvents), map[string]string{"repo": repo})
	run("ANALYZE")
	if driver == "pgx" {
		run("CHECKPOINT")
	} else {
		run("PRAGMA wal_checkpoint(TRUNCATE)")
	}
}
