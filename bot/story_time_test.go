package bot_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // the zones are the same on every machine

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/calendar"
)

// times are the settings of `config` that are about time:
//
//	window.NAME="mon-fri 20:00-06:00 America/Toronto"
//	windows.STAGE=NAME,NAME
//	freezes="2026-12-23..2027-01-02 America/Toronto the holidays;…"
func times(c *bot.Config, set map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(set)) {
		name, ok := strings.CutPrefix(key, "window.")
		if !ok {
			continue
		}
		w := calendar.Window{Name: name}
		var days string
		var from, to [2]int
		clocks := strings.NewReplacer("-", " ", ":", " ")
		part := strings.Fields(set[key])
		if len(part) != 3 {
			return fmt.Errorf("a window is DAYS FROM-TO ZONE, and not %q", set[key])
		}
		days, w.Zone = part[0], part[2]
		if _, err := fmt.Sscan(clocks.Replace(part[1]), &from[0], &from[1], &to[0], &to[1]); err != nil {
			return err
		}
		w.From, w.To = from[0]*60+from[1], to[0]*60+to[1]
		names := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
		first, last, more := strings.Cut(days, "-")
		if !more {
			last = first
		}
		for i := slices.Index(names, first); ; i = (i + 1) % len(names) {
			w.Days[i] = true
			if names[i] == last {
				break
			}
		}
		c.Windows = append(c.Windows, w)
	}
	for i := range c.Stages {
		if v := set["windows."+c.Stages[i].Name]; v != "" {
			c.Stages[i].Windows = strings.Split(v, ",")
		}
	}
	for _, v := range strings.FieldsFunc(set["freezes"], func(r rune) bool { return r == ';' }) {
		days, rest, _ := strings.Cut(v, " ")
		var f calendar.Freeze
		f.From, f.To, _ = strings.Cut(days, "..")
		f.Zone, f.Reason, _ = strings.Cut(rest, " ")
		c.Freezes = append(c.Freezes, f)
	}
	return nil
}

// clock 2026-11-01T04:00:00Z: the story goes on at that time. Before anything has
// happened it begins there; later it may only go forward.
func (s *story) clock(list []string, _ map[string]string) error {
	t, err := time.Parse(time.RFC3339, list[0])
	if err != nil {
		return err
	}
	if s.State.At.IsZero() {
		s.Now, s.began = t, t
		return nil
	}
	if t.Before(s.Now) {
		return fmt.Errorf("it is %s already", s.Now)
	}
	return s.Wait(t.Sub(s.Now))
}

// time says what time it is, in UTC and by the clocks of a zone.
func (s *story) time(list []string, _ map[string]string) error {
	zone, err := time.LoadLocation(list[0])
	if err != nil {
		return err
	}
	s.print("it is %s, which is %s", s.Now.UTC().Format("Mon 15:04:05 MST"), s.Now.In(zone).Format("Mon 15:04:05 MST"))
	return nil
}

// freeze [for=D] [by=NAME] why=…: the operator freezes everything.
func (s *story) freeze(_ []string, set map[string]string) error {
	f := bot.OperatorFreeze{On: true, By: set["by"], Reason: set["why"], At: s.Now}
	if v := set["for"]; v != "" {
		d, err := time.ParseDuration(v)
		if err != nil {
			return err
		}
		f.Until = s.Now.Add(d)
	}
	return s.receive("freeze", nil, f)
}

// unfreeze: the operator ends that.
func (s *story) unfreeze(_ []string, set map[string]string) error {
	return s.receive("unfreeze", nil, bot.OperatorFreeze{By: set["by"], At: s.Now})
}
