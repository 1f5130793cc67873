package command

import (
	"strings"

	"github.com/headstart-cd/headstart/bot/redact"
)

// takeIncident reads `[STAGE] [SHA] REASON`. The first word may be a stage, or the beginning of the reason: the stages'
// names decide later.
func (c *Command) takeIncident(words []string, pipeline string) {
	if len(words) == 0 {
		c.Problem = "the reason is missing: /incident " + redact.Cut(InPipeline(pipeline, "STAGE"), 40) + " REASON; it is shown to everybody"
		return
	}
	if !meansCommit(strings.ToLower(words[0])) {
		c.Stage, words = words[0], words[1:]
	}
	if len(words) > 0 && meansCommit(strings.ToLower(words[0])) {
		c.SHA, words = strings.ToLower(words[0]), words[1:]
	}
	c.Reason = redact.Cut(strings.Join(words, " "), MaxReason)
}
