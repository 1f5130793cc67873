package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/headstart-cd/headstart/store"
)

// A repository that is seen for the first time must not cost more the more pipelines
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

// What is to be swept is found by its time, and by one statement however many
// installations have no requests left.
func TestSweepsByIndex(t *testing.T) {
	const index = "pipelines_sweep"
	t.Run("sqlite", func(t *testing.T) {
		s := sqliteOpener(t).open(t)
		query, list := s.SweepsDueQuery([]int64{1, 2, 3})
		if none, _ := s.SweepsDueQuery(nil); none != query {
			t.Errorf("the statement should be the same with no installation left out: %s", none)
		}
		steps, err := store.PlanOf(t.Context(), s, query, 1, 200, list)
		if err != nil {
			t.Fatal(err)
		}
		if plan := strings.Join(steps, "; "); !strings.Contains(plan, index+" (sweep_at>? AND sweep_at<?)") || strings.Contains(plan, "B-TREE") {
			t.Errorf("the index %s is not used, or what it found is sorted: %s", index, plan)
		}
	})
	t.Run("postgres", func(t *testing.T) {
		url := postgresURL(t)
		s := openerOf(url).open(t)
		db, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close(t.Context())
		const fill = `INSERT INTO pipelines (repo, name, version, wake_at, sweep_at, updated_at, last_event, installation, repo_id)
			SELECT 'acme/r' || n, '', 1, 0, n, 0, 0, n % 100, n FROM generate_series(CAST(1 AS BIGINT), 20000) n`
		for _, statement := range []string{fill, "ANALYZE pipelines"} {
			if _, err := db.Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		query, list := s.SweepsDueQuery([]int64{1, 2, 3})
		if none, _ := s.SweepsDueQuery(nil); none != query {
			t.Errorf("the statement should be the same with no installation left out: %s", none)
		}
		rows, err := db.Query(t.Context(), "EXPLAIN "+query, int64(10000), 200, list)
		if err != nil {
			t.Fatal(err)
		}
		steps, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		if plan := strings.Join(steps, "; "); !strings.Contains(plan, index) || strings.Contains(plan, "Sort") {
			t.Errorf("the index %s is not used, or what it found is sorted: %s", index, plan)
		}
	})
}

// Of River's indexes there are those that somebody uses, and River looks after no other.
func TestIndexesOfTheQueue(t *testing.T) {
	url := postgresURL(t)
	openerOf(url).open(t)
	db, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(t.Context())
	rows, err := db.Query(t.Context(), `SELECT indexname FROM pg_indexes WHERE tablename = 'river_job' ORDER BY indexname`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if want := slices.Sorted(slices.Values(store.Reindexed)); !slices.Equal(got, want) {
		t.Errorf("the queue should have the indexes %v, it has %v", want, got)
	}
}

// A page of history costs what it shows, however much there is.
func TestHistoryByIndex(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		s := sqliteOpener(t).open(t)
		for index, queries := range store.HistoryQueries(shop, noon) {
			for _, q := range queries {
				steps, err := store.PlanOf(t.Context(), s, q.Text, q.Args...)
				if err != nil {
					t.Fatal(err)
				}
				plan := strings.Join(steps, "; ")
				if !strings.Contains(plan, index) || strings.Contains(plan, "SCAN history_changes") || strings.Contains(plan, "SCAN h ") {
					t.Errorf("the index %s is not used by %s: %s", index, q.Text, plan)
				}
			}
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
		for _, statement := range []string{
			`INSERT INTO history_pipelines SELECT n, 'acme/r' || n, '', 1 FROM generate_series(1, 100) n`,
			`INSERT INTO history_pipelines VALUES (101, 'acme/shop', '', 1)`,
			`INSERT INTO history_changes SELECT 1 + n % 101, CAST(CAST(n AS TEXT) AS BYTEA), 1000000 * n, 0, 0, 0, 0, 0, 0, 0, '', '', '', '', '', '', '', '', '', '', '' FROM generate_series(CAST(1 AS BIGINT), 20000) n`,
			`INSERT INTO history_promotions SELECT 1 + n % 101, 'production', n, 1000000 * n, 0, 0, 0, 0, 0, '', '', '', '', '', '', '', '', '' FROM generate_series(CAST(1 AS BIGINT), 20000) n`,
			`ANALYZE`,
		} {
			if _, err := db.Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		for index, queries := range store.HistoryQueries(shop, time.UnixMicro(19_000_000_000)) {
			for _, q := range queries {
				rows, err := db.Query(t.Context(), "EXPLAIN "+q.Text, q.Args...)
				if err != nil {
					t.Fatal(err)
				}
				steps, err := pgx.CollectRows(rows, pgx.RowTo[string])
				if err != nil {
					t.Fatal(err)
				}
				if plan := strings.Join(steps, "\n"); !strings.Contains(plan, index) || strings.Contains(plan, "Seq Scan on history_changes") || strings.Contains(plan, "Seq Scan on history_promotions") {
					t.Errorf("the index %s is not used by %s:\n%s", index, q.Text, plan)
				}
			}
		}
	})
}
