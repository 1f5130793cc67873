package simulation

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/platform"
)

// fresh is how old the reading of the checks may be on which the first stage is
// entered, with how long what was decided may take to leave, and what clocks may
// differ by.
const fresh = time.Minute + time.Minute + 90*time.Second

// foundThere reports whether a promotion under way has found what it releases on one
// of its apps, where somebody had put it by hand.
func (s *sim) foundThere(stage string, n int, artifact string) bool {
	p := s.store.state.Stage(stage).Promoting
	if p == nil || p.N != n {
		return false
	}
	return slices.ContainsFunc(sorted(p.Apps), func(app string) bool {
		return p.Apps[app].State == bot.ReleaseSucceeded && s.putByHand(app, artifact)
	})
}

// mayEnter is [gatesOpen].
//
// A stage is entered by the first request of a promotion; what its other apps get
// after that goes to its end.
func (s *sim) mayEnter(j *job, stage string, n int, sha, artifact string) {
	for _, r := range s.truth.requests {
		if r.stage == stage && !r.never && (r.n == n || n != 0 && r.n == 0 && r.sha == sha) {
			return // it was entered before
		}
	}
	if s.copied(stage, n) {
		return // by the copy that was made for it
	}
	if s.foundThere(stage, n, artifact) {
		return // by finding it on an app, where nothing had to be asked for
	}
	cfg, stages := j.config, j.config.StageNames()
	i := slices.Index(stages, stage)
	s.affected(sha, "enters "+stage)
	if s.rollsBack(stage, sha, artifact) || s.goesBack(stage, n, sha, artifact) {
		return
	}
	decided := j.decided
	if s.Now.Sub(decided) > fresh {
		// What is decided anew after so long a time is decided by what holds then.
		decided = s.Now
	}
	if len(s.pushed[sha]) > 0 && !s.truth.shown[sha] {
		s.breaks(gatesOpen, "%s enters %s, though GitHub has never shown its own version of the pipeline's file", sha, stage)
	}
	if i == 0 && !s.truth.greenSince(sha, cfg.Checks, s.Now.Add(-fresh)) {
		s.breaks(gatesOpen, "%s enters %s, though its checks were not green since %s (it was decided at %s)", sha, stage,
			s.Now.Add(-fresh).Format(time.TimeOnly), j.decided.Format(time.TimeOnly))
	}
	urgent := s.urgently(stage, sha, decided)
	if i > 0 {
		before := s.comesFrom(sha, cfg.Stages[:i])
		if !s.proved(artifact, before.Apps) {
			s.breaks(gatesOpen, "%s enters %s with %s, though %s has not proved it", sha, stage, artifact, before.Name)
		}
		s.wasProved(sha, stage, artifact, before, urgent)
	}
	if i >= 0 {
		s.inTime(sha, cfg, cfg.Stages[i], decided, urgent)
		s.isApproved(sha, artifact, cfg.Stages[i], decided)
		s.needsRun(sha, artifact, cfg.Stages[i])
	}
	if locked := s.lockedSince(stage, decided); !locked.IsZero() && decided.After(locked) {
		s.breaks(gatesOpen, "%s enters %s, which people have been told is locked since %s", sha, stage, locked.Format(time.TimeOnly))
	}
	if failed := s.shut(stage); !failed.IsZero() && decided.After(failed) {
		s.breaks(gatesOpen, "%s enters %s, where people have been told at %s that something has failed, and nobody has let it in", sha, stage, failed.Format(time.TimeOnly))
	}
	if c := s.cancelled(sha); !c.IsZero() && decided.After(c) && len(s.pushed[sha]) == 1 {
		s.breaks(gatesOpen, "%s enters %s, though people have been told at %s that it is cancelled", sha, stage, c.Format(time.TimeOnly))
	}
}

// rollsBack reports whether a release may be what somebody asked for to go back
// to: that passes no gates, for it was proved there.
func (s *sim) rollsBack(stage, sha, artifact string) bool {
	asked := slices.ContainsFunc(s.people.orders, func(o *order) bool {
		return o.verb == command.VerbRollback && slices.Contains(o.stages, stage) && (o.ended.IsZero() || s.Now.Sub(o.ended) < time.Minute)
	})
	return asked && artifact != "" && (s.ran(stage, sha) || s.stoodThere(stage, sha, artifact))
}

// ran reports whether a commit was, or may have been, released to a stage, or
// another one of the same tree: then it was live there without a request.
func (s *sim) ran(stage, sha string) bool {
	return slices.ContainsFunc(s.truth.requests, func(r *request) bool {
		return r.stage == stage && !r.never && (r.sha == sha || s.sameTree(r.sha, sha))
	})
}

// mayPromote holds a release that is about to be asked for against the sentences.
func (s *sim) mayPromote(j *job, to platform.Promotion) *request {
	do, ok := j.effect.Do.(bot.Promote)
	if !ok {
		s.breaks(nothingTwice, "%s releases %s on %s", j.effect.Key, to.Artifact, to.To)
	}
	r := &request{at: s.Now, job: j, stage: do.Stage, n: do.Promotion, app: to.To, sha: do.SHA, artifact: to.Artifact}
	s.notTwice(r)
	s.alone(r)
	s.mayEnter(j, r.stage, r.n, r.sha, r.artifact)
	s.maintained(r)
	s.forward(r)
	s.provedBefore(r, j.config)
	s.ownArtifact(r)
	s.backToOwn(r)
	s.comesFromThere(to)
	s.truth.requests = append(s.truth.requests, r)
	return r
}

// mayBuild holds a build that is about to be asked for against the sentences.
func (s *sim) mayBuild(j *job, app, sha string) *request {
	r := &request{at: s.Now, job: j, stage: stageOf[app], app: app, sha: sha}
	s.affected(sha, "is built on "+app)
	s.notTwice(r)
	s.builtApart(r)
	if r.stage != "" {
		s.patient(r)
		s.alone(r)
		s.mayEnter(j, r.stage, 0, sha, "")
		s.maintained(r)
		s.forward(r)
	}
	s.truth.requests = append(s.truth.requests, r)
	return r
}
