package local

import (
	"context"
	"fmt"
	"html"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"
)

// route leads from an app's name to the web process that answers for it now.
type route struct {
	mu      sync.Mutex
	current *backend // guarded by mu; nil while nothing answers
}

// backend is one web process as the router sees it.
type backend struct {
	proxy     http.Handler
	transport *http.Transport
	inFlight  int           // guarded by route.mu
	idle      chan struct{} // guarded by route.mu; made by drain, closed when nothing is in flight
}

// set makes a backend the one that answers. Requests that began before stay with
// the old one.
func (r *route) set(b *backend) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current = b
}

// clear takes a backend away, if it is the one that answers.
func (r *route) clear(b *backend) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current == b {
		r.current = nil
	}
}

// enter picks the backend for a request and counts the request there until
// leave is called. It returns nil while nothing answers.
func (r *route) enter() (b *backend, leave func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	b = r.current
	if b == nil {
		return nil, nil
	}
	b.inFlight++
	return b, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if b.inFlight--; b.inFlight == 0 && b.idle != nil {
			close(b.idle)
			b.idle = nil
		}
	}
}

// drain waits until a backend that was replaced has no requests in flight, and
// returns how many are left when the limit is reached or ctx ends.
func (r *route) drain(ctx context.Context, b *backend, limit time.Duration) (left int) {
	r.mu.Lock()
	if b.inFlight == 0 {
		r.mu.Unlock()
		return 0
	}
	idle := make(chan struct{})
	b.idle = idle
	r.mu.Unlock()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-idle:
	case <-timer.C:
	case <-ctx.Done():
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return b.inFlight
}

// newBackend makes the proxy to a web process.
func (p *Platform) newBackend(a *app, port int) *backend {
	target := &url.URL{Scheme: "http", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
	transport := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		MaxIdleConnsPerHost: 64,
		// Shorter than servers keep idle connections, so that none of them closes
		// one that is being used again.
		IdleConnTimeout:    time.Second,
		DisableCompression: true, // what the client asked for is between it and the app
	}
	return &backend{transport: transport, proxy: &httputil.ReverseProxy{
		Transport:     transport,
		FlushInterval: -1,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
			r.SetXForwarded()
			r.Out.Header.Set("X-Forwarded-Port", p.port())
		},
		ErrorLog: zap.NewStdLog(p.log),
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() != nil {
				return // the client went away
			}
			p.log.Warn("an app did not answer", zap.String("app", a.name), zap.Error(err))
			page(w, http.StatusBadGateway, a.name+" did not answer",
				"The app closed the connection without an answer. Its log may say why: "+p.url("localhost", outputPath(a, "web", "")))
		},
	}}
}

func (p *Platform) newServer() *http.Server {
	return &http.Server{
		Handler:           http.HandlerFunc(p.serveRouter),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          zap.NewStdLog(p.log),
	}
}

// serveRouter leads a request to the app that its Host names.
func (p *Platform) serveRouter(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodConnect {
		// It asks for a tunnel to anywhere, and apps are no proxies.
		w.Header().Set("Connection", "close")
		page(w, http.StatusMethodNotAllowed, "This is no proxy", "CONNECT is not served here. Apps answer at http://APP.localhost.")
		return
	}
	if isLoopback(hostOnly(r.Host)) {
		p.servePages(w, r)
		return
	}
	name := appOfHost(hostOnly(r.Host))
	p.mu.Lock()
	a := p.apps[name]
	p.mu.Unlock()
	if a == nil {
		page(w, http.StatusNotFound, "There is no such app",
			"Apps answer at http://APP.localhost, and no app has the name of this address. What there is: "+p.url("localhost", "/"))
		return
	}
	if a.inMaintenance() {
		serveMaintenance(w, a)
		return
	}
	b, leave := a.route.enter()
	if b == nil {
		p.serveDown(w, a)
		return
	}
	defer leave()
	b.proxy.ServeHTTP(w, r)
}

// serveDown says why an app does not answer.
func (p *Platform) serveDown(w http.ResponseWriter, a *app) {
	a.mu.Lock()
	live, trouble := a.state.Live, a.process.trouble
	a.mu.Unlock()
	switch {
	case live == 0:
		page(w, http.StatusServiceUnavailable, a.name+" was not deployed yet", "It answers here once a release of it succeeded.")
	case trouble == "":
		w.Header().Set("Retry-After", "1")
		page(w, http.StatusServiceUnavailable, a.name+" is starting", "It was live before, and is being brought back.")
	default:
		w.Header().Set("Retry-After", "1")
		page(w, http.StatusServiceUnavailable, a.name+" is down",
			trouble+" It is started again and again. Its log may say why: "+p.url("localhost", outputPath(a, "web", "")))
	}
}

// page writes a small page; the texts need not be escaped.
func page(w http.ResponseWriter, status int, title, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<!doctype html><meta name="viewport" content="width=device-width"><title>%[1]s</title>
<body style="font:1rem/1.5 system-ui;max-width:40rem;margin:4rem auto;padding:0 1rem"><h1>%[1]s</h1><p>%[2]s</p>
`, html.EscapeString(title), html.EscapeString(text))
}

// hostOnly is a Host header without its port.
func hostOnly(hostport string) string {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

// appOfHost is the app that a host name names, or "".
func appOfHost(host string) string {
	name, ok := strings.CutSuffix(strings.ToLower(host), ".localhost")
	if !ok || !appName.MatchString(name) {
		return ""
	}
	return name
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// isLocalClient reports whether a request comes from this machine.
func isLocalClient(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && isLoopback(host)
}
