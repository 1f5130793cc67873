package insight

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot/history"
)

// Numbers are those of a period. Everything that is listed is in the order of time, the oldest first.
type Numbers struct {
	Period   Period    // from the first day that is known
	Released []*Deploy // on all apps; of those
	Deploys  []*Deploy // are deployments
	Lead     Spread
	Parts    []Part // where the time of all its leads went, the longest first

	Judged   []*Deploy // what was released on all apps, and has failed or is old enough
	Failed   []*Deploy // of those
	Recovery Spread    // of those that are good again
	Open     []*Deploy // failed, and production is not good again
	Rework   []*Deploy // of Deploys

	Attempts, Repeats, ByHand []Release

	Start    HeadStart
	Built    []Outcome // the changes that Start is made of
	Builds   Spread
	Culprits Culprits
}

// Part is a part of changes' ways.
type Part struct {
	Part  history.Part
	Time  time.Duration
	Share float64 // of all, from 0 to 1
	By    Spread  // of the changes that spent time with it; none in sums of days
}

// HeadStart is what building ahead of the checks saved, and what it cost.
type HeadStart struct {
	Saved      time.Duration // of build that ran beside the checks of changes that went live
	SavedBy    int           // changes
	Spared     int           // builds that were not needed: the same files were built before
	SparedTime time.Duration // those, by the median build; 0: it is unknown
	Wasted     int           // builds that were never released
	WastedTime time.Duration
}

// Days is how many working days a period has, and on how many of them there was a deployment.
func (n *Numbers) Days() (working, with int) {
	on := map[Day]bool{}
	for _, d := range n.Deploys {
		on[d.Day] = true
	}
	for d := n.Period.From; d <= n.Period.To; d++ {
		if d.Working() {
			working++
			if on[d] {
				with++
			}
		}
	}
	return working, with
}

// PerWeek is how many deployments there were a week.
func (n *Numbers) PerWeek() float64 { return perWeek(len(n.Deploys), n.Period) }

func perWeek(n int, p Period) float64 {
	if p.Days() == 0 {
		return 0
	}
	return float64(n) * 7 / float64(p.Days())
}

// Leads are the changes that production ran for the first time.
func (n *Numbers) Leads() (list []Lead) {
	for _, d := range n.Deploys {
		list = append(list, d.Leads...)
	}
	return list
}

// Known is the part of a period of which there are rows.
func (l *Ledger) Known(p Period) Period {
	if !l.known {
		return Period{p.From, p.From - 1}
	}
	p.From = max(p.From, l.first)
	return p
}

// Numbers are those of a period.
func (l *Ledger) Numbers(p Period) *Numbers {
	n := &Numbers{Period: l.Known(p)}
	var leads, recovered []time.Duration
	parts, times := map[history.Part]*Part{}, map[history.Part][]time.Duration{}
	whole := time.Duration(0)
	for _, d := range l.Deploys {
		if !p.Has(d.Day) {
			continue
		}
		n.Released = append(n.Released, d)
		if d.Judged {
			n.Judged = append(n.Judged, d)
		}
		if d.Failed != "" {
			n.Failed = append(n.Failed, d)
			if d.Recovered.IsZero() {
				n.Open = append(n.Open, d)
			} else {
				recovered = append(recovered, d.Recovery())
			}
		}
		if !d.IsDeployment() {
			continue
		}
		n.Deploys = append(n.Deploys, d)
		if d.Rework {
			n.Rework = append(n.Rework, d)
		}
		for _, lead := range d.Leads {
			leads = append(leads, lead.Time())
			whole += lead.Time()
			for name, spent := range byPart(lead.Parts) {
				if parts[name] == nil {
					parts[name] = &Part{Part: name}
				}
				parts[name].Time += spent
				times[name] = append(times[name], spent)
			}
		}
	}
	for name, p := range parts {
		p.By = spreadOf(times[name])
	}
	n.Lead, n.Recovery, n.Parts = spreadOf(leads), spreadOf(recovered), sorted(parts, whole)
	in := func(list []Release) []Release {
		return slices.DeleteFunc(slices.Clone(list), func(r Release) bool { return !p.Has(r.Day) })
	}
	n.Attempts, n.Repeats, n.ByHand = in(l.Attempts), in(l.Repeats), in(l.ByHand)
	l.built(n, p)
	n.Culprits = l.culprits(p)
	return n
}

// byPart adds up the parts of the same name.
func byPart(waits []history.Wait) map[history.Part]time.Duration {
	sum := map[history.Part]time.Duration{}
	for _, w := range waits {
		sum[w.Part] += w.For
	}
	return sum
}

// sorted lists parts, the longest first.
func sorted(parts map[history.Part]*Part, whole time.Duration) (list []Part) {
	for p := range maps.Values(parts) {
		p.Share = float64(p.Time) / float64(max(whole, 1))
		list = append(list, *p)
	}
	slices.SortFunc(list, func(a, b Part) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(a.Part, b.Part))
	})
	return list
}

// built counts the builds of changes that ended in a period.
func (l *Ledger) built(n *Numbers, p Period) {
	var took []time.Duration
	for _, c := range l.Changes {
		if c.Outcome == "" || !p.Has(c.Ended) {
			continue
		}
		length, ok := c.build()
		if ok {
			took = append(took, length)
		}
		if saved := c.Saved(); saved > 0 {
			n.Start.Saved += saved
			n.Start.SavedBy++
		}
		if c.Spared() {
			n.Start.Spared++
		}
		if c.Saved() > 0 || c.Spared() || c.Wasted() {
			n.Built = append(n.Built, c)
		}
		if c.Wasted() {
			n.Start.Wasted++
			n.Start.WastedTime += length
		}
	}
	n.Builds = spreadOf(took)
	n.Start.SparedTime = time.Duration(n.Start.Spared) * n.Builds.Median
}

// build is how long the build of the change took that made its own artifact; false: it had none, or it failed.
func (c Outcome) build() (time.Duration, bool) {
	own := c.Built != "" && c.Built != history.BuiltTree
	if !own || c.BuildBegan.IsZero() || c.BuildEnded.Before(c.BuildBegan) {
		return 0, false
	}
	return c.BuildEnded.Sub(c.BuildBegan), true
}

// Saved is how long the change would have waited longer if its build had begun when its checks were green.
func (c Outcome) Saved() time.Duration {
	if c.Change.Outcome != history.OutcomeLive {
		return 0
	}
	return byPart(c.Waits)[history.PartBoth]
}

// Spared reports whether the change needed no build of its own after the push.
func (c Outcome) Spared() bool {
	switch c.Built {
	case history.BuiltTree, history.BuiltPull, history.BuiltGroup:
		return c.Change.Outcome != history.OutcomeUnaffected
	}
	return false
}

// Wasted reports whether the change was built after its push, and nothing that was released came of it.
func (c Outcome) Wasted() bool {
	_, ok := c.build()
	return ok && c.Built == history.BuiltAhead && c.Change.Outcome != history.OutcomeLive && !c.Released && !c.Shared
}
