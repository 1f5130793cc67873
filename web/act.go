package web

import (
	"fmt"
	"net/url"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/steer"
)

// A button is a command. It leads to a page that says what the command would do, and only a button there sends it; see
// confirm.go.

// act leads to the page of a command.
type act struct{ Text, To string }

// actPath is where the page of a command is.
func actPath(key bot.Key, command string) string {
	return doPath(key) + "?" + url.Values{"c": {command}}.Encode()
}

// doPath is where commands to a pipeline are confirmed.
func doPath(key bot.Key) string { return "/do" + pathOf(key)[len("/p"):] }

func (r *reading) act(text, format string, args ...any) act {
	return act{text, actPath(r.view.State.Pipeline, fmt.Sprintf(format, args...))}
}

// would reports whether a command would be carried out now, if its author had every right.
func (r *reading) would(format string, args ...any) bool {
	answer, _ := steer.Try(r.view.State, bot.Asked{Via: bot.ViaPage, Command: fmt.Sprintf(format, args...)}, r.view.Now)
	return answer.OK
}

// actsOn lists what can be done about a stage.
func (r *reading) actsOn(stage string) (list []act) {
	if !r.acts {
		return nil
	}
	if c := r.next(stage); c != nil {
		list = append(list, r.act("Promote "+bot.Short(c.SHA)+"…", "/promote %s %s", stage, c.SHA))
	}
	if r.would("/rollback %s", stage) {
		list = append(list, r.act("Roll back…", "/rollback %s", stage))
	}
	if r.view.State.Stage(stage).LockedAt(r.view.Now) != nil {
		return append(list, r.act("Unlock…", "/unlock %s", stage))
	}
	return append(list, r.act("Lock…", "/lock %s", stage))
}

// next is the newest candidate that could be promoted to a stage by somebody; nil: there is none.
func (r *reading) next(stage string) *pipeline.Candidate {
	s := r.view.State
	for i := len(s.Candidates) - 1; i >= 0; i-- {
		c := &s.Candidates[i]
		if c.SHA == s.Stage(stage).Live.SHA {
			return nil
		}
		if _, in := c.Progress[stage]; !in && s.ArtifactOf(c) != "" && r.would("/promote %s %s", stage, c.SHA) {
			return c
		}
	}
	return nil
}

// actsFor lists what can be done about a candidate.
func (r *reading) actsFor(c *pipeline.Candidate) (list []act) {
	if !r.acts || c.FromPull || !r.view.State.Configured {
		return nil
	}
	for _, stage := range r.view.State.Config.StageNames() {
		p := c.Progress[stage]
		if g, shut := gate.Blocked(r.view.Gates(c, stage)); p.State == "" && shut && g.Name == gate.Approval && g.State == gate.Waiting {
			list = append(list, r.act("Approve for "+stage+"…", "/approve %s %s", stage, c.SHA))
			break
		}
		if p.State == pipeline.ProgressFailed && r.would("/retry %s %s", stage, c.SHA) {
			list = append(list, r.act("Retry "+stage+"…", "/retry %s %s", stage, c.SHA))
			break
		}
		if !p.Passed() && r.would("/promote %s %s", stage, c.SHA) {
			list = append(list, r.act("Promote to "+stage+"…", "/promote %s %s", stage, c.SHA))
			break
		}
	}
	if r.would("/retry build %s", c.SHA) {
		list = append(list, r.act("Build again…", "/retry build %s", c.SHA))
	}
	if r.would("/cancel %s", c.SHA) {
		list = append(list, r.act("Cancel…", "/cancel %s", c.SHA))
	}
	return list
}
