package pipeline

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
)

// Subject resolves a command to its stages and its candidate, by the command's words and
// its pull request.
type Subject struct {
	State   *State
	Request *Request
	Command command.Command
}

// Stages resolves the stage that the command names; all stages if it names none.
func (t Subject) Stages() (list []string, problem string) {
	if t.Command.Stage == "" {
		return t.State.Config.StageNames(), ""
	}
	stage, problem := command.ResolveStage(t.Command.Stage, t.State.Config.StageNames())
	return []string{stage}, problem
}

// Named is the candidate that the command means, else the problem. It ignores what changed
// since the comment: that matters only to commands that change something.
func (t Subject) Named() (*Candidate, string) {
	if sha := t.Command.SHA; sha != "" {
		var found *Candidate
		for i := range t.State.Candidates {
			c := &t.State.Candidates[i]
			if !strings.HasPrefix(c.SHA, sha) {
				continue
			}
			if found != nil {
				return nil, fmt.Sprintf("%s may be %s or %s", sha, found.SHA[:12], c.SHA[:12])
			}
			found = c
		}
		if v := t.Command.Verb; found == nil && t.Request.Actor.Pull.Open && (v == command.VerbPromote || v == command.VerbApprove) {
			return nil, t.notTheHead("/" + string(v))
		}
		if found == nil {
			return nil, fmt.Sprintf("%s is none of the last commits on %s", sha, t.State.Branch())
		}
		return found, ""
	}
	if t.Request.Via != "" {
		return nil, fmt.Sprintf("the commit is missing: name it, as in /%s %s SHA", t.Command.Verb, cmp.Or(t.Command.Stage, "STAGE"))
	}
	pull := t.Request.Actor.Pull
	for i := range t.State.Candidates {
		if c := &t.State.Candidates[i]; c.Pull == t.Request.Number || pull.MergeSHA != "" && c.SHA == pull.MergeSHA {
			return c, ""
		}
	}
	switch {
	case pull.Open:
		return nil, "this pull request is not merged yet"
	case !pull.Merged:
		return nil, "this pull request was closed without a merge"
	}
	return nil, "what this pull request was merged as is not among the last commits; name the commit"
}

// notTheHead refuses a command on an open pull request whose commit is neither the head
// nor on the branch.
func (t Subject) notTheHead(verb string) string {
	head := t.Request.Actor.Pull.Head
	if !strings.HasPrefix(t.Command.SHA, bot.Short(head)) {
		head = bot.Short(head)
	}
	return fmt.Sprintf("%s is neither the head of this pull request nor one of the last commits on %s; its head is %s: say %s %s %s if that is meant",
		t.Command.SHA, t.State.Branch(), head, verb, cmp.Or(t.State.Qualified(t.Command.Stage), "STAGE"), head)
}
