package release

import (
	"fmt"
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// sharedWarning says with the first promotion to a stage that asks for an approval that
// code which nobody has approved builds where the branch does; empty: it does not.
func sharedWarning(s *pipeline.State, do bot.Inspect) string {
	cfg, _ := s.Config.Stage(do.Stage)
	if s.Config.ApprovesShared() == "" || !cfg.Approves() || len(cfg.Apps) == 0 || do.App != cfg.Apps[0] {
		return ""
	}
	return fmt.Sprintf("pull requests build on %s, as the branch does: give them prepare.pull_requests.apps", s.Config.Prepare.Apps[0])
}

// keyOn is what a build on an app is remembered by: what an app for pull requests
// builds is theirs, whoever asked for it.
func keyOn(s *pipeline.State, app, sha, tree string) string {
	if slices.Contains(s.Config.Prepare.PullApps, app) {
		return s.AheadKey(sha, tree)
	}
	return s.BranchKey(sha, tree)
}
