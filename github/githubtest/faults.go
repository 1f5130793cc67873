package githubtest

import (
	"context"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Fault is something that goes wrong with requests to the API.
type Fault struct {
	// Match is "METHOD PATH", where each * stands for any text, or the route as
	// Request.Route has it. "" and "*" match everything.
	Match string
	Times int // how many requests it strikes; 0 is one, a negative number all of them

	Delay time.Duration // wait first, in real time; a fault with a delay alone then goes its way
	// After lets the request have its effect first: *failed but saved*.
	After  bool
	Drop   bool // close the connection without an answer
	Status int  // answer this
	Header http.Header
	Body   string

	match   matcher
	every   int           // strikes every so manieth of what matches; 0: each
	matched int           // how many matched so far
	lasts   time.Duration // from when it was injected; 0: for ever
	until   time.Time     // with lasts
}

// SecondaryLimit is the fault of exceeding GitHub's secondary limit once, with
// a Retry-After header unless that is zero.
func SecondaryLimit(match string, retryAfter time.Duration) Fault {
	f := Fault{
		Match: match, Status: http.StatusForbidden, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}},
		Body: `{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",` +
			`"documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits","status":"403"}`,
	}
	if retryAfter > 0 {
		f.Header.Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
	}
	return f
}

// Inject makes requests fail. Faults strike in the order they were injected;
// undo takes this one back.
func (s *Server) Inject(f Fault) (undo func()) {
	if f.Times == 0 {
		f.Times = 1
	}
	f.match = compile(f.Match)
	fault := &f
	s.mu.Lock()
	defer s.mu.Unlock()
	f.until = s.clock().Add(f.lasts)
	s.faults = append(s.faults, fault)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		fault.Times = 0
	}
}

// ClearFaults takes all faults back.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// takeFault uses up the first fault that matches; nil if there is none.
func (s *Server) takeFault(c *call) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.Times != 0 && (f.lasts == 0 || s.clock().Before(f.until)) && f.match(c.r.Method+" "+c.r.URL.Path, c.route.String()) {
			if f.matched++; f.every > 1 && f.matched%f.every != 0 {
				continue
			}
			f.Times--
			struck := *f
			return &struck
		}
	}
	return nil
}

// wait is false when the client did not want to wait that long.
func (f *Fault) wait(ctx context.Context) bool {
	if f.Delay <= 0 {
		return true
	}
	timer := time.NewTimer(f.Delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// strikes says whether the fault replaces the answer.
func (f *Fault) strikes() bool { return f != nil && (f.Drop || f.Status != 0) }

// strike gives the fault's answer, or none at all.
func (f *Fault) strike(w http.ResponseWriter) {
	if f.Drop {
		panic(http.ErrAbortHandler) // net/http closes the connection
	}
	for k, v := range f.Header {
		w.Header()[k] = v
	}
	w.WriteHeader(f.Status)
	_, _ = w.Write([]byte(f.Body)) // the client may be gone
}

// Request is one request that the API got.
type Request struct {
	Time         time.Time // by Options.Clock
	Method, Path string
	Query        string
	Route        string // "METHOD PATTERN" of the endpoint, "" if there is none
	Installation int64  // whose token it was, 0 if none
	Body         string
	Status       int  // of the answer; 0 if the connection was dropped
	Faulty       bool // a fault struck it
}

// Requests is the log of all requests to the API, oldest first; git's own are
// not in it.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Count tells how many requests matched so far, in the form of Fault.Match.
func (s *Server) Count(match string) int {
	matches := compile(match)
	n := 0
	for _, r := range s.Requests() {
		if matches(r.Method+" "+r.Path, r.Route) {
			n++
		}
	}
	return n
}

func (s *Server) record(c *call, status int, faulty bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := Request{
		Time: s.now(), Method: c.r.Method, Path: c.r.URL.Path, Query: c.r.URL.RawQuery, Body: string(c.body),
		Route: c.route.String(), Status: status, Faulty: faulty,
	}
	if c.install != nil {
		r.Installation = c.install.ID
	}
	s.requests = append(s.requests, r)
}

// matcher says whether a method and path, or a route, is meant.
type matcher func(request, route string) bool

// compile reads Fault.Match.
func compile(match string) matcher {
	if match == "" {
		match = "*"
	}
	pattern := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(match), `\*`, ".*") + "$")
	return func(request, route string) bool { return route == match || pattern.MatchString(request) }
}

// String names the endpoint as "METHOD PATTERN".
func (r *route) String() string {
	if r == nil {
		return ""
	}
	return r.method + " " + r.pattern
}
