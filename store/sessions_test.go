package store_test

import (
	"sync"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/store"
)

// A session is there until it expires or is ended, alone or with all of its person.
func testSessions(t *testing.T, open opener) {
	now := noon
	var mu sync.Mutex
	s := open(t, store.Options{Clock: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }})
	defer closeStore(t, s)
	expect := func(when, token, want string) {
		t.Helper()
		data, found, err := s.Session(t.Context(), token)
		if err != nil || found != (want != "") || string(data) != want {
			t.Errorf("%s, the session %s should be %q, got %q, %v, %v", when, token, want, data, found, err)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	expect("at first", "a", "")
	must(s.SaveSession(t.Context(), "a", 0, []byte("a state\x00"), noon.Add(time.Minute)))
	expect("before anybody signed in", "a", "a state\x00")
	must(s.SaveSession(t.Context(), "a", 7, []byte("signed in"), noon.Add(time.Hour)))
	must(s.SaveSession(t.Context(), "b", 7, []byte("elsewhere"), noon.Add(time.Hour)))
	must(s.SaveSession(t.Context(), "c", 8, []byte("somebody else"), noon.Add(2*time.Hour)))
	expect("after that", "a", "signed in")
	must(s.EndSession(t.Context(), "a"))
	must(s.EndSession(t.Context(), "a"))
	expect("once it was ended", "a", "")
	expect("once another was ended", "b", "elsewhere")
	must(s.EndSessions(t.Context(), 7))
	expect("once all of the person were ended", "b", "")
	expect("once another person's were ended", "c", "somebody else")

	mu.Lock()
	now = noon.Add(2 * time.Hour)
	mu.Unlock()
	expect("when it has expired", "c", "")
	removed, err := s.Prune(t.Context(), noon, noon)
	if err != nil || removed != 1 {
		t.Errorf("the session that has expired should be removed, got %d, %v", removed, err)
	}
}
