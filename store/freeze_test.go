package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/store"
)

// onFilesAndServers runs a test on the databases that another process can open.
func onFilesAndServers(t *testing.T, test func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, "sqlite:"+filepath.Join(t.TempDir(), "state of it.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, postgresURL(t))
	})
}

func openOperator(t *testing.T, url string) *store.Operator {
	t.Helper()
	b, err := store.OpenOperator(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return b
}

// What the operator says beside a running server is what the server reads, it
// survives a restart, and each word is later than the one before.
func TestFreeze(t *testing.T) {
	onFilesAndServers(t, func(t *testing.T, url string) {
		ctx := t.Context()
		s := openerOf(url)(t, store.Options{})
		if f, err := s.Freeze(ctx); err != nil || f != (bot.OperatorFreeze{}) {
			t.Fatalf("before anything was said nothing is frozen, got %+v, %v", f, err)
		}
		b := openOperator(t, url)
		word := bot.OperatorFreeze{On: true, By: "ada", Reason: "an incident,\x00 it's bad", Until: noon.Add(4 * time.Hour), At: noon}
		saved, err := b.SetFreeze(ctx, word)
		if err != nil {
			t.Fatal(err)
		}
		word.Reason = strings.ReplaceAll(word.Reason, "\x00", "\uFFFD")
		if got, err := s.Freeze(ctx); err != nil || got != word || got != saved {
			t.Errorf("the server should read what was saved, %+v, it reads %+v, %v", word, got, err)
		}
		if passed, err := s.Passed(ctx); err != nil || !passed.IsZero() {
			t.Errorf("the word has reached nobody yet, got %s, %v", passed, err)
		}
		if err := s.SetPassed(ctx, word.At); err != nil {
			t.Error(err)
		}
		if err := s.SetPassed(ctx, word.At.Add(-time.Second)); err != nil { // an instance that is late
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		again := openerOf(url)(t, store.Options{})
		defer again.Close()
		if got, err := again.Freeze(ctx); err != nil || got != word {
			t.Errorf("it should survive a restart: %+v, it reads %+v, %v", word, got, err)
		}
		ended, err := b.SetFreeze(ctx, bot.OperatorFreeze{By: "ada", At: noon.Add(-time.Hour)}) // a clock that is behind
		if err != nil || !ended.At.After(saved.At) {
			t.Errorf("what is said later should have a later time than %s, it has %s, %v", saved.At, ended.At, err)
		}
		if got, err := again.Freeze(ctx); err != nil || got != ended || got.On {
			t.Errorf("the end should be read, %+v, it reads %+v, %v", ended, got, err)
		}
		if passed, err := again.Passed(ctx); err != nil || !passed.Equal(word.At) {
			t.Errorf("only the word of %s has reached everybody, got %s, %v", word.At, passed, err)
		}
	})
}

// A word is saved while the server writes as fast as it can.
func TestFreezeWhileTheServerWrites(t *testing.T) {
	onFilesAndServers(t, func(t *testing.T, url string) {
		s := openerOf(url)(t, store.Options{})
		defer s.Close()
		ctx, stop := context.WithCancel(t.Context())
		var writers sync.WaitGroup
		for w := range 4 {
			writers.Go(func() {
				for i := 0; ctx.Err() == nil; i++ {
					c := change(0)
					c.Pipeline.Name = fmt.Sprintf("w%d-%d", w, i)
					if err := s.Commit(ctx, c); err != nil && ctx.Err() == nil {
						t.Error(err)
					}
				}
			})
		}
		b := openOperator(t, url)
		last := time.Time{}
		for i := range 20 {
			saved, err := b.SetFreeze(t.Context(), bot.OperatorFreeze{On: i%2 == 0, Reason: "busy", At: noon})
			if err != nil || !saved.At.After(last) {
				t.Fatalf("word %d should be saved later than %s, it is at %s, %v", i, last, saved.At, err)
			}
			last = saved.At
		}
		stop()
		writers.Wait()
	})
}

func TestOperatorSaysWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	for url, want := range map[string]string{
		"sqlite:" + filepath.Join(dir, "none.db"): "there is no database at",
		"sqlite::memory:":                         "names no file",
		"mysql://x":                               "names no database",
		"postgres://u:se%cret@h/x":                "no valid PostgreSQL URL",
	} {
		if _, err := store.OpenOperator(t.Context(), url); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "se%cret") {
			t.Errorf("%s should be refused with %q, got %v", url, want, err)
		}
	}
	onFilesAndServers(t, func(t *testing.T, url string) {
		if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := store.OpenOperator(t.Context(), url); err == nil || !strings.Contains(err.Error(), "headstart serve") {
			t.Errorf("a database without tables should be refused, got %v", err)
		}
	})
}

func testAll(t *testing.T, open opener) {
	s := open.open(t)
	want := []bot.Key{{Repo: bot.Repo{Owner: "acme", Name: "api"}}, shop, {Repo: shop.Repo, Name: "web"}}
	for _, key := range []bot.Key{want[2], want[0], want[1]} {
		c := change(0)
		c.Pipeline, c.State.Pipeline = key, key
		commit(t, s, c)
	}
	if got, err := s.All(t.Context()); err != nil || !slices.Equal(got, want) {
		t.Errorf("every pipeline should be listed, %v, got %v, %v", want, got, err)
	}
	if f, err := s.Freeze(t.Context()); err != nil || f != (bot.OperatorFreeze{}) {
		t.Errorf("nothing is frozen unless the operator says so, got %+v, %v", f, err)
	}
}
