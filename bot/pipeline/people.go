package pipeline

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// ghost is github.com's account for everybody who deleted theirs.
const ghost = 10137

// known reports whether an account's owner is known.
func known(a bot.Account) bool { return a.ID != 0 && a.ID != ghost && a.Login != "ghost" }

// PeopleSeen is the last reading of who made the commits between two others.
type PeopleSeen struct {
	bot.PeopleRead
	At      time.Time // when it was decided on
	Refused string    // why GitHub does not answer; empty: it does
}
