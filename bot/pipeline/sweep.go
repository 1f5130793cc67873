package pipeline

import (
	"fmt"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// Foreign is a release of others on an app: by hand, or with another tool.
type Foreign struct {
	Version int
	Commit  string    // full SHA; empty: unknown to the platform
	At      time.Time // when it was released
	SeenAt  time.Time // when Headstart noticed
}

// IsReleasing reports whether the stage's promotion in flight releases the artifact.
func (st StageState) IsReleasing(s *State, artifact string) bool {
	if st.Promoting == nil {
		return false
	}
	if past, ok := st.Named(st.Promoting.SHA, 0); ok && st.Promoting.Rollback != nil {
		for app := range st.Promoting.Apps {
			if past.ArtifactOn(app) == artifact {
				return true
			}
		}
		return false
	}
	c := s.Promoted(st.Promoting, st.Promoting.SHA)
	return c != nil && c.Artifact == artifact
}

// Newer reports whether a release by hand is newer than a candidate: by the branch's
// order, or by time if its commit is not on the branch. A candidate that a person promoted
// after that release may replace it.
func (s *State) Newer(f *Foreign, c *Candidate, stage string) bool {
	if o, ordered := c.Ordered[stage]; ordered && !o.At.Before(f.SeenAt) {
		return false
	}
	if i := s.Position(f.Commit); f.Commit != "" && i >= 0 && !c.FromPull {
		return i > s.Position(c.SHA)
	}
	return f.At.After(c.PushedAt)
}

// Name is what people call a release.
func (f *Foreign) Name() string {
	if f.Commit == "" {
		return fmt.Sprintf("v%d", f.Version)
	}
	return fmt.Sprintf("v%d (%s)", f.Version, bot.Short(f.Commit))
}

// Foreign is the newest release by hand on an app of the stage; nil: none.
func (st StageState) Foreign() (f *Foreign, app string) {
	for _, name := range SortedKeys(st.Apps) {
		if o := st.Apps[name].Foreign; o != nil && (f == nil || o.At.After(f.At)) {
			f, app = o, name
		}
	}
	return f, app
}
