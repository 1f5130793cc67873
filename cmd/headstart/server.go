package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/config"
	"github.com/headstart-cd/headstart/github"
	"github.com/headstart-cd/headstart/platform"
	"github.com/headstart-cd/headstart/platform/heroku"
	"github.com/headstart-cd/headstart/platform/local"
	"github.com/headstart-cd/headstart/probe"
	"github.com/headstart-cd/headstart/store"
	"github.com/headstart-cd/headstart/webhooks"
)

// wiring is what a server is given besides its settings: by `serve` only a
// logger, by the demo an observer, by tests a clock that they drive.
type wiring struct {
	Logger  *zap.Logger
	Clock   engine.Clock        // nil: the system's
	Observe func(engine.Commit) // nil: nobody
	// Environ is what the embedded platform's apps may inherit from; nil: this
	// process' environment.
	Environ []string
	// Local changes the embedded platform's options; nil: none of them.
	Local func(*local.Options)
	// Pause waits before a request to GitHub is made again; nil: by the system's clock.
	Pause func(context.Context, time.Duration) error
}

// server is everything that `headstart serve` runs, wired together.
type server struct {
	log     *zap.Logger
	store   *store.Store
	engine  *engine.Engine
	sweeper *engine.Sweeper
	github  *github.Client
	heroku  *heroku.Heroku
	local   *local.Platform
	// platforms are those that the settings allow for, by name.
	platforms map[string]platform.Platform
	prober    *probe.Prober
	moved     *movedApps
	people    *operators
	examiner  *examiner // nil: the pages are off
	handler   http.Handler
	ending    chan struct{} // closed when the server begins to end: pages are followed no more
	// metrics has an address of its own, if it is set.
	metrics   http.Handler
	metricsAt net.Listener
	clock     engine.Clock
	keep      retention
}

const (
	// draining bounds what a server does after it was told to stop.
	draining = 9 * time.Second
	// keepReceived is how long deliveries and events are kept.
	keepReceived = 7 * 24 * time.Hour
)

// openServer opens the database and the platforms and wires the rooms together.
// What it returns must be served or closed.
func openServer(ctx context.Context, s settings, w wiring) (_ *server, err error) {
	if w.Clock == nil {
		w.Clock = engine.SystemClock{}
	}
	allow, err := platform.ParseAllow(s.Allow)
	if err != nil {
		return nil, fmt.Errorf("HEADSTART_ALLOW: %w", err)
	}
	key, err := s.privateKey()
	if err != nil {
		return nil, err
	}
	srv := &server{log: w.Logger, clock: w.Clock, moved: newMovedApps(), ending: make(chan struct{})}
	srv.keep, _ = s.retention() // settings.check has read it
	defer func() {
		if err != nil {
			srv.close()
		}
	}()
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

	if srv.store, err = store.Open(ctx, s.DatabaseURL, store.Options{Logger: w.Logger.Named("store"), Clock: w.Clock.Now}); err != nil {
		return nil, err
	}
	if srv.people, err = parseOperators(s.Operators); err != nil {
		return nil, fmt.Errorf("HEADSTART_OPERATORS: %w", err)
	}
	srv.people.store, srv.people.log = srv.store, w.Logger.Named("operators")
	registry.MustRegister(srv.failedDeliveries(), srv.refusedRepositories(), buildInfo(), queues{srv.store})
	srv.github, err = github.New(github.Options{
		AppID: s.GitHub.AppID, PrivateKey: key, URL: s.GitHub.APIURL, Pages: s.URL, ParseConfig: parseConfig(allow), Events: webhooks.Events(),
		Logger: w.Logger.Named("github"), Metrics: registry, Now: w.Clock.Now, Pause: w.Pause,
		Named: func(ctx context.Context, installation, id int64, name bot.Repo) {
			srv.engine.Named(ctx, installation, id, name)
		},
	})
	if err != nil {
		return nil, err
	}
	srv.people.inTeam = srv.github.InTeam
	platforms, err := srv.openPlatforms(ctx, s, w)
	if err != nil {
		return nil, err
	}
	srv.platforms = platforms
	if srv.prober, err = srv.newProber(s, allow); err != nil {
		return nil, err
	}
	newest, err := srv.store.Deliveries(ctx, store.Filter{Limit: 1})
	if err != nil {
		return nil, err
	}
	srv.engine = engine.New(engine.Options{
		Store: srv.store, Freezes: srv.store, Clock: w.Clock, Logger: w.Logger.Named("engine"), Observe: w.Observe, Allowed: allow.Names, Yield: yield, Metrics: registry,
		Identities: srv.store, Directory: srv.github, Pinned: allow.Pinned,
		Perform: engine.Router{
			GitHub:   srv.github,
			Platform: &platform.Performer{Platforms: platforms, Allow: allow, Source: srv.github, Keeper: srv.store, Log: w.Logger.Named("platform")},
			Web:      srv.prober,
		},
	})
	if err := srv.pin(ctx, allow); err != nil {
		return nil, err
	}
	sweeps := engine.SweepOptions{
		Engine: srv.engine, Sweeps: srv.store, Hooks: srv.github, Every: s.Sweep, Clock: w.Clock, Logger: w.Logger.Named("sweeper"),
		GitHub: srv.github.Allowance, App: srv.github.AppAllowance, Platform: allowances(platforms),
	}
	for _, d := range newest {
		sweeps.Since = d.ReceivedAt
	}
	srv.sweeper = engine.NewSweeper(sweeps)
	if srv.handler, err = srv.routes(s, registry); err != nil {
		return nil, err
	}
	if s.MetricsAddr != "" {
		srv.metrics = metricsAlone(s, registry)
		if srv.metricsAt, err = net.Listen("tcp", s.MetricsAddr); err != nil {
			return nil, fmt.Errorf("HEADSTART_METRICS_ADDR: %w", err)
		}
	}
	return srv, nil
}

// yield lets 20 to 40 ms pass, which is about as long as a commit takes on PostgreSQL,
// and twice as much with each loss, at most a third of a second. On SQLite there is no
// other instance to yield to.
func yield(ctx context.Context, losses int) {
	least := 20 * time.Millisecond << min(losses-1, 3)
	select {
	case <-ctx.Done():
	case <-time.After(least + rand.N(least)):
	}
}

// failedDeliveries counts the deliveries that are kept as failed, for whoever
// watches the metrics. Each of them is in the log, with its reason.
func (srv *server) failedDeliveries() prometheus.Collector {
	const most = 1000
	failed := store.Failed
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "headstart_deliveries_failed",
		Help: fmt.Sprintf("Webhook deliveries of the last seven days that could not be processed, at most %d; -1 if the database does not answer.", most),
	}, func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		list, err := srv.store.Deliveries(ctx, store.Filter{Outcome: &failed, Limit: most})
		if err != nil {
			return -1
		}
		return float64(len(list))
	})
}

// parseConfig reads the pipelines of a repository's file and holds their apps
// against the allow-list, so that an app that is not allowed is refused where the
// file is changed.
func parseConfig(allow platform.Allow) func(bot.Repo, []byte) (map[string]bot.Config, error) {
	return func(repo bot.Repo, file []byte) (map[string]bot.Config, error) {
		pipelines, err := config.ParseOf(repo, file, config.Path)
		if err != nil {
			return nil, err
		}
		for _, name := range slices.Sorted(maps.Keys(pipelines)) {
			if err := allow.Check(repo, pipelines[name].Apps()...); err != nil {
				return nil, err
			}
		}
		return pipelines, nil
	}
}

// openPlatforms makes the platforms that the settings allow for.
func (srv *server) openPlatforms(ctx context.Context, s settings, w wiring) (map[string]platform.Platform, error) {
	options := local.Options{
		Dir: cmp.Or(s.LocalDir, "headstart-apps"), Addr: cmp.Or(s.LocalAddr, "127.0.0.1:8081"), Logger: w.Logger.Named("local"), Clock: w.Clock.Now, Environ: w.Environ,
		OnChange: func(app string) { srv.moved.add(bot.PlatformMoved{Platform: bot.PlatformLocal, App: app}) },
	}
	if w.Local != nil {
		w.Local(&options)
	}
	embedded := local.New(options)
	m := map[string]platform.Platform{}
	if s.usesLocal() {
		if err := embedded.Start(ctx); err != nil {
			return nil, err
		}
		srv.local = embedded
		m[bot.PlatformLocal] = embedded
	}
	if s.Heroku.APIKey != "" {
		h, err := heroku.New(heroku.Options{
			APIKey: s.Heroku.APIKey, URL: s.Heroku.APIURL, Clock: w.Clock.Now, Alarm: w.Clock.Alarm, Logger: w.Logger.Named("heroku"),
			OnChange: func(app string) { srv.moved.add(bot.PlatformMoved{Platform: bot.PlatformHeroku, App: app}) },
		})
		if err != nil {
			return nil, err
		}
		srv.heroku = h
		m[bot.PlatformHeroku] = h
	}
	return m, nil
}

// newProber makes what asks the addresses of stages. The embedded platform's apps
// are at private addresses, and those that the repository may use can be asked.
func (srv *server) newProber(s settings, allow platform.Allow) (*probe.Prober, error) {
	o := probe.Options{Version: version(), Private: s.PrivateURLs, Apps: allow.Check}
	if srv.local != nil {
		o.Router = srv.local.RouterAddr()
	}
	return probe.New(o)
}

// allowances tells what each platform allows of requests.
func allowances(platforms map[string]platform.Platform) func(string) bot.Allowance {
	return func(name string) bot.Allowance {
		if limited, ok := platforms[name].(interface{ Allowance() bot.Allowance }); ok {
			return limited.Allowance()
		}
		return bot.Allowance{Limit: -1}
	}
}

// serve runs everything until ctx ends or something fails for good. Then it stops
// listening, lets what is under way finish within its time, and closes.
func (srv *server) serve(ctx context.Context, listener net.Listener) error {
	defer srv.close()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	web := newWeb(srv.handler, srv.log, connections())
	web.server.RegisterOnShutdown(func() { close(srv.ending) })
	var group sync.WaitGroup
	start := func(what string, run func() error) {
		group.Go(func() {
			if err := run(); err != nil {
				stop(fmt.Errorf("%s: %w", what, err))
			}
		})
	}
	start("serve HTTP", func() error {
		return web.serve(listener)
	})
	metrics := newWeb(srv.metrics, srv.log, min(16, connections()))
	if srv.metricsAt != nil {
		start("serve metrics", func() error { return metrics.serve(srv.metricsAt) })
	}
	start("work", func() error { return srv.store.Run(ctx, srv.handlers()) })
	start("keep time", func() error { return srv.engine.Run(ctx) })
	start("hear the operator", func() error { return srv.engine.WatchFreeze(ctx) })
	start("sweep", func() error { return srv.sweeper.Run(ctx) })
	start("follow apps", func() error { return srv.followApps(ctx) })
	start("clean up", func() error { return srv.prune(ctx) })
	start("add up history", func() error { return srv.sumHistory(ctx) })
	start("fill in history", func() error { return srv.fillHistory(ctx) })

	<-ctx.Done()
	err := context.Cause(ctx)
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	srv.log.Info("stopping")
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), draining)
	defer cancel()
	web.stop(drain)
	metrics.stop(drain)
	group.Wait()
	return err
}

// handlers do the stored work.
func (srv *server) handlers() store.Handlers {
	return store.Handlers{
		Deliver: func(ctx context.Context, d store.Delivery) error {
			delivery, err := webhooks.Decode(d.Event, d.Body)
			if err != nil {
				return err
			}
			delivery = delivery.WithID(d.GUID)
			srv.people.saw(ctx, delivery.Sender)
			return srv.engine.Deliver(ctx, delivery)
		},
		Perform: srv.engine.Perform,
	}
}

// followApps passes on what platforms say of their apps, until ctx ends.
func (srv *server) followApps(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-srv.moved.signal:
		}
		for _, moved := range srv.moved.take() {
			if err := srv.engine.PlatformMoved(ctx, moved); err != nil && ctx.Err() == nil {
				// It was only a hint: polling finds what it was about.
				srv.log.Warn("pass on that an app moved", zap.String("app", moved.App), zap.Error(err))
			}
		}
	}
}

// prune removes what nobody will ask for again, once an hour until ctx ends.
func (srv *server) prune(ctx context.Context) error {
	for {
		before := srv.clock.Now().Add(-keepReceived)
		if _, err := srv.store.Prune(ctx, before, before); err != nil && ctx.Err() == nil {
			srv.log.Error("remove old deliveries", zap.Error(err))
		}
		history, audit := srv.keep.before(srv.clock.Now())
		if _, err := srv.store.PruneHistory(ctx, history, audit); err != nil && ctx.Err() == nil {
			srv.log.Error("remove old history", zap.Error(err))
		}
		if _, err := srv.store.PruneOutput(ctx, srv.keep.outputBefore(srv.clock.Now())); err != nil && ctx.Err() == nil {
			srv.log.Error("remove old outputs", zap.Error(err))
		}
		alarm, stop := srv.clock.Alarm(srv.clock.Now().Add(time.Hour))
		select {
		case <-ctx.Done():
			stop()
			return nil
		case <-alarm:
		}
	}
}

// sumHistory adds up the days of pipelines, every ten minutes until ctx ends, on one instance.
func (srv *server) sumHistory(ctx context.Context) error {
	for {
		leads, err := srv.store.Leads(ctx)
		if leads && err == nil {
			_, err = srv.store.SumHistory(ctx, srv.clock.Now())
		}
		if err != nil && ctx.Err() == nil {
			srv.log.Error("add up the days of pipelines", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(10 * time.Minute): // nothing is decided by it
		}
	}
}

// fillHistory writes what is known of the time before history was kept, while the server works.
func (srv *server) fillHistory(ctx context.Context) error {
	filled, err := srv.store.FillHistory(ctx)
	switch {
	case err != nil:
		srv.log.Error("fill in history; tried again at the next start", zap.Error(err))
	case filled > 0:
		srv.log.Info("history was filled in from what pipelines remember", zap.Int("pipelines", filled))
	}
	return nil
}

// close gives everything back. It may be called at any stage of opening.
func (srv *server) close() {
	ctx, cancel := context.WithTimeout(context.Background(), draining)
	defer cancel()
	if srv.metricsAt != nil {
		srv.metricsAt.Close() // it is closed already if it was served
	}
	if srv.local != nil {
		if err := srv.local.Close(ctx); err != nil {
			srv.log.Error("stop the embedded platform", zap.Error(err))
		}
	}
	if srv.heroku != nil {
		srv.heroku.Close()
	}
	if srv.github != nil {
		srv.github.Close()
	}
	if srv.examiner != nil {
		srv.examiner.close()
	}
	if srv.store != nil {
		if err := srv.store.Close(); err != nil {
			srv.log.Error("close the database", zap.Error(err))
		}
	}
}

// movedApps collects hints about apps, each once, until somebody takes them.
type movedApps struct {
	signal chan struct{}
	mu     sync.Mutex
	set    map[bot.PlatformMoved]bool // guarded by mu
}

func newMovedApps() *movedApps {
	return &movedApps{signal: make(chan struct{}, 1), set: map[bot.PlatformMoved]bool{}}
}

func (m *movedApps) add(moved bot.PlatformMoved) {
	m.mu.Lock()
	m.set[moved] = true
	m.mu.Unlock()
	select {
	case m.signal <- struct{}{}:
	default:
	}
}

func (m *movedApps) take() []bot.PlatformMoved {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []bot.PlatformMoved
	for moved := range m.set {
		list = append(list, moved)
	}
	clear(m.set)
	return list
}
