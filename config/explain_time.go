package config

import (
	"fmt"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/calendar"
)

// paths lists globs for people.
func paths(globs []string) string {
	var all []string
	for _, g := range globs {
		all = append(all, printable(g))
	}
	return oneOf(all, "or")
}

func explainChanges(cfg bot.Config) []string {
	var all []string
	for _, c := range cfg.Changes {
		unused := ""
		if !slices.ContainsFunc(cfg.Stages, func(s bot.Stage) bool {
			return slices.Contains(s.Skip, c.Name) || slices.Contains(s.Maintenance, c.Name) ||
				slices.ContainsFunc(s.Hold, func(h bot.Hold) bool { return h.Class == c.Name })
		}) {
			unused = " No stage mentions it."
		}
		all = append(all, fmt.Sprintf("%s: files like %s.%s", c.Name, paths(c.Paths), unused))
	}
	if len(all) > 0 {
		all = append(all, "What counts are the files that differ from what is live on a stage; with too many of them, every class.")
	}
	return all
}

func explainWindows(cfg bot.Config) []string {
	var all []string
	for _, w := range cfg.Windows {
		next, unused := "", ""
		if w.To < w.From {
			next = " of the next day"
		}
		if !slices.ContainsFunc(cfg.Stages, func(s bot.Stage) bool {
			return slices.Contains(s.Windows, w.Name) || slices.ContainsFunc(s.Hold, func(h bot.Hold) bool { return h.Window == w.Name })
		}) {
			unused = " No stage mentions it."
		}
		all = append(all, fmt.Sprintf("%s: %s from %s to %s%s, by the clocks of %s.%s", w.Name, dayWords(w.Days), clock(w.From), clock(w.To), next, w.Zone, unused))
	}
	return all
}

// dayWords names days of the week, three and more in a row as a span.
func dayWords(days [7]bool) string {
	if days == everyDay {
		return "every day"
	}
	var all []string
	for i := range 7 {
		first := (i + int(time.Monday)) % 7
		if !days[first] || days[(first+6)%7] {
			continue // nothing begins here
		}
		length := 1
		for days[(first+length)%7] {
			length++
		}
		last := (first + length - 1) % 7
		switch length {
		case 1:
			all = append(all, time.Weekday(first).String())
		case 2:
			all = append(all, time.Weekday(first).String(), time.Weekday(last).String())
		default:
			all = append(all, fmt.Sprintf("%s to %s", time.Weekday(first), time.Weekday(last)))
		}
	}
	return oneOf(all, "and")
}

// clock shows minutes after midnight.
func clock(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

func explainFreezes(freezes []calendar.Freeze) []string {
	var all []string
	for _, f := range freezes {
		when := fmt.Sprintf("From %s to %s", f.From, f.To)
		if f.From == f.To {
			when = "On " + f.From
		}
		why := "."
		if f.Reason != "" {
			why = ": " + printable(f.Reason)
		}
		all = append(all, fmt.Sprintf("%s, by the clocks of %s, nothing is promoted%s", when, f.Zone, why))
	}
	return all
}
