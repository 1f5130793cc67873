package github

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// doubt is how long a request whose answer was lost may still take effect: GitHub
// ends what takes longer than ten seconds (docs.github.com, "Troubleshooting the
// REST API", timeouts), and it may have been on its way for some.
const doubt = 15 * time.Second

// stillDoubtful keeps something from being made once more before a request whose
// answer was lost can make it no more.
func stillDoubtful(e bot.Effect, what string) error {
	left := doubt - e.At.Sub(e.LostAt)
	if !e.Unsure || left <= 0 {
		return nil
	}
	return &bot.Retryable{Reason: "the answer was lost; looking whether " + what + " was made", After: left}
}
