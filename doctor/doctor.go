// Package doctor finds out what is wrong with an installation of Headstart, and says what mends it.
//
// [Examine] reads what there is to know, through the ports that this package declares, and changes nothing. Then each of
// [Checks] looks at what was read. A check is a small value: a name, a question, and a function from [Facts] to
// findings, without I/O. If something could not be read, the one check that owns it says so. The
// other checks leave it out and report what else they know.
package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Level is how bad a finding is.
type Level string

// Wrong: something does not work. Warning: something will not, or not as well as it could.
const (
	Well    Level = "ok"
	Warning Level = "warning"
	Wrong   Level = "error"
)

// Mark is the level as a sign.
func (l Level) Mark() string { return map[Level]string{Well: "✓", Warning: "⚠", Wrong: "✗"}[l] }

// Finding is one line of a report.
type Finding struct {
	Check   string // its name
	Area    Area
	Subject string // the repository, account or app; empty: the server itself
	Level   Level
	Text    string // a sentence
	Next    string // what mends it, as an order without a full stop; empty: nothing is to be done
}

// Area groups checks.
type Area string

// The areas, in the order of a report.
const (
	Server       Area = "Server"
	App          Area = "GitHub App"
	Repositories Area = "Repositories"
	Heroku       Area = "Heroku"
)

// Report is what was found.
type Report struct {
	At       time.Time
	Took     time.Duration
	Findings []Finding // in the order of areas and checks
	GitHub   int       // how often GitHub was asked
	Heroku   int       // how often Heroku was
	Left     int       // pipelines that were left out, because there are too many
}

// Level is the worst of the findings.
func (r Report) Level() Level {
	switch {
	case r.Count(Wrong) > 0:
		return Wrong
	case r.Count(Warning) > 0:
		return Warning
	}
	return Well
}

// Count counts the findings of a level.
func (r Report) Count(l Level) (n int) {
	for _, f := range r.Findings {
		if f.Level == l {
			n++
		}
	}
	return n
}

// Summary is the report in a sentence.
func (r Report) Summary() string {
	count := func(n int, one, many string) string {
		if n == 1 {
			return "1 " + one
		}
		return fmt.Sprintf("%d %s", n, many)
	}
	var parts []string
	if n := r.Count(Wrong); n > 0 {
		parts = append(parts, count(n, "thing is wrong", "things are wrong"))
	}
	if n := r.Count(Warning); n > 0 {
		parts = append(parts, count(n, "warning", "warnings"))
	}
	if len(parts) == 0 {
		parts = append(parts, "All is well")
	}
	asked := fmt.Sprintf("GitHub was asked %s", count(r.GitHub, "time", "times"))
	if r.Heroku > 0 {
		asked += fmt.Sprintf(" and Heroku %s", count(r.Heroku, "time", "times"))
	}
	text := strings.Join(parts, ", ") + ". " + asked + fmt.Sprintf(", in %.1f s.", r.Took.Seconds())
	if r.Left > 0 {
		text += fmt.Sprintf(" %s left out: name one with --repo.", count(r.Left, "pipeline was", "pipelines were"))
	}
	return text
}

// Check looks at one thing.
type Check struct {
	Name     string // never changed: scripts know it
	Area     Area
	Question string
	look     func(*Facts) []Finding
}

// Checks are all checks, in the order of a report.
var Checks = slices.Concat(serverChecks, appChecks, repositoryChecks, herokuChecks)

// Judge has every check look at the facts.
func Judge(f *Facts) (all []Finding) {
	for _, c := range Checks {
		for _, found := range c.look(f) {
			found.Check, found.Area = c.Name, c.Area
			all = append(all, found)
		}
	}
	return all
}

func well(format string, a ...any) Finding {
	return Finding{Level: Well, Text: fmt.Sprintf(format, a...)}
}

func warning(next, format string, a ...any) Finding {
	return Finding{Level: Warning, Text: fmt.Sprintf(format, a...), Next: next}
}

func wrong(next, format string, a ...any) Finding {
	return Finding{Level: Wrong, Text: fmt.Sprintf(format, a...), Next: next}
}

// about says whom a finding is about.
func (f Finding) about(subject string) Finding {
	f.Subject = subject
	return f
}

func one(f Finding) []Finding { return []Finding{f} }
