// Package herokutest is a stateful stand-in for the Heroku Platform API, over
// real HTTP. It remembers what it was asked to do, takes time by a clock that
// tests drive, refuses misuse, and fails in the ways that the real one fails:
// answers lost before or after their effect, HTML where JSON was expected,
// exhausted rate limits, builds that succeed into releases that do not.
//
// The state moves on lazily. Every request first brings it up to the clock's
// present: a build that was started three minutes ago and takes two has ended,
// its release was made a minute ago. Nothing here waits or ticks, but for the
// outputs of what is pending: they stay open until it ends.
//
// What it serves is the part of the API that deploys touch, which is also all
// that `heroku pipelines:promote`, `heroku releases` and `heroku rollback` of
// the real command line need. With Options.Contract every request and answer
// is held against the schema that heroku-go ships.
package herokutest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// DefaultToken is the API key that a server accepts unless told otherwise.
const DefaultToken = "herokutest-5f1c9a7e-token"

// DefaultRateLimit is how many requests an account may make in an hour, as
// Heroku documents it.
const DefaultRateLimit = 4500

// maxBody bounds what is read of a request, in bytes.
const maxBody = 1 << 20

// Options says how a server behaves. The zero value is useful.
type Options struct {
	// Clock tells the present; nil means time.Now.
	Clock func() time.Time
	// Addr is where to listen; empty means a free port of 127.0.0.1.
	Addr string
	// Token is the API key; empty means DefaultToken.
	Token string
	// RateLimit is the account's requests per hour; 0 means DefaultRateLimit.
	RateLimit int
	// SkipDownload makes builds succeed without fetching their source.
	SkipDownload bool
	// Contract checks every request and answer against heroku-go's schema;
	// ContractErrors tells what was found. It runs `go list` once.
	Contract bool
}

// Server is a running stand-in. Its methods may be called at any time.
type Server struct {
	opts     Options
	url      string
	contract *contract // nil when it is not checked
	mux      *http.ServeMux
	http     *http.Server
	client   *http.Client // fetches sources, sends webhooks

	ctx    context.Context // ends when the server closes
	cancel context.CancelFunc
	wg     sync.WaitGroup // the listener, downloads, webhook deliveries, open outputs
	driven bool           // the clock is not the machine's

	mu sync.Mutex // guards everything below, and the fields of what it holds
	account
	apps        []*App
	pipelines   []*Pipeline
	slugs       map[string]*slug
	promotions  []*promotion
	addons      []*addon
	attachments []*attachment
	forksTake   time.Duration // see ForksTake
	forkFails   bool
	blobs       map[string][]byte // uploaded sources, by id
	// ignoreSource lets promotions ignore which release they name.
	ignoreSource bool
	faults       []*Fault
	requests     []Request
	violations   []string
	ids          int
	streams      int           // outputs that are being followed
	cut          chan struct{} // closed and renewed when they are cut off
}

// New starts a server. Close it.
func New(opts Options) (*Server, error) {
	driven := opts.Clock != nil
	if !driven {
		opts.Clock = time.Now
	}
	if opts.Addr == "" {
		opts.Addr = "127.0.0.1:0"
	}
	if opts.Token == "" {
		opts.Token = DefaultToken
	}
	if opts.RateLimit == 0 {
		opts.RateLimit = DefaultRateLimit
	}
	s := &Server{
		opts:   opts,
		mux:    http.NewServeMux(),
		client: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{}},
		driven: driven,
		slugs:  map[string]*slug{},
		blobs:  map[string][]byte{},
		cut:    make(chan struct{}),
	}
	s.account = account{scope: DefaultScope, id: s.newID(), email: "deploys@example.com", tokens: float64(opts.RateLimit), refilled: opts.Clock()}
	if opts.Contract {
		c, err := loadContract()
		if err != nil {
			return nil, fmt.Errorf("read the schema of the Platform API: %w", err)
		}
		s.contract = c
	}
	ln, err := net.Listen("tcp", opts.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen for the stand-in of Heroku: %w", err)
	}
	s.url = "http://" + ln.Addr().String()
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.routes()
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	s.wg.Go(func() { s.http.Serve(ln) }) // ends with ErrServerClosed
	return s, nil
}

// URL is the API's base URL, without a slash at the end.
func (s *Server) URL() string { return s.url }

// Token is the API key that the server accepts.
func (s *Server) Token() string { return s.opts.Token }

// Close stops the server and waits for everything it started.
func (s *Server) Close() {
	s.mu.Lock()
	s.cancel() // from here on nothing is started any more
	s.mu.Unlock()
	s.http.Close()
	s.wg.Wait()
	s.client.CloseIdleConnections()
}

// Request is one request as the server saw it.
type Request struct {
	Time   time.Time // by the server's clock
	Method string
	Path   string
	Query  url.Values
	Header http.Header // without Authorization
	Body   []byte
	Status int // what was answered; 0 if the connection was dropped
	Fault  bool
	// Authorized says that the request carried an API key, right or wrong.
	Authorized bool
}

// String is the request's line and what was answered.
func (r Request) String() string { return fmt.Sprintf("%s %s -> %d", r.Method, r.Path, r.Status) }

// Requests lists what was asked so far, oldest first, the output streams and
// faults included.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// APIRequests lists the requests that count for the account's rate limit: not
// those for outputs, sources and the apps themselves.
func (s *Server) APIRequests() []Request {
	return slices.DeleteFunc(s.Requests(), func(r Request) bool {
		return besideAPI(r.Path) || r.Path == "/account/rate-limits"
	})
}

// start runs something that Close waits for, unless the server is closed. The
// caller holds s.mu.
func (s *Server) start(f func()) {
	if s.ctx.Err() == nil {
		s.wg.Go(f)
	}
}

// ContractErrors tells what contradicted the published schema or the rules of
// the API (a token sent to an output stream, a path that does not exist), once
// each and oldest first. Empty means that both sides behaved.
func (s *Server) ContractErrors() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.violations...)
}

// call is one request on its way through a handler, which holds s.mu.
type call struct {
	r    *http.Request
	body []byte
	now  time.Time
}

// decode reads the request's JSON into v.
func (c *call) decode(v any) error {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return nil
	}
	if err := json.Unmarshal(c.body, v); err != nil {
		return &apiError{status: 400, id: "bad_request", message: "The request body could not be read: " + err.Error()}
	}
	return nil
}

// handle serves a pattern of the API: with a token, a rate limit, and the state
// brought up to date.
func (s *Server) handle(pattern string, h func(*call) (any, error)) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // ServeHTTP replaced it by a buffer
		s.lockSettled()
		defer s.mu.Unlock()
		now := s.opts.Clock()
		if err := s.authorize(r); err != nil {
			writeError(w, err)
			return
		}
		if err := s.spend(now, r); err != nil {
			w.Header().Set("RateLimit-Remaining", "0")
			writeError(w, err)
			return
		}
		w.Header().Set("RateLimit-Remaining", strconv.Itoa(s.remaining()))
		w.Header().Set("Oauth-Scope", s.scope)
		if err := s.scoped(r); err != nil {
			writeError(w, err)
			return
		}
		v, err := h(&call{r: r, body: body, now: now})
		if err != nil {
			writeError(w, err)
			return
		}
		writeAnswer(w, r, v)
	})
}

// authorize wants the token as a bearer or as a basic password, and version 3
// of the API.
func (s *Server) authorize(r *http.Request) error {
	token := ""
	if _, password, ok := r.BasicAuth(); ok {
		token = password
	} else if after, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		token = after
	}
	if token != s.opts.Token {
		return &apiError{status: 401, id: "unauthorized", message: "Invalid credentials provided."}
	}
	if !strings.Contains(r.Header.Get("Accept"), "application/vnd.heroku+json; version=3") {
		return &apiError{status: 404, id: "not_found", message: "The requested API endpoint was not found. Did you specify your intended version with the `Accept` header?"}
	}
	return nil
}

// ServeHTTP records the request, lets injected faults happen, and answers.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		writeError(w, &apiError{status: 413, id: "bad_request", message: "The request is too large."})
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	header := maps.Clone(r.Header)
	header.Del("Authorization")
	entry := Request{
		Time: s.opts.Clock(), Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(),
		Header: header, Body: body, Authorized: r.Header.Get("Authorization") != "",
	}
	rec := &recorder{header: http.Header{}, status: http.StatusOK}
	fault := s.takeFault(r)
	entry.Fault = fault != nil
	dropped := false
	if fault != nil {
		dropped = s.suffer(fault, rec, r)
	} else {
		s.serve(rec, r)
	}
	s.mu.Lock()
	if !dropped {
		entry.Status = rec.status
	}
	s.requests = append(s.requests, entry)
	if s.contract != nil && fault == nil {
		for _, v := range s.contract.check(r, body, rec) {
			s.violate(v)
		}
	}
	s.mu.Unlock()
	if dropped {
		panic(http.ErrAbortHandler)
	}
	rec.writeTo(w)
	if rec.rest != nil {
		rec.rest(w)
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if _, pattern := s.mux.Handler(r); pattern == "" {
		s.mu.Lock()
		s.violate(fmt.Sprintf("%s %s: there is no such endpoint", r.Method, r.URL.Path))
		s.mu.Unlock()
		writeError(w, &apiError{status: 404, id: "not_found", message: "The requested API endpoint was not found. Are you using the right HTTP verb (i.e. `GET` vs. `POST`)?"})
		return
	}
	s.mux.ServeHTTP(w, r)
}

// violate records a breach of contract once. The caller holds s.mu.
func (s *Server) violate(what string) {
	for _, v := range s.violations {
		if v == what {
			return
		}
	}
	s.violations = append(s.violations, what)
}

// newID makes the next id: a UUID by its form, a number by its nature, so that
// runs can be repeated. The caller holds s.mu, or nobody else knows s.
func (s *Server) newID() string {
	s.ids++
	return fmt.Sprintf("%08x-4e57-4000-8000-%012x", s.ids*0x9e3779b1&0xffffffff, s.ids)
}

// apiError is an answer of the form {id, message, url}.
type apiError struct {
	status   int
	id       string
	message  string
	resource string
}

func (e *apiError) Error() string { return e.message }

func notFound(resource, name string) error {
	return &apiError{status: 404, id: "not_found", resource: resource, message: fmt.Sprintf("Couldn't find that %s.", strings.ReplaceAll(resource, "_", " "))}
}

func invalid(format string, args ...any) error {
	return &apiError{status: 422, id: "invalid_params", message: fmt.Sprintf(format, args...)}
}

func forbidden() error {
	return &apiError{status: 403, id: "forbidden", message: "You do not have access to the app."}
}

func writeError(w http.ResponseWriter, err error) {
	var e *apiError
	if !errors.As(err, &e) {
		e = &apiError{status: 500, id: "internal_server_error", message: err.Error()}
	}
	body := map[string]any{"id": e.id, "message": e.message, "url": "https://devcenter.heroku.com/articles/platform-api-reference#error-responses"}
	if e.resource != "" {
		body["resource"] = e.resource
	}
	writeJSON(w, e.status, body)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

// recorder holds an answer back until it is known whether it may arrive.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
	rest   func(http.ResponseWriter) // sends what is not there yet; nil if nothing
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

func (r *recorder) writeTo(w http.ResponseWriter) {
	maps.Copy(w.Header(), r.header)
	w.WriteHeader(r.status)
	w.Write(r.body.Bytes())
}
