package insight

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/history"
)

// Figures are the numbers of a period, of one pipeline or of a fleet.
type Figures struct {
	Period                    Period // from the first day that is known
	Deploys                   int
	Lead                      Spread
	Parts                     []Part // where the time of all changes went, the longest first
	Judged, Failed, Open      int
	Recovery                  Spread
	Rework                    int // of Deploys
	Attempts, Repeats, ByHand int
	Start                     HeadStart
	Builds                    Spread
	Rough                     bool // times are as exact as a histogram is
}

// PerWeek is how many deployments there were a week.
func (f Figures) PerWeek() float64 { return perWeek(f.Deploys, f.Period) }

// Figures are the numbers without what is behind them.
func (n *Numbers) Figures() Figures {
	return Figures{
		Period: n.Period, Deploys: len(n.Deploys), Lead: n.Lead, Parts: n.Parts, Judged: len(n.Judged), Failed: len(n.Failed), Open: len(n.Open), Recovery: n.Recovery,
		Rework: len(n.Rework), Attempts: len(n.Attempts), Repeats: len(n.Repeats), ByHand: len(n.ByHand), Start: n.Start, Builds: n.Builds,
	}
}

// Figures are the numbers of a period with these sums.
func (s *Sums) Figures(p Period) Figures {
	f := Figures{
		Period: p, Deploys: s.Deploys, Lead: s.Lead.Spread(), Judged: s.Judged, Failed: s.Failed, Open: s.Open, Recovery: s.Recovery.Spread(),
		Rework: s.Rework, Attempts: s.Attempts, Repeats: s.Repeats, ByHand: s.ByHand, Builds: s.Build.Spread(), Rough: true,
		Start: HeadStart{Saved: s.Saved, SavedBy: s.SavedBy, Spared: s.Spared, Wasted: s.Wasted, WastedTime: s.WastedTime},
	}
	f.Start.SparedTime = time.Duration(s.Spared) * f.Builds.Median
	whole, parts := time.Duration(0), map[history.Part]*Part{}
	for _, p := range s.Parts {
		whole += p.Time
		parts[p.Part] = &Part{Part: p.Part, Time: p.Time}
	}
	f.Parts = sorted(parts, whole)
	return f
}

// Trend is how a number compares with the one of the period before.
type Trend int

// The trends. Unclear: there are too few cases, in one of the two.
const (
	Unclear Trend = iota
	Same
	Up
	Down
)

// trend compares two numbers that were worked out of so many cases. What differs by less than a twentieth is the same.
func trend(now, before float64, n, was int) Trend {
	const little = 0.05
	switch {
	case n < Few || was < Few:
		return Unclear
	case now > before*(1+little):
		return Up
	case now < before*(1-little):
		return Down
	}
	return Same
}

// Trends are how figures compare with those of the period before.
type Trends struct{ Deploys, Lead, Failed, Recovery, Rework Trend }

// Since compares figures with those of the period before, if that is known to its beginning.
func (f Figures) Since(before Figures, known bool) (t Trends) {
	if !known {
		return t
	}
	return Trends{
		Deploys:  trend(f.PerWeek(), before.PerWeek(), f.Deploys, before.Deploys),
		Lead:     trend(f.Lead.Median.Seconds(), before.Lead.Median.Seconds(), f.Lead.N, before.Lead.N),
		Failed:   trend(Share(f.Failed, f.Judged), Share(before.Failed, before.Judged), f.Judged, before.Judged),
		Recovery: trend(f.Recovery.Median.Seconds(), before.Recovery.Median.Seconds(), f.Recovery.N, before.Recovery.N),
		Rework:   trend(Share(f.Rework, f.Deploys), Share(before.Rework, before.Deploys), f.Deploys, before.Deploys),
	}
}

// Share is n of so many, from 0 to 1; 0 of none.
func Share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// Weekly is the figures of each week of a period, the oldest first, also of weeks without any.
func (l *Ledger) Weekly(p Period) []Figures {
	weeks := map[Day]*Sums{}
	for k, s := range l.Days() {
		if p.Has(k.Day) {
			monday := k.Day.Monday()
			if weeks[monday] == nil {
				weeks[monday] = &Sums{}
			}
			weeks[monday].Join(s)
		}
	}
	return weekly(weeks, l.Known(p))
}

// weekly lists the weeks of a period.
func weekly(weeks map[Day]*Sums, p Period) (list []Figures) {
	for monday := p.From.Monday(); monday <= p.To; monday += 7 {
		s := weeks[monday]
		if s == nil {
			s = &Sums{}
		}
		list = append(list, s.Figures(Period{max(monday, p.From), min(monday+6, p.To)}))
	}
	return list
}

// Fleet adds up pipelines.
type Fleet struct {
	now, before Period
	sums        Sums // of the period before
	weeks       map[Day]*Sums
	first       Day // of any pipeline
	known       bool
	Pipelines   []PipelineSums // those that deployed in the period, in the order in which they were added
}

// PipelineSums are what the sums of one pipeline in the period say of deployments and lead times.
type PipelineSums struct {
	Pipeline                bot.Key
	Deploys, Judged, Failed int
	Lead                    Spread
}

// NewFleet begins to add up a period, and the one before it. Both are whole weeks, but for the end.
func NewFleet(now, before Period) *Fleet {
	return &Fleet{now: now, before: before, weeks: map[Day]*Sums{}}
}

// Add adds a pipeline: the first day of which there are rows, and its weeks as [PackWeeks] has packed them.
func (f *Fleet) Add(key bot.Key, first Day, packed []byte) error {
	if !f.known || first < f.first {
		f.first, f.known = first, true
	}
	var one Sums
	err := eachWeek(packed, f.before.From, func(monday Day, sums []byte) error {
		if f.before.Has(monday) {
			r := reader{sums, false}
			f.sums.unpackTimes(&r)
			if r.bad {
				return errPacked
			}
			return nil
		}
		if monday > f.now.To {
			return nil
		}
		if f.weeks[monday] == nil {
			f.weeks[monday] = &Sums{}
		}
		if _, err := f.weeks[monday].Unpack(sums); err != nil {
			return err
		}
		return one.unpackMain(sums)
	})
	if one.Deploys+one.Judged > 0 {
		f.Pipelines = append(f.Pipelines, PipelineSums{key, one.Deploys, one.Judged, one.Failed, one.Lead.Spread()})
	}
	return err
}

// Period is the part of the period of which there are rows.
func (f *Fleet) Period() Period {
	if !f.known {
		return Period{f.now.From, f.now.From - 1}
	}
	return Period{max(f.now.From, f.first), f.now.To}
}

// Figures are those of the period, and how they compare with those before.
func (f *Fleet) Figures() (Figures, Trends) {
	var sums Sums
	for _, week := range f.weeks {
		sums.Join(week)
	}
	now := sums.Figures(f.Period())
	return now, now.Since(f.sums.Figures(f.before), f.known && f.first <= f.before.From)
}

// Weekly is the figures of each week of the period, the oldest first.
func (f *Fleet) Weekly() []Figures { return weekly(f.weeks, f.Period()) }
