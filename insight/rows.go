package insight

import (
	"slices"
	"sync"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/bot/history"
)

// Rows are what history keeps of one pipeline, each kind in any order.
type Rows struct {
	Changes    []history.Change
	Promotions []history.Promotion
	Process    []history.Process
	Audit      []history.Audit // of which incidents count
	First      time.Time       // since when there are rows, if older ones than these are kept; zero: all are here
}

// Context is how much older than the period before a period rows have to be, so that what was pushed long before it went
// live is known.
const Context = 12 * 7

// Since is from when on rows have to be read for the numbers of some weeks up to a time, and of as many before them.
func Since(weeks int, now time.Time) time.Time {
	_, before := Weeks(weeks, DayOf(now.UTC()))
	return (before.From - Context).Date()
}

// Day is a day of a calendar, counted from 1970-01-01, which is 0.
type Day int

// DayOf is the day of a time by the clocks of its zone.
func DayOf(t time.Time) Day {
	y, m, d := t.Date()
	return Day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
}

// Date is the beginning of the day in UTC.
func (d Day) Date() time.Time { return time.Unix(int64(d)*24*60*60, 0).UTC() }

// Working reports whether the day is one of Monday to Friday.
func (d Day) Working() bool {
	w := d.Date().Weekday()
	return w != time.Saturday && w != time.Sunday
}

// Monday is the first day of the day's week.
func (d Day) Monday() Day { return d - Day((int(d.Date().Weekday())+6)%7) }

// Period is some days, From and To included.
type Period struct{ From, To Day }

// Has reports whether a day is one of the period.
func (p Period) Has(d Day) bool { return d >= p.From && d <= p.To }

// Days is how many days the period has; 0: it is empty.
func (p Period) Days() int { return max(int(p.To-p.From)+1, 0) }

// Weeks are a period of some weeks, the last of which is that of a day and ends with it, and the weeks before it, as many.
func Weeks(n int, today Day) (now, before Period) {
	from := today.Monday() - Day(7*(n-1))
	return Period{from, today}, Period{from - Day(7*n), from - 1}
}

// process is the pipeline's file over time, oldest version first.
type process []history.Process

func newProcess(rows []history.Process) process {
	list := slices.Clone(rows)
	slices.SortFunc(list, func(a, b history.Process) int { return a.At.Compare(b.At) })
	return list
}

// at is the configuration in force at a time; before the first that is known it is that one. Zero: none is known.
func (p process) at(t time.Time) bot.Config {
	if len(p) == 0 {
		return bot.Config{}
	}
	i, found := slices.BinarySearchFunc(p, t, func(v history.Process, t time.Time) int { return v.At.Compare(t) })
	if !found {
		i = max(i-1, 0)
	}
	return p[i].Config
}

// day is the day of a time by the clocks of the pipeline then.
func (p process) day(t time.Time) Day { return DayOf(t.In(zone(p.at(t).Insights.Zone))) }

// Today is the day of a time by the pipeline's clocks.
func Today(rows []history.Process, now time.Time) Day { return newProcess(rows).day(now) }

var zones sync.Map // *time.Location by name

// zone is a place's clocks. The file was checked: a name that is not known any more counts as UTC.
func zone(name string) *time.Location {
	if name == "" {
		return time.UTC
	}
	if z, ok := zones.Load(name); ok {
		return z.(*time.Location)
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		z = time.UTC
	}
	zones.Store(name, z)
	return z
}

// incident is what somebody said of a deployment.
type incident struct {
	stage, sha string
	at         time.Time
}

// incidents are those that were noted, the oldest first.
func incidents(rows []history.Audit) (list []incident) {
	for _, a := range rows {
		if a.SHA == "" || !a.OK {
			continue
		}
		if c := command.ParseCommands(a.Command); len(c) == 1 && c[0].Verb == command.VerbIncident {
			list = append(list, incident{a.Stage, a.SHA, a.At})
		}
	}
	slices.SortFunc(list, func(a, b incident) int { return a.at.Compare(b.at) })
	return list
}
