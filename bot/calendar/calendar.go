package calendar

import (
	"fmt"
	"sync"
	"time"
)

// Windows and freezes are by the clocks of their zone, and by nothing else: a
// window is open whenever a clock on the wall there shows a time inside it. An
// hour that exists twice is inside it twice. One that does not exist is not
// there: a window from 02:30 begins at 03:00 on a day whose clocks go from 02:00
// to 03:00, and one from 02:15 to 02:45 does not open on that day.

// horizon is how many days ahead a change of a window is looked for. A window
// that does not change within two weeks, of which its zone may skip a day, never
// does.
const horizon = 16

// DateOf is a day as [Freeze] writes it.
const DateOf = "2006-01-02"

// OpenAt reports whether the window is open at an instant. The zone is the
// window's own.
func (w Window) OpenAt(t time.Time, zone *time.Location) bool { return w.shows(t.In(zone)) }

// Next is the first instant after t at which the window opens, if it is closed at
// t, else closes; zero if it never does. The zone is the window's own.
func (w Window) Next(t time.Time, zone *time.Location) time.Time {
	is := w.shows(t.In(zone))
	end := t.AddDate(0, 0, horizon)
	for from := t; from.Before(end); {
		// Between two changes of the zone's clocks they run like any other clock.
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

// shows reports whether a clock on the wall shows a time inside the window.
func (w Window) shows(wall time.Time) bool {
	minute := wall.Hour()*60 + wall.Minute()
	if w.From < w.To {
		return w.Days[wall.Weekday()] && w.From <= minute && minute < w.To
	}
	return w.Days[wall.Weekday()] && w.From <= minute || w.Days[dayBefore(wall)] && minute < w.To
}

// marks are the instants, in their order, at which the clocks show that the window
// begins or ends, or that a day does: from the day of wall on, up to but without
// end, and without until, when the clocks are changed (zero: never).
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

// dayBefore is the weekday of the day before, where the clock is. Some places have
// skipped a day: then it is the day before that one.
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

// FrozenAt reports whether an instant is on one of the days of the freeze. The
// zone is the freeze's own.
func (f Freeze) FrozenAt(t time.Time, zone *time.Location) bool {
	day := t.In(zone).Format(DateOf)
	return f.From <= day && day <= f.To
}

// Next is the first instant after t at which the freeze begins or ends; zero if
// it is over, or if its days are none. The zone is the freeze's own.
func (f Freeze) Next(t time.Time, zone *time.Location) time.Time {
	first, err := time.Parse(DateOf, f.From)
	if err != nil {
		return time.Time{}
	}
	last, err := time.Parse(DateOf, f.To)
	if err != nil {
		return time.Time{}
	}
	for _, day := range []time.Time{first, last.AddDate(0, 0, 1)} {
		if at := beginning(day, zone); at.After(t) {
			return at.UTC()
		}
	}
	return time.Time{}
}

// beginning is the first instant at which the clocks of a zone show the day, or a
// later one where they skip it. The day is given as midnight UTC.
func beginning(day time.Time, zone *time.Location) time.Time {
	const apart = 26 * time.Hour // no clock is further away from UTC
	from := day.Add(-apart)
	for {
		_, offset := from.In(zone).Zone()
		_, until := from.In(zone).ZoneBounds()
		at := day.Add(-time.Duration(offset) * time.Second)
		switch {
		case at.Before(from): // the clocks were put forward over midnight
			return from
		case until.IsZero() || at.Before(until):
			return at
		}
		from = until
	}
}

// zones keeps the zones that were found: a decision may ask for several, and each
// is read from the database anew.
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
	// From and To are minutes after midnight, by the clocks of Zone. One with To
	// before From goes over midnight and belongs to the day it starts on.
	From, To int
	Zone     string // as the IANA time zone database names it
}

// Freeze is a number of days on which nothing is promoted.
type Freeze struct {
	From, To string // the first and the last day, as 2026-12-23, by the clocks of Zone
	Zone     string // as the IANA time zone database names it
	Reason   string // may be empty
}
