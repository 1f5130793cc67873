package github

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// limit keeps what GitHub says of one identity's rate limits, and holds
// requests back while one is exhausted: whoever goes on asking is banned.
// See docs.github.com, "Rate limits for the REST API".
type limit struct {
	now   func() time.Time
	gauge prometheus.Gauge // requests that remain in this hour

	mu    sync.Mutex
	until time.Time // guarded by mu: no request before this
}

func newLimit(now func() time.Time, gauge prometheus.Gauge) *limit {
	return &limit{now: now, gauge: gauge}
}

// limited says that a rate limit is exhausted.
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

// after learns from an answer, and takes the headers about limits out of it: go-github
// must not act on them a second time. An answer that says that a limit is
// exhausted becomes an error.
func (l *limit) after(resp *http.Response) (*http.Response, error) {
	h := resp.Header
	exhausted, wait := false, time.Duration(0)
	if resource := h.Get("X-RateLimit-Resource"); resource == "" || resource == "core" {
		if left, err := strconv.Atoi(h.Get("X-RateLimit-Remaining")); err == nil {
			l.gauge.Set(float64(left))
			if reset, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64); err == nil && left <= 0 {
				exhausted, wait = true, time.Unix(reset, 0).Sub(l.now())
			}
		}
	}
	retryAfter, said := parseRetryAfter(h.Get("Retry-After"), l.now())
	refused := resp.StatusCode == http.StatusTooManyRequests ||
		resp.StatusCode == http.StatusForbidden && (said || exhausted || saysRateLimit(resp))
	for _, name := range []string{"Limit", "Remaining", "Reset", "Used", "Resource"} {
		h.Del("X-RateLimit-" + name)
	}
	switch {
	case refused && said:
		wait = retryAfter
	case refused && !exhausted:
		// A secondary limit that does not say how long: GitHub asks for a minute.
		wait = time.Minute
	case refused:
		wait = max(wait, time.Second)
	case !exhausted || wait <= 0:
		return resp, nil
	}
	wait = min(wait, time.Hour) // windows are an hour long: more is a mistake
	l.mu.Lock()
	until := l.now().Add(wait)
	if until.After(l.until) {
		l.until = until
	}
	l.mu.Unlock()
	if !refused {
		return resp, nil
	}
	drain(resp)
	return nil, &limited{wait: wait, until: until}
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

// saysRateLimit looks into a 403 for the words of a rate limit, which may be
// JSON or a page for people. The answer can still be read afterwards.
func saysRateLimit(resp *http.Response) bool {
	start, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // what cannot be read fails again for whoever reads on
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(start), resp.Body), resp.Body}
	text := strings.ToLower(string(start))
	return strings.Contains(text, "rate limit") || strings.Contains(text, "rate-limit") || strings.Contains(text, "abuse detection")
}
