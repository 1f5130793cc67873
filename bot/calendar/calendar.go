package calendar

import (
	"fmt"
	"sync"
	"time"
)

// Only the clocks of their zone count for windows and freezes: a window is open when a
// wall clock there shows a time inside of it. An hour that exists twice is inside twice.
// An hour that does not exist is never inside. If clocks jump from 02:00 to 03:00, a
// window from 02:30 opens at 03:00. On that day a window from 02:15 to 02:45 does not
// open.

// horizon is how many days ahead a change of a window is searched for. A window that does
// not change within two weeks never does; a zone may skip a day of them.
const horizon = 16

// DateOf is the format of a day in [Freeze].
const DateOf = "2006-01-02"

// OpenAt reports whether the window is open at t. zone is the window's own.
func (w Window) OpenAt(t time.Time, zone *time.Location) bool { return w.shows(t.In(zone)) }

// Next returns the first instant after t at which the window opens, or closes if it is
// open at t; zero if there is none. zone is the window's own.
func (w Window) Next(t time.Time, zone *time.Location) time.Time {
	is := w.shows(t.In(zone))
	end := t.AddDate(0, 0, horizon)
	for from := t; from.Before(end); {
		// Between two of their changes, the zone's clocks run steadily.
		_, until := from.In(zone).ZoneBounds()
		for at := range w.marks(from.In(zone), end, until) {
			if at.After(t) && w.shows(at.In(zone)) != is {
				return at.UTC()
			}
		}
		if until.IsZero() {
			break
		}
		if w.shows(until.In(zone)) != is {
			return until.UTC()
		}
		from = until
	}
	return time.Time{}
}

// shows reports whether a time of the wall clock is inside the window.
func (w Window) shows(wall time.Time) bool {
	minute := wall.Hour()*60 + wall.Minute()
	if w.From < w.To {
		return w.Days[wall.Weekday()] && w.From <= minute && minute < w.To
	}
	return w.Days[wall.Weekday()] && w.From <= minute || w.Days[dayBefore(wall)] && minute < w.To
}

// marks yields, in order, when the clocks show the beginning or the end of the window, or
// of a day. It starts with the day of wall and stops before end. It also stops before
// until, when the clocks change (zero: never).
func (w Window) marks(wall, end, until time.Time) func(func(time.Time) bool) {
	return func(yield func(time.Time) bool) {
		_, offset := wall.Zone()
		minutes := [...]int{0, min(w.From, w.To), max(w.From, w.To)}
		for day := 0; ; day++ {
			for _, minute := range minutes {
				clock := time.Date(wall.Year(), wall.Month(), wall.Day()+day, 0, minute, 0, 0, time.UTC)
				at := clock.Add(-time.Duration(offset) * time.Second)
				if !at.Before(end) || !until.IsZero() && !at.Before(until) {
					return
				}
				if !yield(at) {
					return
				}
			}
		}
	}
}

// dayBefore is the weekday of the day before, by the zone's calendar. Some zones have
// skipped a day; then it is the weekday before the skipped one.
func dayBefore(wall time.Time) time.Weekday {
	year, month, day := wall.Date()
	for back := 1; back < 3; back++ {
		noon := time.Date(year, month, day-back, 12, 0, 0, 0, wall.Location())
		if noon.Day() == time.Date(year, month, day-back, 0, 0, 0, 0, time.UTC).Day() {
			return noon.Weekday()
		}
	}
	return (wall.Weekday() + 6) % 7
}

// FrozenAt reports whether t is on a day of the freeze. zone is the freeze's own.
func (f Freeze) FrozenAt(t time.Time, zone *time.Location) bool {
	day := t.In(zone).Format(DateOf)
	return f.From <= day && day <= f.To
}

// Next returns the first instant after t at which the freeze begins or ends; zero if it is
// over, or has no days. zone is the freeze's own.
func (f Freeze) Next(t time.Time, zone *time.Location) time.Time {
	first, err := time.Parse(DateOf, f.From)
	if err != nil {
		return time.Time{}
	}
	last, err := time.Parse(DateOf, f.To)
	if err != nil {
		return time.Time{}
	}
	is, end := f.FrozenAt(t, zone), last.AddDate(0, 0, 1)
	for from := t; from.Before(end.Add(apart)); {
		// Between two of their changes, the zone's clocks run steadily.
		_, until := from.In(zone).ZoneBounds()
		_, offset := from.In(zone).Zone()
		for _, day := range []time.Time{first, end} {
			at := day.Add(-time.Duration(offset) * time.Second)
			if at.After(t) && !at.Before(from) && (until.IsZero() || at.Before(until)) && f.FrozenAt(at, zone) != is {
				return at.UTC()
			}
		}
		if until.IsZero() {
			break
		}
		if f.FrozenAt(until, zone) != is {
			return until.UTC() // the clocks were put over midnight, forward or back
		}
		from = until
	}
	return time.Time{}
}

// apart is more than any clock is away from UTC.
const apart = 26 * time.Hour

// zones caches the zones that were found: a decision may need several, and loading one
// reads the database.
var zones sync.Map

// LoadZone finds a zone by its name in the IANA time zone database.
func LoadZone(name string) (*time.Location, error) {
	if zone, ok := zones.Load(name); ok {
		return zone.(*time.Location), nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("the time zone %s is unknown", name)
	}
	zones.Store(name, zone)
	return zone, nil
}

// Window is a time of the week in which promotions may begin.
type Window struct {
	Name string
	Days [7]bool // on which it starts, by time.Weekday
	// From and To are minutes after midnight, by the clocks of Zone. If To < From, the
	// window goes over midnight and belongs to the day on which it starts.
	From, To int
	Zone     string // as the IANA time zone database names it
}

// Freeze is a span of days on which nothing is promoted.
type Freeze struct {
	From, To string // first and last day, as 2026-12-23, by the clocks of Zone
	Zone     string // as the IANA time zone database names it
	Reason   string // may be empty
}
