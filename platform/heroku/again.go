package heroku

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// tries is how often a read is made at most, where its answer is lost or Heroku's
// router could not get one.
const tries = 3

// repeating makes reads again, so that one lost connection does not cost a decision.
// What changes something is made once: a lost answer must be known above.
type repeating struct {
	once  http.RoundTripper
	again *retryablehttp.RoundTripper
}

func repeat(next http.RoundTripper, pause func(context.Context, time.Duration) error) *repeating {
	c := retryablehttp.NewClient()
	c.Logger = nil // there is a line for each try already
	c.RetryMax, c.CheckRetry = tries-1, worthAnother
	c.Backoff = func(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return 0 } // PrepareRetry waits
	c.PrepareRetry = func(req *http.Request) error {
		failed := req.Context().Value(failedKey{}).(*int)
		*failed++
		return pause(req.Context(), between(*failed))
	}
	c.ErrorHandler = retryablehttp.PassthroughErrorHandler
	c.HTTPClient = &http.Client{
		Transport:     whole{next},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &repeating{once: next, again: &retryablehttp.RoundTripper{Client: c}}
}

// failedKey is where a request's context has how many of its tries have failed.
type failedKey struct{}

// RoundTrip sends a request, one that reads up to three times.
func (r *repeating) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		return r.once.RoundTrip(req)
	}
	resp, err := r.again.RoundTrip(req.WithContext(context.WithValue(req.Context(), failedKey{}, new(int))))
	if err != nil && resp != nil {
		_ = resp.Body.Close()
		resp = nil
	}
	return resp, err
}

// worthAnother reports whether a try was lost. What Heroku decided stands, and where it
// says how long to wait nobody knocks before.
func worthAnother(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if err != nil {
		return ctx.Err() == nil && !errors.Is(err, errTooLong), nil
	}
	switch resp.StatusCode {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return resp.Header.Get("Retry-After") == "" && ctx.Err() == nil, nil
	}
	return false, nil
}

// between is how long to wait after so many tries that failed: about 100 ms, then
// about 400, each half as long or half as long again.
func between(failed int) time.Duration {
	d := 25 * time.Millisecond << (2 * failed)
	return d/2 + rand.N(d)
}

// wait lets time pass, or returns why the request has ended meanwhile.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// whole reads an answer to its end before it counts as one: a connection can be lost
// in the middle, too.
type whole struct{ next http.RoundTripper }

// RoundTrip sends a request and reads its answer.
func (w whole) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(&body)
	return resp, nil
}
