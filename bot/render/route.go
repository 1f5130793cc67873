package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

func MultiHelp(names []string) string {
	first := words.Code(names[0])
	return fmt.Sprintf("This repository has several pipelines: %s. A command names the one that it is for, as in `/promote %s:STAGE`, "+
		"`/lock %s: REASON` or `/status %s`. Without a name it is for the one that the pull request affects.",
		words.Text(strings.Join(names, ", ")), first, first, first)
}

// answersIn reports whether a comment on a pull request is answered by the pipeline that hands comments on.
func answersIn(s *pipeline.State, number int) bool {
	return slices.ContainsFunc(s.Requests, func(r pipeline.Request) bool {
		return r.Route != nil && r.Number == number && slices.ContainsFunc(r.Answers, func(a pipeline.Answer) bool { return a.Text != "" })
	})
}
