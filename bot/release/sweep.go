package release

import (
	"cmp"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// AppLooked folds what an app runs.
func AppLooked(s *pipeline.State, do bot.LookAtApp, f bot.Finished, at time.Time) {
	switch seen, ok := f.Fact.(bot.AppSeen); {
	case ok:
		appSeen(s, do.Stage, do.App, seen, at)
	case f.Outcome == bot.Refuse:
		st := s.StageRecord(do.Stage)
		stand := st.Apps[do.App]
		stand.SeenAt, stand.Moved = at, false
		pipeline.Put(&st.Apps, do.App, stand)
	}
}

// appSeen folds what an app of a stage runs, which may be a manual release.
func appSeen(s *pipeline.State, stage, app string, seen bot.AppSeen, at time.Time) {
	st := s.StageRecord(stage)
	old, r := st.Apps[app], seen.Current
	now := old
	now.Seen, now.SeenAt, now.Moved, now.Newest, now.Artifact = true, at, false, seen.Newest, r.Artifact
	now.URL, now.Ran = cmp.Or(seen.App.URL, old.URL), ranBefore(s, stage, seen, old)
	switch {
	case !old.Seen || st.Live.SHA == "" && old.Foreign == nil && !everReleased(s, stage, old.Artifact) || r.Artifact == "" || r.Artifact == st.Live.ArtifactOn(app) || st.IsReleasing(s, r.Artifact):
		now.Foreign = nil
	case r.Artifact != old.Artifact:
		now.Foreign = &pipeline.Foreign{Version: r.Version, Commit: r.Commit, At: r.CreatedAt, SeenAt: at}
	}
	pipeline.Put(&st.Apps, app, now)
}

// everReleased reports whether Headstart has released an artifact to a stage, proved there or not.
func everReleased(s *pipeline.State, stage, artifact string) bool {
	return artifact != "" && slices.ContainsFunc(s.All(), func(c *pipeline.Candidate) bool {
		return c.Artifact == artifact && c.Progress[stage].State != ""
	})
}
