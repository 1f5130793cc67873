package apply

import (
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// opened takes note of pipelines that were opened. If something happened while
// they were, it may have been too early to reach them and too late to be told:
// then they are told once more.
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
	s.Elsewhere = nil // whoever follows another branch sees it from now on
}
