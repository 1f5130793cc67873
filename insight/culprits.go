package insight

import (
	"cmp"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot/history"
)

// Culprits are what failed most, and what people waited for. Each list begins with the worst.
type Culprits struct {
	Checks  []Count // by check: how often it was red, and how often the same commit later passed
	Stages  []Count // by stage: promotions that failed there
	Classes []Count // by class of change: changes that failed
	Waits   []Waiter
}

// Count is how often something happened.
type Count struct {
	Name string
	N    int
	Of   int      // of so many; 0: of any number
	Also int      // of N: checks that were green later for the same commit
	SHAs []string // of the commits, the oldest first
}

// Waiter is a check that was the last to finish, and that made a change wait.
type Waiter struct {
	Check string
	N     int // how often
	Of    int // changes whose checks were green
	By    Spread
	SHAs  []string
}

// Failure is an output of a failed build or release, as far as it tells failures apart.
type Failure struct {
	At    time.Time
	SHA   string // of a build; empty: a release
	Stage string
	Error string
	Print int64 // equal for failures that look the same; 0: unknown
}

// culprits counts what failed in a period.
func (l *Ledger) culprits(p Period) (is Culprits) {
	checks, stages, classes, of := tally{}, tally{}, tally{}, map[string]int{}
	green := 0
	waits := map[string]*Waiter{}
	by := map[string][]time.Duration{}
	for _, c := range l.Changes {
		if !c.RedAt.IsZero() && p.Has(l.process.day(c.RedAt)) {
			for _, name := range c.Red {
				checks.add(name, c.SHA, c.GreenAt.After(c.RedAt))
			}
		}
		if c.Outcome != "" && p.Has(c.Ended) {
			for _, class := range c.Classes {
				of[class]++
				if c.Change.Outcome == history.OutcomeFailed {
					classes.add(class, c.SHA, false)
				}
			}
		}
		if c.GreenAt.IsZero() || !p.Has(l.process.day(c.GreenAt)) {
			continue
		}
		green++
		if alone := byPart(c.Waits)[history.PartChecks]; c.LastCheck != "" && alone > 0 && c.LastCheckBy > 0 {
			w := waits[c.LastCheck]
			if w == nil {
				w = &Waiter{Check: c.LastCheck}
				waits[c.LastCheck] = w
			}
			w.N++
			w.SHAs = append(w.SHAs, c.SHA)
			by[c.LastCheck] = append(by[c.LastCheck], min(c.LastCheckBy, alone))
		}
	}
	for i := range l.promotions {
		q := &l.promotions[i]
		if q.Kind == history.KindForward && (q.Result == history.ResultFailed || q.Result == history.ResultUnproved) && p.Has(l.process.day(q.Began)) {
			stages.add(q.Stage, q.SHA, false)
		}
	}
	is.Checks, is.Stages, is.Classes = checks.list(), stages.list(), classes.list()
	for i := range is.Classes {
		is.Classes[i].Of = of[is.Classes[i].Name]
	}
	for name, w := range waits {
		w.Of, w.By = green, spreadOf(by[name])
		is.Waits = append(is.Waits, *w)
	}
	slices.SortFunc(is.Waits, func(a, b Waiter) int { return cmp.Or(b.N-a.N, cmp.Compare(a.Check, b.Check)) })
	return is
}

// Errors counts failures that look the same, in a period whose days are those of UTC. Where the error is unknown, the
// failure counts as one of its build or its stage.
func Errors(list []Failure, p Period) []Count {
	t, name := tally{}, map[int64]string{}
	for _, f := range list {
		if !p.Has(DayOf(f.At.UTC())) {
			continue
		}
		what := "a build, without an error in its output"
		if f.Stage != "" {
			what = "a release to " + f.Stage + ", without an error in its output"
		}
		if f.Print != 0 {
			if name[f.Print] == "" {
				name[f.Print] = f.Error
			}
			what = name[f.Print]
		}
		t.add(what, f.SHA, false)
	}
	return t.list()
}

// tally counts by name.
type tally map[string]*Count

func (t tally) add(name, sha string, also bool) {
	c := t[name]
	if c == nil {
		c = &Count{Name: name}
		t[name] = c
	}
	c.N++
	if also {
		c.Also++
	}
	if sha != "" {
		c.SHAs = append(c.SHAs, sha)
	}
}

func (t tally) list() (list []Count) {
	for _, c := range t {
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b Count) int { return cmp.Or(b.N-a.N, cmp.Compare(a.Name, b.Name)) })
	return list
}
