package calendar

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var everyDay = [7]bool{true, true, true, true, true, true, true}

func days(list ...time.Weekday) (d [7]bool) {
	for _, day := range list {
		d[day] = true
	}
	return d
}

// When windows open and close, from an instant on, in UTC.
func TestWindowChanges(t *testing.T) {
	for name, test := range map[string]struct {
		Window
		from string
		want []string // the first is when it opens
	}{
		"a working day": {
			Window{Days: days(1, 2), From: 9 * 60, To: 17*60 + 30, Zone: "Europe/Berlin"}, "2026-11-01T12:00:00Z",
			[]string{"2026-11-02T08:00:00Z", "2026-11-02T16:30:00Z", "2026-11-03T08:00:00Z", "2026-11-03T16:30:00Z", "2026-11-09T08:00:00Z"},
		},
		"over midnight it belongs to the day it starts on": {
			Window{Days: days(time.Friday), From: 20 * 60, To: 6 * 60, Zone: "America/Toronto"}, "2026-11-18T00:00:00Z",
			[]string{"2026-11-21T01:00:00Z", "2026-11-21T11:00:00Z", "2026-11-28T01:00:00Z"},
		},
		"the whole of two days is one time": {
			Window{Days: days(6, 0), From: 0, To: 24 * 60, Zone: "UTC"}, "2026-11-18T00:00:00Z",
			[]string{"2026-11-21T00:00:00Z", "2026-11-23T00:00:00Z", "2026-11-28T00:00:00Z"},
		},
		"from a time that does not exist": {
			Window{Days: everyDay, From: 2*60 + 30, To: 4 * 60, Zone: "America/Toronto"}, "2027-03-13T12:00:00Z",
			[]string{"2027-03-14T07:00:00Z", "2027-03-14T08:00:00Z", "2027-03-15T06:30:00Z"},
		},
		"inside of an hour that does not exist": {
			Window{Days: everyDay, From: 2*60 + 15, To: 2*60 + 45, Zone: "America/Toronto"}, "2027-03-13T12:00:00Z",
			[]string{"2027-03-15T06:15:00Z", "2027-03-15T06:45:00Z"},
		},
		"until a time that does not exist": {
			Window{Days: everyDay, From: 60, To: 2*60 + 30, Zone: "America/Toronto"}, "2027-03-13T12:00:00Z",
			[]string{"2027-03-14T06:00:00Z", "2027-03-14T07:00:00Z"},
		},
		"inside of an hour that exists twice": {
			Window{Days: everyDay, From: 60 + 15, To: 60 + 45, Zone: "America/Toronto"}, "2026-10-31T12:00:00Z",
			[]string{"2026-11-01T05:15:00Z", "2026-11-01T05:45:00Z", "2026-11-01T06:15:00Z", "2026-11-01T06:45:00Z", "2026-11-02T06:15:00Z"},
		},
		"out of an hour that exists twice": {
			Window{Days: everyDay, From: 60 + 30, To: 2*60 + 30, Zone: "America/Toronto"}, "2026-10-31T12:00:00Z",
			[]string{"2026-11-01T05:30:00Z", "2026-11-01T06:00:00Z", "2026-11-01T06:30:00Z", "2026-11-01T07:30:00Z"},
		},
		"a night that is an hour longer": {
			Window{Days: everyDay, From: 22 * 60, To: 6 * 60, Zone: "America/Toronto"}, "2026-10-31T12:00:00Z",
			[]string{"2026-11-01T02:00:00Z", "2026-11-01T11:00:00Z"},
		},
		"a night that is an hour shorter": {
			Window{Days: everyDay, From: 22 * 60, To: 6 * 60, Zone: "America/Toronto"}, "2027-03-13T12:00:00Z",
			[]string{"2027-03-14T03:00:00Z", "2027-03-14T10:00:00Z"},
		},
		"a midnight that does not exist, Havana": {
			Window{Days: days(time.Sunday), From: 0, To: 2 * 60, Zone: "America/Havana"}, "2027-03-13T12:00:00Z",
			[]string{"2027-03-14T05:00:00Z", "2027-03-14T06:00:00Z"},
		},
		"until a time after the midnight that does not exist, Havana": {
			Window{Days: days(time.Saturday), From: 23 * 60, To: 30, Zone: "America/Havana"}, "2027-03-13T12:00:00Z",
			[]string{"2027-03-14T04:00:00Z", "2027-03-14T05:00:00Z"},
		},
		"a midnight that exists twice, Havana": {
			Window{Days: days(time.Sunday), From: 0, To: 30, Zone: "America/Havana"}, "2026-10-31T12:00:00Z",
			[]string{"2026-11-01T04:00:00Z", "2026-11-01T04:30:00Z", "2026-11-01T05:00:00Z", "2026-11-01T05:30:00Z"},
		},
		"the last hour of a day exists twice, Beirut": {
			Window{Days: days(time.Saturday), From: 23*60 + 30, To: 15, Zone: "Asia/Beirut"}, "2026-10-24T12:00:00Z",
			[]string{"2026-10-24T20:30:00Z", "2026-10-24T21:00:00Z", "2026-10-24T21:30:00Z", "2026-10-24T22:15:00Z"},
		},
		"a day that was skipped was none to start on, Apia": {
			Window{Days: days(time.Friday), From: 22 * 60, To: 6 * 60, Zone: "Pacific/Apia"}, "2011-12-25T00:00:00Z",
			[]string{"2012-01-06T08:00:00Z", "2012-01-06T16:00:00Z"},
		},
		"over a day that was skipped, Apia": {
			Window{Days: days(time.Thursday), From: 22 * 60, To: 6 * 60, Zone: "Pacific/Apia"}, "2011-12-25T00:00:00Z",
			[]string{"2011-12-30T08:00:00Z", "2011-12-30T16:00:00Z"},
		},
		"never": {Window{From: 9 * 60, To: 10 * 60, Zone: "UTC"}, "2026-11-01T12:00:00Z", []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			now, zone := at(t, test.from), load(t, test.Zone)
			for i, want := range test.want {
				next := test.Next(now, zone)
				if want == "" {
					if !next.IsZero() {
						t.Errorf("it should never change after %s, and would at %s", now, next)
					}
					return
				}
				if got := next.Format(time.RFC3339Nano); got != want {
					t.Fatalf("change %d after %s should be at %s, it is at %s", i+1, test.from, want, got)
				}
				if open := test.OpenAt(next, zone); open != (i%2 == 0) {
					t.Fatalf("at %s it should be open: %t", want, i%2 == 0)
				}
				if open := test.OpenAt(next.Add(-time.Nanosecond), zone); open == (i%2 == 0) {
					t.Fatalf("just before %s it should be open: %t", want, i%2 != 0)
				}
				now = next
			}
		})
	}
}

func TestFreezeChanges(t *testing.T) {
	for name, test := range map[string]struct {
		Freeze
		begins, ends string
	}{
		"the last day is frozen to its end": {
			Freeze{From: "2026-12-23", To: "2027-01-02", Zone: "America/Toronto"}, "2026-12-23T05:00:00Z", "2027-01-03T05:00:00Z"},
		"one day": {Freeze{From: "2026-11-27", To: "2026-11-27", Zone: "Asia/Tokyo"}, "2026-11-26T15:00:00Z", "2026-11-27T15:00:00Z"},
		"a midnight that does not exist": {
			Freeze{From: "2027-03-14", To: "2027-03-14", Zone: "America/Havana"}, "2027-03-14T05:00:00Z", "2027-03-15T04:00:00Z"},
		"a midnight that exists twice begins the first time": {
			Freeze{From: "2026-11-01", To: "2026-11-01", Zone: "America/Havana"}, "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"},
		"until a day that was skipped": {
			Freeze{From: "2011-12-29", To: "2011-12-30", Zone: "Pacific/Apia"}, "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			zone := load(t, test.Zone)
			begins := test.Next(at(t, "2011-01-01T00:00:00Z"), zone)
			if begins.Format(time.RFC3339) != test.begins {
				t.Errorf("it should begin at %s, it does at %s", test.begins, begins)
			}
			ends := test.Next(begins, zone)
			if ends.Format(time.RFC3339) != test.ends {
				t.Errorf("it should end at %s, it does at %s", test.ends, ends)
			}
			for instant, want := range map[time.Time]bool{begins.Add(-1): false, begins: true, ends.Add(-1): true, ends: false} {
				if frozen := test.FrozenAt(instant, zone); frozen != want {
					t.Errorf("at %s it should be frozen: %t", instant, want)
				}
			}
			if after := test.Next(ends, zone); !after.IsZero() {
				t.Errorf("it should be over after %s, and changes at %s", ends, after)
			}
		})
	}
}

// In St. John's the clocks went from 00:01 back to 23:01 of the day before until 2011.
func TestAFreezeBeginsTwiceWhereMidnightDoes(t *testing.T) {
	zone := load(t, "America/St_Johns")
	f := Freeze{From: "2010-11-07", To: "2010-11-08", Zone: "America/St_Johns"}
	at := time.Date(2010, 11, 6, 0, 0, 0, 0, time.UTC)
	for _, want := range []string{"2010-11-07T02:30:00Z", "2010-11-07T02:31:00Z", "2010-11-07T03:30:00Z", "2010-11-09T03:30:00Z"} {
		if at = f.Next(at, zone); at.Format(time.RFC3339) != want {
			t.Fatalf("it should change next at %s, and does at %s", want, at.Format(time.RFC3339))
		}
	}
	if at = f.Next(at, zone); !at.IsZero() {
		t.Errorf("it should be over, and changes at %s", at)
	}
}

func load(t *testing.T, zone string) *time.Location {
	t.Helper()
	loc, err := LoadZone(zone)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// Around every change of clocks there is, windows and freezes change exactly where
// somebody who looks at the wall clock minute by minute sees them change.
func TestCalendarAgainstTheWallClock(t *testing.T) {
	zones := []string{"America/Toronto", "Europe/Berlin", "America/Havana", "Asia/Beirut", "Pacific/Apia", "Australia/Lord_Howe",
		"America/St_Johns", "Asia/Kathmandu", "Africa/Casablanca", "Asia/Gaza", "America/Scoresbysund", "UTC"}
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		w := Window{Zone: zone, From: 5 * rapid.IntRange(0, 287).Draw(t, "from"), To: 5 * rapid.IntRange(0, 288).Draw(t, "to")}
		for i := range w.Days {
			w.Days[i] = rapid.Bool().Draw(t, "day")
		}
		start := time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 20*365).Draw(t, "year and day"))
		if _, change := start.In(loc).ZoneBounds(); !change.IsZero() && rapid.Bool().Draw(t, "at a change") {
			start = change.Add(-time.Duration(rapid.IntRange(0, 2*24*60).Draw(t, "before")) * time.Minute)
		}
		start = start.Add(time.Duration(rapid.IntRange(0, 24*60).Draw(t, "minute")) * time.Minute).Truncate(time.Minute)

		f := Freeze{Zone: zone, From: start.AddDate(0, 0, rapid.IntRange(-1, 2).Draw(t, "first")).Format(DateOf)}
		f.To = start.AddDate(0, 0, rapid.IntRange(2, 4).Draw(t, "last")).Format(DateOf)

		wall := oracle{loc: loc}
		compare(t, "the window", start, loc, func(at time.Time) bool { return wall.inside(w, at) }, w.OpenAt, w.Next)
		compare(t, "the freeze", start, loc, func(at time.Time) bool {
			day := at.In(loc).Format(DateOf)
			return f.From <= day && day <= f.To
		}, f.FrozenAt, f.Next)
	})
}

func compare(t *rapid.T, what string, start time.Time, zone *time.Location, want func(time.Time) bool,
	is func(time.Time, *time.Location) bool, next func(time.Time, *time.Location) time.Time) {
	const looks = 5 * 24 * 60
	change := next(start, zone)
	was := want(start)
	for i := range looks {
		at := start.Add(time.Duration(i) * time.Minute)
		now := want(at)
		if now == was && i%15 != 0 {
			continue
		}
		if got := is(at, zone); got != now {
			t.Fatalf("%s at %s (%s): expected %t, it is %t", what, at, at.Weekday(), now, got)
		}
		if now == was {
			continue
		}
		was = now
		if !change.Equal(at) {
			t.Fatalf("%s changes at %s, and not at %s", what, at, change)
		}
		change = next(at, zone)
	}
	if end := start.Add((looks - 1) * time.Minute); !change.IsZero() && !change.After(end) {
		t.Fatalf("%s should not change at %s", what, change)
	}
}

// oracle reads the clock on the wall of a place.
type oracle struct{ loc *time.Location }

// inside goes back over the instants themselves to find the day before.
func (o oracle) inside(w Window, at time.Time) bool {
	wall := at.In(o.loc)
	minute := wall.Hour()*60 + wall.Minute()
	if w.From < w.To {
		return w.Days[wall.Weekday()] && minute >= w.From && minute < w.To
	}
	if w.Days[wall.Weekday()] && minute >= w.From {
		return true
	}
	if minute >= w.To {
		return false
	}
	before := at
	for before.In(o.loc).Format(DateOf) >= wall.Format(DateOf) {
		before = before.Add(-5 * time.Minute)
	}
	return w.Days[before.In(o.loc).Weekday()]
}

func TestDayBefore(t *testing.T) {
	apia, err := time.LoadLocation("Pacific/Apia")
	if err != nil {
		t.Fatal(err)
	}
	got := []time.Weekday{
		dayBefore(time.Date(2011, 12, 29, 3, 0, 0, 0, apia)), dayBefore(time.Date(2011, 12, 31, 3, 0, 0, 0, apia)), dayBefore(time.Date(2012, 1, 1, 3, 0, 0, 0, apia)),
	}
	if want := []time.Weekday{time.Wednesday, time.Thursday, time.Saturday}; !slices.Equal(got, want) {
		t.Errorf("the days before should be %v, they are %v", want, got)
	}
}
