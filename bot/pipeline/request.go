package pipeline

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
)

// Request is a comment that asks for something, from the moment it is seen
// until everything in it is answered.
type Request struct {
	Comment    int64
	Number     int // of the pull request
	User       string
	UserID     int64     // 0: not known
	At         time.Time // when it was seen
	WrittenAt  time.Time // by GitHub's clock
	Commands   []command.Command
	Actor      *bot.ActorRead   // nil: who that is has not been read yet
	Answers    []Answer         // one for each command that was run, in their order
	HeadMoved  bool             // the pull request got another head since the comment was written
	MakersRead string           // the pull request's head when it was seen that the author may write, where it waits to be run; empty: it does not
	Seen       bool             // people see that it was read
	Changes    *bot.ChangesRead // what the pull request would bring, where it was asked for
	Replied    bool             // its questions are answered
	Closed     string           // the reaction that closed it; empty: not closed
	Admitted   bool             // its author is known to be a outsider, and it is answered
	Silent     bool             // its author has had the answers of the hour: a reaction closes it, or nothing does
	Stale      bool             // nobody knows whether it was obeyed long ago
	Kept       bool             // the store remembers it when this does not any more
	Route      *Route           // it is routed to others; nil: its commands are this pipeline's
}

// Answer is what became of one command.
type Answer struct {
	Text string // for people, one or two sentences
	OK   bool
	// Open says that the result is still to come: a promotion of SHA at Stage.
	Open       bool
	Stage, SHA string
	Rollback   bool // of the stage; SHA is empty
}

// Membership is what its author may do.
func (r *Request) Membership() bot.Membership {
	return bot.Membership{Person: bot.Person{Login: r.User, ID: r.UserID}, Role: r.Actor.Role, Teams: r.Actor.Teams}
}

// The reactions on a comment: it was read, everything in it was done, something
// was not.
const (
	ReactionSeen = "eyes"
	reactionDone = "rocket"
	ReactionNot  = "-1"
)

// Asks reports whether the comment has a question that is answered in a comment
// of its own.
func (r *Request) Asks() bool {
	return !r.Stale && slices.ContainsFunc(r.Commands, func(c command.Command) bool { return c.Problem == "" && c.Verb.Asks() })
}

func (r *Request) Reaction() string {
	if slices.ContainsFunc(r.Answers, func(a Answer) bool { return !a.OK }) {
		return ReactionNot
	}
	return reactionDone
}
