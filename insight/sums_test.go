package insight_test

import (
	"cmp"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/insight"
)

// Days add up to the numbers of their period, and weeks do.
func TestDaysAddUp(t *testing.T) {
	ledger := insight.Read(year(t), at(t, "2025-12-31T12:00:00Z"))
	days, all := ledger.Days(), insight.Sums{}
	for _, s := range days {
		all.Join(s)
	}
	expectSums(t, "the days", all, ledger)
	weeks := insight.Sums{}
	for i, w := range insight.ByWeek(days) {
		if w.Monday.Date().Weekday() != time.Monday {
			t.Errorf("week %d should begin with a Monday, got %s", i, w.Monday.Date())
		}
		weeks.Join(&w.Sums)
	}
	expectSums(t, "the weeks", weeks, ledger)
	all.Parts = append(all.Parts, insight.PartTime{Part: "a gate of the future", Time: time.Minute})
	slices.SortFunc(all.Parts, func(a, b insight.PartTime) int { return cmp.Compare(a.Part, b.Part) })
	packed, again := all.Pack(), insight.Sums{}
	if rest, err := again.Unpack(append(packed, 'x')); err != nil || string(rest) != "x" || !reflect.DeepEqual(all, again) {
		t.Errorf("sums should be what they were when they were packed, got %+v, %q, %v, instead of %+v", again, rest, err, all)
	}
	for n := range packed {
		if _, err := new(insight.Sums).Unpack(packed[:n]); err == nil {
			t.Errorf("the first %d of %d bytes are no sums", n, len(packed))
		}
	}
	if due := ledger.Due(); !due.Equal(at(t, "2025-12-31T15:00:00Z")) {
		t.Errorf("c14 is a day old on 31 December at 15:00, it says %s", due)
	}
}

func expectSums(t *testing.T, what string, s insight.Sums, l *insight.Ledger) {
	t.Helper()
	n := l.Numbers(insight.Period{From: 0, To: 100_000})
	want := insight.Sums{
		Deploys: len(n.Deploys), Judged: len(n.Judged), Failed: len(n.Failed), Open: len(n.Open), Rework: len(n.Rework), Attempts: len(n.Attempts), Repeats: len(n.Repeats), ByHand: len(n.ByHand),
		SavedBy: n.Start.SavedBy, Spared: n.Start.Spared, Wasted: n.Start.Wasted, Saved: n.Start.Saved, WastedTime: n.Start.WastedTime,
		Lead: s.Lead, Recovery: s.Recovery, Build: s.Build,
	}
	for _, p := range n.Parts {
		want.Parts = append(want.Parts, insight.PartTime{Part: p.Part, Time: p.Time})
	}
	slices.SortFunc(s.Parts, func(a, b insight.PartTime) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(a.Part, b.Part))
	})
	if !reflect.DeepEqual(s, want) {
		t.Errorf("%s should add up to %+v, got %+v", what, want, s)
	}
	if s.Lead.N() != n.Lead.N || s.Recovery.N() != n.Recovery.N || s.Build.N() != n.Builds.N {
		t.Errorf("%s should have %d, %d and %d times, got %d, %d and %d", what, n.Lead.N, n.Recovery.N, n.Builds.N, s.Lead.N(), s.Recovery.N(), s.Build.N())
	}
}

// A histogram is off by less than the width of a bucket.
func TestHistogramIsAboutRight(t *testing.T) {
	for _, times := range [][]time.Duration{
		{3 * time.Second}, {time.Minute, time.Minute, time.Minute}, {5 * time.Second, 11 * time.Minute, 3 * time.Hour, 40 * 24 * time.Hour, 90 * time.Second},
		{4 * time.Minute, 5 * time.Minute, 6 * time.Minute, 7 * time.Minute, 8 * time.Minute, 9 * time.Minute, 10 * time.Minute, 40 * time.Minute},
	} {
		var h insight.Histogram
		for _, d := range times {
			h.Add(d)
		}
		slices.Sort(times)
		got := h.Spread()
		want := times[(len(times)+1)/2-1]
		if got.N != len(times) || got.Median < want*2/3-5*time.Second || got.Median > want*3/2+5*time.Second {
			t.Errorf("the median of %v is %s, the histogram says %s of %d", times, want, got.Median, got.N)
		}
	}
	if got := new(insight.Histogram).Spread(); got != (insight.Spread{}) {
		t.Errorf("nothing has no median, got %v", got)
	}
}
