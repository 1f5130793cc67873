package github

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// tries bounds how often a request is made if its answer is lost, or something between us and GitHub fails.
const tries = 3

// repeating repeats repeatable requests, so that one lost connection does not cost a decision: those that read, that
// delete, and that request a token. It repeats none that create or edit. Such a repetition knows only its own success:
// the lost request may still overwrite the next one, and the caller must know that.
type repeating struct {
	once  http.RoundTripper
	again *retryablehttp.RoundTripper
}

func repeat(next http.RoundTripper, pause func(context.Context, time.Duration) error) *repeating {
	c := retryablehttp.NewClient()
	c.Logger = nil // wire logs each try
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

// failedKey is the context key for the number of a request's failed tries.
type failedKey struct{}

// RoundTrip sends a request, up to three times.
func (r *repeating) RoundTrip(req *http.Request) (*http.Response, error) {
	switch {
	case req.Method == http.MethodGet, req.Method == http.MethodHead, req.Method == http.MethodDelete,
		req.Method == http.MethodPost && strings.HasSuffix(req.URL.Path, "/access_tokens"): // an unused token expires
		resp, err := r.again.RoundTrip(req.WithContext(context.WithValue(req.Context(), failedKey{}, new(int))))
		if err != nil && resp != nil {
			_ = resp.Body.Close()
			resp = nil
		}
		return resp, err
	}
	return r.once.RoundTrip(req)
}

// worthAnother reports whether a try was lost. A decision of GitHub is final. If GitHub says how long to wait, or a
// limit is exhausted, there is no try before.
func worthAnother(ctx context.Context, resp *http.Response, err error) (bool, error) {
	var exhausted *limited
	switch {
	case err == nil:
		switch resp.StatusCode {
		case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return resp.Header.Get("Retry-After") == "" && ctx.Err() == nil, nil
		}
		return false, nil
	case ctx.Err() != nil, errors.As(err, &exhausted), errors.Is(err, errTooLarge):
		return false, nil
	}
	return true, nil
}

// between returns the pause after so many failed tries: about 100 ms, then about 400, each ± 50 %. So many clients do
// not retry at once.
func between(failed int) time.Duration {
	d := 25 * time.Millisecond << (2 * failed)
	return d/2 + rand.N(d)
}

// whole reads an answer to its end before it counts: a connection can also be lost in the middle.
type whole struct{ next http.RoundTripper }

// RoundTrip sends a request and reads its answer.
func (w whole) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	if n := resp.ContentLength; n > 0 && n <= maxAnswer {
		body.Grow(int(n) + bytes.MinRead)
	}
	if _, err := body.ReadFrom(resp.Body); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(&body)
	return resp, nil
}
