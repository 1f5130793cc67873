package gate

import (
	"fmt"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

func (v *View) NextAfterFailure(p pipeline.Progress, stage string) string {
	st, command := v.State.Stage(stage), words.Code(v.State.Qualified(stage))
	switch {
	case p.Consequence != "":
		return fmt.Sprintf("%s: %s.%s", words.Capital(words.Text(stage)), words.Text(p.Consequence), v.State.ReopenHint(stage))
	case st.Mixed():
		return fmt.Sprintf("The apps of %s run different releases. **Next:** `/rollback %s` takes all of them back, `/retry %s` tries again.",
			words.Text(stage), command, command)
	case st.Live.SHA == "":
		return fmt.Sprintf("**Next:** push a fix, or comment `/retry %s`.", command)
	}
	return fmt.Sprintf("%s still runs %s. **Next:** push a fix, or comment `/retry %s`.", words.Capital(words.Text(stage)), bot.Short(st.Live.SHA), command)
}

// NextBefore returns what to do or to wait for before a gate that is not open. The reason is in the table.
func (v *View) NextBefore(g Gate, stage string) string {
	switch {
	case g.Name == Lock && !g.Until.IsZero():
		return fmt.Sprintf("%s goes on at %s, or after `/unlock %s`", words.Text(stage), words.Moment(g.Until), words.Code(v.State.Qualified(stage)))
	case g.Name == Lock:
		return fmt.Sprintf("`/unlock %s`", words.Code(v.State.Qualified(stage)))
	case g.Name == Approval:
		return fmt.Sprintf("`/approve %s`", words.Code(v.State.Qualified(stage)))
	case g.Next != "":
		return words.Text(g.Next)
	}
	return words.Text(stage) + " goes on without anybody's doing"
}

// WhyHopeless returns, in brackets, why a candidate's checks do not matter.
func (v *View) WhyHopeless(c *pipeline.Candidate) string {
	switch g, _ := Blocked(v.Gates(c, v.FirstStage())); g.Name {
	case Build:
		return " (the build failed)"
	case NotCancelled:
		return " (cancelled)"
	case Order:
		return " (superseded)"
	}
	return " (not released)"
}
