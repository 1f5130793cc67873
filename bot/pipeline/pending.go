package pipeline

import (
	"fmt"
	"hash/fnv"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
)

// PendingEffect is an effect that is under way, or waits for its next attempt.
type PendingEffect struct {
	Underway  bool // it is being performed
	Attempt   int
	Since     time.Time // of the first attempt
	LostAt    time.Time // of the newest attempt whose answer was lost
	LastAt    time.Time // of the newest attempt
	NotBefore time.Time // of the next attempt, while not Underway
	Unsure    bool
	Reason    string // why the last attempt did not succeed
	Limit     bool   // because of a rate limit
}

// MaxBackoff bounds the pause between two attempts at first. An effect that has failed for
// minutes is tried less often.
const (
	firstBackoff = 500 * time.Millisecond
	MaxBackoff   = 14 * time.Second
	slowBackoff  = 2 * time.Minute
	ManyAttempts = 25
)

// Backoff is the pause after the given attempt (1 for the first) of what key names. It
// doubles from half a second, and stays under 15 seconds for the first minutes. It is
// spread by ±20 %, so that many pipelines do not retry at once.
func Backoff(key string, attempt int) time.Duration {
	d := firstBackoff
	for i := 1; i < attempt && d < MaxBackoff; i++ {
		d *= 2
	}
	d = min(d, MaxBackoff*5/6)
	if attempt > ManyAttempts {
		d = slowBackoff
	}
	h := fnv.New32a()
	h.Write([]byte(key))
	h.Write([]byte{byte(attempt)})
	spread := int64(h.Sum32()%401) - 200 // thousandths
	return d + d*time.Duration(spread)/1000
}

// Beginning returns an effect as it is performed now: a reading that waited covers
// everything that moved since it was decided. What s has seen must have been seen before
// the first request.
func (s State) Beginning(e bot.Effect) bot.Effect {
	if do, ok := e.Do.(bot.ReadChecks); ok {
		if c := s.Candidate(do.SHA); c != nil {
			do.Seen = c.Reports.Hints
			e.Do = do
		}
	}
	return e
}

// AttemptOf reports whether the effect is an attempt of this pending one, not of an
// earlier one with the same key.
func AttemptOf(e bot.Effect, f PendingEffect) bool { return e.Since.Equal(f.Since) }

// Underway reports whether this attempt of an effect is under way: not given up, and
// without a recorded outcome.
func (s State) Underway(e bot.Effect) bool {
	f, ok := s.Pending[e.Key]
	return ok && f.Underway && f.Attempt == e.Attempt && AttemptOf(e, f)
}

// Deployment finds the deployment of a promotion; nil: there is none.
func (c *Candidate) Deployment(stage string, promotion int) *Deployment {
	for i := range c.Deployments {
		if d := &c.Deployments[i]; d.Stage == stage && d.Promotion == promotion {
			return d
		}
	}
	return nil
}

// Overtime turns an unsuccessful attempt into a refusal once the effect's time is over.
func Overtime(f bot.Finished, pending PendingEffect, at time.Time) bot.Finished {
	limit := bot.TraitsOf(f.Effect.Do).Deadline
	if f.Outcome != bot.Retry && f.Outcome != bot.Unsure || at.Sub(pending.Since) < limit {
		return f
	}
	return bot.Finished{Effect: f.Effect, Outcome: bot.Refuse, Reason: fmt.Sprintf("given up after %s%s", words.Hours(limit), words.Because(f.Reason)), Fault: true}
}

// GitHub may later accept what it refuses to publish now: a permission is granted, a
// conversation unlocked, a commit known. As long as it is still true it is tried again,
// with growing pauses, but not forever: each attempt costs a request.

// Refusal counts refusals of one text, and says when to try again.
type Refusal struct {
	Refusals int       // in a row, of the same text
	RetryAt  time.Time // when to try again; zero: never
}
