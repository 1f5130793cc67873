package pipeline

import (
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
)

// NeverGreen lists the contexts that GitHub requires before a merge, and that Headstart
// sets only after it or never.
func (s State) NeverGreen() (contexts []string) {
	if !s.Configured {
		return nil
	}
	set := []string{s.Context(bot.BuildContext)}
	for _, name := range s.Names {
		set = append(set, bot.BuildContext, ownPrefix+name+"/build")
	}
	for _, q := range s.Required.Checks {
		if q.Own() && !slices.ContainsFunc(set, func(c string) bool { return strings.EqualFold(c, q.Name) }) {
			contexts = append(contexts, q.Name)
		}
	}
	return tidy(contexts)
}
