package bot

import (
	"fmt"
	"strings"
)

// Where nobody else is there to approve, or where it cannot be known who made what, an
// admin may approve alone, with a reason that stands wherever the release does.

const aloneWord = "--alone"

// takeAlone reads --alone and the reason, which is the rest of the line.
func (c *Command) takeAlone(words *[]string, pipeline string) {
	list := *words
	at := -1
	for i, w := range list {
		option := strings.ToLower(dashes(w))
		if option == aloneWord || strings.EqualFold(w, "-alone") {
			at = i
			break
		}
	}
	if at < 0 || c.Problem != "" {
		return
	}
	c.Alone, *words = true, nil
	how := "/approve STAGE SHA " + aloneWord + " REASON"
	before := list[:at]
	if len(before) > 0 && meansHex(before[0]) {
		c.SHA, before = strings.ToLower(before[0]), before[1:]
	}
	c.Reason = cut(strings.Join(list[at+1:], " "), maxReason)
	switch {
	case c.Stage == "":
		c.Problem = "an approval alone names the stage first: " + how
	case len(before) > 0:
		c.Problem = fmt.Sprintf("%q is no commit: expected at least seven digits of its SHA, as in %s", cut(before[0], 40), how)
	case c.SHA == "":
		c.Problem = "the commit is missing: an approval alone names it, as in " + how
	case c.Reason == "":
		c.Problem = fmt.Sprintf("the reason is missing: /approve %s %s %s REASON; it is shown to everybody", cut(inPipeline(pipeline, c.Stage), 40), c.SHA, aloneWord)
	}
}

func meansHex(w string) bool { return commitWord.MatchString(strings.ToLower(w)) }

// mayNotAlone says why somebody may not approve alone; empty if they may.
func (x execution) mayNotAlone(stage Stage) string {
	switch role := x.request.Actor.Role; {
	case !x.command.Alone:
		return ""
	case !stage.FourEyes:
		return fmt.Sprintf("%s is for stages with `four_eyes: true`, and %s is none; /approve %s %s is enough there", aloneWord, stage.Name, x.s.qualified(stage.Name), x.command.SHA)
	case role != RoleAdmin:
		return fmt.Sprintf("%s takes the role admin, and @%s has the role %s", aloneWord, x.request.User, role)
	}
	return ""
}

// aloneOf says who has approved a candidate alone at a stage, and why; empty: nobody, or
// that is over.
func aloneOf(c *Candidate, stage string) string {
	a := c.Approvals[stage]
	if a.Alone == "" {
		return ""
	}
	if p, in := c.Progress[stage]; in && p.Promotion != a.Promotion || !in && !a.good() {
		return ""
	}
	return fmt.Sprintf("approved alone by @%s: %s", a.By, a.Alone)
}
