package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/store"
)

// What waits is counted by queue, with the age of the oldest, on either database.
func TestBacklogs(t *testing.T) {
	onFilesAndServers(t, func(t *testing.T, url string) {
		s := openerOf(url)(t, store.Options{})
		defer closeStore(t, s)
		expect := func(deliveries int, least, most time.Duration) {
			t.Helper()
			list, err := s.Backlogs(t.Context())
			if err != nil || len(list) != 4 || list[0].Queue != "deliveries" {
				t.Fatalf("expected the four queues, got %+v, %v", list, err)
			}
			if w := list[0]; w.Jobs != deliveries || w.Oldest < least || w.Oldest > most {
				t.Errorf("expected %d deliveries to wait, for %s to %s, got %+v", deliveries, least, most, w)
			}
			for _, w := range list[1:] {
				if w.Jobs != 0 || w.Oldest != 0 {
					t.Errorf("nothing else should wait, got %+v", w)
				}
			}
		}
		expect(0, 0, 0)
		began := time.Now()
		receive(t, s, "one")
		receive(t, s, "two")
		expect(2, 0, time.Since(began)+2*time.Second)
		prepareDatabase(t, url, `UPDATE river_job SET scheduled_at = '2026-01-02 03:04:05.000'`)
		expect(2, time.Since(time.Date(2026, 1, 3, 3, 4, 5, 0, time.UTC)), time.Since(time.Date(2026, 1, 1, 3, 4, 5, 0, time.UTC)))
		stop := run(t, s, store.Handlers{Deliver: func(context.Context, store.Delivery) error { return nil }})
		defer stop()
		idle(t, s)
		expect(0, 0, 0)
	})
}
