package main

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metricsOnPublic serves /metrics where webhooks are served, to those who may see
// it:
//
//	HEADSTART_METRICS_TOKEN set   whoever has the token; 401 to others
//	HEADSTART_METRICS_ADDR set    nobody: it is there; 404
//	neither                       this machine; 404 to others
//
// A proxy on this machine makes every request one of this machine. Those that a
// proxy marks as forwarded are not taken for one; a proxy that marks nothing is
// what the token is for.
func metricsOnPublic(s settings, registry *prometheus.Registry) http.Handler {
	metrics := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	switch {
	case s.MetricsToken != "":
		return withToken(s.MetricsToken, metrics)
	case s.MetricsAddr != "":
		return http.NotFoundHandler()
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !fromThisMachine(r) {
			http.NotFound(w, r)
			return
		}
		metrics.ServeHTTP(w, r)
	})
}

// metricsAlone serves /metrics at an address of its own. If there is a token, it is
// asked for there, too.
func metricsAlone(s settings, registry *prometheus.Registry) http.Handler {
	var metrics http.Handler = promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	if s.MetricsToken != "" {
		metrics = withToken(s.MetricsToken, metrics)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	return withoutBody(mux)
}

// withToken asks for a bearer token, and compares in a time that does not tell how
// much of it is right.
func withToken(token string, next http.Handler) http.Handler {
	want := sha256.Sum256([]byte(token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		got := sha256.Sum256([]byte(strings.TrimSpace(given)))
		if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "This page takes a bearer token: HEADSTART_METRICS_TOKEN.", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// forwarding are headers that proxies write.
var forwarding = []string{"Forwarded", "Via", "X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "True-Client-Ip", "Cf-Connecting-Ip", "Cf-Ray",
	"Fastly-Client-Ip", "Fly-Client-Ip", "X-Request-Start", "X-Envoy-External-Address", "X-Amzn-Trace-Id", "X-Original-Host"}

// fromThisMachine reports whether a request was made on this machine, by its name,
// and not on behalf of somebody else.
func fromThisMachine(r *http.Request) bool {
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Forwarded") {
			return false
		}
	}
	for _, name := range forwarding {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && peer.Addr().Unmap().IsLoopback() && namesThisMachine(r.Host)
}

// namesThisMachine reports whether a Host is a loopback address, or localhost. A
// name of the public's that leads here came through a proxy.
func namesThisMachine(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.Unmap().IsLoopback()
}
