package store_test

import (
	"path/filepath"
	"sync"
	"testing"
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
