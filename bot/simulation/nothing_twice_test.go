package simulation

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
)

// notTwice is [nothingTwice] for builds and releases; what people read is in
// [sim.publishes].
func (s *sim) notTwice(r *request) {
	for _, o := range s.truth.requests {
		if o.app != r.app || o.sha != r.sha || o.never || (o.artifact == "") != (r.artifact == "") {
			continue
		}
		switch {
		case r.artifact == "" && o.build != nil && s.Gone[o.build.Artifact]:
			// What it left was destroyed: it is to be built again.
		case r.artifact == "" && o.build != nil && s.builtAnew(o, r):
		case r.artifact == "":
			if o.build == nil || o.build.Status == bot.BuildPending && !o.endless || o.build.Status == bot.BuildSucceeded {
				s.breaks(nothingTwice, "%s is built on %s once more, though it was asked for at %s already", r.sha, r.app, o.at.Format("15:04:05"))
			}
			if o.build.Status == bot.BuildFailed && !s.asked(command.VerbRetry, o) && !s.pushedSince(o) && o.job.config.Prepare.Reuse == r.job.config.Prepare.Reuse && isApart(o.job.config) == isApart(r.job.config) {
				s.breaks(nothingTwice, "%s is built on %s once more, though it does not build", r.sha, r.app)
			}
		case o.stage == r.stage && o.n == r.n:
			if o.release == nil || o.release.Status != bot.ReleaseErrored {
				s.breaks(nothingTwice, "%s is released on %s once more, though it was asked for at %s already", r.artifact, r.app, o.at.Format("15:04:05"))
			}
		}
	}
	if r.artifact == "" {
		return
	}
	a := s.App(r.app)
	if n := len(a.Releases); n > 0 {
		last := a.Releases[n-1]
		_, do := r.job.effect.Do.(bot.Promote)
		restores := do && r.job.effect.Do.(bot.Promote).Restore != ""
		stuck := last.Status == bot.ReleasePending && s.Now.Sub(last.CreatedAt) >= bot.ReleaseDeadline // given up before
		if last.Artifact == r.artifact && (last.Status == bot.ReleasePending || last.Current) && !restores && !stuck {
			s.breaks(nothingTwice, "%s is released on %s, which runs it already", r.artifact, r.app)
		}
	}
}

// pushedSince reports whether the branch came back to a commit after a build of it was
// asked for. GitHub tells whole seconds.
func (s *sim) pushedSince(build *request) bool {
	pushes := s.truth.pushes[build.sha]
	if len(pushes) > 0 && pushes[0].PushedAt.After(build.at) {
		return true // it was built as a merge group
	}
	return len(pushes) > 1 && slices.ContainsFunc(pushes[1:], func(p bot.Pushed) bool { return p.PushedAt.After(build.at.Add(-time.Second)) })
}

// asked reports whether somebody who may has given a command since a request.
func (s *sim) asked(verb command.Verb, since *request) bool {
	for _, o := range s.people.orders {
		if o.verb == verb && !o.at.Before(since.at) {
			return true
		}
	}
	return false
}
