package store_test

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/store"
)

// Whatever comes together with writes that need not wait for the disk: one that
// has to wait does.
func TestWaitsForDisk(t *testing.T) {
	check := func(t *testing.T, url, query, waits string) {
		s := openerOf(url).open(t)
		if got, err := s.ReadIn(t.Context(), true, query); err != nil || got == waits {
			t.Errorf("alone, a lazy write does not wait for the disk: %s answered %q, %v", query, got, err)
		}
		var all sync.WaitGroup
		for n := range 300 {
			all.Go(func() {
				lazily := n%3 > 0
				got, err := s.ReadIn(t.Context(), lazily, query)
				if err != nil || !lazily && got != waits {
					t.Errorf("a write that is not lazy waits for the disk: %s answered %q, wanted %q, %v", query, got, waits, err)
				}
			})
		}
		all.Wait()
	}
	t.Run("sqlite", func(t *testing.T) {
		check(t, "sqlite:"+filepath.Join(t.TempDir(), "state.db"), `PRAGMA synchronous`, "2")
	})
	t.Run("postgres", func(t *testing.T) { check(t, postgresURL(t), `SHOW synchronous_commit`, "on") })
}

// A decision that reads or publishes does not wait for the disk on SQLite, one that
// releases does, and on PostgreSQL both do.
func TestDecisionsWaitForDisk(t *testing.T) {
	reads, releases := effect("checks"), bot.Effect{Key: "promote", Do: bot.Promote{App: "shop"}}
	if !reads.Repeatable() || releases.Repeatable() {
		t.Fatal("reading should be repeatable, and a release should not")
	}
	check := func(t *testing.T, url string, lazy int) {
		s := openerOf(url).open(t)
		commit(t, s, change(0, reads)) // the first one always waits
		w := store.WaitsOf(s)
		commit(t, s, change(1, reads))
		if w.Lazy != lazy || w.All != 1-lazy {
			t.Errorf("of one decision that reads, %d should not wait: %d did not, and %d did", lazy, w.Lazy, w.All)
		}
		commit(t, s, change(2, reads, releases))
		if w.All != 2-lazy {
			t.Errorf("a decision that releases should wait: %d waited of %d", w.All, w.All+w.Lazy)
		}
	}
	t.Run("sqlite", func(t *testing.T) { check(t, "sqlite:"+filepath.Join(t.TempDir(), "state.db"), 1) })
	t.Run("postgres", func(t *testing.T) { check(t, postgresURL(t), 0) })
}
