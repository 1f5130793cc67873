package store_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/headstart-cd/headstart/store"
)

// earliest is a database as Headstart made it before its words were settled.
const earliest = `CREATE TABLE headstart_migrations (version BIGINT PRIMARY KEY);
	INSERT INTO headstart_migrations (version) VALUES (1), (2);
	CREATE TABLE pipelines (repo TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL);
	INSERT INTO pipelines (repo, name, state) VALUES ('acme/shop', '', '{"Flights":{"build":{"Out":true}}}');`

// A database that an earlier Headstart made is refused, by the server and by the
// operator's commands, and stays as it is.
func TestEarlierFormIsRefused(t *testing.T) {
	onFilesAndServers(t, func(t *testing.T, url string) {
		prepareDatabase(t, url, earliest)
		before := dump(t, url)
		for what, open := range openers() {
			err := open(t.Context(), url)
			for _, want := range []string{"was made by an earlier Headstart", "this version cannot read it", "Nothing is lost at GitHub or Heroku", whereOf(t, url)} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s should be refused with %q, got: %v", what, want, err)
				}
			}
		}
		if after := dump(t, url); after != before {
			t.Errorf("a database that is refused should stay as it is, but it went from\n%.2000q\nto\n%.2000q", before, after)
		}
	})
}

// The newest form is opened again; one that is newer still is refused, and stays as it
// is.
func TestNewerFormIsRefused(t *testing.T) {
	onFilesAndServers(t, func(t *testing.T, url string) {
		for what, open := range openers() {
			for range 2 {
				if err := open(t.Context(), url); err != nil && what == "a server" {
					t.Fatalf("%s should open an empty database, and its own: %v", what, err)
				}
			}
		}
		prepareDatabase(t, url, `INSERT INTO headstart_forms (version) VALUES (999)`)
		before := dump(t, url)
		for what, open := range openers() {
			err := open(t.Context(), url)
			for _, want := range []string{"was written by a newer Headstart: upgrade Headstart", "form 999", whereOf(t, url)} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s should be refused with %q, got: %v", what, want, err)
				}
			}
		}
		if after := dump(t, url); after != before {
			t.Error("a database that is refused should stay as it is")
		}
	})
}

// Instances that start on an empty database at the same time all open it.
func TestFormOfMany(t *testing.T) {
	url := postgresURL(t)
	errs := make([]error, 3)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { errs[i] = openers()["a server"](t.Context(), url) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			t.Errorf("an instance should open the database beside others: %v", err)
		}
	}
}

// openers open a database in each way there is, and close it.
func openers() map[string]func(context.Context, string) error {
	return map[string]func(context.Context, string) error{
		"a server": func(ctx context.Context, url string) error {
			s, err := store.Open(ctx, url, store.Options{})
			if err != nil {
				return err
			}
			return s.Close()
		},
		"a command": func(ctx context.Context, url string) error {
			b, err := store.OpenOperator(ctx, url)
			if err != nil {
				return err
			}
			return b.Close(ctx)
		},
	}
}

// prepareDatabase runs a script. It leaves a file as a crash would: what was written
// is in its log still.
func prepareDatabase(t *testing.T, url, script string) {
	t.Helper()
	path, ok := strings.CutPrefix(url, "sqlite:")
	if !ok {
		conn := connect(t, url)
		if _, err := conn.Exec(t.Context(), script); err != nil {
			t.Fatal(err)
		}
		return
	}
	elsewhere := filepath.Join(t.TempDir(), "state.db")
	if data, err := os.ReadFile(path); err == nil {
		if err := os.WriteFile(elsewhere, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db, err := sql.Open("sqlite", "file:"+elsewhere+"?_pragma=journal_mode(WAL)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(script); err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"", "-wal"} {
		data, err := os.ReadFile(elsewhere + end)
		if err == nil {
			err = os.WriteFile(path+end, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// dump is all that is in a database: the bytes of a file and of its log, or a server's
// tables and rows.
func dump(t *testing.T, url string) string {
	t.Helper()
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		var all strings.Builder
		for _, end := range []string{"", "-wal"} {
			data, err := os.ReadFile(path + end)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(data)
		}
		return all.String()
	}
	conn := connect(t, url)
	var all string
	if err := conn.QueryRow(t.Context(), `SELECT schema_to_xml_and_xmlschema('public', true, false, '')::text`).Scan(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

// whereOf is what an error has to name, for people to find the database.
func whereOf(t *testing.T, url string) string {
	t.Helper()
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		return path
	}
	return connect(t, url).Config().Database
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}
