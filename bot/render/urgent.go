package render

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/redact"
	"github.com/headstart-cd/headstart/bot/words"
)

// urgencyOrAlone names, with the reason, the person who ordered a candidate urgently for a stage or approved it alone;
// empty: nobody. It remains after the candidate got there.
func urgencyOrAlone(c *pipeline.Candidate, stage string) string {
	urgent, alone := urgencyText(c, stage), pipeline.AloneOf(c, stage)
	if urgent == "" {
		return alone
	}
	return urgent + words.After("; ", alone)
}

// urgencyText is urgencyOrAlone without the person who approved it alone.
func urgencyText(c *pipeline.Candidate, stage string) string {
	if o := c.Progress[stage].Urgent; o != nil {
		return o.Urgency()
	}
	if _, in := c.Progress[stage]; in {
		return ""
	}
	if o := c.UrgentOrder(stage); o != nil {
		return o.Urgency()
	}
	return ""
}

// StageStatus is a candidate's headstart/STAGE, with the person who ordered it urgently; nil before the candidate is
// near the stage.
func StageStatus(v *gate.View, c *pipeline.Candidate, stage string) *Notice {
	w := stageProgress(v, c, stage)
	if why := urgencyOrAlone(c, stage); w != nil && why != "" {
		w.Text = redact.Cut(w.Text+"; "+why, bot.MaxStatusText)
	}
	return w
}

// withUrgency is a commit's title after its urgencyOrAlone.
func withUrgency(c *pipeline.Candidate, stage string) string {
	if why := urgencyOrAlone(c, stage); why != "" {
		return words.Capital(why) + " – " + c.Title
	}
	return c.Title
}

// urgentText is, for a table, urgencyOrAlone of the commit in a stage; empty: nobody.
func urgentText(v *gate.View, sha, stage string) string {
	if c := v.State.Candidate(sha); c != nil {
		return words.Text(words.After("; ", urgencyOrAlone(c, stage)))
	}
	return ""
}
