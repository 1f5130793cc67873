package release

import (
	"fmt"
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// sharedWarning returns the warning of the first promotion to a stage with approvals that unapproved code builds on the
// branch's apps; empty: it does not.
func sharedWarning(s *pipeline.State, do bot.Inspect) string {
	cfg, _ := s.Config.Stage(do.Stage)
	if s.Config.ApprovesShared() == "" || !cfg.Approves() || len(cfg.Apps) == 0 || do.App != cfg.Apps[0] {
		return ""
	}
	return fmt.Sprintf("pull requests build on %s, as the branch does: give them prepare.pull_requests.apps", s.Config.Prepare.Apps[0])
}

// keyOn returns the key of a build on an app. A build on an app for pull requests has a pull request's key, no matter
// what requested it.
func keyOn(s *pipeline.State, app, sha, tree string) string {
	if slices.Contains(s.Config.Prepare.PullApps, app) {
		return s.AheadKey(sha, tree)
	}
	return s.BranchKey(sha, tree)
}
