package heroku

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// hourly is how many requests an account may make in an hour, all its tokens
// together, as Heroku documents it. The allowance is refilled steadily, by 75 a
// minute.
const hourly = 4500

// limitPause is how long to wait when the rate limit is exhausted and Heroku
// does not say how long.
const limitPause = time.Minute

// limits remembers what Heroku last said about the account's rate limit.
type limits struct {
	mu    sync.Mutex // guards all below
	limit int        // 0: as documented
	left  int
	at    time.Time // when left was told; zero: never
	until time.Time // Heroku refuses requests until then
}

// note takes the status and the header of an answer and returns the requests
// left, -1 if it does not say.
func (l *limits) note(status int, h http.Header, now time.Time) int {
	left, err := strconv.Atoi(h.Get("RateLimit-Remaining"))
	if err != nil || left < 0 {
		left = -1
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if status == http.StatusTooManyRequests {
		l.left, l.at, l.until = 0, now, now.Add(limitPauseOf(h))
		return left
	}
	if left >= 0 {
		l.left, l.at, l.until = left, now, time.Time{}
		l.limit = max(l.limit, left) // some accounts have more
	}
	return left
}

// limitPauseOf is how long a refusal by the rate limit asks to wait.
func limitPauseOf(h http.Header) time.Duration {
	if after := retryAfter(h); after > 0 {
		return after
	}
	return limitPause
}

// Allowance is what is left of the account's requests, by Heroku's last answer
// and what was refilled since. Reset is zero, because the allowance is refilled
// steadily. Before the first answer all of it is taken to be left, and after a
// refusal none of it for as long as Heroku asked to wait.
func (h *Heroku) Allowance() bot.Allowance {
	now := h.clock()
	l := &h.limits
	l.mu.Lock()
	defer l.mu.Unlock()
	a := bot.Allowance{Limit: max(l.limit, hourly)}
	switch {
	case l.at.IsZero():
		a.Left = a.Limit
	case now.Before(l.until):
		a.Left = 0
	default:
		refilled := int(float64(a.Limit) * max(now.Sub(l.at), 0).Hours())
		a.Left = min(a.Limit, l.left+refilled)
	}
	return a
}
