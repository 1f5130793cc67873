package gate

import (
	"fmt"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// Rebuilt returns why a build is repeated; empty: it is not.
func (v *View) Rebuilt(r pipeline.BuildRun) string {
	if r.GoneAt.IsZero() || r.Status == pipeline.RunSucceeded {
		return ""
	}
	return fmt.Sprintf("%s has removed the earlier build", platformName(v.State))
}

// platformName names the platform for people.
func platformName(s *pipeline.State) string {
	if s.Config.Platform == bot.PlatformLocal {
		return "the embedded platform"
	}
	return "Heroku"
}
