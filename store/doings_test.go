package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/store"
)

func testDoings(t *testing.T, open opener) {
	s := open.open(t)
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	for i, what := range []string{"start", "sign-in", "sign-in", "freeze: a fair"} {
		if err := s.NoteDoing(t.Context(), store.Doing{At: at.Add(time.Duration(i/2) * time.Minute), Who: "ops", Via: "page", What: what, Answer: "a\x00b", OK: i != 2}); err != nil {
			t.Fatal(err)
		}
	}
	var all []store.Doing
	for before := (store.Doing{}); ; before = all[len(all)-1] {
		page, err := s.Doings(t.Context(), before, 3)
		if err != nil {
			t.Fatal(err)
		}
		if all = append(all, page...); len(page) < 3 {
			break
		}
	}
	if len(all) != 4 || all[3].At != at || !slices.IsSortedFunc(all, func(a, b store.Doing) int { return b.At.Compare(a.At) }) || all[0].Answer != "a\uFFFDb" {
		t.Errorf("everything that was done should be listed page by page, the newest first, got %+v", all)
	}
	if n := len(slices.DeleteFunc(slices.Clone(all), func(d store.Doing) bool { return d.OK })); n != 1 {
		t.Errorf("one was refused, got %d", n)
	}
	if _, err := s.PruneHistory(t.Context(), time.Time{}, at.Add(30*time.Second)); err != nil {
		t.Fatal(err)
	}
	if left, err := s.Doings(t.Context(), store.Doing{}, 10); err != nil || len(left) != 2 {
		t.Errorf("two are younger than the limit, got %+v: %v", left, err)
	}
}

func testSettingsSeen(t *testing.T, open opener) {
	s := open.open(t)
	for _, step := range []struct {
		marks   map[string]string
		changed []string
		first   bool
	}{
		{map[string]string{"A": "1", "B": "2"}, []string{"A", "B"}, true},
		{map[string]string{"A": "1", "B": "2"}, nil, false},
		{map[string]string{"A": "3", "C": "4"}, []string{"A", "B", "C"}, false},
		{map[string]string{"A": "3", "C": "4"}, nil, false},
	} {
		changed, first, err := s.SettingsSeen(t.Context(), step.marks)
		if err != nil || !slices.Equal(changed, step.changed) || first != step.first {
			t.Errorf("with %v, %v should have changed (first: %t), got %v, %t: %v", step.marks, step.changed, step.first, changed, first, err)
		}
	}
}
