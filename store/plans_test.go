package store_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/headstart-cd/headstart/store"
)

// A repository that is heard of for the first time must not cost more the more pipelines
// there are.
func TestUnnumberedByIndex(t *testing.T) {
	const index = "pipelines_unnumbered"
	t.Run("sqlite", func(t *testing.T) {
		s := sqliteOpener(t).open(t)
		steps, err := store.PlanOf(t.Context(), s, store.SelectUnnumbered, 7)
		if err != nil {
			t.Fatal(err)
		}
		if plan := strings.Join(steps, "; "); !strings.Contains(plan, index+" (installation=?)") {
			t.Errorf("the index %s is not used: %s", index, plan)
		}
	})
	t.Run("postgres", func(t *testing.T) {
		url := postgresURL(t)
		openerOf(url).open(t)
		db, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close(t.Context())
		const fill = `INSERT INTO pipelines (repo, name, version, wake_at, updated_at, last_event, installation, repo_id)
			SELECT 'acme/r' || n, '', 1, 0, 0, 0, n % 100, n FROM generate_series(1, 5000) n`
		for _, statement := range []string{fill, "ANALYZE pipelines"} {
			if _, err := db.Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		rows, err := db.Query(t.Context(), "EXPLAIN "+store.SelectUnnumbered, int64(7))
		if err != nil {
			t.Fatal(err)
		}
		steps, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		if plan := strings.Join(steps, "; "); !strings.Contains(plan, index) || strings.Contains(plan, "Seq Scan") {
			t.Errorf("the index %s is not used: %s", index, plan)
		}
	})
}
