package github

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// maxAnswer bounds one answer, in bytes. A page of a hundred check runs with their outputs can have 13 MB.
const maxAnswer = 32 << 20

var errTooLarge = errors.New("the answer is larger than 32 MB")

// wire is the lowest layer of every request: one for all sessions, over one pool of connections.
type wire struct {
	next    http.RoundTripper
	base    *url.URL
	metrics *metrics
	log     *zap.Logger
	clocks  *clocks
	asked   func()
}

// progress notes how far a request got. It is in the request's context.
type progress struct {
	begun  atomic.Bool // it reached the wire
	traced atomic.Bool // the transport reports how far it gets
	sent   atomic.Bool // its headers were written
}

// neverSent reports whether a failed request certainly never reached GitHub. With a transport that does not report, it
// counts as sent.
func (p *progress) neverSent() bool {
	return !p.begun.Load() || p.traced.Load() && !p.sent.Load()
}

type progressKey struct{}

func withProgress(ctx context.Context, p *progress) context.Context {
	return context.WithValue(ctx, progressKey{}, p)
}

// RoundTrip sends a complete request.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	if p, _ := req.Context().Value(progressKey{}).(*progress); p != nil {
		// An earlier request of the same call with an answer, a redirect or a 401, had no effect.
		p.begun.Store(true)
		p.sent.Store(false)
		req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
			GetConn:      func(string) { p.traced.Store(true) },
			WroteHeaders: func() { p.sent.Store(true) },
		}))
	}
	endpoint, start, sent := endpointOf(w.base, req), time.Now(), w.clocks.now()
	w.asked()
	resp, err := w.next.RoundTrip(req)
	took, status := time.Since(start), "error"
	if err == nil {
		status = strconv.Itoa(resp.StatusCode)
		w.clocks.take(sent, resp.Header.Get("Date"))
		resp.Body = &bounded{ReadCloser: resp.Body, left: maxAnswer}
	}
	w.metrics.requests.WithLabelValues(endpoint, status).Inc()
	w.metrics.seconds.WithLabelValues(endpoint).Observe(took.Seconds())
	if w.log.Core().Enabled(zap.DebugLevel) {
		w.log.Debug("asked GitHub", zap.String("endpoint", endpoint), zap.String("path", line(req.URL.Path, 300)),
			zap.String("status", status), zap.Duration("took", took))
	}
	return resp, err
}

// bounded ends an answer that is too large with an error.
type bounded struct {
	io.ReadCloser
	left int64
}

func (b *bounded) Read(into []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLarge
	}
	if int64(len(into)) > b.left {
		into = into[:b.left]
	}
	n, err := b.ReadCloser.Read(into)
	b.left -= int64(n)
	return n, err
}
