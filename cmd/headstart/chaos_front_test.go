package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"
)

// front is what one instance takes for GitHub or for Heroku. It passes every
// request on, knows when it arrived, and can lie in wait for one: then the
// instance is killed while it waits for the answer.
type front struct {
	url    string
	to     http.Handler
	server *http.Server
	late   sync.WaitGroup // requests that come true later

	mu       sync.Mutex
	arrivals []arrival // guarded by mu, oldest first
	ambush   *ambush   // guarded by mu; nil: none
}

// arrival is one request.
type arrival struct {
	at     time.Time
	method string
	path   string
	body   string
	lost   fate // what became of it; empty: it was answered
}

// fate is what becomes of a request whose sender dies while it waits.
type fate string

const (
	neverMade fate = "never made" // the stand-in never sees it
	made      fate = "made"       // it takes effect before the sender dies
	madeLater fate = "made later" // it takes effect when the sender's successor is at work
)

// ambush waits for a request that changes something.
type ambush struct {
	fate   fate
	after  time.Duration // that the request comes true, with madeLater
	sprung chan struct{} // closed when such a request has arrived
	dead   chan struct{} // closed by whoever killed the sender, or gave up
}

func listen(tb testing.TB) net.Listener {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

func newFront(tb testing.TB, to http.Handler) *front {
	tb.Helper()
	l := listen(tb)
	f := &front{url: "http://" + l.Addr().String(), to: to}
	f.server = &http.Server{Handler: f}
	var served sync.WaitGroup
	served.Go(func() { _ = f.server.Serve(l) }) // it always ends with an error
	tb.Cleanup(func() {
		f.server.Close()
		served.Wait()
		f.late.Wait()
	})
	return f
}

// ServeHTTP passes a request on, unless an ambush waits for it.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the sender died while it sent
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	a := f.arrived(r, string(body))
	if a == nil {
		f.to.ServeHTTP(w, r)
		return
	}
	// The sender dies; the request, if it goes on, does so without it.
	r = r.WithContext(context.WithoutCancel(r.Context()))
	if a.fate == made {
		f.to.ServeHTTP(httptest.NewRecorder(), r)
	}
	close(a.sprung)
	<-a.dead
	if a.fate == madeLater {
		f.late.Go(func() {
			<-time.After(a.after)
			f.to.ServeHTTP(httptest.NewRecorder(), r)
		})
	}
	panic(http.ErrAbortHandler)
}

// arrived writes a request down and returns the ambush that it falls into; nil
// if there is none.
func (f *front) arrived(r *http.Request, body string) *ambush {
	f.mu.Lock()
	defer f.mu.Unlock() // held from here on, so that the list is in the order of time
	seen := arrival{at: time.Now(), method: r.Method, path: r.URL.Path, body: body}
	a := f.ambush
	if a == nil || !changes(r.Method, r.URL.Path) {
		f.arrivals = append(f.arrivals, seen)
		return nil
	}
	f.ambush = nil
	seen.lost = a.fate
	f.arrivals = append(f.arrivals, seen)
	return a
}

// changes reports whether a request makes something that must be made once or
// told to the end. Tokens may be made as often as one likes.
func changes(method, path string) bool {
	return method != http.MethodGet && !strings.HasSuffix(path, "/access_tokens")
}

// layInWait sets the ambush for the next request; nil takes it away.
func (f *front) layInWait(a *ambush) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ambush = a
}

// since lists what arrived from a time on, oldest first.
func (f *front) since(t time.Time) []arrival {
	f.mu.Lock()
	defer f.mu.Unlock()
	first := sort.Search(len(f.arrivals), func(n int) bool { return !f.arrivals[n].at.Before(t) })
	return slices.Clone(f.arrivals[first:])
}
