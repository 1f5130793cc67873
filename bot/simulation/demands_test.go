package simulation

import (
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
	"github.com/headstart-cd/headstart/bot/calendar"
	"github.com/headstart-cd/headstart/bot/command"
)

// demands is what the stages of a history ask for before they are entered, and
// around it. As with [asks], it is the same in every file.
type demands struct {
	windows     []string // of production
	early       []string // of staging
	late        bool     // migrations wait for a window of their own
	skip        bool     // documentation passes canary by
	approval    bool     // of everything, before production
	yes         bool     // of migrations, before production
	fourEyes    bool
	maintenance bool // while migrations are released
	all         bool // and code, too
	rehearse    bool // on staging
	brief       bool // people lock for a time only, and ask for little else
	mostFiles   int  // that GitHub lists; 0: all
	paths       []string
	ending      ending // with paths
	needs       bool   // production needs a stage of another pipeline
}

func (s *sim) drawDemands() demands {
	var d demands
	some := func() []string {
		list := []string{"rest"}
		for _, name := range []string{"first", "noon", "later"} {
			if s.once(1) {
				list = append(list, name)
			}
		}
		return list
	}
	if s.once(2) {
		d.windows = some()
	}
	if s.once(3) {
		d.early = some()
	}
	if s.once(2) {
		d.approval, d.yes, d.fourEyes = s.once(1), true, s.once(1)
	}
	d.late, d.skip, d.maintenance, d.rehearse, d.brief = s.once(3), s.once(1), s.once(2), s.once(3), s.once(3)
	d.all = s.once(1)
	if s.once(3) {
		d.mostFiles = 2
	}
	if s.once(2) {
		d.paths, d.ending = among(s, globs...), ending(s.pick(int(takenBack)+1))
	}
	d.needs = s.once(2)
	return d
}

// hours are the windows of every history in minutes after midnight UTC, chosen so
// that they open and close while most histories last, and that the last of them is
// open whenever a history ends.
var hours = map[string][2]int{
	"first": {11*60 + 56, 12*60 + 2},
	"noon":  {12*60 + 7, 12*60 + 15},
	"later": {12*60 + 22, 12*60 + 32},
	"rest":  {12*60 + 40, 11*60 + 30},
}

// zones are the zones in which the file gives them, in minutes ahead of UTC on
// the days of a history.
var zones = map[string]struct {
	zone  string
	ahead int
}{
	"first": {"Asia/Kolkata", 330}, "noon": {"America/Toronto", -300}, "later": {"UTC", 0}, "rest": {"America/Toronto", -300},
}

// kamchatka is where a day ends at noon UTC, soon after a history has begun.
const kamchatka = "Asia/Kamchatka"

// demand writes it all into a file.
func (s *sim) demand(c *bot.Config) {
	d := s.asks.demands
	c.Paths = d.paths
	c.Changes = []bot.Class{{Name: "docs", Paths: []string{"docs/**"}}, {Name: "migration", Paths: []string{"db/**"}}, {Name: "code", Paths: []string{"*.go"}}}
	for _, name := range sorted(hours) {
		const day = 24 * 60
		p := zones[name]
		c.Windows = append(c.Windows, calendar.Window{
			Name: name, Days: [7]bool{true, true, true, true, true, true, true}, Zone: p.zone,
			From: (hours[name][0] + p.ahead + day) % day, To: (hours[name][1] + p.ahead + day) % day,
		})
	}
	switch s.pick(16) {
	case 1, 2:
		c.Freezes = []calendar.Freeze{{From: "2026-11-01", To: "2026-11-02", Zone: kamchatka, Reason: "a holiday"}}
	case 3:
		c.Freezes = []calendar.Freeze{{From: "2026-11-03", To: "2026-11-03", Zone: kamchatka}}
	}
	for i := range c.Stages {
		st := &c.Stages[i]
		switch {
		case st.Name == "staging":
			st.Windows = d.early
			if d.rehearse {
				st.Rehearse = &bot.Rehearse{CopyFrom: "us"}
			}
		case st.Name == "canary" && d.skip:
			st.Skip = []string{"docs"}
		case st.Name == "production":
			st.Windows, st.FourEyes = d.windows, d.fourEyes
			if st.Approval = d.approval; d.yes && !d.approval {
				st.Hold = append(st.Hold, bot.Hold{Class: "migration"})
			}
			if d.late {
				st.Hold = append(st.Hold, bot.Hold{Class: "migration", Window: "rest"})
			}
			if d.needs {
				st.Needs = []bot.Need{need}
			}
		}
		if d.maintenance {
			st.Maintenance = []string{"migration"}
			if d.all {
				st.Maintenance = []string{"migration", "code"}
			}
		}
	}
}

// changes draws who made a commit, and which files it changes.
func (s *sim) changes(c *bottest.Commit) {
	c.Author = among(s, "ada", "ada", "zoe", "Walter")
	c.Files = among(s, []string{"app.go"}, []string{"app.go"}, []string{"docs/a.md"}, []string{"docs/b.md"}, []string{"docs/b.md", "Makefile"}, []string{"Makefile"}, []string{"db/1.sql"})
}

// How far the time of a decision may lie from when it is saved: clocks differ, and
// saving takes a while.
const (
	ahead  = 5 * time.Second
	behind = 90 * time.Second
)

// inTime is the part of [gatesOpen] about time: nothing enters a stage while all of
// its windows are closed or anything freezes it, unless somebody who may has found
// it urgent.
func (s *sim) inTime(sha string, cfg bot.Config, stage bot.Stage, decided time.Time, urgent bool) {
	if urgent {
		return
	}
	from, to := decided.Add(-behind), decided.Add(ahead)
	if len(stage.Windows) > 0 && !opens(stage.Windows, from, to) {
		s.breaks(gatesOpen, "%s enters %s outside of its windows %v: it was decided at %s", sha, stage.Name, stage.Windows, decided.Format(time.TimeOnly))
	}
	for _, h := range stage.Hold {
		if h.Window != "" && s.counts(h.Class, sha, stage.Name, stage.Apps) && !opens([]string{h.Window}, from, to) {
			s.breaks(gatesOpen, "%s is a %s and enters %s outside of the window %s: it was decided at %s", sha, h.Class, stage.Name, h.Window, decided.Format(time.TimeOnly))
		}
	}
	for _, f := range cfg.Freezes {
		if begin, end := days(f); !from.Before(begin) && to.Before(end) {
			s.breaks(gatesOpen, "%s enters %s in a freeze of the file, from %s to %s: it was decided at %s", sha, stage.Name, f.From, f.To, decided.Format(time.TimeOnly))
		}
	}
	if w, heard := s.truth.frozen, s.truth.reachedAll; w.On && !heard.IsZero() && decided.After(heard) && (w.Until.IsZero() || to.Before(w.Until)) {
		s.breaks(gatesOpen, "%s enters %s, though the operator has frozen everything, which is known since %s", sha, stage.Name, heard.Format(time.TimeOnly))
	}
}

// opens reports whether one of some windows is open at any time of a span.
func opens(names []string, from, to time.Time) bool {
	for t := from; !t.After(to); t = t.Add(time.Second) {
		minute := t.UTC().Hour()*60 + t.UTC().Minute()
		if slices.ContainsFunc(names, func(name string) bool {
			h := hours[name]
			if h[0] < h[1] {
				return h[0] <= minute && minute < h[1]
			}
			return h[0] <= minute || minute < h[1]
		}) {
			return true
		}
	}
	return false
}

// days is when a freeze of a file begins and ends.
func days(f calendar.Freeze) (begin, end time.Time) {
	noon := func(day string) time.Time {
		t, err := time.Parse(time.DateOnly, day)
		if err != nil {
			panic(err)
		}
		return t.Add(-12 * time.Hour) // the day begins there
	}
	return noon(f.From), noon(f.To).AddDate(0, 0, 1)
}

// frozenDays reports whether the file in force freezes everything at this moment.
func (s *sim) frozenDays() bool {
	return slices.ContainsFunc(s.store.state.Config.Freezes, func(f calendar.Freeze) bool {
		begin, end := days(f)
		return !s.Now.Before(begin) && s.Now.Before(end.Add(2*time.Minute))
	})
}

// urgently reports whether somebody who may pass windows, freezes and soak has
// asked for a commit at a stage, and it is not there yet.
func (s *sim) urgently(stage, sha string, decided time.Time) bool {
	return slices.ContainsFunc(s.people.orders, func(o *order) bool {
		return o.urgent && o.verb == command.VerbPromote && slices.Contains(o.stages, stage) && (o.sha == "" || o.sha == sha) &&
			!o.at.After(decided) && (o.ended.IsZero() || !decided.After(o.ended))
	})
}

// counts reports whether a commit certainly counts as a class of change for some
// apps of a stage: whatever the commit is that they run, a file of the class
// differs from it, or GitHub does not tell which do.
func (s *sim) counts(class, sha, stage string, apps []string) bool {
	begins := map[string]string{"docs": "docs/", "migration": "db/", "code": "app."}[class]
	for _, app := range apps {
		now := s.App(app).Current()
		switch {
		case now == nil && s.everReleased(stage), now != nil && s.truth.byHand[now]:
			return false // nobody can tell
		case now == nil:
			continue
		}
		bases := s.commitsOf(now.Artifact)
		if len(bases) == 0 {
			return false // what somebody had put there was released again, with other config vars
		}
		for _, base := range bases {
			files, all := s.Differ(base, sha)
			if base == sha || all && !slices.ContainsFunc(files, func(f string) bool { return strings.HasPrefix(f, begins) }) {
				return false
			}
		}
	}
	return true
}

func (s *sim) everReleased(stage string) bool {
	return slices.ContainsFunc(s.truth.requests, func(r *request) bool { return r.stage == stage && !r.never })
}

// commitsOf lists the commits that an artifact may be of: those of its tree.
func (s *sim) commitsOf(artifact string) (list []string) {
	tree := s.builtFrom(artifact)
	for _, sha := range sorted(s.Commits) {
		if tree != "" && s.Commits[sha].Tree == tree {
			list = append(list, sha)
		}
	}
	return list
}

// comesFrom is the stage that must have proved what a commit brings to the next
// one: the last before it that the commit may not pass by.
func (s *sim) comesFrom(sha string, before []bot.Stage) bot.Stage {
	i := len(before) - 1
	for i > 0 && len(before[i].Skip) > 0 && s.passesBy(sha, before[i]) {
		i--
	}
	return before[i]
}

// passesBy reports whether nothing but documentation differs between a commit and
// one that the stage has run.
func (s *sim) passesBy(sha string, stage bot.Stage) bool {
	for _, r := range s.App(stage.Apps[0]).Releases {
		for _, base := range s.commitsOf(r.Artifact) {
			files, all := s.Differ(base, sha)
			if all && r.Status == bot.ReleaseSucceeded && !slices.ContainsFunc(files, func(f string) bool { return !strings.HasPrefix(f, "docs/") }) {
				return true
			}
		}
	}
	return false
}
