package apply

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

func alertWritten(s *pipeline.State, do bot.WriteAlert, f bot.Finished, at time.Time) {
	s.Alerts = slices.Clone(s.Alerts)
	for i := range s.Alerts {
		a := &s.Alerts[i]
		if a.Number != do.Number || a.Stage != do.Stage || a.Promotion != do.Promotion {
			continue
		}
		switch f.Outcome {
		case bot.Done:
			a.Body, a.Refused, a.Refusal = do.Body, false, pipeline.Refusal{}
			if fact, ok := f.Fact.(bot.CommentWritten); ok {
				a.ID = fact.ID
			}
		case bot.Refuse:
			a.Refused, a.Refusal = true, again(a.Refusal, at)
		}
	}
}
