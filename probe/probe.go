// Package probe asks the addresses of stages whether what was released works
// there: it performs bot.Probe.
//
// The address is written in a repository's file, and whoever writes that file is
// not the operator. So a probe is a GET without credentials, cookies or proxies;
// it goes to public addresses only, unless the operator allows others; it follows
// redirects on the same host only; and what is shown of an answer is one line
// without secrets.
//
// # What is an answer, and what is an error
//
//	the app answered, or did not: refused, timeout, TLS, unknown name   Probed
//	the address can never be asked: private, not http or https          bot.Refused
//	the caller gave up                                                  bot.Retryable
//
// # Which address is called
//
// A name is looked up once for each connection, private addresses are left out,
// and one of the others is dialled by its number, so that no second look-up can
// say something else. The socket's own address is checked once more before it
// connects. Names under .localhost are this machine's, without asking DNS
// (RFC 6761, section 6.3). Of the private addresses one is always allowed: the
// embedded platform's router, asked for one of its apps. Every request has a
// connection of its own, so that a router that has switched over is seen.
package probe

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// Options say how addresses are asked. All of them may be left out.
type Options struct {
	Version string // of Headstart, told to whoever is asked
	// Limit bounds one attempt, from the look-up of the name to the end of the
	// answer, redirects included; 0: 10 s.
	Limit time.Duration
	// Private allows private, loopback and every other address.
	Private bool
	// Router is where the embedded platform's router listens, as a literal
	// address with a port; empty: there is none. One on all addresses is called on
	// the loopback. Its apps, APP.localhost at its port, may always be asked.
	Router string
	// Apps says whether a repository may ask the router for an app; the error is
	// the outcome then. nil: all of them.
	Apps func(repo bot.Repo, apps ...string) error
	// Resolver looks names up; nil: the system's.
	Resolver Resolver
	Now      func() time.Time // measures latency; nil: time.Now
}

// Resolver looks names up. *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

const (
	defaultLimit = 10 * time.Second
	maxBody      = 64 << 10 // bytes of an answer that are read
	maxHeader    = 64 << 10 // bytes
	maxRedirects = 5
)

// Prober asks addresses. It is safe for concurrent use and keeps nothing between
// probes.
type Prober struct {
	agent    string
	limit    time.Duration
	private  bool
	router   netip.AddrPort // the zero value: there is none
	apps     func(bot.Repo, ...string) error
	resolver Resolver
	now      func() time.Time
	tls      *tls.Config // nil: the system's roots

	// connect connects to an address that may be called; the tests have nobody at
	// public addresses, and lead it to one of their servers.
	connect func(ctx context.Context, to netip.AddrPort) (net.Conn, error)
}

// New makes a prober. It fails if Options.Router is not an address.
func New(o Options) (*Prober, error) {
	p := &Prober{
		agent: agent(o.Version), limit: cmp.Or(o.Limit, defaultLimit), private: o.Private, apps: o.Apps, resolver: o.Resolver, now: o.Now,
	}
	if o.Router != "" {
		var err error
		if p.router, err = routerAddr(o.Router); err != nil {
			return nil, fmt.Errorf("the embedded platform's router is at %q, which is no address: %w", o.Router, err)
		}
	}
	if p.apps == nil {
		p.apps = func(bot.Repo, ...string) error { return nil }
	}
	if p.resolver == nil {
		p.resolver = net.DefaultResolver
	}
	if p.now == nil {
		p.now = time.Now
	}
	p.connect = p.dialPermitted
	return p, nil
}

// agent is what Headstart calls itself. A version may have words after the first.
func agent(version string) string {
	name := "Headstart"
	if words := strings.Fields(version); len(words) > 0 {
		name += "/" + words[0]
	}
	return name + " (+https://github.com/headstart-cd/headstart)"
}

// Perform asks an address once and says what it answered, as a bot.Probed. The
// error is a *bot.Refused if it can never be asked, and a *bot.Retryable if ctx
// ended.
func (p *Prober) Perform(ctx context.Context, target bot.Target, effect bot.Effect) (bot.Fact, error) {
	do, ok := effect.Do.(bot.Probe)
	if !ok {
		return nil, &bot.Refused{Reason: fmt.Sprintf("an address cannot be asked for %q", bot.NameOf(effect.Do))}
	}
	asks, err := newExpectation(do)
	if err != nil {
		return nil, err
	}
	if err := p.mayAsk(target.Pipeline.Repo, asks.url); err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	probed, err := (&attempt{Prober: p, expectation: asks}).ask(limited)
	var private *privateError
	switch {
	case err == nil:
		return probed, nil
	case errors.As(err, &private):
		return nil, &bot.Refused{Reason: private.Error()}
	case ctx.Err() != nil:
		return nil, &bot.Retryable{Reason: "asking the address was interrupted", Err: ctx.Err()}
	}
	return probed, nil
}

// attempt is one probe under way.
type attempt struct {
	*Prober
	expectation
	connected atomic.Bool // somebody accepted a connection
	insecure  atomic.Bool // a TLS handshake failed
}

// ask asks once. If there is an error, the answer says what people are told of it.
func (a *attempt) ask(ctx context.Context) (bot.Probed, error) {
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) { a.insecure.Store(err != nil) },
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url.String(), nil)
	if err != nil {
		return bot.Probed{Reason: "it could not be asked"}, err
	}
	req.Header.Set("User-Agent", a.agent)
	req.Header.Set("Accept", "*/*")
	req.Header.Set("Cache-Control", "no-cache")
	client := &http.Client{CheckRedirect: a.follow, Transport: &http.Transport{
		// The transport's own context goes on when the request's time is over.
		DialContext:     func(_ context.Context, _, address string) (net.Conn, error) { return a.dial(ctx, address) },
		TLSClientConfig: a.tls.Clone(), DisableKeepAlives: true, MaxResponseHeaderBytes: maxHeader,
	}}
	began := a.now()
	res, err := client.Do(req)
	var seen answer
	if res != nil { // also with an error, where a redirect was not followed
		defer res.Body.Close()
		seen.status, seen.header = res.StatusCode, res.Header
	}
	if err == nil {
		seen.body, err = io.ReadAll(io.LimitReader(res.Body, maxBody+1))
		if len(seen.body) > maxBody {
			seen.body, seen.cut = seen.body[:maxBody], true
		}
	}
	took := a.now().Sub(began)
	if err != nil {
		probed := bot.Probed{Status: seen.status, Excerpt: excerpt(seen.body), Reason: a.because(err, seen.status)}
		if seen.status != 0 {
			probed.Latency = took
		}
		return probed, err
	}
	probed := a.judge(seen)
	probed.Latency = took
	return probed, nil
}
