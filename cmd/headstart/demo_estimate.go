package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot/words"
)

// estimate is what a reader's own steps take. What is zero was not said.
type estimate struct{ Build, CI, Release time.Duration }

// usual are the durations of an app on Heroku with an ordinary test suite.
var usual = estimate{Build: 3 * time.Minute, CI: 4 * time.Minute, Release: 20 * time.Second}

// orUsual fills in what was not said.
func (e estimate) orUsual() estimate {
	for _, d := range []struct {
		to   *time.Duration
		from time.Duration
	}{{&e.Build, usual.Build}, {&e.CI, usual.CI}, {&e.Release, usual.Release}} {
		if *d.to == 0 {
			*d.to = d.from
		}
	}
	return e
}

// UnmarshalText reads build=3m,ci=4m,release=20s, or a part of it.
func (e *estimate) UnmarshalText(text []byte) error {
	const want = "write build=3m,ci=4m,release=20s"
	for part := range strings.SplitSeq(string(text), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		to, known := map[string]*time.Duration{"build": &e.Build, "ci": &e.CI, "checks": &e.CI, "release": &e.Release}[strings.TrimSpace(name)]
		d, ok := words.ParseDuration(strings.TrimSpace(value))
		switch {
		case !known:
			return fmt.Errorf("%q is no step: %s", name, want)
		case !ok || d == 0:
			return fmt.Errorf("%q is no duration: %s", value, want)
		}
		*to = d
	}
	return nil
}

// span is a flag's duration, such as 30m or 1d.
type span time.Duration

// UnmarshalText reads what is a duration everywhere in Headstart.
func (s *span) UnmarshalText(text []byte) error {
	d, ok := words.ParseDuration(string(text))
	if !ok {
		return fmt.Errorf("%q is no duration: write 30s, 5m, 2h or 1d", text)
	}
	*s = span(d)
	return nil
}

// duration writes a duration as it is read: 4m40s, without what is zero.
func duration(d time.Duration) string { return words.Duration(d.Round(time.Second)) }
