package apply

import (
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// opened notes pipelines that were opened. An event during the opening may have reached none of them. Then they are
// opened, and notified, once more.
func opened(s *pipeline.State, do bot.OpenPipelines, f bot.Finished) {
	now := s.Opening()
	now.Names = do.Names
	if f.Outcome != bot.Done || !now.Covers(do) {
		return
	}
	s.Opened = slices.Clone(s.Opened)
	for _, name := range do.Names {
		if !slices.Contains(s.Opened, name) {
			s.Opened = append(s.Opened, name)
		}
	}
	s.Elsewhere = nil // a pipeline that follows another branch sees it from now on
}
