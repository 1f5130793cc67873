package bot

import (
	"fmt"
	"slices"
	"time"
)

// A platform may destroy an artifact that is remembered: Heroku does so with old
// slugs, and somebody may clear the embedded platform's shelf. It is met when the
// artifact is to be released. Then it is forgotten wherever it is remembered, the
// commit is built again, and goes through the stages from the first one: what reaches
// a stage is what the one before has proved.

const (
	// maxRebuilds is how often a candidate is built again by itself. After that people
	// are told, and a retry begins anew.
	maxRebuilds = 2
	// keptGone is how many artifacts of a build are remembered as gone.
	keptGone = 5
)

// buildAnew gives up a promotion whose artifact is gone everywhere, and sends its
// candidate back to its build. It returns false where people have to decide: it was
// sent back often enough, or nobody knows how to build it any more.
func (s *State) buildAnew(stage string, p *Promotion, at time.Time) bool {
	c, st := s.promoted(p, p.SHA), s.Stages[stage]
	if c == nil || !s.Configured || c.Rebuilds >= maxRebuilds {
		return false
	}
	st.Promoting, st.Tries, st.RetryAt, st.Trouble, st.TroubleAt = nil, 0, time.Time{}, "", time.Time{}
	s.Stages[stage] = st
	s.forgetMaintenance(p)
	delete(c.Progress, stage)
	c.Rebuilds++
	s.loseArtifact(c, at)
	return true
}

// loseArtifact forgets the artifact of a candidate that is on its way, which is gone.
func (s *State) loseArtifact(c *Candidate, at time.Time) {
	key := s.keyOf(c)
	if r, ok := s.Builds[key]; !ok && c.Artifact != "" {
		r.SHA, r.Tree, r.Artifact = c.SHA, c.Tree, c.Artifact
		put(&s.Builds, key, r.anew(at))
	}
	s.forgetArtifact(c.Artifact, at)
}

// forgetArtifact forgets an artifact that the platform no longer has: every build
// that left it waits to be made again, and every candidate that is on its way with it
// begins at the first stage. What has got to the end, or failed for another reason,
// stays as people were told; a release in flight goes to its own end.
func (s *State) forgetArtifact(artifact string, at time.Time) {
	if artifact == "" {
		return
	}
	for key, r := range s.Builds {
		if r.Artifact == artifact && r.Status == RunSucceeded {
			s.Builds[key] = r.anew(at)
		}
	}
	for _, c := range s.all() {
		if c.Artifact != artifact || !s.onItsWay(c) {
			continue
		}
		c.Artifact, c.ArtifactApp, c.ArtifactSHA = "", "", ""
		for _, stage := range sortedKeys(c.Progress) { // also those that the file has no more: they may come back
			if c.Progress[stage].passed() {
				c.leave(stage)
			}
		}
	}
}

// onItsWay reports whether a candidate has a stage before it, is in none at this
// moment, and has failed at none.
func (s *State) onItsWay(c *Candidate) bool {
	ahead := false
	for _, stage := range s.Config.StageNames() {
		switch c.Progress[stage].State {
		case "":
			ahead = true
		case ProgressReleasing, ProgressFailed, ProgressRolledBack:
			return false
		}
	}
	return ahead
}

// anew is the run of a build whose artifact is gone: it waits to be built again.
func (r BuildRun) anew(at time.Time) BuildRun {
	gone := append(slices.Clone(r.Gone), r.Artifact)
	return BuildRun{SHA: r.SHA, Tree: r.Tree, Status: RunWaiting, Source: r.Source, Gone: gone[max(len(gone)-keptGone, 0):], GoneAt: at}
}

// blank is a run of which nothing is known but what its source is made of, and which
// artifacts of it are gone.
func (r BuildRun) blank() BuildRun { return BuildRun{Source: r.Source, Gone: r.Gone, GoneAt: r.GoneAt} }

// rebuilt says why something is built once more; empty: it is not.
func (d *view) rebuilt(r BuildRun) string {
	if r.GoneAt.IsZero() || r.Status == RunSucceeded {
		return ""
	}
	return fmt.Sprintf("%s has removed the earlier build", d.s.platformName())
}

// platformName names the platform for people.
func (s *State) platformName() string {
	if s.Config.Platform == PlatformLocal {
		return "the embedded platform"
	}
	return "Heroku"
}

// retryGone sends a candidate back to its build that failed because its artifact is
// gone, and reports whether it did.
func (s *State) retryGone(c *Candidate, at time.Time) bool {
	found := false
	for _, stage := range s.Config.StageNames() {
		if p := c.Progress[stage]; p.State == ProgressFailed && p.Gone {
			c.leave(stage)
			found = true
		}
	}
	if found {
		c.Rebuilds = 0
		s.loseArtifact(c, at)
	}
	return found
}
