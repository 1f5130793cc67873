package apply

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

func rulesRead(s *pipeline.State, do bot.ReadRules, f bot.Finished, began, at time.Time) {
	if do.Branch != s.Branch() {
		return
	}
	read, ok := f.Fact.(bot.RulesRead)
	if ok && !read.Required.Missing && began.After(s.Required.ReadAt) {
		s.Required = bot.Required{Checks: read.Required.Checks, ReadAt: began}
		s.UpdateGreen(at)
	}
	if ok || f.Outcome == bot.Refuse {
		// "No rules" is believed only by the reading that decides.
		s.RulesAt = bot.Later(s.RulesAt, began) // what was refused is asked again when that is overdue
	}
}

func pullsListed(s *pipeline.State, f bot.Finished, at time.Time) {
	if f.Outcome != bot.Done && f.Outcome != bot.Refuse {
		return
	}
	s.PullsListed = at
	read, _ := f.Fact.(bot.PullRequestsListed)
	for _, p := range read.Pulls {
		if _, known := s.Pulls[p.Number]; !known {
			s.Pulls[p.Number] = pipeline.PullRequest{PullRequestChanged: p, SeenAt: at, Listed: true}
		}
	}
}
