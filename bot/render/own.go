package render

import (
	"fmt"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// neverGreen is a line of Markdown that warns of required contexts which cannot be green before a merge; empty: there
// are none.
func neverGreen(v *gate.View) string {
	contexts := v.State.NeverGreen()
	if len(contexts) == 0 {
		return ""
	}
	are := "it is"
	if len(contexts) > 1 {
		are = "they are"
	}
	return fmt.Sprintf("- ⚠️ GitHub requires %s before the merge, but %s set only after it: nothing can be merged. **Next:** require `%s` of `%s` instead.\n",
		words.Text(words.Names(contexts)), are, words.Code(v.State.Context(bot.BuildContext)), words.Code(v.State.Branch()))
}

// requiredComment is the comment on a pull request that is not built ahead. It warns of required contexts that block
// the merge, and states when they no longer do; empty: there is nothing to warn of.
func requiredComment(v *gate.View, p pipeline.PullRequest) (body string, n bool) {
	switch warning := neverGreen(v); {
	case p.Fork || p.Listed:
		return "", false
	case warning != "":
		return bot.Marker + "\n" + warning, true
	case p.Comment.NeverGreen:
		return bot.Marker + "\nGitHub requires nothing any more that is set only after the merge.\n", false
	}
	return "", false
}
