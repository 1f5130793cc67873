package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"golang.org/x/sync/singleflight"

	"github.com/headstart-cd/headstart/store"
	"github.com/headstart-cd/headstart/webhooks"
)

// httpServer is an HTTP server whose connections are bounded in number, and their headers
// in size and time. What bodies may cost is bounded by webhooks.Admission.
type httpServer struct {
	server *http.Server
	conns  *webhooks.Connections
}

const (
	mostConnections = 2000
	// An answer has a minute. Whoever streams longer sets deadlines of its own.
	answerWithin = time.Minute
)

// newWeb makes a server that has at most that many connections.
func newWeb(h http.Handler, log *zap.Logger, most int) *httpServer {
	conns := webhooks.NewConnections(most)
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true) // TLS ends at a proxy, which speaks nothing else to us by itself
	return &httpServer{conns: conns, server: &http.Server{
		Handler: conns.Handler(h), ConnContext: conns.Context, ConnState: conns.State, Protocols: protocols,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: time.Minute, WriteTimeout: answerWithin, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 32 << 10, // browsers send up to 8 kB, GitHub 1 kB
		ErrorLog:       zap.NewStdLog(webhooks.Sampled(log.Named("http"))),
	}}
}

// connections is how many may be open at once: at most half of what the process
// may open, for the database, the platforms and the way to GitHub take some, too.
func connections() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 100
	}
	return int(max(8, min(limit.Cur/2, mostConnections)))
}

// serve returns nil after stop.
func (w *httpServer) serve(l net.Listener) error {
	if err := w.server.Serve(w.conns.Listener(l)); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// stop lets requests finish until ctx ends.
func (w *httpServer) stop(ctx context.Context) {
	if err := w.server.Shutdown(ctx); err != nil {
		w.server.Close() // nobody is left who could be told of an error
	}
}

// routes are the server's pages.
func (srv *server) routes(s settings, registry *prometheus.Registry) (http.Handler, error) {
	proxies, err := webhooks.ParseProxies(s.TrustedProxies)
	if err != nil {
		return nil, fmt.Errorf("HEADSTART_TRUSTED_PROXIES: %w", err)
	}
	options := webhooks.Options{
		Inbox: srv.store, Count: srv.store.Count, Metrics: registry, Logger: srv.log.Named("webhooks"), Admission: webhooks.NewAdmission(proxies, connections()),
	}
	mux := http.NewServeMux()
	for _, sender := range []struct {
		path    string
		secrets [][]byte
		handler func(webhooks.Options) (http.Handler, error)
	}{
		{"/webhooks/github", secrets(s.GitHub.WebhookSecret), webhooks.Handler},
		{"/webhooks/heroku", secrets(s.Heroku.WebhookSecret), webhooks.HerokuHandler},
	} {
		if len(sender.secrets) == 0 {
			continue // Heroku may be polled; check made sure that GitHub has one
		}
		options.Secrets = sender.secrets
		h, err := sender.handler(options)
		if err != nil {
			return nil, err
		}
		mux.Handle(sender.path, h)
	}
	pages := http.NewServeMux()
	pages.Handle("GET /metrics", metricsOnPublic(s, registry))
	pages.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	pages.HandleFunc("GET /readyz", srv.ready())
	seen, err := srv.pages(s, proxies)
	if err != nil {
		return nil, err
	}
	if seen != nil {
		pages.Handle("/", seen)
	} else {
		pages.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintln(w, "Headstart\nGitHub's webhooks go to /webhooks/github.")
		})
	}
	mux.Handle("/", withoutBody(pages))
	return mux, nil
}

// ready answers whether the database does, and is where the next process would look for
// it. Any number of requests at once cost it one question.
func (srv *server) ready() http.HandlerFunc {
	var group singleflight.Group
	return func(w http.ResponseWriter, _ *http.Request) {
		_, err, _ := group.Do("", func() (any, error) {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			return nil, srv.store.Ping(ctx)
		})
		if errors.Is(err, store.ErrGone) {
			http.Error(w, "the database's file was removed or replaced: what happens now is lost at the next start", http.StatusServiceUnavailable)
			return
		}
		if err != nil {
			http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	}
}

// withoutBody serves pages that take no body, and waits for none: a connection on
// which one was announced is closed after the answer.
func withoutBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
