package pipeline

import (
	"slices"
	"time"
)

// A platform may destroy a remembered artifact: Heroku deletes old slugs, and a person may
// clear the embedded platform's artifacts. Headstart notices when it releases the
// artifact. It then forgets the artifact everywhere and builds the commit again. The
// commit restarts at the first stage, because a stage gets only what the stage before has
// proved.

const (
	// MaxRebuilds is how often a candidate is rebuilt automatically. After that people are
	// notified, and a retry begins anew.
	MaxRebuilds = 2
	// keptGone is how many artifacts of a build are remembered as gone.
	keptGone = 5
)

// LoseArtifact forgets the artifact, which is gone, of a candidate on its way.
func (s *State) LoseArtifact(c *Candidate, at time.Time) {
	key := s.KeyOf(c)
	if r, ok := s.Builds[key]; !ok && c.Artifact != "" {
		r.SHA, r.Tree, r.Artifact = c.SHA, c.Tree, c.Artifact
		Put(&s.Builds, key, r.anew(at))
	}
	s.ForgetArtifact(c.Artifact, at)
}

// ForgetArtifact forgets an artifact that the platform no longer has. Every build that
// made it waits to be repeated. Every candidate on its way with it restarts at the first
// stage. Candidates that are finished, or failed for another reason, stay as reported; a
// release in flight finishes.
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
		for _, stage := range SortedKeys(c.Progress) { // also those no longer in the file: they may come back
			if c.Progress[stage].Passed() {
				c.Leave(stage)
			}
		}
	}
}

// onItsWay reports whether a candidate has a stage before it, is being released at none,
// and has failed at none.
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

// anew is the run of a build whose artifact is gone: it waits to be repeated.
func (r BuildRun) anew(at time.Time) BuildRun {
	gone := append(slices.Clone(r.Gone), r.Artifact)
	return BuildRun{SHA: r.SHA, Tree: r.Tree, Status: RunWaiting, Source: r.Source, Gone: gone[max(len(gone)-keptGone, 0):], GoneAt: at}
}

// Blank is a run that knows only what its source is made of, and which of its artifacts
// are gone.
func (r BuildRun) Blank() BuildRun { return BuildRun{Source: r.Source, Gone: r.Gone, GoneAt: r.GoneAt} }
