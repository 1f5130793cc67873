package apply

import (
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/release"
	"github.com/headstart-cd/headstart/bot/steer"
)

// commandsRouted folds the commands of a comment that are for this pipeline.
func commandsRouted(s *pipeline.State, f bot.CommandsRouted, at time.Time) {
	if slices.ContainsFunc(s.Requests, func(r pipeline.Request) bool { return r.Comment == f.ID }) {
		return
	}
	r := request(s, f.Commented, f.Commands, at)
	r.Seen = true // the pipeline that handed it on has reacted
	s.Requests = append(slices.Clone(s.Requests), r)
	receiveOutsiders(s, at)
}

// affectedAnswered decides which pipelines the comments on a pull request are for.
func affectedAnswered(s *pipeline.State, do bot.AskAffected, f bot.Finished) {
	if f.Outcome != bot.Done && f.Outcome != bot.Refuse {
		return
	}
	affected := do.Names
	if fact, ok := f.Fact.(bot.PipelinesAffected); ok {
		affected = fact.Names
	}
	for _, r := range s.Requests {
		if r.Route != nil && !r.Route.Decided && r.Number == do.Number {
			release.EditRequest(s, r.Comment, func(r *pipeline.Request) { decide(r, affected) })
		}
	}
}

// decide finds out which pipeline each command is for. A command for another pipeline has an empty answer here.
func decide(r *pipeline.Request, affected []string) {
	route := *r.Route
	route.Decided, route.Sends = true, nil
	for _, c := range r.Commands {
		to, rest, problem := command.RouteOf(c, route.Names)
		answer := pipeline.Answer{OK: true}
		switch {
		case problem != "":
			answer = steer.Refuse("%s", problem)
		case c.Verb == command.VerbHelp:
		case to != "":
			send(&route, to, rest)
		case len(affected) == 1, c.Verb.Asks() && len(affected) > 0:
			for _, name := range affected {
				send(&route, name, rest)
			}
		case len(affected) == 0:
			answer = steer.Refuse("this pull request affects none of the pipelines %s; name one, as in %s", strings.Join(route.Names, ", "), command.Example(c, route.Names[0]))
		default:
			answer = steer.Refuse("this pull request affects the pipelines %s; name one, as in %s", strings.Join(affected, ", "), command.Example(c, affected[0]))
		}
		r.Answers = append(r.Answers, answer)
	}
	r.Route = &route
}

func send(r *pipeline.Route, name string, c command.Command) {
	i := slices.IndexFunc(r.Sends, func(s pipeline.Send) bool { return s.Pipeline == name })
	if i < 0 {
		r.Sends = append(r.Sends, pipeline.Send{Pipeline: name})
		i = len(r.Sends) - 1
	}
	r.Sends[i].Commands = append(r.Sends[i].Commands, c)
}

// routed notes that a pipeline has got its part of a comment.
func routed(s *pipeline.State, do bot.RouteCommands, f bot.Finished) {
	if f.Outcome != bot.Done && f.Outcome != bot.Refuse {
		return
	}
	release.EditRequest(s, do.Commands.ID, func(r *pipeline.Request) {
		if r.Route == nil {
			return
		}
		route := *r.Route
		route.Sends = slices.Clone(route.Sends)
		for i := range route.Sends {
			if route.Sends[i].Pipeline == do.Pipeline {
				route.Sends[i].Done = true
			}
		}
		r.Route = &route
	})
}

// closeRouted closes comments that only other pipelines answer.
func closeRouted(s *pipeline.State) {
	for _, r := range s.Requests {
		if r.Route == nil || r.Closed != "" || !r.Seen || !r.Route.Decided || r.OwnAnswers() ||
			slices.ContainsFunc(r.Route.Sends, func(send pipeline.Send) bool { return !send.Done }) {
			continue
		}
		release.EditRequest(s, r.Comment, func(r *pipeline.Request) { r.Closed = "handed on" })
	}
	forgetRequests(s)
}
