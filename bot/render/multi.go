package render

import (
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// WithTitle puts the pipeline's name above its section of a comment.
func WithTitle(v *gate.View, body string) string {
	if body == "" {
		return body
	}
	return title(v.State.Pipeline.Name) + strings.TrimPrefix(body, bot.Marker+"\n")
}

// WithSignature puts the pipeline's name above an answer.
func WithSignature(v *gate.View, body string) string {
	if v.State.Pipeline.Name == "" {
		return body
	}
	return title(v.State.Pipeline.Name) + body
}

func title(pipeline string) string { return "### `" + words.Code(pipeline) + "`\n\n" }

// LastComment is a pull request's comment once the pipeline is no longer deployed; empty: there is none, or it may stay
// as it is.
func LastComment(v *gate.View, p pipeline.PullRequest) string {
	switch {
	case answersIn(v.State, p.Number):
		return bot.Marker + "\n"
	case !p.Comment.Written(), len(p.Sections) > 0: // the sections say it
		return ""
	}
	ended := !p.Open
	for i := range v.State.Candidates {
		if c := &v.State.Candidates[i]; c.Pull == p.Number && p.Merged {
			ended = len(v.State.Config.Stages) > 0 && c.Progress[v.LastStage()].State != ""
		}
	}
	if ended {
		return ""
	}
	return bot.Marker + "\nNothing of this is deployed by this pipeline: " + words.Text(v.State.NoFile()) + ".\n"
}
