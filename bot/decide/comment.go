package decide

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/render"
	"github.com/headstart-cd/headstart/bot/words"
)

// commentGap is the least time between two edits of one comment. GitHub limits a bot's writes, and people do not read
// faster.
const commentGap = 3 * time.Second

// saysTheSame reports whether two comments differ at most in their links to pages: nothing is written again for these.
func saysTheSame(a, b string) bool {
	return a == b || words.WithDetails(a, nil) == words.WithDetails(b, nil)
}

// publishComment keeps the one comment of a pull request up to date. Before the merge it shows the build, after the
// merge the candidate. Each of several pipelines has its own section.
func (d *decision) publishComment(p pipeline.PullRequest) {
	if p.Comment.Refused && !d.retryDue(p.Comment.Refusal) {
		return
	}
	body, neverGreen := "", false
	if d.State.Configured {
		body, neverGreen = render.Comment(d.View, p, d.starting)
	} else {
		body = render.LastComment(d.View, p)
	}
	commands := ""
	if d.State.Configured || body != "" {
		commands = render.CommandsText(d.View, p.Number)
	}
	rest := commands + render.Sections(d.View, p)
	if rest != "" && body == "" {
		body = bot.Marker + "\n"
	}
	if body += rest; d.State.Pipeline.Name != "" {
		d.publishSection(p, render.WithTitle(d.View, body), neverGreen)
		return
	}
	if body == "" || saysTheSame(body, p.Comment.Body) && !p.Comment.Uncertain && !render.RepeatDue(d.View, p.Comment.RepeatAt) {
		return
	}
	if !d.Due(p.Comment.WrittenAt.Add(commentGap)) {
		return
	}
	d.want(pipeline.CommentKey(p.Number), bot.WriteComment{Number: p.Number, ID: p.Comment.ID, Body: body, NeverGreen: neverGreen})
}
