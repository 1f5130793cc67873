package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/store"
)

func TestOpenExplains(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("This is no database. ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ what, url, want string }{
		{"nothing", "", "expected sqlite:PATH or postgres://"},
		{"another database", "mysql://headstart:hunter2@db/x", "expected sqlite:PATH or postgres://"},
		{"no file", "sqlite:", "names no file"},
		{"a folder", "sqlite:" + dir, "is a directory"},
		{"a folder that is missing", "sqlite:" + filepath.Join(dir, "none", "state.db"), "no such file or directory"},
		{"a file that is no database", "sqlite:" + text, "not a database"},
		{"a URL that is none", "postgres://headstart:hunt/er2@db:x/y", "no valid PostgreSQL URL"},
		{"a setting that is none", "postgres://headstart:hunter2@db/y?sslmode=maybe", "no valid PostgreSQL URL"},
		{"a server that is away", "postgres://headstart:hunter2@127.0.0.1:1/y", "connect to the PostgreSQL database"},
	} {
		s, err := store.Open(t.Context(), tt.url, store.Options{})
		if err == nil {
			closeStore(t, s)
			t.Errorf("%s was opened", tt.what)
			continue
		}
		if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got the error %q, wanted one with %q", tt.what, err, tt.want)
		}
		if strings.Contains(err.Error(), "hunt") {
			t.Errorf("%s: the error tells the password: %v", tt.what, err)
		}
	}
}

func TestOpenTwice(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "with space & 100%?.db")
	s := openerOf(url).open(t)
	commit(t, s, change(0))
	_, err := store.Open(t.Context(), url, store.Options{})
	if err == nil || !strings.Contains(err.Error(), "in use by another Headstart") {
		t.Errorf("a second process on the same file is refused with the reason, got: %v", err)
	}
	if _, version, err := s.Load(t.Context(), shop); err != nil || version != 1 {
		t.Errorf("the first one goes on, got version %d, %v", version, err)
	}
}

func TestReopen(t *testing.T) {
	for name, open := range map[string]func(*testing.T) opener{"sqlite": sqliteOpener, "postgres": postgresOpener} {
		t.Run(name, func(t *testing.T) {
			open := open(t)
			s := open(t, store.Options{})
			commit(t, s, change(0, effect("config")))
			receive(t, s, "one")
			closeStore(t, s)
			if _, err := s.Receive(t.Context(), "two", "push", nil); err == nil {
				t.Error("a store that is closed receives nothing")
			}
			s = open(t, store.Options{})
			defer closeStore(t, s)
			if _, version, err := s.Load(t.Context(), shop); err != nil || version != 1 {
				t.Errorf("what was committed is still there, got version %d, %v", version, err)
			}
			got := make(chan string, 2)
			stop := run(t, s, store.Handlers{
				Deliver: func(_ context.Context, d store.Delivery) error { got <- d.GUID; return nil },
				Perform: func(_ context.Context, _ bot.Target, e bot.Effect, again bool) error {
					if again {
						t.Error("an effect that nobody started is not performed again, but for the first time")
					}
					got <- e.Key
					return nil
				},
			})
			defer stop()
			idle(t, s)
			if len(got) != 2 {
				t.Errorf("what waited is worked on after the start, got %d of 2", len(got))
			}
		})
	}
}

// Jobs of an instance that is alive are its own; those of one that is gone are
// everybody's.
func TestInstances(t *testing.T) {
	url := postgresURL(t)
	s := openerOf(url).open(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	exec := func(statement string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	const now = `CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)`
	commit(t, s, change(0, effect("of the dead"), effect("of the living"), effect("of the silent")))
	exec(`INSERT INTO instances VALUES ('living', ` + now + ` + 3600000000), ('silent', ` + now + ` - 16000000)`)
	for _, who := range []string{"dead", "living", "silent"} {
		exec(`UPDATE river_job SET state = 'running', attempt = 1, attempted_at = now(), attempted_by = '{first,` + who + `}'
			WHERE args::text LIKE '%of the ` + who + `%'`)
	}
	got := make(chan performed, 3)
	stop := run(t, s, store.Handlers{Perform: func(_ context.Context, target bot.Target, e bot.Effect, again bool) error {
		got <- performed{target, e, again}
		return nil
	}})
	defer stop()
	taken := map[string]bool{}
	for range 2 {
		p := <-got
		taken[p.effect.Key] = true
		if !p.again {
			t.Errorf("the effect %s was started before, and its handler is told so", p.effect.Key)
		}
	}
	if !taken["of the dead"] || !taken["of the silent"] {
		t.Errorf("what the dead and the silent left is taken over, got %v", taken)
	}
	// The living one ends: then its work is taken over within a beat.
	exec(`DELETE FROM instances WHERE id = 'living'`)
	select {
	case p := <-got:
		if p.effect.Key != "of the living" || !p.again {
			t.Errorf("what the living one left is taken over last, got %+v", p)
		}
	case <-time.After(20 * time.Second):
		t.Error("what an instance left that ended was not taken over within 20 s")
	}
	idle(t, s)
}

// Two instances share the work, and each piece of it is done once.
func TestTwoInstances(t *testing.T) {
	t.Parallel()
	url := postgresURL(t)
	a, b := openerOf(url).open(t), openerOf(url).open(t)
	got := make(chan string, 1000)
	handlers := store.Handlers{Deliver: func(_ context.Context, d store.Delivery) error { got <- d.GUID; return nil }}
	defer run(t, a, handlers)()
	defer run(t, b, handlers)()
	const n = 200
	for i := range n {
		s := a
		if i%2 == 0 {
			s = b
		}
		receive(t, s, strings.Repeat("x", i+1))
	}
	seen := make(map[string]bool)
	for range n {
		guid := <-got
		if seen[guid] {
			t.Errorf("a delivery was processed twice")
		}
		seen[guid] = true
	}
	idleAnywhere(t, a)
	if len(got) != 0 {
		t.Errorf("%d deliveries were processed more than once", len(got))
	}
}

// idleAnywhere waits until no instance has anything to do. What others write is
// not announced, so it asks again and again.
func idleAnywhere(t *testing.T, s *store.Store) {
	t.Helper()
	within := time.After(20 * time.Second)
	for {
		ok, err := s.Idle(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			return
		}
		select {
		case <-within:
			t.Fatal("after 20 s something is still left to do")
		default:
		}
	}
}
