package simulation

import (
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
)

// comesFromThere is the part of [sameArtifact] about where an artifact is taken from:
// an app that has it.
func (s *sim) comesFromThere(to platform.Promotion) {
	from := s.App(to.From)
	if !slices.ContainsFunc(from.Releases, func(r *bot.Release) bool { return r.Artifact == to.Artifact }) {
		s.breaks(sameArtifact, "%s is released on %s from %s, which never had it", to.Artifact, to.To, to.From)
	}
}

// provedBefore is [sameArtifact]. A rebuild is possible only as the recorded
// fallback.
func (s *sim) provedBefore(r *request, cfg bot.Config) {
	if c := s.Commits[r.sha]; c != nil && s.builtFrom(r.artifact) != c.Tree {
		s.breaks(sameArtifact, "%s gets %s as %s, which was built from another tree", r.app, r.artifact, r.sha)
	}
	for _, o := range s.truth.requests {
		if o.stage == r.stage && !o.never && (o.n == r.n || o.n == 0 && o.sha == r.sha) {
			if o.n == r.n && o.artifact != r.artifact && !(s.truth.stood[o.app][o.artifact] && s.truth.stood[r.app][r.artifact]) {
				s.breaks(sameArtifact, "%s gets %s in the promotion in which %s got %s", r.app, r.artifact, o.app, o.artifact)
			}
			return // the stage was entered with it before, by the file of then
		}
	}
	i := slices.Index(cfg.StageNames(), r.stage)
	if i <= 0 || s.rollsBack(r.stage, r.sha, r.artifact) || s.goesBack(r.stage, r.n, r.sha, r.artifact) || s.foundThere(r.stage, r.n, r.artifact) {
		return
	}
	if before := s.comesFrom(r.sha, cfg.Stages[:i]); !s.proved(r.artifact, before.Apps) {
		s.breaks(sameArtifact, "%s gets %s, which %s has not proved", r.app, r.artifact, before.Name)
	}
}
