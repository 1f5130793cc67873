package pipeline

import (
	"slices"

	"github.com/headstart-cd/headstart/bot/command"
)

// In a repository with several pipelines a command may name its pipeline: `/promote
// api:production`, `/lock api: REASON`, `/status api`. The pipeline without a name gets
// every comment and routes each command. So every command is answered exactly once. A
// command without a pipeline goes to the pipelines that the pull request affects. A
// question goes to all of them, any other command only to a single one.

// Route says where the commands of a comment go, in a repository with several pipelines.
type Route struct {
	Names   []string // the pipelines when the comment was seen
	Decided bool     // the recipients of its commands are known
	Sends   []Send
}

// Send is one pipeline's part of a comment.
type Send struct {
	Pipeline string
	Commands []command.Command
	Done     bool
}

// Unclear reports whether the pull request must be read to know a comment's pipelines.
func (r *Request) Unclear() bool {
	return slices.ContainsFunc(r.Commands, func(c command.Command) bool {
		to, _, problem := command.RouteOf(c, r.Route.Names)
		return to == "" && problem == "" && c.Verb != command.VerbHelp
	})
}

// OwnAnswers reports whether this pipeline answers part of the comment.
func (r *Request) OwnAnswers() bool {
	return slices.ContainsFunc(r.Answers, func(a Answer) bool { return !a.OK }) || r.AsksHelp()
}

// AsksHelp reports whether the comment asks for help: it is answered once, not by each
// pipeline.
func (r *Request) AsksHelp() bool {
	return slices.ContainsFunc(r.Commands, func(c command.Command) bool { return c.Verb == command.VerbHelp && c.Problem == "" })
}
