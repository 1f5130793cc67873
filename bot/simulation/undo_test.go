package simulation

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// halfTaken reports whether a stage's newest promotion with any release before a
// number was taken by some of its apps only: then the bot takes it back by
// itself, and locks the stage. 0 stands for any number.
func (s *sim) halfTaken(stage string, before int) bool {
	last := 0
	for _, r := range s.truth.requests {
		if r.stage == stage && (before == 0 || r.n < before) && r.release != nil {
			last = max(last, r.n)
		}
	}
	took, apps, sha := map[string]bool{}, []string(nil), ""
	for _, r := range s.truth.requests {
		if r.stage == stage && r.n == last {
			sha = r.sha
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
		if r.release != nil && r.release.Status == bot.ReleaseSucceeded {
			took[r.app] = true
		}
	}
	return len(took) > 0 && slices.ContainsFunc(apps, func(app string) bool {
		return !took[app] || !slices.Contains(s.allowed, app) // of which nobody can tell
	})
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
	s.say(1, "zoe", "/unlock")
	s.waitFor(10 * time.Minute)
}
