package store_test

import (
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/store"
)

// What came is counted by event, over restarts, until it is seven days ago.
func TestCounts(t *testing.T) {
	onFilesAndServers(t, func(t *testing.T, url string) {
		var now atomic.Pointer[time.Time]
		at := func(t time.Time) { now.Store(&t) }
		at(noon)
		open := func() *store.Store {
			return openerOf(url)(t, store.Options{Clock: func() time.Time { return *now.Load() }})
		}
		s := open()
		for range 3 {
			s.Count("push")
		}
		s.Count("odd\x00 event")
		closeStore(t, s)
		at(noon.Add(24 * time.Hour))
		s = open()
		s.Count("push")
		s.Count("ping")
		closeStore(t, s)
		b := openOperator(t, url)
		expect := func(want ...store.Count) {
			t.Helper()
			if got, err := b.Counts(t.Context()); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("expected %+v to have come, got %+v, %v", want, got, err)
			}
		}
		expect(store.Count{Event: "odd\uFFFD event", Total: 1, Last: noon}, store.Count{Event: "ping", Total: 1, Last: *now.Load()}, store.Count{Event: "push", Total: 4, Last: *now.Load()})
		s = open()
		defer closeStore(t, s)
		if _, err := s.Prune(t.Context(), noon.Add(time.Hour), noon); err != nil {
			t.Fatal(err)
		}
		expect(store.Count{Event: "ping", Total: 1, Last: *now.Load()}, store.Count{Event: "push", Total: 1, Last: *now.Load()})
	})
}
