package apply

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/release"
)

// asked folds a command that did not come as a comment. A known one changes nothing.
func asked(s *pipeline.State, f bot.Asked, at time.Time) {
	commands := command.ParseCommands(f.Command)
	known := slices.ContainsFunc(s.Requests, func(r pipeline.Request) bool { return r.Comment == f.ID })
	if known || len(commands) != 1 || f.ID >= 0 || f.Via == "" {
		return
	}
	if name := s.Pipeline.Name; name != "" {
		if to, rest, _ := command.RouteOf(commands[0], []string{name}); to != "" {
			commands[0] = rest
		}
	}
	r := request(s, bot.Commented{ID: f.ID, User: f.User, UserID: f.UserID, At: f.At}, commands, at)
	r.Via, r.Shown = f.Via, f.Seen
	r.Seen, r.Replied = true, true // there is no comment to react to, nor a pull request for an answer to a question
	if sha := commands[0].SHA; sha != "" && commands[0].Verb != command.VerbRollback {
		about := pipeline.Subject{State: s, Request: &pipeline.Request{Actor: &bot.ActorRead{}}, Command: commands[0]}
		if c, _ := about.Named(); c != nil {
			r.Number = c.Pull // its comment shows the answer
		}
	}
	s.Requests = append(slices.Clone(s.Requests), r)
}

// closeAsked closes the commands that did not come as comments once all is answered.
func closeAsked(s *pipeline.State) {
	for _, r := range s.Requests {
		if r.Via == "" || r.Closed != "" || r.Actor == nil || slices.ContainsFunc(r.Answers, func(a pipeline.Answer) bool { return a.Open }) {
			continue
		}
		release.EditRequest(s, r.Comment, func(r *pipeline.Request) { r.Closed = "answered" })
	}
	forgetRequests(s)
}
