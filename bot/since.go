package bot

import "time"

// promptly is how soon after a push, by GitHub's clock, its webhook counts as the
// push itself. GitHub's push time has whole seconds, and is up to one too early.
const promptly = 2 * time.Second

// Pushed is when the candidate was pushed, by the bot's clock: whatever is told of
// the time since the push is counted from here. It is when the push was seen; for
// a push that was seen late, as after a lost webhook, it is what GitHub says.
// Nothing that happens to the candidate comes before it.
func (c *Candidate) Pushed() time.Time {
	if c.SeenAt.Sub(c.PushedAt) < promptly {
		return c.SeenAt
	}
	return c.PushedAt
}

// sincePush says how long after its push something happened to a candidate.
func (c *Candidate) sincePush(at time.Time) string { return took(c.Pushed(), at) }
