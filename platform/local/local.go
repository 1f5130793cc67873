// Package local is the embedded platform: it builds and runs apps on this
// machine, and is what `headstart demo` runs on.
//
// A build fetches a tarball, runs the build command in a clean folder and keeps
// the result as a content-addressed archive (the artifact). A release unpacks
// an artifact, runs the Procfile's "release:" line, starts "web:" with a PORT,
// waits until it answers, switches the router and only then drains and stops
// the process that ran before, so that no request is lost. A release that fails
// leaves the old one running. A build makes no release by itself.
//
// The code of apps and of builds runs with the rights of this process, and can read
// what its user can read: the bot's database, other apps' config vars, a key in a file.
// It is for repositories that you trust. What is kept from it is what the process was
// told in its environment. All folders are closed to other users of the machine.
//
// # What is on disk
//
//	DIR/lock                         held while a Platform runs on DIR
//	DIR/artifacts/SHA256.tar.gz      artifacts, named by their content
//	DIR/apps/APP/state.json          builds, releases, what is live, processes
//	DIR/apps/APP/env                 config vars, KEY=VALUE lines; yours to write
//	DIR/apps/APP/vars/N              a copy of those that release N began with
//	DIR/apps/APP/vars/N.replaced     what the rollback N replaces, until it is live
//	DIR/apps/APP/output/             what builds, releases and web processes wrote
//	DIR/apps/APP/releases/N/         the unpacked files of a release that runs
//	DIR/apps/APP/copy/               a copy of another app's database, for a rehearsal
//	DIR/work/APP/                    the build that is running
//	DIR/cache/                       compilers' caches, where the user has none
//
// # Config vars
//
// What is written into DIR/apps/APP/env holds from the app's next release on, and
// whenever its web process is started again. Every release keeps a copy of it,
// which only this user can read and which is removed with the release. Going
// back to an artifact leaves the file alone; [Platform.Rollback] to a release
// brings back the copy that it kept, once the old code runs well with it.
//
// # What an app is told
//
// The web process and the release line see a clean environment: PATH, the
// locale, HOME (the release's own folder), the app's config vars, PORT (web
// only), and
//
//	HEADSTART_APP       HEROKU_APP_NAME           the app
//	HEADSTART_COMMIT,   HEROKU_BUILD_COMMIT,
//	HEADSTART_REVISION  HEROKU_SLUG_COMMIT        the full SHA of the commit
//	HEADSTART_RELEASE   HEROKU_RELEASE_VERSION    the release: v7
//
// so that an app written for Heroku finds what it knows. An app has to listen on
// 127.0.0.1 or on all addresses, and is live once GET / answers below 500. The
// build command sees HEADSTART_COMMIT and SOURCE_VERSION (the commit) and no
// config vars, because its artifact serves several apps.
//
// # Copies of databases
//
// This platform knows nothing of databases. The command in rehearse.command makes
// the copy for a rehearsal: see [Platform.MakeCopy] for what it is told. It puts
// the copy into COPY_TO_DIR. While the copy is there, the app's releases find it in
// HEADSTART_COPY_DIR; when the rehearsal is over, the folder is removed.
//
// # Maintenance mode
//
// While an app's maintenance mode is on, the router answers 503 with a small page
// and Retry-After, in the app's place; its processes and releases go on. It is on
// until it is turned off, also over a restart of Headstart.
package local

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
	"github.com/headstart-cd/headstart/platform/transcript"
)

// Options configure a Platform. Only Dir is required.
type Options struct {
	Dir  string // where everything is kept; made if it is missing
	Addr string // the router's listen address; default "127.0.0.1:8081"

	Logger *zap.Logger      // default: none
	Clock  func() time.Time // for the times that builds and releases carry; default: time.Now
	// OnChange is called, from any goroutine, whenever a build or a release of
	// the app has ended, so that the bot looks at once. It must return quickly.
	OnChange func(app string)
	// HTTPClient fetches tarballs. The default gives up on a server that does
	// not answer within 30 s.
	HTTPClient *http.Client
	// Environ is what this process was given, as os.Environ returns it, which is
	// the default. Only an allow-list of it reaches apps.
	Environ []string

	BuildLimit   time.Duration // of the build command; default 15 min
	ReleaseLimit time.Duration // of the release line; default 1 h
	ReadyLimit   time.Duration // until a web process answers; default 60 s
	// AstrayLimit is how long a web process may be up without hope: it listens on other ports
	// than PORT alone, or answers with a status of 500 or more. Default: ReadyLimit.
	AstrayLimit  time.Duration
	CopyLimit    time.Duration // of the command that copies a database; default 6 h
	DrainLimit   time.Duration // for requests in flight when the router has switched; default 30 s
	StopLimit    time.Duration // between SIGTERM and SIGKILL; default 10 s
	KeepReleases int           // per app, with their artifacts; default 20, never less
}

func (o *Options) setDefaults() {
	setDefault(&o.Addr, "127.0.0.1:8081")
	setDefault(&o.Logger, zap.NewNop())
	setDefault(&o.BuildLimit, 15*time.Minute)
	setDefault(&o.ReleaseLimit, time.Hour)
	setDefault(&o.ReadyLimit, time.Minute)
	setDefault(&o.AstrayLimit, o.ReadyLimit)
	setDefault(&o.CopyLimit, 6*time.Hour)
	setDefault(&o.DrainLimit, 30*time.Second)
	setDefault(&o.StopLimit, 10*time.Second)
	o.KeepReleases = max(o.KeepReleases, 20)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.OnChange == nil {
		o.OnChange = func(string) {}
	}
	if o.HTTPClient == nil {
		o.HTTPClient = tarballClient()
	}
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
}

func setDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Platform builds and runs apps on this machine. It may be used from any number
// of goroutines between Start and Close. Apps exist as soon as they are named.
type Platform struct {
	opts Options
	log  *zap.Logger

	server   *http.Server
	listener net.Listener // nil before Start
	lock     *os.File     // nil before Start

	// ctx ends when Close begins; its cause is errStopped. wg counts every
	// goroutine that was started under it.
	ctx  context.Context
	stop context.CancelCauseFunc
	wg   sync.WaitGroup

	mu      sync.Mutex
	running bool            // guarded by mu
	apps    map[string]*app // guarded by mu

	ports       ports
	processes   processes
	transcripts transcript.Shelf // of builds and releases that run, or were read lately
	// shelf is held for reading while an artifact is being put into a build's or
	// a release's record, and for writing while unused artifacts are removed.
	shelf sync.RWMutex
}

var (
	_ platform.Platform = (*Platform)(nil)
	_ platform.Outputs  = (*Platform)(nil)
)

var errStopped = errors.New("the platform was stopped")

// New makes a platform that does nothing until Start.
func New(o Options) *Platform {
	o.setDefaults()
	p := &Platform{opts: o, log: o.Logger, apps: map[string]*app{}}
	p.ctx, p.stop = context.WithCancelCause(context.Background())
	return p
}

// Start takes possession of Dir, ends what a crashed predecessor left running,
// listens on Addr, and brings back every app that was live, from its artifact;
// their web processes may take a moment after Start returned. It fails when
// another process uses Dir, when Addr is taken or when the saved state of an app
// is damaged. A Platform is started once.
func (p *Platform) Start(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running || p.ctx.Err() != nil {
		return errors.New("the embedded platform was started before")
	}
	if err := p.start(ctx); err != nil {
		p.stop(errStopped)
		p.wg.Wait()
		if p.listener != nil {
			p.listener.Close()
		}
		if p.lock != nil {
			p.lock.Close()
		}
		return fmt.Errorf("the embedded platform does not start: %w", err)
	}
	p.running = true
	return nil
}

func (p *Platform) start(ctx context.Context) (err error) {
	if p.opts.Dir, err = filepath.Abs(p.opts.Dir); err != nil {
		return err
	}
	if err := makeFolders(p.opts.Dir); err != nil {
		return err
	}
	if p.lock, err = lockDir(ctx, p.opts.Dir); err != nil {
		return err
	}
	if p.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", p.opts.Addr); err != nil {
		return fmt.Errorf("the apps' router cannot %w", err)
	}
	if p.apps, err = p.loadApps(); err != nil {
		return err
	}
	if err := p.recoverApps(); err != nil {
		return err
	}
	p.server = p.newServer()
	p.wg.Go(func() {
		if err := p.server.Serve(p.listener); !errors.Is(err, http.ErrServerClosed) {
			p.log.Error("the router stopped", zap.Error(err))
		}
	})
	return nil
}

// Close stops everything in order: pending builds and releases are given up and
// recorded as such, requests in flight finish, web processes stop. What was live
// comes back with the next Start. When ctx ends first, what still runs is
// killed. Closing twice is fine.
func (p *Platform) Close(ctx context.Context) error {
	p.mu.Lock()
	was := p.running
	p.running = false
	p.mu.Unlock()
	if !was {
		return nil
	}
	shutdown := p.shutdown(ctx) // before the web processes, so that requests finish
	p.stop(errStopped)
	done := make(chan struct{})
	go func() { p.wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		p.processes.killAll()
		<-done
	}
	if err := p.lock.Close(); err != nil {
		return fmt.Errorf("release the lock of %s: %w", p.opts.Dir, err)
	}
	if shutdown != nil {
		return fmt.Errorf("stop the embedded platform: requests were cut off: %w", shutdown)
	}
	return nil
}

// shutdown stops the router. Requests in flight may take half of the time that
// ctx leaves, and DrainLimit at most.
func (p *Platform) shutdown(ctx context.Context) error {
	limit := p.opts.DrainLimit
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)/2)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := p.server.Shutdown(ctx)
	if err != nil {
		p.server.Close()
	}
	return err
}

// RouterAddr is the address that the router listens on, which tells the port
// where Options.Addr left it open. It is empty before Start.
func (p *Platform) RouterAddr() string {
	if p.listener == nil {
		return ""
	}
	return p.listener.Addr().String()
}

// DialContext connects to *.localhost at the router's port without asking DNS,
// which does not know these names everywhere, and to everything else as usual.
// It is made for an http.Transport that calls apps.
func (p *Platform) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	if host, port, err := net.SplitHostPort(addr); err == nil && port == p.port() && appOfHost(host) != "" {
		addr = net.JoinHostPort("127.0.0.1", port)
	}
	return (&net.Dialer{}).DialContext(ctx, network, addr)
}

func (p *Platform) port() string {
	addr := p.opts.Addr
	if p.listener != nil {
		addr = p.listener.Addr().String()
	}
	_, port, _ := net.SplitHostPort(addr)
	return port
}

// url is the address of a path under a host name of the router.
func (p *Platform) url(host, path string) string {
	if port := p.port(); port != "80" {
		host = net.JoinHostPort(host, port)
	}
	return "http://" + host + path
}

// App describes an app, which need not have been named before.
func (p *Platform) App(ctx context.Context, name string) (bot.App, error) {
	a, err := p.app(ctx, name)
	if err != nil {
		return bot.App{}, err
	}
	return bot.App{Name: a.name, URL: p.url(a.name+".localhost", "")}, nil
}

// An app's name is a label of a host name.
var appName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// app finds an app for a call, and makes one of a new name.
func (p *Platform) app(ctx context.Context, name string) (*app, error) {
	if err := ctx.Err(); err != nil {
		return nil, &bot.Retryable{Reason: "The call was given up before it began.", Err: err}
	}
	if !appName.MatchString(name) {
		return nil, &bot.Refused{Platform: true, Err: bot.ErrNotFound,
			Reason: fmt.Sprintf("%q is no name for an app: use lowercase letters, digits and hyphens.", name)}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.running {
		return nil, &bot.Retryable{Reason: "The embedded platform is not running."}
	}
	a := p.apps[name]
	if a == nil {
		a = p.newApp(name)
		p.apps[name] = a
	}
	return a, nil
}

// spawn runs f in a goroutine that Close waits for. It reports false, without
// running f, when Close has begun.
func (p *Platform) spawn(f func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.running {
		return false
	}
	p.wg.Go(f)
	return true
}

// known lists the apps that exist, by name.
func (p *Platform) known() []*app {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []*app
	for _, a := range p.apps {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b *app) int { return strings.Compare(a.name, b.name) })
	return list
}
