package bot

import "time"

// Commands that do not come as comments: by a button of a page, or by the API. They run as comments' commands do, with
// the same words and the same rights, asked of GitHub at that moment. What differs is that they are about what their
// author was shown.

// Asked is a command of a person that did not come as a comment.
type Asked struct {
	// ID is chosen by the sender for one command, however often it is sent. It is below zero, so it is never the number
	// of a comment; see Request.Comment.
	ID      int64
	Via     Via
	User    string // login
	UserID  int64  // 0: unknown
	Command string // one line, as in a comment
	Seen    *Pin   // what the author was shown; nil: nothing
	At      time.Time
}

// Via is the way by which a command came.
type Via string

// The ways of commands. The zero value is a comment.
const (
	ViaPage Via = "page"
	ViaAPI  Via = "api"
)

// Pin is what a command depends on, as its author was shown it. If it has moved by the time the command runs, the
// command is refused.
type Pin struct {
	Stage     string    // empty: none, and so are all but Candidate, Built and Standing
	Live      string    // the commit that the stage runs; empty: none
	Promotion int       // the number of the stage's newest promotion
	Locked    time.Time // when the stage was locked; zero: it is not
	Back      string    // the commit that a rollback goes back to; empty: none
	Candidate string    // the commit that the command names; empty: none
	Built     string    // its artifact; empty: it is not built
	Standing  string    // its progress at the stage; empty: it has not entered
}

func (Asked) fact() {}
