package pipeline

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// ghost is github.com's account for everybody who deleted theirs.
const ghost = 10137

// known reports whether it is known whose account it is.
func known(a bot.Account) bool { return a.ID != 0 && a.ID != ghost && a.Login != "ghost" }

// PeopleSeen is the last reading of who made what lies between two commits.
type PeopleSeen struct {
	bot.PeopleRead
	At      time.Time // when it was decided on
	Refused string    // why GitHub does not tell; empty: it does
}
