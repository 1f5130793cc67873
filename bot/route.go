package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"
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
	Commands []Command
	Done     bool
}

// answerAnywayAfter is how long a pipeline is given to find out whether a pull request
// affects it, while somebody waits who named no pipeline.
const answerAnywayAfter = 10 * time.Second

// commandsRouted takes in the commands of a comment that are for this pipeline.
func (s *State) commandsRouted(f CommandsRouted, at time.Time) {
	if slices.ContainsFunc(s.Requests, func(r Request) bool { return r.Comment == f.ID }) {
		return
	}
	r := s.request(f.Commented, f.Commands, at)
	r.Seen = true // by the one that handed it on
	s.Requests = append(slices.Clone(s.Requests), r)
	s.receiveOutsiders(at)
}

// route takes a comment of a repository with several pipelines through its
// steps: people see that it was read, it is found out whom it is for, those get
// it, and what is for nobody is answered here.
func (d *decision) route(r *Request) {
	if r.Actor == nil && !d.s.member(r) {
		d.want(actorKey(r), ReadRights{Comment: r.Comment, People: []Person{{r.User, r.UserID}}})
		return
	}
	if !r.Route.Decided {
		d.want(routeKey(r), AskAffected{
			Number: r.Number, Names: r.Route.Names, Deadline: !d.now.Before(r.At.Add(answerAnywayAfter)) || !r.unclear(),
		})
		return
	}
	for _, send := range r.Route.Sends {
		if !send.Done {
			d.want(addressKey(r, send.Pipeline), RouteCommands{Pipeline: send.Pipeline, Commands: CommandsRouted{
				Commented: Commented{ID: r.Comment, Number: r.Number, User: r.User, UserID: r.UserID, At: r.WrittenAt}, Commands: send.Commands,
			}})
		}
	}
	if !r.ownAnswers() {
		return
	}
	if _, known := d.s.Pulls[r.Number]; !known {
		d.want(pullOfKey(r), ReadPullRequest{Number: r.Number}) // the answer stands there
	}
	if r.asksHelp() && !r.Replied {
		d.want(replyKey(r), Reply{
			Number: r.Number, Comment: r.Comment, Replace: d.s.Pulls[r.Number].Answer, Body: helpText + "\n\n" + multiHelp(r.Route.Names),
		})
		return
	}
	if r.Seen {
		d.want(closeKey(r), React{Comment: r.Comment, Content: r.reaction()})
	}
}

func multiHelp(names []string) string {
	first := code(names[0])
	return fmt.Sprintf("This repository has several pipelines: %s. A command names the one that it is for, as in `/promote %s:STAGE`, "+
		"`/lock %s: REASON` or `/status %s`. Without a name it is for the one that the pull request affects.",
		text(strings.Join(names, ", ")), first, first, first)
}

// unclear reports whether it takes the pull request to know whom a comment is for.
func (r *Request) unclear() bool {
	return slices.ContainsFunc(r.Commands, func(c Command) bool {
		to, _, problem := routeOf(c, r.Route.Names)
		return to == "" && problem == "" && c.Verb != VerbHelp
	})
}

// ownAnswers reports whether something in the comment is answered here.
func (r *Request) ownAnswers() bool {
	return slices.ContainsFunc(r.Answers, func(a Answer) bool { return !a.OK }) || r.asksHelp()
}

// asksHelp reports whether the comment asks what can be asked for: that is answered
// once, and not by each pipeline.
func (r *Request) asksHelp() bool {
	return slices.ContainsFunc(r.Commands, func(c Command) bool { return c.Verb == VerbHelp && c.Problem == "" })
}

// routeOf is the pipeline that a command names, and the command as it is
// without that name; empty if it names none. The problem says what is wrong with
// the name, or with a command that nobody can understand.
func routeOf(c Command, names []string) (pipeline string, rest Command, problem string) {
	words := strings.Fields(c.Text)
	if len(words) < 2 {
		return "", c, c.Problem
	}
	name, stage, colon := strings.Cut(words[1], ":")
	whole := c.Verb == VerbStatus || c.Verb == VerbPlan || c.Verb == VerbCancel // these take no stage
	switch {
	case !colon && !whole, name == "":
		return "", c, c.Problem
	case !slices.Contains(verbs, c.Verb):
		return "", c, c.Problem
	}
	found := resolve(name, names)
	if found.name == "" { // also after /lock: a reason that begins so would lock another pipeline
		return "", c, found.problem("pipeline")
	}
	line := words[0]
	if stage != "" {
		line += " " + stage
	}
	rest, _ = parseCommand(strings.Join(append([]string{line}, words[2:]...), " "), "")
	rest.Written = c.Text
	return found.name, rest, ""
}

// affectedAnswered decides whom the comments on a pull request are for.
func (s *State) affectedAnswered(do AskAffected, f Finished) {
	if f.Outcome != Done && f.Outcome != Refuse {
		return
	}
	affected := do.Names
	if fact, ok := f.Fact.(PipelinesAffected); ok {
		affected = fact.Names
	}
	for _, r := range s.Requests {
		if r.Route != nil && !r.Route.Decided && r.Number == do.Number {
			s.editRequest(r.Comment, func(r *Request) { r.decide(affected) })
		}
	}
}

// decide finds out for each command whom it is for. What is for somebody else has
// an answer without words here.
func (r *Request) decide(affected []string) {
	route := *r.Route
	route.Decided, route.Sends = true, nil
	for _, c := range r.Commands {
		to, rest, problem := routeOf(c, route.Names)
		answer := Answer{OK: true}
		switch {
		case problem != "":
			answer = refuse("%s", problem)
		case c.Verb == VerbHelp:
		case to != "":
			route.send(to, rest)
		case len(affected) == 1, c.Verb.Asks() && len(affected) > 0:
			for _, name := range affected {
				route.send(name, rest)
			}
		case len(affected) == 0:
			answer = refuse("this pull request affects none of the pipelines %s; name one, as in %s", strings.Join(route.Names, ", "), example(c, route.Names[0]))
		default:
			answer = refuse("this pull request affects the pipelines %s; name one, as in %s", strings.Join(affected, ", "), example(c, affected[0]))
		}
		r.Answers = append(r.Answers, answer)
	}
	r.Route = &route
}

func (r *Route) send(name string, c Command) {
	i := slices.IndexFunc(r.Sends, func(s Send) bool { return s.Pipeline == name })
	if i < 0 {
		r.Sends = append(r.Sends, Send{Pipeline: name})
		i = len(r.Sends) - 1
	}
	r.Sends[i].Commands = append(r.Sends[i].Commands, c)
}

// example is a command with the name of a pipeline.
func example(c Command, pipeline string) string {
	words := strings.Fields(c.Text)
	switch c.Verb {
	case VerbStatus, VerbPlan, VerbCancel:
		return words[0] + " " + pipeline
	case VerbLock:
		return words[0] + " " + pipeline + ":" + c.Stage
	}
	if len(words) > 1 && c.Stage == words[1] {
		return words[0] + " " + pipeline + ":" + strings.Join(words[1:], " ")
	}
	return strings.TrimSpace(words[0] + " " + pipeline + ": " + strings.Join(words[1:], " "))
}

// routed notes that a pipeline has its part of a comment.
func (s *State) routed(do RouteCommands, f Finished) {
	if f.Outcome != Done && f.Outcome != Refuse {
		return
	}
	s.editRequest(do.Commands.ID, func(r *Request) {
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

// closeRouted closes comments that others answer.
func (s *State) closeRouted() {
	for _, r := range s.Requests {
		if r.Route == nil || r.Closed != "" || !r.Seen || !r.Route.Decided || r.ownAnswers() ||
			slices.ContainsFunc(r.Route.Sends, func(send Send) bool { return !send.Done }) {
			continue
		}
		s.editRequest(r.Comment, func(r *Request) { r.Closed = "handed on" })
	}
	s.forgetRequests()
}

// answersIn reports whether a comment on a pull request has an answer of the
// pipeline that hands comments on.
func (s *State) answersIn(number int) bool {
	return slices.ContainsFunc(s.Requests, func(r Request) bool {
		return r.Route != nil && r.Number == number && slices.ContainsFunc(r.Answers, func(a Answer) bool { return a.Text != "" })
	})
}
