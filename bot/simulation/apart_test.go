package simulation

import (
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// In some histories pull requests have an app of their own, in others their commits are
// written into their sources. Some are merged by moving the branch to their very head.

// pullsApp builds pull requests, where they have an app of their own.
const pullsApp = "pulls"

func isApart(c bot.Config) bool { return len(c.Prepare.PullApps) > 0 }

// mayWriteCommit has a .gitattributes of some trees write the commit into the source.
func (s *sim) mayWriteCommit(tree string) {
	if s.once(3) {
		if s.ExportSubst == nil {
			s.ExportSubst = map[string]bool{}
		}
		s.ExportSubst[tree] = true
		s.note("ada", "has the commit written into the source of %s", tree)
	}
}

// headOf is a pull request's own head as what the branch moves to, where that may be;
// the zero commit else.
func (s *sim) headOf(p *bottest.Pull) bottest.Commit {
	if p.Fork || !isApart(s.file.Config) || len(s.pushed[p.Head]) > 0 || !s.once(1) {
		return bottest.Commit{}
	}
	return *s.Commits[p.Head]
}

// apart keeps since when pull requests have had an app of their own, without a break, as
// far as anything was decided; zero: they have not.
func (st *store) apart(c pipeline.State, at time.Time) {
	switch {
	case !isApart(c.Config):
		st.apartFrom = time.Time{}
	case st.apartFrom.IsZero():
		st.apartFrom = at
	}
}

// stranger finds the build on the app of pull requests that an artifact comes from; nil:
// it comes from elsewhere.
func (s *sim) stranger(artifact string) *bot.Build {
	builds := s.App(pullsApp).Builds
	if i := slices.IndexFunc(builds, func(b *bot.Build) bool { return b.Artifact == artifact }); i >= 0 {
		return builds[i]
	}
	return nil
}

// ownArtifact holds that the branch is released what was built for it: neither on the app
// of pull requests, nor from a source that has another commit in it.
func (s *sim) ownArtifact(r *request) {
	_, from, known := strings.Cut(r.artifact, "-")
	if c := s.Commits[r.sha]; known && c != nil && s.ExportSubst[c.Tree] && from != r.sha {
		s.breaks(sameArtifact, "%s gets %s as %s, though the source of %s has the commit in it", r.app, r.artifact, r.sha, from)
	}
	built := s.stranger(r.artifact)
	if built == nil || len(s.pushed[r.sha]) == 0 || !isApart(r.job.config) || s.store.apartFrom.IsZero() || built.CreatedAt.Before(s.store.apartFrom) {
		return
	}
	pushed := s.truth.pushes[r.sha][0].PushedAt
	for _, o := range s.truth.requests { // of a pull request's head, to which the branch has moved since
		if o.stage == r.stage && o.n == r.n && o.at.Before(pushed) {
			return
		}
	}
	if r.job.decided.Before(pushed) {
		return
	}
	s.breaks(sameArtifact, "%s of the branch gets %s on %s, which was built for a pull request on %s", r.sha, r.artifact, r.app, pullsApp)
}

// builtApart holds that code which is not on the branch builds where pull requests
// build, and the branch nowhere there.
func (s *sim) builtApart(r *request) {
	p := r.job.config.Prepare
	if !isApart(r.job.config) {
		return
	}
	switch onBranch := len(s.pushed[r.sha]) > 0; {
	case slices.Contains(p.Apps, r.app) && !onBranch:
		s.breaks(sameArtifact, "%s is built on %s, which builds the branch, and was never there", r.sha, r.app)
	case slices.Contains(p.PullApps, r.app) && onBranch && r.job.decided.After(s.truth.pushes[r.sha][0].PushedAt.Add(time.Minute)) && !s.openHead(r.sha):
		s.breaks(sameArtifact, "%s of the branch is built on %s, which builds pull requests", r.sha, r.app)
	}
}

// openHead reports whether a commit is of a pull request or a merge group, as somebody may
// see it who has not seen everything yet.
func (s *sim) openHead(sha string) bool {
	return strings.HasPrefix(sha, "a") || strings.HasPrefix(sha, "b") || strings.HasPrefix(sha, "g")
}

// builtAnew reports whether a build may be asked for once more, because the first was
// from before pull requests had an app of their own: they may have built it.
func (s *sim) builtAnew(first, again *request) bool {
	return isApart(again.job.config) && (s.store.apartFrom.IsZero() || first.at.Before(s.store.apartFrom.Add(time.Minute)))
}
