package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/store"
)

// sweeping is the first change of the pipeline of acme/NAME.
func sweeping(name string, installation int64, sweep time.Time) engine.Change {
	key := bot.Key{Repo: bot.Repo{Owner: "acme", Name: name}}
	return engine.Change{Pipeline: key, State: pipeline.State{Pipeline: key, Installation: installation}, Sweep: sweep}
}

func testSweepsDue(t *testing.T, open opener) {
	s := open.open(t)
	commit(t, s, sweeping("late", 1, noon))
	commit(t, s, sweeping("later", 1, noon.Add(-time.Minute)))
	commit(t, s, sweeping("other", 2, noon.Add(time.Nanosecond)))
	commit(t, s, sweeping("never", 2, time.Time{}))
	for _, tt := range []struct {
		what   string
		at     time.Time
		except []int64
		limit  int
		want   []string
	}{
		{"the longest overdue first", noon, nil, 10, []string{"later", "late"}},
		{"no more than the limit", noon, nil, 1, []string{"later"}},
		{"all that are due, none early", noon.Add(time.Microsecond), nil, 10, []string{"later", "late", "other"}},
		{"not those of an installation", noon.Add(time.Hour), []int64{1}, 10, []string{"other"}},
		{"not those of any of several", noon.Add(time.Hour), []int64{3, 2, 1}, 10, nil},
		{"none before their time", noon.Add(-time.Hour), nil, 10, nil},
	} {
		keys, err := s.SweepsDue(t.Context(), tt.at, tt.except, tt.limit)
		var got []string
		for _, k := range keys {
			got = append(got, k.Repo.Name)
		}
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, %v; want %v", tt.what, got, err, tt.want)
		}
	}
	c := sweeping("late", 2, noon.Add(time.Hour))
	c.Version = 1
	commit(t, s, c)
	if keys, err := s.SweepsDue(t.Context(), noon, nil, 10); err != nil || len(keys) != 1 {
		t.Errorf("the next change moves the sweep, got %v, %v", keys, err)
	}
	if keys, err := s.SweepsDue(t.Context(), noon.Add(2*time.Hour), []int64{1}, 10); err != nil || len(keys) != 2 {
		t.Errorf("the next change moves the pipeline to its installation, got %v, %v", keys, err)
	}
	c = sweeping("late", 2, noon.Add(-time.Hour))
	if err := s.Commit(t.Context(), c); !errors.Is(err, engine.ErrMoved) {
		t.Fatalf("the version moved, got: %v", err)
	}
	if keys, err := s.SweepsDue(t.Context(), noon, nil, 10); err != nil || len(keys) != 1 {
		t.Errorf("a change that lost moves no sweep, got %v, %v", keys, err)
	}
}

func testProcessed(t *testing.T, open opener) {
	s := open(t, store.Options{Retries: []time.Duration{}})
	defer closeStore(t, s)
	receive(t, s, "good")
	receive(t, s, "bad")
	stop := run(t, s, store.Handlers{Deliver: func(_ context.Context, d store.Delivery) error {
		if d.GUID == "bad" {
			return errors.New("broken")
		}
		return nil
	}})
	idle(t, s)
	stop()
	receive(t, s, "waiting")
	asked := []string{"good", "bad", "waiting", "never received"}
	for i := range 2000 {
		asked = append(asked, fmt.Sprint("never ", i))
	}
	got, err := s.Processed(t.Context(), asked)
	if err != nil || len(got) != 2 || !got["good"] || !got["waiting"] {
		t.Errorf("what was processed and what waits need not be asked for again, the rest does: got %v, %v", got, err)
	}
	if got, err := s.Processed(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("who asks for none is told of none, got %v, %v", got, err)
	}
}

func TestLeads(t *testing.T) {
	leads := func(s *store.Store) bool {
		t.Helper()
		ok, err := s.Leads(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	t.Run("sqlite", func(t *testing.T) {
		if !leads(sqliteOpener(t).open(t)) {
			t.Error("the only process on a file always leads")
		}
	})
	t.Run("postgres", func(t *testing.T) {
		url := postgresURL(t)
		a, b := openerOf(url).open(t), openerOf(url).open(t)
		until := func(what string, s *store.Store, want bool) {
			t.Helper()
			within := time.After(20 * time.Second)
			for leads(s) != want {
				select {
				case <-within:
					t.Fatalf("after 20 s, still not so: %s", what)
				default:
				}
			}
		}
		if leads(a) {
			t.Error("an instance that does not work does not lead")
		}
		stopA := run(t, a, store.Handlers{})
		until("the only instance that works leads", a, true)
		stopB := run(t, b, store.Handlers{})
		instances(t, url, 2)
		if leads(b) || !leads(a) {
			t.Error("the instance that has been there longest leads, and no other")
		}
		stopA()
		until("the second leads when the first has ended", b, true)
		stopA = run(t, a, store.Handlers{})
		instances(t, url, 2)
		if leads(a) || !leads(b) {
			t.Error("who comes back does not lead before those that stayed")
		}
		stopA()
		stopB()
	})
}

// instances waits until so many instances work on the database.
func instances(t *testing.T, url string, want int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	within := time.After(20 * time.Second)
	for got := -1; got != want; {
		if err := conn.QueryRow(t.Context(), `SELECT COUNT(*) FROM instances`).Scan(&got); err != nil {
			t.Fatal(err)
		}
		select {
		case <-within:
			t.Fatalf("after 20 s there are %d instances, not %d", got, want)
		default:
		}
	}
}

// A database of the first form is taken over.
func TestMigrate(t *testing.T) {
	first, err := os.ReadFile("migrations/001_tables.sql")
	if err != nil {
		t.Fatal(err)
	}
	script := `CREATE TABLE headstart_forms (version BIGINT PRIMARY KEY);` + string(first) + `;
		INSERT INTO headstart_forms (version) VALUES (1);
		INSERT INTO instances (id, seen_at) VALUES ('older', 1);
		INSERT INTO pipelines (repo, name, version, state, wake_at, updated_at, last_event) VALUES ('acme/shop', '', 3, '{"Installation":7}', 0, 1, 0);`
	check := func(t *testing.T, open opener) {
		s := open.open(t)
		state, version, err := s.Load(t.Context(), shop)
		if err != nil || version != 3 || state.Installation != 7 {
			t.Errorf("what was saved is still there, got %+v, version %d, %v", state, version, err)
		}
		if keys, err := s.SweepsDue(t.Context(), noon, nil, 10); err != nil || !slices.Equal(keys, []bot.Key{shop}) {
			t.Errorf("a pipeline of before is swept soon, got %v, %v", keys, err)
		}
		receive(t, s, "one")
		stop := run(t, s, store.Handlers{})
		idle(t, s)
		stop()
	}
	t.Run("sqlite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state.db")
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(script); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		check(t, openerOf("sqlite:"+path))
	})
	t.Run("postgres", func(t *testing.T) {
		url := postgresURL(t)
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), script); err != nil {
			t.Fatal(err)
		}
		if err := conn.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		check(t, openerOf(url))
	})
}

// Jobs that have ended leave the queue's table, however many they are.
func TestEndedJobs(t *testing.T) {
	t.Parallel()
	const old, recent = 3210, 7
	statements := func(numbers, params, long, now string) []string {
		insert := `INSERT INTO river_job (args, kind, queue, max_attempts, scheduled_at, state, finalized_at) SELECT ` + params + `, 'effect', 'effects', 1, ` + now + `, 'completed', `
		return []string{insert + long + ` FROM ` + fmt.Sprintf(numbers, old), insert + now + ` FROM ` + fmt.Sprintf(numbers, recent)}
	}
	check := func(t *testing.T, open opener, fill func(), count func() int) {
		s := open.open(t)
		stop := run(t, s, store.Handlers{})
		defer stop()
		// Fill the table while the store works: it is tidied all the time.
		fill()
		eventually(t, s, "only jobs that ended less than a minute ago are left", func() bool { return count() == recent })
	}
	t.Run("sqlite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state.db")
		open := openerOf("sqlite:" + path)
		db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		check(t, open, func() {
			for _, statement := range statements(`(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i FROM n)`, `jsonb('{}')`, `datetime('now', '-2 minutes')`, `datetime('now')`) {
				if _, err := db.Exec(statement); err != nil {
					t.Fatal(err)
				}
			}
		}, func() (n int) {
			if err := db.QueryRow(`SELECT COUNT(*) FROM river_job`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		})
	})
	t.Run("postgres", func(t *testing.T) {
		url := postgresURL(t)
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		check(t, openerOf(url), func() {
			for _, statement := range statements(`generate_series(1, %d) AS n`, `'{}'::jsonb`, `now() - interval '2 minutes'`, `now()`) {
				if _, err := conn.Exec(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
		}, func() (n int) {
			if err := conn.QueryRow(t.Context(), `SELECT COUNT(*) FROM river_job`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		})
	})
}

// An attempt that the database believes this instance makes, while it never
// seen it, is made all the same: the answer to the fetch was lost.
func TestLostFetch(t *testing.T) {
	t.Parallel()
	const (
		copyJob = `CREATE TABLE lost AS SELECT * FROM river_job`
		lose    = `INSERT INTO river_job (id, args, kind, queue, max_attempts, priority, state, attempt, attempted_by)
			SELECT id + 1000000, args, kind, queue, max_attempts, priority, 'running', 1, `
	)
	check := func(t *testing.T, s *store.Store, exec func(statement string)) {
		commit(t, s, change(0, effect("config")))
		exec(copyJob)
		got := make(chan bool, 1)
		stop := run(t, s, store.Handlers{
			Deliver: func(context.Context, store.Delivery) error { exec(lose); return nil },
			Perform: func(_ context.Context, _ bot.Target, _ bot.Effect, again bool) error { got <- again; return nil },
		})
		defer stop()
		if <-got {
			t.Fatal("the first time is the first time")
		}
		idle(t, s)
		receive(t, s, "one") // the handler loses it
		select {
		case again := <-got:
			if !again {
				t.Error("an attempt that was lost counts as one that may have had its effect")
			}
		case <-time.After(20 * time.Second):
			t.Error("an attempt that was lost was not made up for within 20 s")
		}
		idle(t, s)
	}
	t.Run("sqlite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state.db")
		s := openerOf("sqlite:" + path).open(t)
		db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		check(t, s, func(statement string) {
			if statement == lose {
				statement += `jsonb('["somebody"]') FROM lost`
			}
			if _, err := db.Exec(statement); err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("postgres", func(t *testing.T) {
		url := postgresURL(t)
		s := openerOf(url).open(t)
		check(t, s, func(statement string) {
			if statement == lose {
				statement += `ARRAY[(SELECT id FROM instances)] FROM lost`
			}
			conn, err := pgx.Connect(t.Context(), url)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close(t.Context())
			if _, err := conn.Exec(t.Context(), statement); err != nil {
				t.Error(err)
			}
		})
	})
}
