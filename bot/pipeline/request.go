package pipeline

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
)

// Request is a comment with commands, from the moment it is seen until all are answered.
//
// A command that came another way, as a [bot.Asked], is one, too: Comment is its ID, below zero, and Number the pull
// request that its commit came from.
type Request struct {
	Comment    int64
	Number     int      // of the pull request; 0: none
	Via        bot.Via  // the way it came; empty: it is a comment
	Shown      *bot.Pin // what its author was shown; nil: nothing
	User       string
	UserID     int64     // 0: unknown
	At         time.Time // when it was seen
	WrittenAt  time.Time // by GitHub's clock
	Commands   []command.Command
	Actor      *bot.ActorRead   // nil: its author was not read yet
	Answers    []Answer         // one for each command that was run, in order
	HeadMoved  bool             // the pull request got another head after the comment was written
	MakersRead string           // the pull request's head when its author was seen to have write, while it waits to be run; empty: it does not
	Seen       bool             // people see that it was read
	Changes    *bot.ChangesRead // what the pull request would bring, if that was asked for
	Replied    bool             // its questions are answered
	Closed     string           // the reaction that closed it; empty: it is open
	Admitted   bool             // its author is known to be an outsider, and it is answered
	Silent     bool             // its author has had the hour's answers: a reaction closes it, or nothing does
	Stale      bool             // it is unknown whether it was run long ago
	Kept       bool             // the store remembers it after this state has forgotten it
	Route      *Route           // it is routed to others; nil: its commands are for this pipeline
}

// Answer is the result of one command.
type Answer struct {
	Text string // for people, one or two sentences
	OK   bool
	// Open says that the result is still to come: of a promotion of SHA at Stage.
	Open       bool
	Stage, SHA string
	Rollback   bool // of the stage; SHA is empty
}

// Membership is what the comment's author may do.
func (r *Request) Membership() bot.Membership {
	return bot.Membership{Person: bot.Person{Login: r.User, ID: r.UserID}, Role: r.Actor.Role, Teams: r.Actor.Teams}
}

// Reactions on a comment: it was read, everything was done, something was not.
const (
	ReactionSeen = "eyes"
	reactionDone = "rocket"
	ReactionNot  = "-1"
)

// Asks reports whether the comment has a question that gets a comment of its own.
func (r *Request) Asks() bool {
	return !r.Stale && slices.ContainsFunc(r.Commands, func(c command.Command) bool { return c.Problem == "" && c.Verb.Asks() })
}

func (r *Request) Reaction() string {
	if slices.ContainsFunc(r.Answers, func(a Answer) bool { return !a.OK }) {
		return ReactionNot
	}
	return reactionDone
}
