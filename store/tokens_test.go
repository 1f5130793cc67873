package store_test

import (
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/store"
)

// A token is good until it expires or its person revokes it, and is listed a while longer.
func testTokens(t *testing.T, open opener) {
	now := noon
	var mu sync.Mutex
	s := open(t, store.Options{Clock: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }})
	defer closeStore(t, s)
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	expect := func(when, hash string, want bool) {
		t.Helper()
		if got, found, err := s.Token(ctx, hash); err != nil || found != want || found && got.Hash != hash {
			t.Errorf("%s, the token %s should be good: %v, got %+v, %v", when, hash, want, got, err)
		}
	}
	list := func(when string, person int64, want ...store.Token) {
		t.Helper()
		if got, err := s.TokensOf(ctx, person); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s, %d should have the tokens\n%+v\ngot\n%+v, %v", when, person, want, got, err)
		}
	}
	old := store.Token{Hash: "a1", ID: "hst_A1", Person: 7, Login: "mia", Name: "“laptop”\x01 <b>", May: "commands", Made: noon, Expires: noon.Add(time.Hour)}
	fresh := store.Token{Hash: "b2", ID: "hst_B2", Person: 7, Login: "mia", Name: "ci", Pipelines: []string{"acme/mono:api", "acme/shop"}, May: "reads", Made: noon.Add(time.Minute), Expires: noon.Add(48 * time.Hour)}
	other := store.Token{Hash: "c3", ID: "hst_A1", Person: 8, Login: "sam", Name: "ci", May: "reads", Made: noon, Expires: noon.Add(48 * time.Hour)}

	expect("at first", "a1", false)
	list("at first", 7)
	for _, token := range []store.Token{old, fresh, other} {
		must(s.MakeToken(ctx, token))
	}
	if err := s.MakeToken(ctx, old); err == nil {
		t.Error("one hash should be one token")
	}
	expect("once it is made", "a1", true)
	list("once they are made", 7, fresh, old)
	must(s.UseToken(ctx, "a1", noon.Add(2*time.Minute)))
	must(s.UseToken(ctx, "a1", noon.Add(time.Minute)))
	old.Used = noon.Add(2 * time.Minute)
	list("once one was used", 7, fresh, old)
	must(s.RevokeToken(ctx, 8, "hst_B2"))
	expect("when somebody else revoked it", "b2", true)
	must(s.RevokeToken(ctx, 7, "hst_B2"))
	must(s.RevokeToken(ctx, 7, "hst_B2"))
	expect("once it is revoked", "b2", false)
	list("once one is revoked", 7, old)
	list("once another person's is revoked", 8, other)

	mu.Lock()
	now = noon.Add(time.Hour)
	mu.Unlock()
	expect("when it has expired", "a1", false)
	list("when it has expired", 7, old)
	mu.Lock()
	now = noon.Add(time.Hour + 30*24*time.Hour)
	mu.Unlock()
	if removed, err := s.Prune(ctx, noon, noon); err != nil || removed != 1 {
		t.Errorf("the token that expired a month ago should be removed, got %d, %v", removed, err)
	}
	list("a month later", 7)
}
