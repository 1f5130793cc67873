package github

import (
	"github.com/headstart-cd/headstart/bot"
)

// mayStillLand keeps something from being made once more before a request whose
// answer was lost can make it no more.
func mayStillLand(e bot.Effect, what string) error {
	left := bot.GitHubDoubt - e.At.Sub(e.LostAt)
	if !e.Unsure || left <= 0 {
		return nil
	}
	return &bot.Retryable{Reason: "the answer was lost; looking whether " + what + " was made", After: left}
}
