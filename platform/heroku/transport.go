package heroku

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// How long a request may take. Heroku's own router gives up after 30 s, and
// for something that changes the world its answer is worth waiting for: it may
// tell what otherwise would stay unknown.
const (
	readTimeout  = 20 * time.Second
	writeTimeout = 35 * time.Second
)

// maxAnswer bounds the body of an answer, in bytes. A page of releases has
// about 30 KB.
const maxAnswer = 1 << 20

var errTooLong = fmt.Errorf("the answer is longer than %d bytes", maxAnswer)

// exchange is what heroku-go does not tell about a request and its answer.
type exchange struct {
	sent   atomic.Bool // the request's headers were written; it may have had its effect
	status int         // 0: there was no answer
	header http.Header
}

type exchangeKey struct{}

// newTransport makes the transport for the API. HTTP/1.1 keeps it simple to
// know whether a request left.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: writeTimeout,
		IdleConnTimeout:       60 * time.Second,
		MaxIdleConnsPerHost:   64, // when many pipelines move at once, none waits for a handshake
	}
}

// recording is the transport below heroku-go's: it notes what was answered in
// the exchange of the request's context, and bounds the body.
type recording struct {
	next   http.RoundTripper
	log    *zap.Logger
	limits *limits
	scope  *scope
	asked  func()
	clock  func() time.Time
	clean  func(string) string
}

func (t *recording) RoundTrip(req *http.Request) (*http.Response, error) {
	ex, ok := req.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return nil, errors.New("a request to Heroku was made without an exchange")
	}
	ex.status, ex.header = 0, nil // those of an earlier try
	trace := &httptrace.ClientTrace{WroteHeaders: func() { ex.sent.Store(true) }}
	began := time.Now()
	t.asked()
	resp, err := t.next.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	if err != nil {
		t.log.Debug("heroku did not answer", zap.String("method", req.Method), zap.String("path", req.URL.Path),
			zap.Duration("took", time.Since(began)), zap.String("error", t.clean(err.Error())))
		return nil, err
	}
	ex.status, ex.header = resp.StatusCode, resp.Header.Clone()
	t.scope.note(resp.Header)
	left := t.limits.note(resp.StatusCode, resp.Header, t.clock())
	t.log.Debug("heroku answered", zap.String("method", req.Method), zap.String("path", req.URL.Path),
		zap.Int("status", resp.StatusCode), zap.Duration("took", time.Since(began)), zap.Int("remaining", left))
	if warning := resp.Header.Get("X-Heroku-Warning"); warning != "" {
		t.log.Warn("heroku warns", zap.String("warning", t.clean(warning)))
		resp.Header.Del("X-Heroku-Warning") // heroku-go would print it to the standard logger
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, left: maxAnswer}
	return resp, nil
}

// boundedBody fails when a body is longer than allowed, in place of ending as
// if it were complete.
type boundedBody struct {
	io.ReadCloser
	left int
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// do makes one call of heroku-go: with an exchange and a timeout, and with an
// error of one of the kinds that bot knows.
func (h *Heroku) do(ctx context.Context, op operation, call func(context.Context) error) error {
	if err := op.check(); err != nil {
		return err
	}
	ex := &exchange{}
	timeout := readTimeout
	if op.changes {
		timeout = writeTimeout
	}
	err := ctx.Err()
	if err == nil {
		limited, cancel := context.WithTimeout(context.WithValue(ctx, exchangeKey{}, ex), timeout)
		err = call(limited)
		cancel()
	}
	if err == nil {
		return nil
	}
	return h.classify(op, ex, err)
}
