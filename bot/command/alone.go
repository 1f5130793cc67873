package command

import (
	"fmt"
	"strings"

	"github.com/headstart-cd/headstart/bot/redact"
)

// An admin may approve alone if there is no second person, or if it cannot be known who
// made what. The approval needs a reason, which stands wherever the release does.

const AloneWord = "--alone"

// takeAlone reads --alone and the reason: the rest of the line.
func (c *Command) takeAlone(words *[]string, pipeline string) {
	list := *words
	at := -1
	for i, w := range list {
		option := strings.ToLower(dashes(w))
		if option == AloneWord || strings.EqualFold(w, "-alone") {
			at = i
			break
		}
	}
	if at < 0 || c.Problem != "" {
		return
	}
	c.Alone, *words = true, nil
	how := "/approve STAGE SHA " + AloneWord + " REASON"
	before := list[:at]
	if len(before) > 0 && meansHex(before[0]) {
		c.SHA, before = strings.ToLower(before[0]), before[1:]
	}
	c.Reason = redact.Cut(strings.Join(list[at+1:], " "), MaxReason)
	switch {
	case c.Stage == "":
		c.Problem = "an approval alone names the stage first: " + how
	case len(before) > 0:
		c.Problem = fmt.Sprintf("%q is no commit: expected at least seven digits of its SHA, as in %s", redact.Cut(before[0], 40), how)
	case c.SHA == "":
		c.Problem = "the commit is missing: an approval alone names it, as in " + how
	case c.Reason == "":
		c.Problem = fmt.Sprintf("the reason is missing: /approve %s %s %s REASON; it is shown to everybody", redact.Cut(InPipeline(pipeline, c.Stage), 40), c.SHA, AloneWord)
	}
}

func meansHex(w string) bool { return commitWord.MatchString(strings.ToLower(w)) }
