package bot

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A prepare app makes one build at a time. The pipelines that share it stand in its queue,
// each with its most important build. The queue's keeper and the pipelines decide alike
// who goes next: both read the same [BuildQueue].

// Rank orders the builds in a queue; the lowest goes first.
type Rank int

// The ranks: urgent commits of the branch, its other commits, merge groups, promoted heads
// of pull requests, and builds ahead of a merge.
const (
	RankNone Rank = iota // it does not wait
	RankUrgent
	RankBranch
	RankGroup
	RankFromPull
	RankPull
)

// QueueEntry is one pipeline's place in the queue of an app.
type QueueEntry struct {
	Pipeline     Key
	Installation int64     // of the GitHub App
	Public       bool      // its repository is public
	Builds       time.Time // since when its build occupies the app; zero: no build does
	Yields       bool      // with Builds: the build is cancelled if a branch or a merge group presses
	Served       time.Time // when its last build on the app ended; zero: there was none
	Waits        Rank      // the rank of the build that waits
	Since        time.Time // with Waits: since when it waits
	Presses      bool      // with Waits: the running build is asked to yield
	Called       time.Time // when it was called to take its turn or to yield; zero: it has moved since
}

// BuildQueue is the queue of one app, unordered.
type BuildQueue []QueueEntry

// QueueClaim is what a pipeline claims in the queue of one app.
type QueueClaim struct {
	App     string
	Builds  bool // its build occupies the app
	Takes   Rank // with Builds: the rank of a build that begins now
	Yields  bool
	Waits   Rank
	Presses bool
	Passes  bool // the others may go first, for now
}

const (
	// callFor is how long a pipeline that was called may keep the others waiting. A
	// pipeline that runs answers within milliseconds.
	callFor = 30 * time.Second
	// holdFor is how long a build holds the app before its pipeline is called. A pipeline
	// gives up a build that takes this long.
	holdFor = BuildDeadline + 20*time.Minute
	// servedLong is how long the last build of an idle pipeline is remembered.
	servedLong = time.Hour
)

// Moved is the result of [BuildQueue.Move].
type Moved struct {
	Changed []QueueEntry // the entries as they are now
	Call    []Key        // pipelines that must look at the queue now
}

// Move applies a pipeline's claim to its entry in the queue. who gives Pipeline,
// Installation and Public. It returns false if the pipeline takes the app before its turn,
// or waits although it is its turn. The pipeline must then read the queue and decide anew.
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
				o.Called = time.Time{} // so that it is called again
				m.Changed = append(m.Changed, *o)
			}
		}
	case p.Builds && was.Builds.IsZero():
		mine.Builds = now // it began before the queue existed
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

// CallUp calls a pipeline, unless it was called a moment ago.
func (m *Moved) CallUp(s *QueueEntry, now time.Time) {
	if !s.Called.IsZero() && now.Sub(s.Called) <= callFor {
		return
	}
	if !s.silent(now) {
		s.Called = now // a silent pipeline keeps the time of its first call
		m.Changed = slices.DeleteFunc(m.Changed, func(o QueueEntry) bool { return o.Pipeline == s.Pipeline })
		m.Changed = append(m.Changed, *s)
	}
	m.Call = append(m.Call, s.Pipeline)
}

// wait sets the rank that an entry waits with. Since restarts only when the rank changes.
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

// Over reports whether an entry may be dropped.
func (s QueueEntry) Over(now time.Time) bool { return !s.Active() && now.Sub(s.Served) > servedLong }

// silent reports whether a pipeline was called and has not answered.
func (s QueueEntry) silent(now time.Time) bool {
	return !s.Called.IsZero() && now.Sub(s.Called) > callFor
}

// Lets reports whether a pipeline may begin a build of a rank on the app now: no other
// build runs there, and no other pipeline goes first.
func (q BuildQueue) Lets(key Key, r Rank, now time.Time) bool {
	mine, others := q.Of(key), q.Without(key)
	if others.Builder(now) != nil {
		return false
	}
	if !mine.Builds.IsZero() {
		mine.Builds, mine.Served = time.Time{}, q.behind(now) // its last build is over
	}
	mine.Called = time.Time{}
	mine.wait(r, now)
	first := append(others, mine).first(now)
	return first.Pipeline == key
}

// behind returns now, or a later time, such that it is later than every Since and Served.
// A pipeline served then goes behind all that wait, even if events coincide or clocks
// disagree.
func (q BuildQueue) behind(now time.Time) time.Time {
	for _, s := range q {
		if last := Later(s.Since, s.Served); !last.Before(now) {
			now = last.Add(time.Microsecond)
		}
	}
	return now
}

// Of returns the entry of a pipeline; without one, an entry with only the name.
func (q BuildQueue) Of(key Key) QueueEntry {
	if i := slices.IndexFunc(q, func(s QueueEntry) bool { return s.Pipeline == key }); i >= 0 {
		return q[i]
	}
	return QueueEntry{Pipeline: key}
}

func (q BuildQueue) Without(key Key) BuildQueue {
	return slices.DeleteFunc(slices.Clone(q), func(s QueueEntry) bool { return s.Pipeline == key })
}

// Builder returns the entry whose build occupies the app; nil: the app is free. A build
// older than holdFor, whose pipeline is silent, occupies nothing.
func (q BuildQueue) Builder(now time.Time) *QueueEntry {
	for i := range q {
		if s := &q[i]; !s.Builds.IsZero() && !(now.Sub(s.Builds) > holdFor && s.silent(now)) {
			return s
		}
	}
	return nil
}

// Pressed reports whether another pipeline presses for the place of a pipeline.
func (q BuildQueue) Pressed(key Key) bool {
	return slices.ContainsFunc(q, func(s QueueEntry) bool { return s.Pipeline != key && s.Presses && s.Waits != RankNone })
}

// first returns the entry whose turn it is once no build runs; nil: none waits.
func (q BuildQueue) first(now time.Time) (first *QueueEntry) {
	for i := range q {
		if q[i].Waits != RankNone && (first == nil || q.before(q[i], *first, now)) {
			first = &q[i]
		}
	}
	return first
}

// before reports whether a goes before b. It compares the ranks, then the waiting times of
// the repositories, then those of the pipelines. A silent pipeline goes last: it keeps no
// other waiting.
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

// waited returns since when the repository of an entry waits with the entry's rank. A
// build of the repository restarts it.
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

// Ahead lists the entries that go before a build of a pipeline with a rank, in order. The
// pipeline's own entry is among them if its rank goes first.
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

// Order lists the entries that wait, first to last.
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

// TakeTurn calls a pipeline to look at the queue of a prepare app: it is its turn, or
// another pipeline presses. It is not an effect of the pipeline itself.
type TakeTurn struct{ App string }

// Called says that the pipeline was called to look at the queue of an app.
type Called struct{ App string }

// QueuesSeen are the queues that the pipeline shares with others, by prepare app. They
// replace all that were seen before.
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
