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
		for time.Since(began) < time.Minute { // it grows older
			if list, err := s.Backlogs(t.Context()); err != nil || list[0].Oldest > 20*time.Millisecond {
				break
			}
		}
		expect(2, 20*time.Millisecond, time.Since(began)+2*time.Second)
		stop := run(t, s, store.Handlers{Deliver: func(context.Context, store.Delivery) error { return nil }})
		defer stop()
		idle(t, s)
		expect(0, 0, 0)
	})
}
