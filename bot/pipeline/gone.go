package pipeline

import (
	"slices"
	"time"
)

// A platform may destroy an artifact that is remembered: Heroku does so with old
// slugs, and somebody may clear the embedded platform's shelf. It is met when the
// artifact is to be released. Then it is forgotten wherever it is remembered, the
// commit is built again, and goes through the stages from the first one: what reaches
// a stage is what the one before has proved.

const (
	// MaxRebuilds is how often a candidate is built again by itself. After that people
	// are told, and a retry begins anew.
	MaxRebuilds = 2
	// keptGone is how many artifacts of a build are remembered as gone.
	keptGone = 5
)

// LoseArtifact forgets the artifact of a candidate that is on its way, which is gone.
func (s *State) LoseArtifact(c *Candidate, at time.Time) {
	key := s.KeyOf(c)
	if r, ok := s.Builds[key]; !ok && c.Artifact != "" {
		r.SHA, r.Tree, r.Artifact = c.SHA, c.Tree, c.Artifact
		Put(&s.Builds, key, r.anew(at))
	}
	s.ForgetArtifact(c.Artifact, at)
}

// ForgetArtifact forgets an artifact that the platform no longer has: every build
// that left it waits to be made again, and every candidate that is on its way with it
// begins at the first stage. What has got to the end, or failed for another reason,
// stays as people were told; a release in flight goes to its own end.
func (s *State) ForgetArtifact(artifact string, at time.Time) {
	if artifact == "" {
		return
	}
	for key, r := range s.Builds {
		if r.Artifact == artifact && r.Status == RunSucceeded {
			s.Builds[key] = r.anew(at)
		}
	}
	for _, c := range s.All() {
		if c.Artifact != artifact || !s.onItsWay(c) {
			continue
		}
		c.Artifact, c.ArtifactApp, c.ArtifactSHA = "", "", ""
		for _, stage := range SortedKeys(c.Progress) { // also those that the file has no more: they may come back
			if c.Progress[stage].Passed() {
				c.Leave(stage)
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

// Blank is a run of which nothing is known but what its source is made of, and which
// artifacts of it are gone.
func (r BuildRun) Blank() BuildRun { return BuildRun{Source: r.Source, Gone: r.Gone, GoneAt: r.GoneAt} }
