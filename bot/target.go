package bot

import (
	"cmp"
	"fmt"
	"strings"
)

// target is what a command is about: the stages and the candidate that it means, by
// what the comment says and where it stands.
type target struct {
	s       *State
	request *Request
	command Command
}

// stages resolves the stage that the command names: all of them if it names none.
func (t target) stages() (list []string, problem string) {
	if t.command.Stage == "" {
		return t.s.Config.StageNames(), ""
	}
	stage, problem := resolveStage(t.command.Stage, t.s.Config.StageNames())
	return []string{stage}, problem
}

// named is the subject, whenever it came about: of a question, which turns against
// nothing.
func (t target) named() (*Candidate, string) {
	if sha := t.command.SHA; sha != "" {
		var found *Candidate
		for i := range t.s.Candidates {
			c := &t.s.Candidates[i]
			if !strings.HasPrefix(c.SHA, sha) {
				continue
			}
			if found != nil {
				return nil, fmt.Sprintf("%s may be %s or %s", sha, found.SHA[:12], c.SHA[:12])
			}
			found = c
		}
		if v := t.command.Verb; found == nil && t.request.Actor.Pull.Open && (v == VerbPromote || v == VerbApprove) {
			return nil, t.notTheHead("/" + string(v))
		}
		if found == nil {
			return nil, fmt.Sprintf("%s is none of the last commits on %s", sha, t.s.Branch())
		}
		return found, ""
	}
	pull := t.request.Actor.Pull
	for i := range t.s.Candidates {
		if c := &t.s.Candidates[i]; c.Pull == t.request.Number || pull.MergeSHA != "" && c.SHA == pull.MergeSHA {
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

// notTheHead is the refusal of a command that names a commit on an open pull request
// which is neither its head nor on the branch.
func (t target) notTheHead(verb string) string {
	head := t.request.Actor.Pull.Head
	if !strings.HasPrefix(t.command.SHA, Short(head)) {
		head = Short(head)
	}
	return fmt.Sprintf("%s is neither the head of this pull request nor one of the last commits on %s; its head is %s: say %s %s %s if that is meant",
		t.command.SHA, t.s.Branch(), head, verb, cmp.Or(t.s.qualified(t.command.Stage), "STAGE"), head)
}
