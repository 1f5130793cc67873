package decide

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// unfit returns the artifacts of a commit's builds that may not be used under key, and when the last of those builds
// finished. The platform finds builds by their commit, so it also finds builds from before pull requests had apps of
// their own.
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

// serves reports whether a build made under one key may be used under another.
func serves(built, wanted string) bool {
	return pipeline.ReadBuildKey(wanted).Whose != pipeline.BranchBuilds || pipeline.ReadBuildKey(built).Whose == pipeline.BranchBuilds
}

// misplaced reports whether a build may be a pull request's build on an app of the branch: it was started before pull
// requests had apps of their own. Its outcome is still read; nothing else is done about it.
func misplaced(s *pipeline.State, key, app string) bool {
	return s.Config.Prepare.Apart() && slices.Contains(s.Config.Prepare.Apps, app) && pipeline.ReadBuildKey(key).Whose != pipeline.BranchBuilds
}
