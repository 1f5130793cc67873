// Package github reads from and publishes to GitHub. It publishes commit statuses, deployments and comments. It reads
// checks, required checks, pull requests, the pipeline's file and tarballs. It uses REST only, through go-github, as an
// installation of the GitHub App.
//
// # How an answer becomes an outcome
//
// [Client.Perform] performs one effect and returns one fact, or one of bot's three kinds of error. The kind depends on
// whether the request was a write, and how far it got:
//
//	                               a read       a write
//	rate limit (403, 429)          Retryable    Retryable, with the time to wait
//	403, 404, 410, 422             Refused      Refused
//	401, tried again               Refused      Refused
//	5xx, HTML, unreadable answer   Retryable    Unknown
//	the connection or time ended   Retryable    Unknown, Retryable if nothing was sent
//
// # The layers of a request
//
//	ask         describes it, and turns its error into one of the three kinds
//	go-github   paths, JSON, pagination
//	session     one per repository: its token; with others of the installation, how many at once
//	repeating   repeats a read whose answer was lost, up to three times
//	charged     one try: charged to the rate limit, and not made while that is exhausted
//	wire        one for all: bounds answers, counts, notes whether anything was sent
//
// go-github has rate limit logic of its own: it reads the machine's clock, overlooks 429 and can block a client for an
// hour. The session hides the rate limit's headers from it, so that only limit handles them.
package github

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	gh "github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/redact"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// Options describe the App, and where GitHub is.
type Options struct {
	AppID      int64  // the App's number, not its client ID
	PrivateKey []byte // PEM, or PEM in base64
	URL        string // of the API; empty: https://api.github.com
	Pages      string // where people find Headstart's pages, as in https://headstart.example.com; empty: nowhere

	// ParseConfig parses a repository's file into its pipelines by name; a single pipeline has none. The first line of
	// its error is shown to people and should contain the position.
	ParseConfig func(repo bot.Repo, file []byte) (map[string]bot.Config, error)

	// Events are those whose lost deliveries FailedDeliveries lists; nil: all.
	Events []string

	// Named is called with a repository's name for each new token, nearly always the name it was requested for; nil:
	// not called.
	Named func(ctx context.Context, installation, id int64, name bot.Repo)

	// Asked is called before each request, from any goroutine; nil: not called.
	Asked func()

	Logger    *zap.Logger           // nil: silence
	Metrics   prometheus.Registerer // nil: metrics are kept but not shown
	Transport http.RoundTripper     // nil: one with timeouts and a pool of its own
	Timeout   time.Duration         // of one request from its token to its answer's end; 0: 20 s
	Now       func() time.Time      // nil: time.Now
	// Pause waits before a request is repeated, or returns why the request has ended meanwhile; nil: real time.
	Pause func(context.Context, time.Duration) error
}

// Client accesses GitHub. It is safe for concurrent use, and lives as long as the process: it keeps a token per
// repository, and the rate limit per installation.
type Client struct {
	appID int64
	key   *rsa.PrivateKey
	base  *url.URL // with a trailing slash
	pages string   // without one; empty: there are none
	parse func(bot.Repo, []byte) (map[string]bot.Config, error)

	events  []string // nil: all
	log     *zap.Logger
	metrics *metrics
	timeout time.Duration
	now     func() time.Time
	pause   func(context.Context, time.Duration) error
	named   func(ctx context.Context, installation, id int64, name bot.Repo) // nil: nobody
	wire    *wire
	app     *conn // as the App itself, not as an installation

	trees      remembered[bot.SourceRead] // by the SHA of a tree
	attributes remembered[attributes]     // by the SHA of a .gitattributes

	mu       sync.Mutex
	accounts map[int64]*account // guarded by mu; by installation
	conns    map[scope]*conn    // guarded by mu: recently used
	before   map[scope]*conn    // guarded by mu: last used before conns was begun
}

// conn is one identity on GitHub: an installation with a token for one repository, or the App.
type conn struct {
	api *gh.Client
	// bare is for the one endpoint whose redirect is the answer.
	bare    *http.Client
	limit   *limit
	session *session
}

// New returns a client. It does not call GitHub; [Client.App] does, and proves that the credentials work.
func New(o Options) (*Client, error) {
	if o.AppID <= 0 {
		return nil, fmt.Errorf("the GitHub App's ID is %d: set GITHUB_APP_ID to the number that the App's settings page shows as \"App ID\"", o.AppID)
	}
	key, err := parseKey(o.PrivateKey)
	if err != nil {
		return nil, err
	}
	base, err := parseBase(o.URL)
	if err != nil {
		return nil, err
	}
	if o.ParseConfig == nil {
		return nil, errors.New("github: Options.ParseConfig is missing")
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Pause == nil {
		o.Pause = wait
	}
	if o.Asked == nil {
		o.Asked = func() {}
	}
	if o.Timeout <= 0 {
		o.Timeout = 20 * time.Second
	}
	if o.Transport == nil {
		o.Transport = newTransport()
	}
	m, err := newMetrics(o.Metrics)
	if err != nil {
		return nil, fmt.Errorf("register GitHub's metrics: %w", err)
	}
	c := &Client{
		appID: o.AppID, key: key, base: base, pages: strings.TrimSuffix(o.Pages, "/"), parse: o.ParseConfig, events: o.Events, log: o.Logger,
		metrics: m, timeout: o.Timeout, now: o.Now, pause: o.Pause, named: o.Named,
		wire:     &wire{next: o.Transport, base: base, metrics: m, log: o.Logger, clocks: &clocks{now: o.Now}, asked: o.Asked},
		accounts: map[int64]*account{}, conns: map[scope]*conn{},
	}
	// Only the App's own session uses this AppsTransport: it must not be shared,
	// because ghinstallation's installations write to theirs.
	limit := newLimit(o.Now, m.left("app"))
	c.app = c.connect(&session{
		wire:  ghinstallation.NewAppsTransportFromPrivateKey(repeat(charged{next: c.wire, limit: limit}, c.pause), o.AppID, key),
		limit: limit, slots: make(chan struct{}, atOnce), now: o.Now, pause: o.Pause,
	})
	if base.Scheme != "https" && !loopback(base.Hostname()) {
		c.log.Warn("GITHUB_API_URL is not https: tokens travel in the clear", zap.String("host", base.Host))
	}
	return c, nil
}

// Close closes idle connections.
func (c *Client) Close() {
	(&http.Client{Transport: c.wire.next}).CloseIdleConnections()
}

func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	t.TLSHandshakeTimeout = 10 * time.Second
	t.ResponseHeaderTimeout = 20 * time.Second
	t.MaxIdleConnsPerHost = 64 // when many pipelines move at once, none waits for a handshake
	return t
}

func parseBase(text string) (*url.URL, error) {
	if text == "" {
		text = "https://api.github.com"
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("GITHUB_API_URL %q is no address of an API: expected https://api.github.com, or https://HOST/api/v3 for GitHub Enterprise Server", redact.Redact(text))
	}
	// go-github resolves paths against it, which requires a trailing slash.
	u.Path = strings.TrimRight(u.Path, "/") + "/"
	u.RawPath = ""
	return u, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// connect builds go-github on a session.
func (c *Client) connect(s *session) *conn {
	h := &http.Client{Transport: s, Timeout: c.timeout, CheckRedirect: c.follow}
	api := gh.NewClient(h)
	api.BaseURL = c.base // WithEnterpriseURLs would append /api/v3/
	api.UserAgent = "headstart"
	bare := &http.Client{Transport: s, Timeout: c.timeout, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	return &conn{api: api, bare: bare, limit: s.limit, session: s}
}

// follow decides about redirects, which GitHub answers for renamed repositories and branches. The session signs every
// request with the token, so no redirect to another host is followed. A redirected write keeps its method.
func (c *Client) follow(next *http.Request, via []*http.Request) error {
	if len(via) > 3 || next.Method != via[0].Method || !c.ours(next.URL) {
		return http.ErrUseLastResponse
	}
	return nil
}

func (c *Client) ours(u *url.URL) bool { return u.Scheme == c.base.Scheme && u.Host == c.base.Host }

// repository is one repository as an installation of the App sees it.
type repository struct {
	*Client
	*conn
	repo     bot.Repo
	pipeline string // its name; empty for the only one
	scope    scope  // of its token
}

// goodName matches the characters that GitHub allows in names. Others could lead a path elsewhere.
var goodName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

func (c *Client) repository(t bot.Target) (repository, error) {
	repo := t.Pipeline.Repo
	for _, name := range []string{repo.Owner, repo.Name} {
		if !goodName.MatchString(name) || name == "." || name == ".." {
			return repository{}, &bot.Refused{Reason: fmt.Sprintf("%q is no repository on GitHub.", line(repo.String(), 80))}
		}
	}
	if t.Installation <= 0 {
		return repository{}, &bot.Refused{Reason: fmt.Sprintf("Nobody has told yet which installation of the GitHub App serves %s.", repo)}
	}
	of := scope{installation: t.Installation, id: t.RepoID}
	if of.id == 0 {
		of.name = strings.ToLower(repo.Name)
	}
	return repository{Client: c, conn: c.conn(of), repo: repo, pipeline: t.Pipeline.Name, scope: of}, nil
}

// Perform performs an effect on GitHub and returns what it learned. Its errors are of bot's three kinds; their texts
// contain no secrets.
func (c *Client) Perform(ctx context.Context, target bot.Target, effect bot.Effect) (bot.Fact, error) {
	r, err := c.repository(target)
	if err != nil {
		return nil, err
	}
	switch do := effect.Do.(type) {
	case bot.ReadConfig:
		return answer(r.readConfig(ctx, do))
	case bot.ReadChecks:
		return answer(r.readChecks(ctx, do, effect.At))
	case bot.ReadHead:
		return answer(r.readHead(ctx, do))
	case bot.ReadRules:
		return answer(r.readRules(ctx, do, effect.At))
	case bot.ListPullRequests:
		return answer(r.listPullRequests(ctx))
	case bot.ReadPullRequest:
		return answer(r.readPullRequest(ctx, do))
	case bot.FindPullRequest:
		return answer(r.findPullRequest(ctx, do))
	case bot.SetStatus:
		return answer(r.setStatus(ctx, do))
	case bot.CreateDeployment:
		return answer(r.createDeployment(ctx, do, effect))
	case bot.SetDeploymentStatus:
		return answer(r.setDeploymentStatus(ctx, do))
	case bot.WriteComment:
		return answer(r.writeComment(ctx, do, effect))
	case bot.ReadActor:
		return answer(r.readActor(ctx, do))
	case bot.ReadRights:
		return answer(r.readRights(ctx, do))
	case bot.React:
		return answer(r.react(ctx, do))
	case bot.Reply:
		return answer(r.reply(ctx, do, effect))
	case bot.WriteAlert:
		return answer(r.writeAlert(ctx, do, effect))
	case bot.ReadChanges:
		return answer(r.readChanges(ctx, do))
	case bot.ReadFiles:
		return answer(r.readFiles(ctx, do))
	case bot.ReadPeople:
		return answer(r.readPeople(ctx, do))
	case bot.ReadSource:
		return answer(r.readSource(ctx, do))
	}
	return nil, &bot.Refused{Reason: fmt.Sprintf("GitHub cannot be asked for %q.", bot.NameOf(effect.Do))}
}

// answer converts a result into a fact; nil if there is an error.
func answer[F bot.Fact](fact F, err error) (bot.Fact, error) {
	if err != nil {
		return nil, err
	}
	return fact, nil
}
