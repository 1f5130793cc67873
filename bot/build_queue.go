package bot

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A prepare app makes one build at a time, whoever shares it. So each has one queue,
// in which pipelines stand: with the most important build that each of them wants to
// make there. Who goes next is decided here, by whoever keeps the queue and by the
// pipelines themselves; they decide alike, because they look at the same [BuildQueue].

// Rank is what a pipeline stands in a queue with. The lower one goes first.
type Rank int

// The ranks: a commit of the branch that somebody asked for urgently, any other commit
// of the branch, a merge group, the head of a pull request that somebody asked to
// promote, and a build ahead of a merge.
const (
	RankNone Rank = iota // it does not wait
	RankUrgent
	RankBranch
	RankGroup
	RankFromPull
	RankPull
)

// QueueEntry is where one pipeline stands in the queue of an app.
type QueueEntry struct {
	Pipeline     Key
	Installation int64     // that speaks for it
	Public       bool      // everybody may look at its repository
	Builds       time.Time // since when a build of it occupies the app; zero: none does
	Yields       bool      // with Builds: that is cancelled where a branch or a merge group presses for the place
	Served       time.Time // when its last build on the app ended; zero: it made none
	Waits        Rank      // what it waits with
	Since        time.Time // with Waits: since when
	Presses      bool      // with Waits: whoever builds is to give way
	Called       time.Time // when it was told that it is its turn, or that somebody presses; zero: it has moved since
}

// BuildQueue is the queue of one app, in no order.
type BuildQueue []QueueEntry

// QueueClaim is what a pipeline makes of its standing at one app.
type QueueClaim struct {
	App     string
	Builds  bool // a build of it occupies the app
	Takes   Rank // with Builds: what that build is, where it begins now
	Yields  bool
	Waits   Rank
	Presses bool
	Passes  bool // the others may go first, for now
}

const (
	// callFor is how long a pipeline whose turn it is, and which was told so, may keep the
	// others waiting. One that answers does so within milliseconds.
	callFor = 30 * time.Second
	// holdFor is after which time whoever builds is asked whether it still does. It gives
	// up a build that takes as long.
	holdFor = BuildDeadline + 20*time.Minute
	// servedLong is how long it matters that a pipeline had a build which wants no other.
	servedLong = time.Hour
)

// Moved is what comes of a move.
type Moved struct {
	Changed []QueueEntry // as they are now
	Call    []Key        // pipelines that have to look at the queue now
}

// Move has a pipeline take its place: who tells of it what a [QueueEntry] does. It
// reports false where that may not be: it is not its turn to take the app, or it waits
// though it is. Then it has to look at the line, and decide anew.
func (q BuildQueue) Move(who QueueEntry, p QueueClaim, now time.Time) (Moved, bool) {
	was, others := q.Of(who.Pipeline), q.Without(who.Pipeline)
	mine := was
	mine.Pipeline, mine.Installation, mine.Public, mine.Called = who.Pipeline, who.Installation, who.Public, time.Time{}
	var m Moved
	switch {
	case p.Takes != RankNone:
		if !q.Lets(who.Pipeline, p.Takes, now) {
			return Moved{}, false
		}
		if !was.Builds.IsZero() {
			mine.Served = q.behind(now)
		}
		mine.Builds = now
		for i := range others {
			if o := &others[i]; !o.Called.IsZero() && !o.silent(now) {
				o.Called = time.Time{} // it is called again
				m.Changed = append(m.Changed, *o)
			}
		}
	case p.Builds && was.Builds.IsZero():
		mine.Builds = now // it began before there was a queue
	case !p.Builds && !was.Builds.IsZero():
		mine.Builds, mine.Served = time.Time{}, q.behind(now)
	}
	mine.Yields, mine.Presses = p.Builds && p.Yields, p.Presses
	mine.wait(p.Waits, now)
	if p.Passes {
		mine.Called = now.Add(-2 * callFor)
	}
	line := append(others, mine)
	if b := line.Builder(now); b == nil {
		switch first := line.first(now); {
		case first == nil:
		case first.Pipeline != mine.Pipeline:
			m.CallUp(first, now)
		case !p.Passes:
			return Moved{}, false
		}
	} else if b.Pipeline != mine.Pipeline && (b.Yields && line.Pressed(b.Pipeline) || now.Sub(b.Builds) > holdFor) {
		m.CallUp(b, now)
	}
	if mine != was {
		m.Changed = append(m.Changed, mine)
	}
	return m, true
}

// CallUp has a pipeline called, unless it was a moment ago.
func (m *Moved) CallUp(s *QueueEntry, now time.Time) {
	if !s.Called.IsZero() && now.Sub(s.Called) <= callFor {
		return
	}
	if !s.silent(now) {
		s.Called = now // of one that did not answer it is known since when
		m.Changed = slices.DeleteFunc(m.Changed, func(o QueueEntry) bool { return o.Pipeline == s.Pipeline })
		m.Changed = append(m.Changed, *s)
	}
	m.Call = append(m.Call, s.Pipeline)
}

// wait has a standing wait with a rank. It has waited for as long as it did with that.
func (s *QueueEntry) wait(r Rank, now time.Time) {
	switch {
	case r == RankNone:
		s.Since = time.Time{}
	case r != s.Waits:
		s.Since = now
	}
	s.Waits = r
}

// Active reports whether a pipeline waits or builds.
func (s QueueEntry) Active() bool { return s.Waits != RankNone || !s.Builds.IsZero() }

// Over reports whether a standing matters to nobody any more.
func (s QueueEntry) Over(now time.Time) bool { return !s.Active() && now.Sub(s.Served) > servedLong }

// silent reports whether a pipeline was called and has not answered.
func (s QueueEntry) silent(now time.Time) bool {
	return !s.Called.IsZero() && now.Sub(s.Called) > callFor
}

// Lets reports whether a pipeline may begin a build of a rank on the app now: nobody
// builds there, and nobody who waits goes first.
func (q BuildQueue) Lets(key Key, r Rank, now time.Time) bool {
	mine, others := q.Of(key), q.Without(key)
	if others.Builder(now) != nil {
		return false
	}
	if !mine.Builds.IsZero() {
		mine.Builds, mine.Served = time.Time{}, q.behind(now) // that is over
	}
	mine.Called = time.Time{}
	mine.wait(r, now)
	first := append(others, mine).first(now)
	return first.Pipeline == key
}

// behind is a time at which whoever has had a build goes behind all others that wait,
// also where several things happen at once, or the clocks of instances disagree.
func (q BuildQueue) behind(now time.Time) time.Time {
	for _, s := range q {
		if last := Later(s.Since, s.Served); !last.Before(now) {
			now = last.Add(time.Microsecond)
		}
	}
	return now
}

// Of is the standing of a pipeline; nothing but its name where it has none.
func (q BuildQueue) Of(key Key) QueueEntry {
	if i := slices.IndexFunc(q, func(s QueueEntry) bool { return s.Pipeline == key }); i >= 0 {
		return q[i]
	}
	return QueueEntry{Pipeline: key}
}

func (q BuildQueue) Without(key Key) BuildQueue {
	return slices.DeleteFunc(slices.Clone(q), func(s QueueEntry) bool { return s.Pipeline == key })
}

// Builder is whose build occupies the app; nil: nobody's. One that should be over long
// ago, and of which its pipeline does not answer for, occupies nothing.
func (q BuildQueue) Builder(now time.Time) *QueueEntry {
	for i := range q {
		if s := &q[i]; !s.Builds.IsZero() && !(now.Sub(s.Builds) > holdFor && s.silent(now)) {
			return s
		}
	}
	return nil
}

// Pressed reports whether somebody else presses for the place of a pipeline.
func (q BuildQueue) Pressed(key Key) bool {
	return slices.ContainsFunc(q, func(s QueueEntry) bool { return s.Pipeline != key && s.Presses && s.Waits != RankNone })
}

// first is whose turn it is, once nobody builds; nil: nobody waits.
func (q BuildQueue) first(now time.Time) (first *QueueEntry) {
	for i := range q {
		if q[i].Waits != RankNone && (first == nil || q.before(q[i], *first, now)) {
			first = &q[i]
		}
	}
	return first
}

// before reports whether one pipeline that waits goes before another: by what it waits
// with, then whose repository waits longer, then which of the repository's pipelines.
// Who was called and does not answer keeps nobody waiting.
func (q BuildQueue) before(a, b QueueEntry, now time.Time) bool {
	if x, y := a.silent(now), b.silent(now); x != y {
		return y
	}
	return cmp.Or(
		cmp.Compare(a.Waits, b.Waits),
		q.waited(a, now).Compare(q.waited(b, now)),
		strings.Compare(a.Pipeline.Repo.String(), b.Pipeline.Repo.String()),
		Later(a.Since, a.Served).Compare(Later(b.Since, b.Served)),
		strings.Compare(a.Pipeline.Name, b.Pipeline.Name),
	) < 0
}

// waited is since when the repository of a standing waits for its turn with that rank:
// one that has just had a build begins anew.
func (q BuildQueue) waited(of QueueEntry, now time.Time) time.Time {
	since, served := of.Since, of.Served
	for _, s := range q {
		if s.Pipeline.Repo != of.Pipeline.Repo {
			continue
		}
		if s.Waits == of.Waits && s.Since.Before(since) && !s.silent(now) {
			since = s.Since
		}
		served = Later(Later(served, s.Served), s.Builds)
	}
	return Later(since, served)
}

// Ahead lists those that go before a build of a pipeline with a rank, in their order:
// also that very pipeline, where it waits with something that goes first.
func (q BuildQueue) Ahead(key Key, r Rank, now time.Time) []QueueEntry {
	mine := q.Of(key)
	before := mine.Waits
	mine.wait(r, now)
	line := append(q.Without(key), mine)
	return slices.DeleteFunc(q.Order(now), func(s QueueEntry) bool {
		if s.Pipeline == key {
			return before >= r
		}
		return !line.before(s, mine, now)
	})
}

// Order lists those that wait in the order in which they go.
func (q BuildQueue) Order(now time.Time) []QueueEntry {
	list := slices.DeleteFunc(slices.Clone(q), func(s QueueEntry) bool { return s.Waits == RankNone })
	slices.SortFunc(list, func(a, b QueueEntry) int {
		switch {
		case q.before(a, b, now):
			return -1
		case q.before(b, a, now):
			return 1
		}
		return 0
	})
	return list
}

// TakeTurn tells a pipeline to look at the queue of a prepare app: it is its turn, or
// somebody presses for its place. It is no effect of the pipeline's own.
type TakeTurn struct{ App string }

// Called is a pipeline that was told to look at the queue of an app.
type Called struct{ App string }

// QueuesSeen are the queues of those prepare apps in which the pipeline stands together
// with others; all that was seen before is over.
type QueuesSeen struct{ Queues map[string]BuildQueue }

func (TakeTurn) traits() Traits {
	return Traits{To: ToPipelines, Answers: []Fact{Called{}}, Deadline: dayDeadline, Priority: PriorityDeploy}
}

func (Called) fact() {}

func (QueuesSeen) fact() {}

// String names a rank for people.
func (r Rank) String() string {
	switch r {
	case RankUrgent:
		return "urgent"
	case RankBranch:
		return "branch"
	case RankGroup:
		return "merge group"
	case RankFromPull, RankPull:
		return "pull request"
	}
	return "nothing"
}
