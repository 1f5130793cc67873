package release

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// alert notifies the people concerned with a failed candidate. Where no pull request is known, only the statuses and
// deployments show the failure.
func alert(s *pipeline.State, stage string, c *pipeline.Candidate, promotion int) {
	number := c.Pull
	if number == 0 {
		return
	}
	pass := c.Progress[stage]
	body := fmt.Sprintf("%s**%s failed on %s**: %s.\n\n%s.\n\n`/why %s` says more.%s\n",
		s.Mentions(c), bot.Short(c.SHA), words.Text(stage), words.Text(strings.TrimSuffix(pass.Reason, ".")), words.Text(words.Capital(pass.Consequence)), words.Code(s.Qualified(stage)), s.ReopenHint(stage))
	s.Alerts = slices.Clone(s.Alerts)
	for i, a := range s.Alerts {
		if a.Number == number && a.Stage == stage && a.Promotion == promotion {
			s.Alerts[i].Text = body
			return
		}
	}
	s.Alerts = append(s.Alerts, pipeline.Alert{Number: number, Stage: stage, Promotion: promotion, Text: body})
	s.Alerts = s.Alerts[max(0, len(s.Alerts)-pipeline.KeptAlerts):]
}
