package store_test

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/store"
)

// shaOf is the SHA of a commit with that name.
func shaOf(name string) string { return fmt.Sprintf("%x", sha1.Sum([]byte(name))) }

// after is some time after noon.
func after(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

// tillChange is a change with everything that a change can have.
func tillChange() history.Change {
	return history.Change{
		SHA: shaOf("till"), PushedAt: after(0), SeenAt: after(1), Title: "Fix the till", Author: "mia", Pull: 418, Built: history.BuiltPull, BuiltOf: shaOf("head"),
		App: "shop-prepare", BuildBegan: after(1), BuildEnded: after(3), BuildFailed: "no such module", GreenAt: after(4), LastCheck: "ci/e2e, all", LastCheckBy: 90 * time.Second, RedAt: after(2), Red: []string{"ci/e2e, all", "lint"},
		Classes: []string{"docs", "database"}, Outcome: history.OutcomeSuperseded, By: shaOf("next"), EndedAt: after(9),
		Waits: []history.Wait{{Part: history.PartBoth, For: 2 * time.Minute}, {Part: "soak", Stage: "canary", For: 7 * time.Minute}},
	}
}

func promotionOf(stage string, n int, began time.Time) history.Promotion {
	return history.Promotion{
		Stage: stage, N: n, SHA: shaOf("till"), Artifact: "01234567-89ab-cdef-0123-456789abcdef", Replaced: "adopted", Kind: history.KindRollback, Who: "sam", Why: "500s\nall over",
		Began: began, Released: began.Add(time.Minute), Proved: began.Add(2 * time.Minute), Ended: began.Add(3 * time.Minute), Result: history.ResultUnproved, Reason: "it says 500",
		Apps: map[string]int{"shop-us": 117, "shop-ca": 212}, Commits: 3, Pull: 418, Urgent: true,
	}
}

func expectRows[Row any](t *testing.T, what string, got []Row, err error, want ...Row) {
	t.Helper()
	if err != nil || len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Errorf("%s should be\n%+v\nand is\n%+v, %v", what, want, got, err)
	}
}

// commitHistory commits rows of the shop's pipeline.
func commitHistory(t *testing.T, s *store.Store, version int64, rows ...history.Entry) {
	t.Helper()
	c := change(version)
	c.History = rows
	commit(t, s, c)
}

func testHistory(t *testing.T, open opener) {
	s := open.open(t)
	h, ctx := s.History(), t.Context()
	none, err := h.Changes(ctx, shop, store.Page[history.Change]{})
	expectRows(t, "the history of a pipeline that was never saved", none, err)

	till := tillChange()
	next := history.Change{SHA: "adopted", SeenAt: after(5)} // nothing else is known, and it is no SHA
	staging, production := promotionOf("staging", 1, after(4)), promotionOf("production", 1, after(6))
	under := history.Promotion{Stage: "production", N: 2, SHA: shaOf("next"), Kind: history.KindForward, Began: after(8)}
	first := history.Process{At: after(0), SHA: shaOf("file"), Config: bot.Config{Platform: bot.PlatformHeroku, Stages: []bot.Stage{{Name: "production", Apps: []string{"shop"}, Soak: time.Hour}}}}
	second := history.Process{At: after(7), SHA: shaOf("till"), Config: bot.Config{Platform: bot.PlatformLocal}}
	asked := history.Audit{ID: "77-1", At: after(6), Who: "sam", Role: "write", Via: "comment", Pull: 418, Command: "/rollback production", Answer: "rolled back", OK: true, Stage: "production", SHA: shaOf("till")}
	refused := history.Audit{ID: "78-1", At: after(6), Who: "eve", Via: "comment", Command: "/promote production", Answer: "not allowed"}
	commitHistory(t, s, 0, till, staging, first, asked)
	commitHistory(t, s, 1)
	commitHistory(t, s, 2, next, production, under, second, refused)

	changes, err := h.Changes(ctx, shop, store.Page[history.Change]{})
	expectRows(t, "its changes", changes, err, next, till)
	changes, err = h.Changes(ctx, shop, store.Page[history.Change]{Before: next})
	expectRows(t, "its older changes", changes, err, till)
	changes, err = h.Changes(ctx, shop, store.Page[history.Change]{Limit: 1})
	expectRows(t, "its newest change", changes, err, next)
	changes, err = h.Changes(ctx, shop, store.Page[history.Change]{Since: after(2)})
	expectRows(t, "its new changes", changes, err, next)
	if of, err := h.ChangesOf(ctx, shop, []string{shaOf("till"), "adopted", shaOf("unknown")}); err != nil || !reflect.DeepEqual(of, map[string]history.Change{shaOf("till"): till, "adopted": next}) {
		t.Errorf("both changes should be found by their commits, got %+v, %v", of, err)
	}

	promotions, err := h.Promotions(ctx, shop, store.Page[history.Promotion]{})
	expectRows(t, "its promotions", promotions, err, under, production, staging)
	promotions, err = h.Promotions(ctx, shop, store.Page[history.Promotion]{Stage: "production", Before: under})
	expectRows(t, "the older promotions of production", promotions, err, production)
	promotions, err = h.Promotions(ctx, shop, store.Page[history.Promotion]{Since: after(5), Limit: 5})
	expectRows(t, "its new promotions", promotions, err, under, production)
	promotions, err = h.Promotions(ctx, shop, store.Page[history.Promotion]{SHA: shaOf("next")})
	expectRows(t, "the promotions of a commit", promotions, err, under)
	if stages, err := h.Stages(ctx, shop); err != nil || !reflect.DeepEqual(stages, []string{"production", "staging"}) {
		t.Errorf("it has promotions of two stages, got %v, %v", stages, err)
	}
	if latest, err := h.Latest(ctx, time.Time{}, 10); err != nil || !reflect.DeepEqual(latest, []store.Latest{{Pipeline: shop, Promotion: under}}) {
		t.Errorf("its newest promotion is %+v, got %+v, %v", under, latest, err)
	}
	if latest, err := h.Latest(ctx, after(20), 10); err != nil || len(latest) != 0 {
		t.Errorf("it has no promotion since then, got %+v, %v", latest, err)
	}

	process, err := h.Process(ctx, shop, store.Page[history.Process]{})
	expectRows(t, "the versions of its file", process, err, second, first)
	process, err = h.Process(ctx, shop, store.Page[history.Process]{Before: second})
	expectRows(t, "the older version of its file", process, err, first)
	process, err = h.Process(ctx, shop, store.Page[history.Process]{Since: after(6)})
	expectRows(t, "the versions in force since then", process, err, second, first)
	process, err = h.Process(ctx, shop, store.Page[history.Process]{Since: after(7)})
	expectRows(t, "the version in force since then", process, err, second)

	audit, err := h.Audit(ctx, shop, store.Page[history.Audit]{})
	expectRows(t, "what people asked for", audit, err, refused, asked)
	audit, err = h.Audit(ctx, shop, store.Page[history.Audit]{About: true})
	expectRows(t, "what people asked for about a release", audit, err, asked)
	audit, err = h.Audit(ctx, shop, store.Page[history.Audit]{Before: refused})
	expectRows(t, "what people asked for before", audit, err, asked)

	other := bot.Key{Repo: shop.Repo, Name: "api"}
	if list, err := h.Promotions(ctx, other, store.Page[history.Promotion]{}); err != nil || len(list) != 0 {
		t.Errorf("another pipeline has no history, got %+v, %v", list, err)
	}
	if keys, err := h.Pipelines(ctx); err != nil || !reflect.DeepEqual(keys, []bot.Key{shop}) {
		t.Errorf("there is one pipeline, got %v, %v", keys, err)
	}
}

// A row replaces the one of its key. It does not take back what that knows.
func testHistoryKeeps(t *testing.T, open opener) {
	s := open.open(t)
	h := s.History()
	expectChange := func(what string, want history.Change) {
		t.Helper()
		list, err := h.Changes(t.Context(), shop, store.Page[history.Change]{})
		expectRows(t, what, list, err, want)
	}
	way := tillChange()
	way.BuildEnded, way.BuildFailed, way.EndedAt, way.Outcome, way.By, way.Waits = time.Time{}, "", time.Time{}, "", "", way.Waits[:1]
	commitHistory(t, s, 0, way)
	expectChange("a change on its way", way)
	ended := tillChange()
	commitHistory(t, s, 1, history.Change{SHA: ended.SHA}, ended) // of two of a key the last one counts
	expectChange("a change that has ended", ended)
	commitHistory(t, s, 2, history.Change{SHA: ended.SHA})
	expectChange("a change of which nothing is known any more", ended)
	commitHistory(t, s, 3, way)
	expectChange("a change that is on its way again", ended)
	again := way
	again.BuildBegan = after(20)
	commitHistory(t, s, 4, again)
	building := ended
	building.BuildBegan, building.BuildEnded, building.BuildFailed = after(20), time.Time{}, ""
	expectChange("a change that is built again", building)
	live := ended
	live.BuildBegan, live.BuildEnded, live.BuildFailed, live.Outcome, live.By, live.EndedAt = after(20), after(22), "", history.OutcomeLive, "", after(30)
	commitHistory(t, s, 5, live)
	expectChange("a change that went live in the end", live)
	anew := history.Change{SHA: ended.SHA, PushedAt: after(40), SeenAt: after(41), Title: ended.Title}
	commitHistory(t, s, 6, anew)
	expectChange("a change that the branch has come back to", anew)

	done := promotionOf("production", 1, after(5))
	begun := history.Promotion{Stage: "production", N: 1, SHA: done.SHA, Kind: done.Kind, Began: done.Began}
	commitHistory(t, s, 7, begun)
	commitHistory(t, s, 8, done)
	commitHistory(t, s, 9, begun)
	list, err := h.Promotions(t.Context(), shop, store.Page[history.Promotion]{})
	expectRows(t, "a promotion that has ended", list, err, done)
}

// Rows are written with the rest of the change, or not at all.
func testHistoryAtomic(t *testing.T, open opener) {
	s := open.open(t)
	commitHistory(t, s, 0, history.Change{SHA: shaOf("one"), SeenAt: after(1)})
	late := change(0)
	late.History = []history.Entry{history.Change{SHA: shaOf("two"), SeenAt: after(2)}}
	late.Version = 7
	if err := s.Commit(t.Context(), late); !errors.Is(err, engine.ErrMoved) {
		t.Fatalf("a change of another version should be refused, got %v", err)
	}
	list, err := s.History().Changes(t.Context(), shop, store.Page[history.Change]{})
	expectRows(t, "what was committed", list, err, history.Change{SHA: shaOf("one"), SeenAt: after(1)})

	// Many pipelines that begin at once get numbers of their own.
	const many = 20
	ended := make(chan error, many)
	key := func(i int) bot.Key { return bot.Key{Repo: shop.Repo, Name: fmt.Sprint("part-", i)} }
	for i := range many {
		go func() {
			c := change(0)
			c.Pipeline = key(i)
			c.State.Pipeline = c.Pipeline
			c.History = []history.Entry{history.Change{SHA: shaOf(fmt.Sprint(i)), SeenAt: after(i + 1)}}
			ended <- s.Commit(context.WithoutCancel(t.Context()), c)
		}()
	}
	for range many {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	for i := range many {
		list, err := s.History().Changes(t.Context(), key(i), store.Page[history.Change]{})
		expectRows(t, fmt.Sprint("the history of ", key(i)), list, err, history.Change{SHA: shaOf(fmt.Sprint(i)), SeenAt: after(i + 1)})
	}
}

func testHistoryPrune(t *testing.T, open opener) {
	s := open.open(t)
	var rows []history.Entry
	for i := range 1200 {
		rows = append(rows, history.Change{SHA: shaOf(fmt.Sprint(i)), SeenAt: after(i + 1)}, promotionOf("production", i, after(i+1)),
			history.Process{At: after(i + 1)}, history.Audit{ID: fmt.Sprint(i), At: after(i + 1)})
	}
	commitHistory(t, s, 0, rows...)
	h, ctx := s.History(), t.Context()
	counts := func() (n [4]int) {
		t.Helper()
		const all = 5000
		changes, err1 := h.Changes(ctx, shop, store.Page[history.Change]{Limit: all})
		promotions, err2 := h.Promotions(ctx, shop, store.Page[history.Promotion]{Limit: all})
		process, err3 := h.Process(ctx, shop, store.Page[history.Process]{Limit: all})
		audit, err4 := h.Audit(ctx, shop, store.Page[history.Audit]{Limit: all})
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			t.Fatal(err)
		}
		return [4]int{len(changes), len(promotions), len(process), len(audit)}
	}
	expect := func(what string, removed int64, err error, wantRemoved int64, want [4]int) {
		t.Helper()
		if got := counts(); err != nil || removed != wantRemoved || got != want {
			t.Errorf("%s: %d rows should go and leave %v; %d went and left %v, %v", what, wantRemoved, want, removed, got, err)
		}
	}
	removed, err := s.PruneHistory(ctx, time.Time{}, time.Time{})
	expect("kept for ever", removed, err, 0, [4]int{1200, 1200, 1200, 1200})
	// Of the file the version that was in force then stays.
	removed, err = s.PruneHistory(ctx, after(1101), after(1))
	expect("changes and promotions", removed, err, 3300, [4]int{100, 100, 100, 1200})
	removed, err = s.PruneHistory(ctx, after(1101), after(601))
	expect("commands", removed, err, 600, [4]int{100, 100, 100, 600})
	removed, err = s.PruneHistory(ctx, after(5000), after(5000))
	expect("everything", removed, err, 899, [4]int{0, 0, 1, 0})
}

// The past of a pipeline that is older than the tables is filled in once.
func testHistoryFill(t *testing.T, open opener) {
	s := open.open(t)
	for i := range 250 {
		c := change(0)
		c.Pipeline.Name = fmt.Sprint("part-", i)
		c.State.Pipeline = c.Pipeline
		commit(t, s, c)
	}
	fill := func(want int) {
		t.Helper()
		if n, err := s.FillHistory(t.Context()); err != nil || n != want {
			t.Errorf("%d pipelines should be filled in, got %d, %v", want, n, err)
		}
	}
	fill(0) // those of this version have nothing to be filled in
	if err := s.ForgetHistory(t.Context(), "part-1%"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if n, err := s.FillHistory(ctx); err != nil || n != 0 {
		t.Errorf("it should end with its context, got %d, %v", n, err)
	}
	fill(111)
	fill(0)
}

// The history of a repository moves with its name, and a repository that gets the old name does not inherit it.
func TestHistoryMoves(t *testing.T) {
	onFilesAndServers(t, func(t *testing.T, url string) {
		ctx := t.Context()
		s := openerOf(url).open(t)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		row := func(name string, minutes int) history.Change {
			return history.Change{SHA: shaOf(name), SeenAt: after(minutes)}
		}
		save := func(repo bot.Repo, id, version int64, rows ...history.Entry) {
			t.Helper()
			c := numbered(repo, "", id, version)
			c.History = rows
			must(s.Commit(ctx, c))
		}
		expect := func(repo bot.Repo, want ...history.Change) {
			t.Helper()
			list, err := s.History().Changes(ctx, bot.Key{Repo: repo}, store.Page[history.Change]{})
			expectRows(t, "the history of "+repo.String(), list, err, want...)
		}
		must(s.Settle(ctx, oldName, 1, ""))
		save(oldName, 1, 0, row("one", 1))
		must(s.Move(ctx, oldName, newName, 1, ""))
		expect(oldName)
		expect(newName, row("one", 1))
		save(newName, 1, 1, row("two", 2))
		expect(newName, row("two", 2), row("one", 1))

		must(s.Settle(ctx, oldName, 2, "ops"))
		save(oldName, 2, 0, row("other", 3))
		save(oldName, 2, 1, row("another", 4))
		expect(oldName, row("another", 4), row("other", 3))

		// An earlier version's instance moves a repository, and not its history.
		third := bot.Repo{Owner: "acme", Name: "third"}
		must(s.Settle(ctx, third, 3, ""))
		must(s.LeaveHistoryOf(ctx, third.String(), oldName.String()))
		save(third, 3, 0, row("third", 5))
		expect(third, row("third", 5))
		save(newName, 1, 2, row("three", 6))
		expect(newName, row("three", 6), row("two", 2), row("one", 1))
	})
}

// What is read is what was written, whatever names look like.
func TestHistoryReadsWhatWasWritten(t *testing.T) {
	s := memoryOpener().open(t)
	names := []string{"", "a", shaOf("x"), strings.ToUpper(shaOf("x")), "01234567-89ab-cdef-0123-456789abcdef", "0123456789abcdef0123456789abcdef", "01234567-89AB-CDEF-0123-456789ABCDEF",
		strings.Repeat("f", 64), "heroku:v17 by dana@acme", "⛔ stand-in"}
	for n := range 45 {
		names = append(names, strings.Repeat("n", n), strings.Repeat("ü", n))
	}
	rows := map[string]history.Promotion{}
	var entries []history.Entry
	for i, name := range names {
		p := history.Promotion{Stage: "production", N: i, SHA: name, Artifact: name, Replaced: name, Began: after(i)}
		rows[fmt.Sprint(i)] = p
		entries = append(entries, p)
	}
	commitHistory(t, s, 0, entries...)
	list, err := s.History().Promotions(t.Context(), shop, store.Page[history.Promotion]{Limit: len(names)})
	if err != nil || len(list) != len(names) {
		t.Fatalf("%d promotions should be read, got %d, %v", len(names), len(list), err)
	}
	for _, p := range list {
		if want := rows[fmt.Sprint(p.N)]; !reflect.DeepEqual(p, want) {
			t.Errorf("the name %q is read as %q, %q, %q", want.SHA, p.SHA, p.Artifact, p.Replaced)
		}
	}

	// Parts of a change's way add up to the microsecond, although each is shorter by a part of one.
	odd := history.Change{SHA: "odd", SeenAt: after(1), PushedAt: after(0).Add(999 * time.Nanosecond)}
	for range 1000 {
		odd.Waits = append(odd.Waits, history.Wait{Part: "soak", Stage: "a\tb\nc", For: 1999 * time.Nanosecond})
	}
	odd.EndedAt = odd.PushedAt.Add(1999 * time.Microsecond)
	commitHistory(t, s, 1, odd)
	changes, err := s.History().Changes(t.Context(), shop, store.Page[history.Change]{})
	if err != nil || len(changes) != 1 || len(changes[0].Waits) != len(odd.Waits) {
		t.Fatalf("the change should be read, got %d, %v", len(changes), err)
	}
	var sum time.Duration
	for _, w := range changes[0].Waits {
		sum += w.For
		if w.Part != "soak" || w.Stage != "a b c" {
			t.Errorf("the part should be soak before a b c, got %+v", w)
		}
	}
	if want := changes[0].EndedAt.Sub(changes[0].PushedAt); sum != want {
		t.Errorf("the parts should add up to %s, got %s", want, sum)
	}
}
