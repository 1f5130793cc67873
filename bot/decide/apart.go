package decide

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// unfit lists what the builds of a commit left that were not begun for whoever builds it
// under this key, and when the last of them was over. They are found on an app by their
// commit, as those from before pull requests had apps of their own.
func unfit(s *pipeline.State, key, sha string) (artifacts []string, until time.Time) {
	if !s.Config.Prepare.Apart() {
		return nil, until
	}
	for _, other := range pipeline.SortedKeys(s.Builds) {
		if r := s.Builds[other]; other != key && r.SHA == sha && r.Artifact != "" && !serves(other, key) {
			artifacts, until = append(artifacts, r.Artifact), bot.Later(until, r.FinishedAt)
		}
	}
	return artifacts, until
}

// serves reports whether what is built under one key may be found by whoever builds
// under another.
func serves(built, wanted string) bool {
	return pipeline.ReadBuildKey(wanted).Whose != pipeline.BranchBuilds || pipeline.ReadBuildKey(built).Whose == pipeline.BranchBuilds
}

// misplaced reports whether a build that was begun before pull requests had apps of their
// own may be one of theirs: on an app of the branch nothing more is done about it than to
// look what has become of it.
func misplaced(s *pipeline.State, key, app string) bool {
	return s.Config.Prepare.Apart() && slices.Contains(s.Config.Prepare.Apps, app) && pipeline.ReadBuildKey(key).Whose != pipeline.BranchBuilds
}
