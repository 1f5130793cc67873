package pipeline

import (
	"slices"

	"github.com/headstart-cd/headstart/bot/command"
)

// In a repository with several pipelines a command may name the one that it is
// for: `/promote api:production`, `/lock api: REASON`, `/status api`. The pipeline
// without a name gets every comment and routes each command to the pipelines that it is
// for, so that nobody answers twice and nobody is left without an answer. A command
// that names no pipeline goes to those that the pull request affects: a question to all
// of them, anything else to the only one, or to none.

// Route is where the commands of a comment go, in a repository with several pipelines.
type Route struct {
	Names   []string // of the pipelines, when the comment was seen
	Decided bool     // it is known whom its commands are for
	Sends   []Send
}

// Send is what one pipeline gets of a comment.
type Send struct {
	Pipeline string
	Commands []command.Command
	Done     bool
}

// Unclear reports whether it takes the pull request to know whom a comment is for.
func (r *Request) Unclear() bool {
	return slices.ContainsFunc(r.Commands, func(c command.Command) bool {
		to, _, problem := command.RouteOf(c, r.Route.Names)
		return to == "" && problem == "" && c.Verb != command.VerbHelp
	})
}

// OwnAnswers reports whether something in the comment is answered here.
func (r *Request) OwnAnswers() bool {
	return slices.ContainsFunc(r.Answers, func(a Answer) bool { return !a.OK }) || r.AsksHelp()
}

// AsksHelp reports whether the comment asks what can be asked for: that is answered
// once, and not by each pipeline.
func (r *Request) AsksHelp() bool {
	return slices.ContainsFunc(r.Commands, func(c command.Command) bool { return c.Verb == command.VerbHelp && c.Problem == "" })
}
