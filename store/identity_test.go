package store_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/apply"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/store"
)

var (
	oldName = bot.Repo{Owner: "acme", Name: "shop"}
	newName = bot.Repo{Owner: "Umbrella", Name: "Store"}
)

// numbered is a change of a repository's pipeline.
func numbered(repo bot.Repo, name string, id, version int64) engine.Change {
	c := change(version)
	c.Pipeline = bot.Key{Repo: repo, Name: name}
	c.Events = []bot.Event{{At: noon, Fact: bot.ChecksMoved{SHA: name}}}
	c.State.Pipeline, c.State.RepoID, c.State.Installation = c.Pipeline, id, 7
	return c
}

// Everything of a repository moves with it, and nobody who has not seen that can
// write under the old name.
func TestRepositoriesMove(t *testing.T) {
	onFilesAndServers(t, func(t *testing.T, url string) {
		ctx := t.Context()
		s := openerOf(url)(t, store.Options{})
		defer s.Close()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		elsewhere := func(what string, err error) {
			t.Helper()
			if !errors.Is(err, engine.ErrElsewhere) && !errors.Is(err, engine.ErrMoved) {
				t.Errorf("%s should fail because the repository has another name, got %v", what, err)
			}
		}
		elsewhere("a pipeline of a repository that was not settled", s.Commit(ctx, numbered(oldName, "", 1, 0)))
		must(s.Settle(ctx, oldName, 1, ""))
		must(s.Settle(ctx, oldName, 1, "")) // another instance
		elsewhere("another repository", s.Settle(ctx, oldName, 2, ""))
		must(s.Commit(ctx, numbered(oldName, "", 1, 0)))
		must(s.Commit(ctx, numbered(oldName, "api", 1, 0)))
		elsewhere("a state of another repository", s.Commit(ctx, numbered(oldName, "", 2, 1)))
		before, _, err := s.Load(ctx, bot.Key{Repo: oldName})
		must(err)
		events, _, err := s.Events(ctx, bot.Key{Repo: oldName}, 0, 100)
		must(err)

		// Events that are in no state yet: these have to move with it.
		for v := range int64(5) {
			c := numbered(oldName, "api", 1, v+1)
			c.State, _, err = s.Load(ctx, c.Pipeline)
			must(err)
			c.Folded, c.Events = true, []bot.Event{{At: noon, Fact: bot.Pushed{Branch: "main", After: sha(fmt.Sprint(v)), PushedAt: noon}}}
			c.State = apply.Apply(c.State, c.Events...)
			must(s.Commit(ctx, c))
		}
		api, apiVersion, err := s.Load(ctx, bot.Key{Repo: oldName, Name: "api"})
		must(err)

		must(s.Move(ctx, oldName, newName, 1, ""))
		if got, version, err := s.Load(ctx, bot.Key{Repo: newName, Name: "api"}); err != nil || version != apiVersion || !reflect.DeepEqual(got, api) {
			t.Errorf("what is not folded in yet should move with the state: %v\n%+v\n%+v", err, got, api)
		}
		elsewhere("a second move", s.Move(ctx, oldName, newName, 1, ""))
		after, version, err := s.Load(ctx, bot.Key{Repo: newName})
		must(err)
		if version != 1 || !reflect.DeepEqual(before, after) {
			t.Errorf("the state should be the same under the new name, it is\n%+v\n%+v", after, before)
		}
		moved, _, err := s.Events(ctx, bot.Key{Repo: newName}, 0, 100)
		must(err)
		if len(events) == 0 || !reflect.DeepEqual(events, moved) {
			t.Errorf("its events should have moved, too: %d of %d", len(moved), len(events))
		}
		if keys, id, err := s.Named(ctx, newName); err != nil || id != 1 || len(keys) != 2 {
			t.Errorf("both pipelines should be under the new name, got %v of %d, %v", keys, id, err)
		}
		if keys, id, err := s.Named(ctx, oldName); err != nil || id != 0 || len(keys) != 0 {
			t.Errorf("nothing should be under the old name, got %v of %d, %v", keys, id, err)
		}
		elsewhere("a commit of who has not heard of it", s.Commit(ctx, numbered(oldName, "", 1, 1)))
		elsewhere("a new pipeline of who has not heard of it", s.Commit(ctx, numbered(oldName, "web", 1, 0)))
		elsewhere("one without a number", s.Commit(ctx, numbered(oldName, "web", 0, 0)))
		if due, err := s.SweepsDue(ctx, noon, nil, 10); err != nil || len(due) != 2 {
			t.Errorf("both should be looked at, got %v, %v", due, err)
		}

		// The old name stays what it was, and somebody else's is not taken.
		elsewhere("another repository under the old name", s.Settle(ctx, oldName, 2, ""))
		if known, err := s.KnownName(ctx, bot.Repo{Owner: "ACME", Name: "SHOP"}, 1); err != nil || known != (engine.KnownName{Trusted: 1, At: newName}) {
			t.Errorf("the old name is for 1, which has another one, got %+v, %v", known, err)
		}
		other := bot.Repo{Owner: "acme", Name: "other"}
		must(s.Settle(ctx, other, 2, ""))
		must(s.Commit(ctx, numbered(other, "", 2, 0)))
		elsewhere("a name that is another's", s.Move(ctx, newName, other, 1, ""))
		must(s.Move(ctx, newName, bot.Nameless(1), 1, ""))
		if due, err := s.SweepsDue(ctx, noon.Add(24*365*time.Hour), nil, 10); err != nil || slices.ContainsFunc(due, func(k bot.Key) bool { return k.Repo.Nameless() }) {
			t.Errorf("what has no name should rest, got %v, %v", due, err)
		}
		must(s.Move(ctx, bot.Nameless(1), oldName, 1, ""))
		must(s.Move(ctx, oldName, bot.Repo{Owner: "acme", Name: "Shop"}, 1, "")) // its capitals alone
	})
}

// Every table that has the name of a repository moves with it.
func TestEveryTableMoves(t *testing.T) {
	s := openerOf("sqlite::memory:")(t, store.Options{})
	defer s.Close()
	tables, err := store.TablesWithRepo(context.Background(), s)
	if err != nil || len(tables) == 0 {
		t.Fatalf("list the tables: %v, %v", tables, err)
	}
	for _, table := range tables {
		if !slices.Contains(store.ByRepo, table) {
			t.Errorf("the table %s has a column repo, and does not move when a repository is renamed", table)
		}
	}
}

// What was refused is kept with what there is to do, until it is accepted.
func TestRefusals(t *testing.T) {
	onFilesAndServers(t, func(t *testing.T, url string) {
		ctx := t.Context()
		s := openerOf(url)(t, store.Options{Clock: func() time.Time { return noon }})
		defer s.Close()
		if err := s.Settle(ctx, oldName, 1, ""); err != nil {
			t.Fatal(err)
		}
		push := bot.Pushed{Branch: "main", After: "c0ffee", Title: "it's \x00 odd"}
		r := engine.Refusal{Repo: oldName, ID: 2, Known: 1, First: noon, Last: noon, Facts: []bot.Fact{bot.Installed{RepoID: 2, Installation: 7}, push}}
		for i := range 3 {
			r.Last = noon.Add(time.Duration(i) * time.Minute)
			if i == 2 {
				r.Facts = nil // brings nothing new
			}
			if err := s.Refuse(ctx, r); err != nil {
				t.Fatal(err)
			}
		}
		r.Facts = []bot.Fact{bot.Installed{RepoID: 2, Installation: 7}, push}
		if list, err := s.Refusals(ctx, true); err != nil || len(list) != 0 {
			t.Errorf("nobody has confirmed it, got %+v, %v", list, err)
		}
		if list, err := s.Refusals(ctx, false); err != nil || len(list) != 1 || !reflect.DeepEqual(list[0], r) {
			t.Errorf("expected %+v, got %+v, %v", r, list, err)
		}
		b := openOperator(t, url)
		if was, err := b.Confirm(ctx, bot.Repo{Owner: "ACME", Name: "shop"}, 2, "ops", noon); err != nil || was != 1 {
			t.Errorf("the name was 1's, got %d, %v", was, err)
		}
		r.Confirmed = true
		if list, err := s.Refusals(ctx, true); err != nil || len(list) != 1 || !reflect.DeepEqual(list[0], r) {
			t.Errorf("the server should read that it is confirmed, got %+v, %v", list, err)
		}
		if err := s.Accept(ctx, oldName, 2); err != nil {
			t.Fatal(err)
		}
		if list, err := b.Refusals(ctx); err != nil || len(list) != 0 {
			t.Errorf("nothing should be refused any more, got %+v, %v", list, err)
		}
		if list, err := b.Repositories(ctx); err != nil || len(list) != 1 || list[0].ID != 1 || list[0].Repo != oldName {
			t.Errorf("the pipelines under the name are still 1's, got %+v, %v", list, err)
		}
	})
}

// A pipeline that was stored without a number is found by its installation.
func TestUnnumbered(t *testing.T) {
	onFilesAndServers(t, func(t *testing.T, url string) {
		ctx := t.Context()
		s := openerOf(url)(t, store.Options{})
		defer s.Close()
		if err := s.Commit(ctx, numbered(oldName, "", 0, 0)); err != nil {
			t.Fatal(err)
		}
		if list, err := s.Unnumbered(ctx, 7); err != nil || !slices.Equal(list, []bot.Repo{oldName}) {
			t.Errorf("expected %v, got %v, %v", oldName, list, err)
		}
		if known, err := s.KnownName(ctx, oldName, 1); err != nil || known != (engine.KnownName{Unnumbered: true}) {
			t.Errorf("nobody has told the number, got %+v, %v", known, err)
		}
		if err := s.Settle(ctx, oldName, 1, ""); err != nil {
			t.Fatal(err)
		}
		if err := s.Commit(ctx, numbered(oldName, "", 1, 1)); err != nil {
			t.Errorf("it should take its number: %v", err)
		}
		if list, err := s.Unnumbered(ctx, 7); err != nil || len(list) != 0 {
			t.Errorf("it has its number, got %v, %v", list, err)
		}
	})
}

func TestOperatorAccounts(t *testing.T) {
	onFilesAndServers(t, func(t *testing.T, url string) {
		ctx := t.Context()
		s := openerOf(url)(t, store.Options{})
		defer s.Close()
		b := openOperator(t, url)
		for i, step := range []struct{ id, pinned, want int64 }{{1, 0, 1}, {2, 0, 1}, {1, 0, 1}, {2, 2, 2}, {1, 2, 2}, {1, 0, 2}} {
			if got, err := s.Operator(ctx, fmt.Sprintf("Zo%c", 'e'-32*rune(i%2)), step.id, step.pinned); err != nil || got != step.want {
				t.Errorf("step %d: zoe should be %d, got %d, %v", i, step.want, got, err)
			}
		}
		if was, err := b.ConfirmOperator(ctx, "ZOE", 3, "ops", noon); err != nil || was != 2 {
			t.Errorf("zoe was 2, got %d, %v", was, err)
		}
		list, err := b.Operators(ctx)
		if err != nil || len(list) != 3 || list[0].ID != 3 || list[0].By != "ops" || list[0].Refused || !list[1].Refused || !list[2].Refused {
			t.Errorf("expected 3, and 1 and 2 refused, got %+v, %v", list, err)
		}
	})
}
