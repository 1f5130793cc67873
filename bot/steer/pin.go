package steer

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// pinned says what has moved since the author of a command was shown what it depends on; empty: nothing, or nothing was
// shown. /lock and /cancel only close, and are always obeyed.
func (x Execution) pinned() string {
	if x.Request.Shown == nil || x.Command.Verb == command.VerbLock || x.Command.Verb == command.VerbCancel {
		return ""
	}
	return pipeline.MovedSince(*x.Request.Shown, x.Pin(x.At))
}

// Try says what a command would do now, if its author had every right, and what it depends on. It changes nothing. A
// command that is no command of one line has a Problem for an answer.
func Try(s *pipeline.State, f bot.Asked, at time.Time) (pipeline.Answer, bot.Pin) {
	commands := command.ParseCommands(f.Command)
	if len(commands) != 1 {
		return Refuse("%q is no command; /help says which there are", f.Command), bot.Pin{}
	}
	trial := s.Clone()
	at = bot.Later(at, s.At) // another instance's clock may be ahead
	r := &pipeline.Request{
		Comment: f.ID, Via: f.Via, User: f.User, UserID: f.UserID, At: at, WrittenAt: at, Commands: commands,
		Actor: &bot.ActorRead{Comment: f.ID, Role: bot.RoleAdmin},
	}
	x := Execution{Subject: pipeline.Subject{State: &trial, Request: r, Command: commands[0]}, View: gate.NewView(&trial, at), At: at}
	pin := x.Pin(at)
	return x.Run(), pin
}
