package simulation

import (
	"fmt"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// Another repository whose pipeline builds on the first prepare app, too, in some
// histories. The history moves it by hand: it takes its turn as a pipeline does.

var neighbourKey = bot.Key{Repo: bot.Repo{Owner: "acme", Name: "web"}}

const sharedApp = "prepare"

// neighbour is that pipeline.
type neighbour struct {
	wants  []bot.Rank // what it has to build, in its order
	build  *bot.Build // under way; nil: none
	rank   bot.Rank   // of build
	builds int        // counted

	// How the other one waited, and with which rank, when one of the two last began a
	// build of that rank.
	ours, its bot.QueueEntry
}

// callTo has a pipeline called to a queue, as the store does.
func (s *sim) callTo(key bot.Key, app string) {
	s.note("", "%s is called to the queue of %s", key, app)
	s.store.jobs = append(s.store.jobs, &job{
		effect:  bot.Effect{Key: "turn " + app, Attempt: 1, Since: s.Now, At: s.Now, Do: bot.TakeTurn{App: app}},
		target:  bot.Target{Pipeline: key},
		decided: s.Now,
	})
}

// neighbourWants has somebody push to the neighbour.
func (s *sim) neighbourWants() {
	s.neighbourPushed(among(s, bot.RankPull, bot.RankBranch, bot.RankGroup, bot.RankPull))
}

// manyPulls has the neighbour's pull requests all be built anew.
func (s *sim) manyPulls() {
	for range 3 + s.pick(4) {
		s.neighbourPushed(bot.RankPull)
	}
}

func (s *sim) neighbourPushed(r bot.Rank) {
	if len(s.neighbour.wants) > 8 {
		return
	}
	s.note("web", "wants to build for a %s", r)
	s.neighbour.wants = append(s.neighbour.wants, r)
	slices.Sort(s.neighbour.wants)
	s.neighbourMoves()
}

// neighbourCalled has the neighbour look at the queue. Where somebody presses for the
// place of a pull request's build, that is cancelled, and has to be made again.
func (s *sim) neighbourCalled() {
	n := &s.neighbour
	pressed := slices.ContainsFunc(s.turns.Queues[sharedApp], func(o bot.QueueEntry) bool { return o.Pipeline == key && o.Presses && o.Waits != bot.RankNone })
	if n.build != nil && n.rank == bot.RankPull && pressed {
		s.note("web", "gives way")
		b := n.build
		n.build, n.wants = nil, append(n.wants, n.rank)
		s.EndBuild(b, bot.BuildCancelled, "")
	}
	s.neighbourMoves()
}

// neighbourMoves has the neighbour take its place.
func (s *sim) neighbourMoves() {
	n := &s.neighbour
	who := bot.QueueEntry{Pipeline: neighbourKey, Installation: 7}
	take := func(p bot.QueueClaim) bool {
		p.App = sharedApp
		return len(s.turns.Take(who, []bot.QueueClaim{p}, s.Now)) == 0
	}
	waits := func(p bot.QueueClaim) bot.QueueClaim {
		if len(n.wants) > 0 {
			p.Waits = n.wants[0]
			p.Presses = p.Waits <= bot.RankGroup && !p.Builds
		}
		return p
	}
	if n.build != nil {
		take(waits(bot.QueueClaim{Builds: true, Yields: n.rank == bot.RankPull}))
		return
	}
	if len(n.wants) == 0 {
		take(bot.QueueClaim{})
		return
	}
	if s.App(sharedApp).Pending() != nil && s.queuedOf(key).Builds.IsZero() {
		take(bot.QueueClaim{}) // the platform is busy with what nobody waits for any more
		s.After(20*time.Second, s.neighbourMoves)
		return
	}
	r, before := n.wants[0], s.queuedOf(key)
	if !take(bot.QueueClaim{Builds: true, Takes: r, Yields: r == bot.RankPull}) {
		if !take(waits(bot.QueueClaim{})) {
			s.breaks(everythingArrives, "the neighbour may not take %s, and may not wait for it", sharedApp)
		}
		return
	}
	s.tookTurn(r, before)
	n.wants = n.wants[1:]
	n.builds++
	a := s.App(sharedApp)
	b := &bot.Build{ID: fmt.Sprintf("%s/w%d", sharedApp, n.builds), App: sharedApp, Commit: fmt.Sprintf("w%06d", n.builds), Status: bot.BuildPending, CreatedAt: s.Now}
	a.Builds = append(a.Builds, b)
	n.build, n.rank = b, r
	s.note("web", "builds %s for a %s", b.Commit, r)
	s.After(time.Duration(among(s, 20, 45, 90))*time.Second, func() {
		if n.build == b {
			n.build = nil
			s.EndBuild(b, bot.BuildFailed, "it does not compile")
			s.neighbourMoves()
		}
	})
	take(waits(bot.QueueClaim{Builds: true, Yields: r == bot.RankPull}))
}

// neighbourArrived is the part of [everythingArrives] about the neighbour: it has built everything.
func (s *sim) neighbourArrived() {
	if n := &s.neighbour; len(n.wants) > 0 || n.build != nil {
		s.breaks(everythingArrives, "the neighbour still has to build for %v at the end, and it builds: %t", n.wants, n.build != nil)
	}
}

// queuedOf is where a pipeline stands in the queue of the shared app.
func (s *sim) queuedOf(of bot.Key) bot.QueueEntry {
	for _, o := range s.turns.Queues[sharedApp] {
		if o.Pipeline == of {
			return o
		}
	}
	return bot.QueueEntry{}
}

// answers reports whether a pipeline has not been called long ago, without an answer:
// then others need not wait for it.
func (s *sim) answers(o bot.QueueEntry) bool {
	return o.Called.IsZero() || s.Now.Sub(o.Called) < 25*time.Second
}

// tookTurn holds a build that the neighbour begins against what we wait for.
func (s *sim) tookTurn(r bot.Rank, us bot.QueueEntry) {
	n := &s.neighbour
	switch {
	case !us.Builds.IsZero() && !s.answers(us):
		// Nobody has run the bot for an hour: what it built is over.
	case !us.Builds.IsZero():
		s.breaks(everythingArrives, "the neighbour builds on %s while we do", sharedApp)
	case us.Waits == bot.RankNone || !s.answers(us):
	case us.Waits < r:
		s.breaks(everythingArrives, "the neighbour begins a build for a %s on %s, and we wait with a %s since %s", r, sharedApp, us.Waits, us.Since.Format(time.TimeOnly))
	case us.Waits == r && stillWaits(n.ours, us):
		s.breaks(everythingArrives, "the neighbour begins two builds for a %s in a row, and we wait with the same since %s", r, us.Since.Format(time.TimeOnly))
	}
	n.its = bot.QueueEntry{}
	if n.ours = us; us.Waits != r {
		n.ours = bot.QueueEntry{}
	}
}

// stillWaits reports whether a pipeline has waited with the same rank all the time.
func stillWaits(before, now bot.QueueEntry) bool {
	return before.Waits == now.Waits && !before.Since.IsZero() && before.Since.Equal(now.Since)
}

// saveClaims takes those of a change, and holds builds that begin on the shared app
// against what the neighbour waits for.
func (s *sim) saveClaims(c engine.Change) (refused []string) {
	who := bot.QueueEntry{Pipeline: key, Installation: 7}
	if refused = s.turns.Take(who, c.Claims, c.At.UTC()); len(refused) > 0 || !s.may.shares {
		return refused
	}
	for _, e := range c.Effects {
		do, ok := e.Do.(bot.StartBuild)
		if !ok || do.App != sharedApp || do.Stage != "" || e.Unsure || s.store.state.Pending[e.Key].Underway || active(s.store.state, do) {
			continue
		}
		s.ourTurn(do)
	}
	return nil
}

// active reports whether a build was asked for before, so that its app is ours already.
func active(st pipeline.State, do bot.StartBuild) bool {
	for _, r := range st.Builds {
		if r.App == do.App && r.SHA == do.SHA && r.Active() {
			return true
		}
	}
	return false
}

// ourTurn holds a build that we begin against what the neighbour waits for, or does.
func (s *sim) ourTurn(do bot.StartBuild) {
	n := &s.neighbour
	rank := bot.RankPull
	if len(s.pushed[do.SHA]) > 0 {
		rank = bot.RankBranch
	} else if slices.ContainsFunc(s.groups, func(g *simGroup) bool { return g.asked.Head == do.SHA }) {
		rank = bot.RankGroup
	}
	them := s.queuedOf(neighbourKey)
	switch {
	case n.build != nil:
		s.breaks(everythingArrives, "%s is begun on %s while the neighbour builds there", do.SHA, sharedApp)
	case len(n.wants) == 0 || them.Waits == bot.RankNone || !s.answers(them):
	case them.Waits < rank:
		s.breaks(everythingArrives, "%s, which is for a %s, is begun on %s, where the neighbour waits with a %s since %s", do.SHA, rank, sharedApp, them.Waits, them.Since.Format(time.TimeOnly))
	case them.Waits == rank && stillWaits(n.its, them):
		s.breaks(everythingArrives, "we begin two builds for a %s in a row on %s, where the neighbour waits with the same since %s", rank, sharedApp, them.Since.Format(time.TimeOnly))
	}
	n.ours = bot.QueueEntry{}
	if n.its = them; them.Waits != rank {
		n.its = bot.QueueEntry{}
	}
}
