package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// In a repository with several pipelines a command may name the one that it is
// for: `/promote api:production`, `/lock api: REASON`, `/status api`. The pipeline
// without a name hears every comment and hands each command on to whom it is for,
// so that nobody answers twice and nobody is left without an answer. A command
// that names no pipeline goes to those that the pull request concerns: a question
// to all of them, anything else to the only one, or to none.

// Route is how a comment of a repository with several pipelines is handed on.
type Route struct {
	Names   []string // of the pipelines, when the comment was heard of
	Decided bool     // it is known whom its commands are for
	Sends   []Send
}

// Send is what one pipeline gets of a comment.
type Send struct {
	Pipeline string
	Commands []Command
	Done     bool
}

// hasty is how long a pipeline is given to find out whether a pull request
// concerns it, while somebody waits who named no pipeline.
const hasty = 10 * time.Second

// addressedTo takes in the commands of a comment that are for this pipeline.
func (s *State) addressedTo(f Addressed, at time.Time) {
	if slices.ContainsFunc(s.Requests, func(r Request) bool { return r.Comment == f.ID }) {
		return
	}
	r := s.request(f.Commented, f.Commands, at)
	r.Seen = true // by the one that handed it on
	s.Requests = append(slices.Clone(s.Requests), r)
	s.receiveVisitors(at)
}

// handOn takes a comment of a repository with several pipelines through its
// steps: people see that it was read, it is found out whom it is for, those get
// it, and what is for nobody is answered here.
func (d *decision) handOn(r *Request) {
	if r.Commander == nil && !d.s.member(r) {
		d.want(commanderKey(r), ReadRights{Comment: r.Comment, People: []Person{{r.User, r.UserID}}})
		return
	}
	if !r.Route.Decided {
		d.want(routeKey(r), AskConcern{
			Number: r.Number, Names: r.Route.Names, Hasty: !d.now.Before(r.At.Add(hasty)) || !r.unclear(),
		})
		return
	}
	for _, send := range r.Route.Sends {
		if !send.Done {
			d.want(addressKey(r, send.Pipeline), Address{Pipeline: send.Pipeline, Addressed: Addressed{
				Commented: Commented{ID: r.Comment, Number: r.Number, User: r.User, UserID: r.UserID, At: r.SaidAt}, Commands: send.Commands,
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
			Number: r.Number, Comment: r.Comment, Replace: d.s.Pulls[r.Number].Answer, Body: helpText + "\n\n" + severalHelp(r.Route.Names),
		})
		return
	}
	if r.Seen {
		d.want(closeKey(r), React{Comment: r.Comment, Content: r.reaction()})
	}
}

func severalHelp(names []string) string {
	first := code(names[0])
	return fmt.Sprintf("This repository has several pipelines: %s. A command names the one that it is for, as in `/promote %s:STAGE`, "+
		"`/lock %s: REASON` or `/status %s`. Without a name it is for the one that the pull request concerns.",
		text(strings.Join(names, ", ")), first, first, first)
}

// unclear reports whether it takes the pull request to know whom a comment is for.
func (r *Request) unclear() bool {
	return slices.ContainsFunc(r.Commands, func(c Command) bool {
		to, _, problem := addressee(c, r.Route.Names)
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

// addressee is the pipeline that a command names, and the command as it is
// without that name; empty if it names none. The problem says what is wrong with
// the name, or with a command that nobody can understand.
func addressee(c Command, names []string) (pipeline string, rest Command, problem string) {
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

// concernsRead decides whom the comments on a pull request are for.
func (s *State) concernsRead(do AskConcern, f Finished) {
	if f.Outcome != Done && f.Outcome != Refuse {
		return
	}
	concerned := do.Names
	if fact, ok := f.Fact.(Concerns); ok {
		concerned = fact.Names
	}
	for _, r := range s.Requests {
		if r.Route != nil && !r.Route.Decided && r.Number == do.Number {
			s.editRequest(r.Comment, func(r *Request) { r.decide(concerned) })
		}
	}
}

// decide finds out for each command whom it is for. What is for somebody else has
// an answer without words here.
func (r *Request) decide(concerned []string) {
	route := *r.Route
	route.Decided, route.Sends = true, nil
	for _, c := range r.Commands {
		to, rest, problem := addressee(c, route.Names)
		answer := Answer{OK: true}
		switch {
		case problem != "":
			answer = refuse("%s", problem)
		case c.Verb == VerbHelp:
		case to != "":
			route.send(to, rest)
		case len(concerned) == 1, c.Verb.Asks() && len(concerned) > 0:
			for _, name := range concerned {
				route.send(name, rest)
			}
		case len(concerned) == 0:
			answer = refuse("this pull request concerns none of the pipelines %s; name one, as in %s", strings.Join(route.Names, ", "), example(c, route.Names[0]))
		default:
			answer = refuse("this pull request concerns the pipelines %s; name one, as in %s", strings.Join(concerned, ", "), example(c, concerned[0]))
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

// handedOn notes that a pipeline has its part of a comment.
func (s *State) handedOn(do Address, f Finished) {
	if f.Outcome != Done && f.Outcome != Refuse {
		return
	}
	s.editRequest(do.Addressed.ID, func(r *Request) {
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

// closeHandedOn closes comments that others answer.
func (s *State) closeHandedOn() {
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
