package simulation

import (
	"context"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
)

// asks is what the stages of a history ask for. It is the same in every file, so
// that what had to be proved does not depend on when it was.
type asks struct {
	verify    bool // every stage is verified
	successes int
	revision  string
	soak      time.Duration // of canary
	hold      bool          // nothing is taken back by itself
	demands
}

func (s *sim) drawAsks() asks {
	a := asks{verify: s.once(1), successes: 1 + s.pick(3), hold: s.once(2)}
	if s.once(1) {
		a.revision = "body"
	}
	if s.once(1) {
		a.soak = 3 * time.Minute
	}
	a.demands = s.drawDemands()
	return a
}

// within is how long a verification may take.
const within = 30 * time.Second

// of writes it into the stages of a file.
func (a asks) of(stages []bot.Stage) {
	for i := range stages {
		st := &stages[i]
		if a.verify {
			st.Verify = &bot.Verify{URL: bottest.Site(st.Apps[0]), Status: 200, Revision: a.revision, Successes: a.successes, Within: within}
		}
		if a.hold {
			st.OnFailure = bot.FailureHold
		}
		if st.Name == "canary" {
			st.Soak = a.soak
		}
	}
}

// probe is one look of the bot's at a stage, as it was in truth.
type probe struct {
	at       time.Time
	stage    string
	artifact string // that its first app ran
	ok       bool
}

// fallIll makes a commit answer badly wherever it runs, or an app.
func (s *sim) fallIll() {
	who := s.any()
	if s.once(2) || who == "" {
		who = among(s, "staging", "eu", "us")
	}
	s.Sick[who] = bottest.Sickness{Status: 500, Body: "boom"}
	s.note("", "%s falls ill", who)
}

// recover makes everything answer well again.
func (s *sim) recover() {
	clear(s.Sick)
	s.note("", "everything is well again")
}

// web is the web as one instance sees it.
type web struct{ in *instance }

func (w web) Perform(ctx context.Context, _ bot.Target, e bot.Effect) (bot.Fact, error) {
	w.in.turn(ctx)
	s, do := w.in.s, e.Do.(bot.Probe)
	return call(w.in, ask{what: e.Key, job: jobOf(ctx)}, func() (bot.Fact, error) {
		p := probe{at: s.Now, stage: do.Stage}
		if r := s.App(siteOf(do.Stage)).Current(); r != nil {
			p.artifact = r.Artifact
		}
		seen := s.Web(do)
		if s.App(siteOf(do.Stage)).Maintenance {
			seen = bot.Probed{Status: 503, Excerpt: "maintenance", Reason: "it is in maintenance mode"}
		}
		p.ok = seen.OK
		s.truth.probes = append(s.truth.probes, p)
		s.note(w.in.name, "%s answers %t", do.Stage, seen.OK)
		return seen, nil
	})
}

// siteOf is the app whose address a stage's verification asks.
func siteOf(stage string) string {
	return map[string]string{"staging": "staging", "canary": "eu", "production": "us"}[stage]
}

// answeredWell reports whether a stage was seen to answer well with an artifact.
func (s *sim) answeredWell(stage, artifact string) bool {
	return slices.ContainsFunc(s.truth.probes, func(p probe) bool { return p.stage == stage && p.artifact == artifact && p.ok })
}

// askedNothing reports whether a stage was not in the file in force for a while after
// an artifact was released there. Then it asked for nothing, and what was released is
// proved by that, as it is where a file asks for no verification.
func (s *sim) askedNothing(stage, artifact string) bool {
	return slices.ContainsFunc(s.App(siteOf(stage)).Releases, func(r *bot.Release) bool {
		return r.Artifact == artifact && !s.truth.gone[stage].Before(r.CreatedAt)
	})
}

// wasProved is the part of [gatesOpen] about proofs: what enters a stage was seen to
// work on the stage before, and stayed there for as long as it has to.
func (s *sim) wasProved(sha, stage, artifact string, before bot.Stage, urgent bool) {
	byHand, itself := false, false
	for _, r := range s.App(siteOf(before.Name)).Releases {
		byHand = byHand || s.truth.byHand[r]
		itself = itself || s.truth.byHand[r] && r.Commit == sha
	}
	if !s.asks.verify || byHand && s.asks.revision == "" || itself {
		return // an answer that names no commit, or this one, may be that of what somebody put there
	}
	if s.askedNothing(before.Name, artifact) {
		return
	}
	if !s.answeredWell(before.Name, artifact) {
		s.breaks(gatesOpen, "%s enters %s, and nobody has seen it work on %s", sha, stage, before.Name)
	}
	if before.Soak == 0 || byHand || urgent {
		return
	}
	short := before.Soak - time.Minute - 30*time.Second // an instance's clock may be behind by so much
	if watched := s.watched(before.Name, artifact); watched < short {
		s.breaks(gatesOpen, "%s enters %s, and was watched on %s for %s only, not for %s", sha, stage, before.Name, watched, before.Soak)
	}
}

// watched is for how long the canary was seen to answer well with an artifact, at a
// stretch: what is taken back to was watched before.
func (s *sim) watched(stage, artifact string) (longest time.Duration) {
	releases := slices.DeleteFunc(slices.Clone(s.App("eu").Releases), func(r *bot.Release) bool { return r.Status != bot.ReleaseSucceeded })
	for i, r := range releases {
		if r.Artifact != artifact {
			continue
		}
		for _, p := range s.truth.probes {
			if p.stage == stage && p.artifact == artifact && p.ok && (i+1 == len(releases) || !p.at.After(releases[i+1].CreatedAt)) {
				longest = max(longest, p.at.Sub(r.CreatedAt))
			}
		}
	}
	return longest
}

// failedProof reports whether the newest promotion of a stage before a number was
// released everywhere, and seen to answer badly after that.
func (s *sim) failedProof(stage string, before int) bool {
	last := s.newest(stage, before)
	if last == nil {
		return false
	}
	made := s.made(last)
	return slices.ContainsFunc(s.truth.probes, func(p probe) bool {
		return p.stage == stage && !p.ok && p.at.After(made.CreatedAt)
	})
}

// newest is the newest request that made a release of a stage before a promotion, by
// itself or by a build; nil: there was none.
func (s *sim) newest(stage string, before int) *request {
	var last *request
	for _, r := range s.truth.requests {
		if r.stage == stage && r.n < before && s.made(r) != nil {
			last = r
		}
	}
	return last
}

// handReleased reports whether somebody has ever released by hand on the app whose
// address a stage's verification asks.
func (s *sim) handReleased(stage string) bool {
	return slices.ContainsFunc(s.App(siteOf(stage)).Releases, func(r *bot.Release) bool { return s.truth.byHand[r] })
}

// takenBack reports whether a release may be one that takes a stage back by itself,
// because the one before failed. It goes onto what was proved, and never follows
// another one like it.
func (s *sim) takenBack(r *request) bool {
	n := s.firstBack(r.stage, r.n, r.artifact)
	if r.n == 0 || s.asks.hold || !s.halfTaken(r.stage, n) && !s.failedProof(r.stage, n) || s.rollsBack(r.stage, r.sha, r.artifact) {
		return false
	}
	if last := s.newest(r.stage, n); last != nil && last.back {
		s.breaks(onlyForward, "%s goes back to %s by itself, right after it went back to %s by itself", r.stage, r.sha, last.sha)
	}
	unsure := s.asks.revision == "" && s.handReleased(r.stage) // what answered may have been that
	if s.asks.verify && !unsure && !s.stoodThere(r.stage, r.sha, r.artifact) && !s.answeredWell(r.stage, r.artifact) && !s.askedNothing(r.stage, r.artifact) {
		s.breaks(onlyForward, "%s goes back to %s by itself, which was never seen to work there", r.stage, r.sha)
	}
	r.back = true
	return true
}

// firstBack is the number of the promotion that first took a stage back, where the
// platform broke its release off and it is made once more; else the given one.
func (s *sim) firstBack(stage string, n int, artifact string) int {
	for {
		last := s.newest(stage, n)
		if last == nil || !last.back || last.artifact != artifact || !slices.ContainsFunc(s.truth.requests, func(r *request) bool {
			made := s.made(r)
			return r.stage == stage && r.n == last.n && made != nil && made.Status == bot.ReleaseErrored
		}) {
			return n
		}
		n = last.n
	}
}

// goesBack is takenBack for whoever has no request yet.
func (s *sim) goesBack(stage string, n int, sha, artifact string) bool {
	n = s.firstBack(stage, n, artifact)
	return n != 0 && artifact != "" && !s.asks.hold && (s.halfTaken(stage, n) || s.failedProof(stage, n)) && (s.ran(stage, sha) || s.stoodThere(stage, sha, artifact))
}
