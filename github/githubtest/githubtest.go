// Package githubtest is a stand-in for GitHub: one server on loopback that
// remembers what it was told, keeps real git repositories on disk, answers the
// REST endpoints that Headstart uses, sends signed webhooks, and refuses misuse
// the way GitHub does. Tests of every room talk to it over real HTTP, and
// `headstart demo` runs on it.
//
// # How to use it
//
//	gh, err := githubtest.New(githubtest.Options{Clock: clock.Now})
//	defer gh.Close()
//	shop, err := gh.CreateRepo("acme/shop", githubtest.RepoOptions{})
//	gh.SetWebhook(bot.URL+"/webhooks/github", "s3cret") // from now on events are sent
//	first, err := shop.Commit("main", map[string]string{"Procfile": "web: ./shop\n"})
//	run, err := shop.CheckRun(first.SHA, "ci/test")     // queued
//	err = run.Complete("success")                       // check_run, then check_suite
//	err = gh.Flush(ctx)                                 // every event has been delivered
//
// A client needs four things: [Server.URL] as the API's base (it is the root,
// unless [Options.Enterprise] asks for /api/v3), [Server.AppID], [Server.PrivateKeyPEM] and
// [Server.InstallationID] of an account. With go-github, set BaseURL directly
// to URL()+"/"; with ghinstallation, set BaseURL to URL() without the slash.
//
// The methods of [Server], [Repo], [PullRequest], [CheckRun] and so on are what
// people, CI and git do on GitHub: they change the state and emit the webhooks
// that GitHub would. What the App does goes over HTTP.
//
//   - Time is Options.Clock; nothing in the state reads another clock. Tokens
//     and JWTs alone follow Options.AuthClock, because the libraries that sign
//     and cache them read the machine's clock.
//   - Events are delivered by one goroutine, in order. [Server.OnDelivery]
//     decides the fate of each: deliver, duplicate, hold, lose.
//   - [Server.Inject] makes requests fail, wait, or lose their connection
//     before or after the effect. [Server.Requests] is the log of them all.
//   - [Options.Contract] checks every request and answer against GitHub's own
//     OpenAPI description; package contract beside this one makes it.
//   - `git clone` and `git push` work at URL()/OWNER/NAME.git.
//
// The git binary must be installed: 2.38 or newer for pull requests.
package githubtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Options say what kind of GitHub to start. The zero value is a good one.
type Options struct {
	Dir   string           // git repositories live below it; a temporary folder, removed by Close, if empty
	Addr  string           // listen address, 127.0.0.1:0 if empty
	Clock func() time.Time // time.Now if nil
	// AuthClock is what JWTs are checked against and what tokens expire by;
	// time.Now if nil.
	AuthClock func() time.Time

	Slug        string            // the App's, "headstart" if empty; it comments as SLUG[bot]
	Permissions map[string]string // the App's, DefaultPermissions() if nil
	// Events that the App subscribes to; nil means all of them. installation
	// events and ping are always sent.
	Events []string
	// HookTimeout is how long a webhook may take to be answered; 10 s if zero,
	// as on GitHub.
	HookTimeout time.Duration
	// MergeableReads is how often a pull request that changed answers
	// `mergeable: null` before the test merge is computed. GitHub computes in
	// the background, so the default is 1; a negative number means never null.
	MergeableReads int
	// EnforceSecondaryLimits refuses with 403 and Retry-After what exceeds 80
	// content-creating requests a minute or 500 an hour, or 900 points a minute
	// (a read is 1, a write 5), per installation and by Clock.
	EnforceSecondaryLimits bool
	// Unsigned leaves merges without GitHub's signature, as a server does that was not
	// told to sign.
	Unsigned bool

	// Pages serves small pages of repositories, commits and pull requests to browsers
	// that are signed in. False: their addresses answer 404.
	Pages bool

	// Enterprise has the API at /api/v3 and the pages beside it, and limits no rates, as
	// GitHub Enterprise Server does.
	Enterprise bool

	Contract Contract // checks requests and answers; nil checks nothing
}

// DefaultPermissions are the least that Headstart needs, and members:read,
// without which no team can be looked into.
func DefaultPermissions() map[string]string {
	return map[string]string{
		"metadata": "read", "contents": "read", "checks": "read", "statuses": "write", "deployments": "write",
		"pull_requests": "write", "issues": "write", "merge_queues": "read", "members": "read",
	}
}

// Server is GitHub.
type Server struct {
	opts    Options
	clock   func() time.Time
	dir     string
	ownDir  bool // dir is temporary
	git     git
	url     string // of the pages
	api     string
	http    *http.Server
	routes  []route
	served  chan struct{} // closed when the HTTP server has ended
	context context.Context
	stop    context.CancelFunc

	mu            sync.Mutex // guards everything below, and what hangs below it
	app           app
	lastID        int64
	accounts      map[string]*account // by lower-case login
	installations []*Installation
	repos         map[string]*Repo // by lower-case full name
	moved         map[string]*Repo // by lower-case full names that they had before
	teams         map[string]map[string]teamMember
	tokens        map[string]*token
	issued        []Issued
	archives      map[string]archiveTicket
	manifests     map[string]bool    // codes of App manifests that were not converted yet
	callbacks     []string           // where people may be sent back to once they have signed in
	browser       string             // who signs in next; empty: the page asks
	tickets       map[string]*ticket // by what their links end in
	grants        map[string]grant
	userTokens    map[string]userToken
	hooks         hooks
	faults        []*Fault
	lag           Lag
	tokenDelay    time.Duration
	tokenStatus   int
	requests      []Request
	violations    []error // of the contract
}

// New starts a stand-in. Close it when done.
func New(opts Options) (*Server, error) {
	s := &Server{
		opts: opts, clock: opts.Clock, dir: opts.Dir,
		lastID:   3_000_000_000, // GitHub's identifiers no longer fit 32 bits
		accounts: map[string]*account{}, repos: map[string]*Repo{}, moved: map[string]*Repo{}, teams: map[string]map[string]teamMember{},
		tokens: map[string]*token{}, archives: map[string]archiveTicket{}, manifests: map[string]bool{},
		tickets: map[string]*ticket{}, grants: map[string]grant{}, userTokens: map[string]userToken{},
		served: make(chan struct{}),
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.opts.AuthClock == nil {
		s.opts.AuthClock = time.Now
	}
	if s.opts.Slug == "" {
		s.opts.Slug = "headstart"
	}
	if s.opts.Permissions == nil {
		s.opts.Permissions = DefaultPermissions()
	}
	if s.opts.HookTimeout == 0 {
		s.opts.HookTimeout = 10 * time.Second
	}
	if s.opts.MergeableReads == 0 {
		s.opts.MergeableReads = 1
	}
	if opts.Addr == "" {
		opts.Addr = "127.0.0.1:0"
	}
	var err error
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "githubtest-"); err != nil {
			return nil, fmt.Errorf("make a folder for the repositories: %w", err)
		}
		s.ownDir = true
	}
	if s.dir, err = filepath.Abs(s.dir); err != nil {
		return nil, fmt.Errorf("find the folder for the repositories: %w", err)
	}
	s.context, s.stop = context.WithCancel(context.Background())
	if s.git, err = newGit(s.context, s.dir); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	if s.app, err = newApp(s.opts.Slug); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	listener, err := net.Listen("tcp", opts.Addr)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen for GitHub's API: %w", err), s.remove())
	}
	s.url = "http://" + listener.Addr().String()
	if s.api = s.url; opts.Enterprise {
		s.api += enterprisePath
	}
	s.routes = s.allRoutes()
	s.http = &http.Server{
		Handler: s, ReadHeaderTimeout: 30 * time.Second, BaseContext: func(net.Listener) context.Context { return s.context },
	}
	go func() {
		defer close(s.served)
		_ = s.http.Serve(listener) // it always ends with an error: ErrServerClosed, once Close is called
	}()
	s.startDelivering()
	return s, nil
}

// Close stops the server, gives up what is undelivered, and removes the folder
// if it was a temporary one. Requests that are under way get a second to end.
func (s *Server) Close() error {
	s.stop()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	<-s.served
	<-s.hooks.ended
	return errors.Join(err, s.remove())
}

func (s *Server) remove() error {
	s.stop()
	if !s.ownDir {
		return nil
	}
	return os.RemoveAll(s.dir)
}

// URL is where the API is, without a slash at its end. The pages and the repositories are
// there, too, unless [Options.Enterprise] says otherwise.
func (s *Server) URL() string { return s.api }

// PagesURL is where the pages and the repositories are, without a slash at its end.
func (s *Server) PagesURL() string { return s.url }

// now is the state's time, in whole seconds and UTC as GitHub tells it.
func (s *Server) now() time.Time { return s.clock().UTC().Truncate(time.Second) }

// nextID gives out identifiers, one series for everything. The caller holds mu.
func (s *Server) nextID() int64 {
	s.lastID++
	return s.lastID
}
