package simulation

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
)

// halfTaken reports whether a stage's newest promotion with any release before a
// number was taken by some of its apps only: then the bot takes it back by
// itself, and locks the stage. 0 stands for any number.
func (s *sim) halfTaken(stage string, before int) bool {
	last := 0
	for _, r := range s.truth.requests {
		if r.stage == stage && (before == 0 || r.n < before) && (r.release != nil || r.n > 0 && s.builtItself(stage, r.sha)) {
			last = max(last, r.n)
		}
	}
	took, apps, sha, artifact := map[string]bool{}, []string(nil), "", ""
	source := ""                 // of its artifact: whoever may not use that app may not look, either
	pending := map[string]bool{} // apps on which the promotion's own release has not ended well, so far
	for _, r := range s.truth.requests {
		if r.stage == stage && r.n == last {
			sha, artifact = r.sha, r.artifact
		}
	}
	for _, r := range s.truth.requests {
		if r.stage == stage && r.n == 0 && r.sha == sha && r.build != nil && s.releasedBy(r) { // the stage's own app built it
			took[r.app] = true
		}
		if r.stage != stage || r.n != last {
			continue
		}
		if cfg, ok := r.job.config.Stage(stage); ok {
			apps = cfg.Apps
		}
		if do, ok := r.job.effect.Do.(bot.Promote); ok {
			source = do.From
		}
		if r.release != nil {
			pending[r.app] = r.release.Status != bot.ReleaseSucceeded
			took[r.app] = took[r.app] || !pending[r.app]
		}
	}
	for _, app := range apps { // where somebody had put it by hand, nothing had to be asked for
		took[app] = took[app] || s.putByHand(app, artifact)
	}
	maps.DeleteFunc(took, func(_ string, yes bool) bool { return !yes })
	return len(took) > 0 && slices.ContainsFunc(apps, func(app string) bool {
		untold := !slices.Contains(s.allowed, app) || source != "" && !slices.Contains(s.allowed, source)
		return !took[app] || pending[app] || untold
	})
}

// builtItself reports whether an app of a stage has built a commit, and so released it.
func (s *sim) builtItself(stage, sha string) bool {
	return slices.ContainsFunc(s.truth.requests, func(r *request) bool {
		return r.stage == stage && r.n == 0 && r.sha == sha && r.build != nil && s.releasedBy(r)
	})
}

// putByHand reports whether somebody has released an artifact on an app.
func (s *sim) putByHand(app, artifact string) bool {
	return slices.ContainsFunc(s.App(app).Releases, func(r *bot.Release) bool { return s.truth.byHand[r] && r.Artifact == artifact })
}

// failurePublished notes when it was decided to tell people that a stage has taken a
// commit back, or holds it: then it is locked. What is told of it later, when the
// commit is back, is no news.
func (s *sim) failurePublished(e bot.Effect, do bot.SetStatus) {
	stage := strings.TrimPrefix(do.Context, "headstart/")
	failed := slices.ContainsFunc([]string{"Rolling back to ", "Rolled back to ", "Held, ", "Held until "}, func(what string) bool {
		return do.Status.State == bot.StatusFailure && strings.HasPrefix(do.Status.Text, what)
	})
	if told := stage + " " + do.SHA; failed && !s.truth.published[told] {
		s.truth.published[told] = true
		s.truth.failed[stage] = later(s.truth.failed[stage], e.Since)
	}
}

// shut is since when people have been told that something has failed on a stage,
// and nothing was said since then, or was still to be answered, that lets anything
// in; zero: it is open.
func (s *sim) shut(stage string) time.Time {
	since := s.truth.failed[stage]
	if since.IsZero() || slices.ContainsFunc(s.people.orders, func(o *order) bool {
		lets := slices.Contains([]command.Verb{command.VerbUnlock, command.VerbPromote, command.VerbRetry, command.VerbRollback}, o.verb)
		return lets && slices.Contains(o.stages, stage) && (o.ended.IsZero() || !o.ended.Before(since.Add(-behind)))
	}) {
		s.truth.failed[stage] = time.Time{}
	}
	return s.truth.failed[stage]
}

// releasedBy reports whether the release that a build made on its own app succeeded.
func (s *sim) releasedBy(r *request) bool {
	return slices.ContainsFunc(s.App(r.app).Releases, func(o *bot.Release) bool {
		return o.ID == r.build.Release && o.Status == bot.ReleaseSucceeded
	})
}

// unlockAll has somebody unlock whatever is locked, on a pull request that is
// opened for that if there is none.
func (s *sim) unlockAll() {
	if s.onlyBrief() {
		for _, o := range s.people.orders { // whatever is locked opens by itself
			if over := o.run.Add(o.lasts + behind); o.lasts > 0 && over.After(s.Now) {
				s.waitFor(over.Sub(s.Now))
			}
		}
		s.waitFor(10 * time.Minute)
		return
	}
	s.needPull()
	s.addComment(1, "zoe", "/unlock")
	s.waitFor(10 * time.Minute)
}
