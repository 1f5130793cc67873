package pipeline

import (
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
)

// LinksTo links failed checks with their reports, in Markdown.
func (c *Candidate) LinksTo(failed []string) []string {
	links := make([]string, len(failed))
	for i, name := range failed {
		links[i] = words.Text(name)
		for _, k := range c.Reports.Checks {
			if pinned := (bot.CheckName{Name: k.Name, App: k.App}); k.State == bot.CheckFailed && (strings.EqualFold(k.Name, name) || strings.EqualFold(pinned.String(), name)) {
				links[i] = words.Linked(words.Text(name), k.URL)
			}
		}
	}
	return links
}
