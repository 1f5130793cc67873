package pipeline

import (
	"fmt"
	"hash/fnv"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/words"
)

// PendingEffect is an effect that is under way, or waits to be tried again.
type PendingEffect struct {
	Underway  bool // somebody is performing it
	Attempt   int
	Since     time.Time // of the first attempt
	LostAt    time.Time // of the newest attempt whose answer was lost
	LastAt    time.Time // of the newest attempt
	NotBefore time.Time // of the next attempt, while not Underway
	Unsure    bool
	Reason    string // why the last attempt was not it
	Limit     bool   // a rate limit was why
}

// MaxBackoff bounds the time between two attempts at first; an effect that has
// failed for minutes is tried less often.
const (
	firstBackoff = 500 * time.Millisecond
	MaxBackoff   = 14 * time.Second
	slowBackoff  = 2 * time.Minute
	ManyAttempts = 25
)

// Backoff is how long to wait after the given attempt (1 for the first) of what
// is named by key: it doubles from half a second, is spread by a fifth either
// way so that many pipelines do not knock at once, and stays under 15 seconds
// for the first minutes.
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

// Beginning returns an effect as it is performed now, by what is known at this
// moment: a reading that waited for its turn takes in what has moved since it was
// decided on. What s has seen must have been seen before the first request.
func (s State) Beginning(e bot.Effect) bot.Effect {
	if do, ok := e.Do.(bot.ReadChecks); ok {
		if c := s.Candidate(do.SHA); c != nil {
			do.Seen = c.Reports.Hints
			e.Do = do
		}
	}
	return e
}

// AttemptOf reports whether the effect is an attempt of this pending one, rather than of an
// earlier one with the same key.
func AttemptOf(e bot.Effect, f PendingEffect) bool { return e.Since.Equal(f.Since) }

// Underway reports whether an attempt of an effect is the one that is under way: it was
// not given up, and its outcome is not recorded.
func (s State) Underway(e bot.Effect) bool {
	f, ok := s.Pending[e.Key]
	return ok && f.Underway && f.Attempt == e.Attempt && AttemptOf(e, f)
}

// Deployment finds the deployment of a promotion; nil if there is none.
func (c *Candidate) Deployment(stage string, promotion int) *Deployment {
	for i := range c.Deployments {
		if d := &c.Deployments[i]; d.Stage == stage && d.Promotion == promotion {
			return d
		}
	}
	return nil
}

// Overtime turns an attempt that did not settle the effect into a refusal, once
// the effect's time is over.
func Overtime(f bot.Finished, pending PendingEffect, at time.Time) bot.Finished {
	limit := bot.TraitsOf(f.Effect.Do).Deadline
	if f.Outcome != bot.Retry && f.Outcome != bot.Unsure || at.Sub(pending.Since) < limit {
		return f
	}
	return bot.Finished{Effect: f.Effect, Outcome: bot.Refuse, Reason: fmt.Sprintf("given up after %s%s", words.Hours(limit), words.Because(f.Reason)), Fault: true}
}

// What GitHub refuses to show people, it may take later: a permission is granted, a
// conversation unlocked, a commit known at last. As long as it is still true it is said
// again, with pauses that grow, and not for ever: each try costs a request.

// Refusal is how often something was refused, and when to try it again.
type Refusal struct {
	Refusals int       // in a row, of one and the same text
	RetryAt  time.Time // when to say it once more; zero: not
}
