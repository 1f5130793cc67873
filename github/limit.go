package github

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// limit keeps one identity's rate limits, and holds requests back while one is exhausted: GitHub bans clients that go
// on. See docs.github.com, "Rate limits for the REST API".
type limit struct {
	now  func() time.Time
	show func(left int) // requests that remain in this hour; called with each answer that says so

	mu    sync.Mutex
	until time.Time     // guarded by mu: no request before this
	last  bot.Allowance // guarded by mu: what the last answer said; Limit is 0 before the first
}

func newLimit(now func() time.Time, show func(left int)) *limit {
	return &limit{now: now, show: show}
}

// window is GitHub's period of a rate limit. A longer wait in an answer is a mistake.
const window = time.Hour

// leastLimit is the least hourly limit of every App, and of every installation.
const leastLimit = 5000

// limited is the error of an exhausted rate limit.
type limited struct {
	wait  time.Duration
	until time.Time
}

func (e *limited) Error() string {
	return fmt.Sprintf("GitHub's rate limit is exhausted until %s", e.until.UTC().Format("15:04:05 MST"))
}

// before refuses a request while a limit is known to be exhausted.
func (l *limit) before() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if wait := l.until.Sub(l.now()); wait > 0 {
		return &limited{wait: wait, until: l.until}
	}
	return nil
}

// after reads an answer's rate limit and removes its headers: go-github must not act on them again. An answer that
// reports an exhausted limit becomes an error.
func (l *limit) after(resp *http.Response) (*http.Response, error) {
	h, now := resp.Header, l.now()
	heard, said := parseAllowance(h, now)
	retryAfter, asked := parseRetryAfter(h.Get("Retry-After"), now)
	for _, name := range []string{"Limit", "Remaining", "Reset", "Used", "Resource"} {
		h.Del("X-RateLimit-" + name)
	}
	exhausted := said && heard.Left == 0
	refused := resp.StatusCode == http.StatusTooManyRequests ||
		resp.StatusCode == http.StatusForbidden && (asked || exhausted || saysRateLimit(resp))
	var wait time.Duration
	if exhausted {
		wait = heard.Reset.Sub(now)
	}
	switch {
	case refused && asked:
		wait = max(wait, retryAfter)
	case refused && !exhausted:
		// A secondary limit without a time: GitHub asks for a minute.
		wait = time.Minute
	case refused:
		wait = max(wait, time.Second)
	}
	until := l.learn(heard, now.Add(min(wait, window)))
	if !refused {
		return resp, nil
	}
	drain(resp)
	return nil, &limited{wait: until.Sub(now), until: until}
}

// learn stores an answer's limits, and until when to hold requests back. It returns until when they are held back;
// because of another answer that may be later.
func (l *limit) learn(heard bot.Allowance, until time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if heard.Limit > 0 {
		l.last = heard
		l.show(heard.Left)
	}
	if until.After(l.until) {
		l.until = until
	}
	return l.until
}

// allowance returns the last answer's limits, as of now. While requests are held back for any limit, nothing is left.
func (l *limit) allowance() bot.Allowance {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, a := l.now(), l.last
	if !a.Reset.After(now) {
		a.Left, a.Reset = a.Limit, time.Time{}
	}
	if l.until.After(now) {
		a = bot.Allowance{Limit: cmp.Or(a.Limit, leastLimit), Reset: l.until}
	}
	return a
}

// parseAllowance reads the hourly limit's headers. It reads no others, such as the search's. It returns false if they
// are missing.
func parseAllowance(h http.Header, now time.Time) (bot.Allowance, bool) {
	if resource := h.Get("X-RateLimit-Resource"); resource != "" && resource != "core" {
		return bot.Allowance{}, false
	}
	left, err := strconv.Atoi(h.Get("X-RateLimit-Remaining"))
	if err != nil {
		return bot.Allowance{}, false
	}
	reset, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil {
		return bot.Allowance{}, false
	}
	a := bot.Allowance{Limit: leastLimit, Left: max(left, 0), Reset: time.Unix(reset, 0)}
	if limit, err := strconv.Atoi(h.Get("X-RateLimit-Limit")); err == nil && limit > 0 {
		a.Limit = limit
	}
	if latest := now.Add(window); a.Reset.After(latest) {
		a.Reset = latest
	}
	return a, true
}

// parseRetryAfter reads seconds or a date, as HTTP allows both.
func parseRetryAfter(text string, now time.Time) (time.Duration, bool) {
	if text == "" {
		return 0, false
	}
	wait := time.Minute // present, but unreadable
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		wait = at.Sub(now)
	}
	return max(wait, time.Second), true
}

// saysRateLimit looks in a 403 for the words of a rate limit, which may be JSON or a page for people. The answer
// remains readable.
func saysRateLimit(resp *http.Response) bool {
	text := peek(resp)
	return strings.Contains(text, "rate limit") || strings.Contains(text, "rate-limit") || strings.Contains(text, "abuse detection")
}
