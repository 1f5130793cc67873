package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"syscall"
	"testing"
)

// balancer is what stands before several instances: it hands each request to the
// next one that takes its connection. If that one dies before it answers, so
// does the balancer, with 502.
type balancer struct {
	url       string
	instances []*instance
	next      atomic.Int64
}

func newBalancer(tb testing.TB, instances []*instance) *balancer {
	tb.Helper()
	b := &balancer{instances: instances}
	server := httptest.NewServer(b)
	tb.Cleanup(server.Close)
	b.url = server.URL
	return b
}

func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	var answer *http.Response
	for range b.instances {
		to := b.instances[int(b.next.Add(1))%len(b.instances)]
		var on *http.Request
		if on, err = http.NewRequestWithContext(r.Context(), r.Method, to.url()+r.URL.Path, bytes.NewReader(body)); err != nil {
			break
		}
		on.Header = r.Header.Clone()
		if answer, err = http.DefaultTransport.RoundTrip(on); !errors.Is(err, syscall.ECONNREFUSED) {
			break
		}
	}
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, answer.Body) // GitHub may be gone
}
