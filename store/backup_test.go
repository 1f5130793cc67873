package store_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/headstart-cd/headstart/store"
)

// While deliveries come in, a copy has those that were acknowledged before it began, and is a database like any other.
func TestBackupBesideAServer(t *testing.T) {
	dir := t.TempDir()
	url := "sqlite:" + filepath.Join(dir, "state of it.db")
	s := openerOf(url).open(t)
	receive := func(name string, n int) {
		if _, err := s.Receive(context.Background(), fmt.Sprintf("%s-%d", name, n), "push", []byte("{}")); err != nil {
			t.Error(err)
		}
	}
	for n := range 20 {
		receive("before", n)
	}
	stop, writing := make(chan struct{}), sync.WaitGroup{}
	writing.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
				receive("meanwhile", n)
			}
		}
	})
	file := filepath.Join(dir, "a copy.db")
	done, err := store.Backup(t.Context(), url, file)
	close(stop)
	writing.Wait()
	if err != nil || done.Bytes == 0 || done.Form == 0 {
		t.Fatalf("a database should be copied while it is written to, got %+v, %v", done, err)
	}
	restored := openerOf("sqlite:" + file).open(t)
	list, err := restored.Deliveries(t.Context(), store.Filter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 20 {
		if !slices.ContainsFunc(list, func(d store.Delivery) bool { return d.GUID == fmt.Sprintf("before-%d", n) }) {
			t.Errorf("the copy should have what came before it, before-%d is missing of %d", n, len(list))
		}
	}
	if _, err := store.Backup(t.Context(), url, file); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a file that exists should not be overwritten, got %v", err)
	}
}

// What cannot be copied leaves nothing behind, and says why.
func TestWhatCannotBeBackedUp(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return "sqlite:" + path
	}
	for what, k := range map[string]struct{ url, want string }{
		"no database":         {"sqlite:" + filepath.Join(dir, "none.db"), "there is no database"},
		"memory":              {"sqlite::memory:", "names no file"},
		"another kind":        {"mysql://x", "DATABASE_URL names no database"},
		"text":                {write("text.db", strings.Repeat("not a database. ", 100)), "file is not a database"},
		"somebody else's":     {write("empty.db", ""), "no database of Headstart's"},
		"a folder to nowhere": {write("more.db", ""), "no such file"},
	} {
		file := filepath.Join(dir, "copy.db")
		if strings.Contains(k.want, "no such file") {
			file = filepath.Join(dir, "no", "such", "copy.db")
		}
		if _, err := store.Backup(t.Context(), k.url, file); err == nil || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%s should be refused with %q, got %v", what, k.want, err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, "copy*")); err != nil || len(left) > 0 {
		t.Errorf("nothing should be left, got %v, %v", left, err)
	}
}

// A damaged database is not copied as if it were whole.
func TestDamagedDatabaseIsNotBackedUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "headstart.db")
	s := openerOf("sqlite:"+path)(t, store.Options{})
	for n := range 50 {
		if _, err := s.Receive(t.Context(), fmt.Sprint(n), "push", []byte(strings.Repeat("x", 5000))); err != nil {
			t.Fatal(err)
		}
	}
	closeStore(t, s)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := 60 * 4096; at+4096 <= len(data); at += 4096 { // pages of tables, as zeros
		clear(data[at : at+4096])
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Backup(t.Context(), "sqlite:"+path, path+".copy"); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged database should be told, got %v", err)
	}
}

// The command lines that are named for PostgreSQL do: what pg_dump wrote, pg_restore brings into an empty database, and
// that is one of Headstart's.
func TestDumpOfPostgres(t *testing.T) {
	from, to := postgresURL(t), postgresURL(t)
	s := openerOf(from)(t, store.Options{})
	if _, err := s.Receive(t.Context(), "d1", "push", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	file := filepath.Join(t.TempDir(), "it's a copy.dump")
	run := func(url string, pick func(*store.OtherTool) string) {
		t.Helper()
		_, err := store.Backup(t.Context(), url, file)
		var other *store.OtherTool
		if !errors.As(err, &other) {
			t.Fatalf("PostgreSQL should be copied by its own tools, got %v", err)
		}
		if out, err := exec.Command("sh", "-c", pick(other)).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", pick(other), err, out)
		}
	}
	run(from, func(o *store.OtherTool) string { return o.Command })
	run(to, func(o *store.OtherTool) string { return o.Restore })
	restored := openerOf(to).open(t)
	if list, err := restored.Deliveries(t.Context(), store.Filter{}); err != nil || len(list) != 1 || list[0].GUID != "d1" {
		t.Errorf("the delivery should be there, got %+v, %v", list, err)
	}
	b := openOperator(t, to)
	if c, err := b.Condition(t.Context()); err != nil || c.Bytes == 0 || c.Form == 0 || c.ReadOnly != nil {
		t.Errorf("it can be written to, got %+v, %v", c, err)
	}
}

// Whether a database can be written to is found out without writing.
func TestConditionOfADatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "headstart.db")
	closeStore(t, openerOf("sqlite:"+path)(t, store.Options{}))
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := openOperator(t, "sqlite:"+path).Condition(t.Context())
	if err != nil || c.Bytes == 0 || c.Form == 0 || c.ReadOnly != nil || !strings.Contains(c.Name, path) {
		t.Errorf("it can be written to, got %+v, %v", c, err)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("looking should write nothing, %v", err)
	}
}
