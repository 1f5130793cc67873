package config

import (
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot/calendar"
)

// dayNames are the days of the week by time.Weekday.
var dayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func windowsMeaning(v value) []calendar.Window {
	windows, _ := v.get("windows")
	var all []calendar.Window
	for _, n := range windows.names {
		w := windows.fields[n.text]
		one := calendar.Window{Name: n.text, Days: everyDay}
		if days, ok := w.get("days"); ok {
			one.Days = readDays(days.text)
		}
		setMinutes(w, "from", &one.From)
		setMinutes(w, "to", &one.To)
		setText(w, "zone", &one.Zone)
		all = append(all, one)
	}
	return all
}

var everyDay = [7]bool{true, true, true, true, true, true, true}

// readDays reads days such as mon-fri or sat,sun. A span may go over the end of
// the week: fri-mon is four days.
func readDays(s string) (days [7]bool) {
	for _, span := range strings.Split(s, ",") {
		from, to, isSpan := strings.Cut(strings.TrimSpace(span), "-")
		if !isSpan {
			to = from
		}
		day, last := slices.Index(dayNames, from), slices.Index(dayNames, to)
		if day < 0 || last < 0 {
			continue // refused before
		}
		for days[day] = true; day != last; days[day] = true {
			day = (day + 1) % len(dayNames)
		}
	}
	return days
}

func freezesMeaning(v value) []calendar.Freeze {
	freezes, _ := v.get("freezes")
	var all []calendar.Freeze
	for _, f := range freezes.items {
		var one calendar.Freeze
		setText(f, "from", &one.From)
		setText(f, "to", &one.To)
		setText(f, "zone", &one.Zone)
		setText(f, "reason", &one.Reason)
		all = append(all, one)
	}
	return all
}

// setMinutes sets minutes after midnight.
func setMinutes(v value, key string, to *int) {
	if f, ok := v.get(key); ok {
		if f.text == endOfDay {
			*to = 24 * 60
		} else if t, err := time.Parse("15:04", f.text); err == nil {
			*to = t.Hour()*60 + t.Minute()
		}
	}
}
