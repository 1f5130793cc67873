package github

import (
	"github.com/headstart-cd/headstart/bot"
)

// mayStillLand keeps something from being created again while a request whose answer was lost may still create it.
func mayStillLand(e bot.Effect, what string) error {
	left := bot.GitHubDoubt - e.At.Sub(e.LostAt)
	if !e.Unsure || left <= 0 {
		return nil
	}
	return &bot.Retryable{Reason: "the answer was lost; looking whether " + what + " was made", After: left}
}
