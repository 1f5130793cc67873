package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/headstart-cd/headstart/bot"
)

// Nobody is at this address in the tests; what is sent there reaches a server of
// theirs.
var public = netip.MustParseAddr("1.1.1.1")

// onInternet makes a prober that may call public addresses only, and finds a
// server at all of them.
func onInternet(t *testing.T, server *httptest.Server, look resolver) *Prober {
	p := newProber(t, func(o *Options) { o.Private, o.Resolver = false, look })
	p.connect = func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
		if !isPublic(to.Addr()) {
			t.Errorf("%v is called, and is private", to)
		}
		return (&net.Dialer{}).DialContext(ctx, "tcp", server.Listener.Addr().String())
	}
	return p
}

// refusedAsPrivate fails unless the address is refused, with a word about who can
// allow it.
func refusedAsPrivate(t *testing.T, err error) {
	t.Helper()
	var refused *bot.Refused
	if !errors.As(err, &refused) || !strings.Contains(refused.Reason, "HEADSTART_PRIVATE_URLS") {
		t.Errorf("expected a refusal that names HEADSTART_PRIVATE_URLS, got %v", err)
	}
}

func TestIsPublic(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]bool{
		"1.1.1.1": true, "93.184.216.34": true, "100.63.255.255": true, "100.128.0.1": true, "172.15.0.1": true, "172.32.0.1": true,
		"169.253.1.1": true, "198.17.0.1": true, "198.20.0.1": true, "223.255.255.255": true, "192.0.1.1": true,
		"0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "100.64.0.1": false, "100.100.100.200": false, "127.0.0.1": false, "127.9.9.9": false,
		"169.254.169.254": false, "172.16.0.1": false, "172.31.255.255": false, "192.0.0.192": false, "192.0.2.1": false, "192.88.99.1": false,
		"192.168.1.1": false, "198.18.0.1": false, "198.19.255.255": false, "198.51.100.1": false, "203.0.113.1": false,
		"224.0.0.1": false, "239.255.255.250": false, "240.0.0.1": false, "255.255.255.255": false, "168.63.129.16": false,

		"2606:4700::1111": true, "2a00:1450::1": true, "2620:fe::fe": true,
		"::": false, "::1": false, "fe80::1": false, "fe80::1%eth0": false, "fec0::1": false, "fc00::1": false, "fd00:ec2::254": false, "ff02::1": false,
		"2001:db8::1": false, "3fff::1": false, "2001::1": false, "2001:2::1": false, "100::1": false, "5f00::1": false,

		"::ffff:1.1.1.1": true, "::ffff:127.0.0.1": false, "::ffff:169.254.169.254": false, "::127.0.0.1": false, "::1.1.1.1": false,
		"64:ff9b::1.1.1.1": true, "64:ff9b::10.0.0.1": false, "64:ff9b::169.254.169.254": false, "64:ff9b:1::1.1.1.1": false,
		"2002:101:101::1": true, "2002:7f00:1::1": false, "2002:a9fe:a9fe::": false, "2002:c0a8:101::1": false,
	} {
		if got := isPublic(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: public should be %v", addr, want)
		}
	}
	if isPublic(netip.Addr{}) {
		t.Error("no address is not a public one")
	}
}

// Whatever form a private address is written in, it is refused for good, and
// nobody gets a connection.
func TestPrivateAddressesAreRefused(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a private address was asked") }))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	p := newProber(t, func(o *Options) {
		o.Private, o.Resolver = false, resolver(func(host string) ([]netip.Addr, error) {
			switch host {
			case "inside.example", "127.1", "2130706433", "0x7f.0.0.1": // some resolvers know these forms
				return []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("fd00::1"), netip.MustParseAddr("::ffff:10.0.0.1")}, nil
			}
			return nil, fmt.Errorf("%s should not be looked up", host)
		})
	})
	for _, host := range []string{
		"127.0.0.1", "0.0.0.0", "[::]", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "169.254.169.254", "[fe80::1%25lo]",
		"localhost", "LOCALHOST", "localhost.", "shop.localhost", "a.shop.localhost", "127.1", "2130706433", "0x7f.0.0.1", "inside.example",
	} {
		_, err := ask(t, p, bot.Verify{URL: "http://" + host + ":" + port + "/"})
		refusedAsPrivate(t, err)
	}
}

// A socket that is about to connect to a private address does not, whoever
// thought that it might.
func TestTheSocketIsCheckedToo(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	defer server.Close()
	to := netip.MustParseAddrPort(server.Listener.Addr().String())
	for _, o := range []struct {
		Options
		ok bool
	}{
		{Options{}, false}, {Options{Private: true}, true}, {Options{Router: to.String()}, true}, {Options{Router: "127.0.0.1:1"}, false},
	} {
		p := newProber(t, func(given *Options) { *given = o.Options })
		conn, err := p.dialPermitted(t.Context(), to)
		if err == nil {
			conn.Close()
		}
		if (err == nil) != o.ok || err != nil && !errors.As(err, new(*privateError)) {
			t.Errorf("with %+v a connection should be possible: %v, got %v", o.Options, o.ok, err)
		}
	}
}

// A name whose addresses change between one look and the next gets nowhere: each
// connection is made to what its own one look-up said.
func TestRebinding(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers  [][]netip.Addr // of one look-up after the other
		requests int32          // that reach the app
		refused  bool
	}{
		"always public":          {answers: [][]netip.Addr{{public}, {public}}, requests: 2},
		"private from the start": {answers: [][]netip.Addr{{netip.MustParseAddr("127.0.0.1")}}, refused: true},
		"private on the redirect": {answers: [][]netip.Addr{{public}, {netip.MustParseAddr("169.254.169.254")}},
			requests: 1, refused: true},
		"mapped on the redirect": {answers: [][]netip.Addr{{public}, {netip.MustParseAddr("::ffff:10.0.0.1")}}, requests: 1, refused: true},
		"both at once": {answers: [][]netip.Addr{{netip.MustParseAddr("::1"), public}, {public, netip.MustParseAddr("10.0.0.1")}},
			requests: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests, looks atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				if r.URL.Path == "/" {
					http.Redirect(w, r, "/home", http.StatusFound)
				}
			}))
			defer server.Close()
			p := onInternet(t, server, func(string) ([]netip.Addr, error) {
				n := int(looks.Add(1))
				if n > len(c.answers) {
					return nil, errors.New("looked up too often")
				}
				return slices.Clone(c.answers[n-1]), nil
			})
			got, err := ask(t, p, bot.Verify{URL: "http://shop.example"})
			if c.refused {
				refusedAsPrivate(t, err)
			} else if err != nil || !got.OK {
				t.Errorf("expected a good answer, got %+v, %v", got, err)
			}
			if requests.Load() != c.requests || int(looks.Load()) != len(c.answers) {
				t.Errorf("expected %d requests with a look-up each, got %d and %d", c.requests, requests.Load(), looks.Load())
			}
		})
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch to := r.URL.Query().Get("to"); {
		case strings.HasPrefix(r.URL.Path, "/hops/"):
			n := len(strings.TrimPrefix(r.URL.Path, "/hops/"))
			if n == 0 {
				return
			}
			http.Redirect(w, r, "/hops/"+strings.Repeat("x", n-1), http.StatusTemporaryRedirect)
		case to != "":
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusMovedPermanently)
		}
	}))
	defer server.Close()
	p := onInternet(t, server, func(string) ([]netip.Addr, error) { return []netip.Addr{public}, nil })
	for path, want := range map[string]struct {
		reason string
		status int
	}{
		"/hops/xxxxx":                              {"", 200},
		"/hops/xxxxxx":                             {"it redirects more than 5 times", 307},
		"/?to=/home":                               {"", 200},
		"/?to=home":                                {"", 200},
		"/?to=//SHOP.example.:80/home":             {"", 200},
		"/?to=http://other.example/":               {"it redirects to another host: other.example", 301},
		"/?to=//shop.example.other.example/":       {"it redirects to another host: shop.example.other.example", 301},
		"/?to=http://shop.example:8080/":           {"it redirects to another host: shop.example:8080", 301},
		"/?to=http://127.0.0.1/":                   {"it redirects to another host: 127.0.0.1", 301},
		"/?to=http://169.254.169.254/latest/":      {"it redirects to another host: 169.254.169.254", 301},
		"/?to=http://shop.example@[::1]/":          {"it redirects to another host: [::1]", 301},
		"/?to=ftp://shop.example/":                 {"it redirects to something else than http or https", 301},
		"/?to=file:///etc/passwd":                  {"it redirects to something else than http or https", 301},
		"/?to=https://shop.example/":               {"it does not speak https at this address", 0}, // followed: the server speaks plain HTTP
		"/?to=http://shop.example/?to=http://x.y/": {"it redirects to another host: x.y", 301},
	} {
		got := answerOf(t, p, bot.Verify{URL: "http://shop.example" + path})
		if got.Reason != want.reason || got.Status != want.status {
			t.Errorf("%s: expected status %d and %q, got %+v", path, want.status, want.reason, got)
		}
	}
}

// The embedded platform's router may always be called, for the repository's apps
// and for nothing else.
func TestTheEmbeddedPlatformsRouter(t *testing.T) {
	t.Parallel()
	var secondHost atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, secondHost.Load().(string), http.StatusFound)
			return
		}
		fmt.Fprint(w, r.Host)
	}))
	defer server.Close()
	listens := server.Listener.Addr().String()
	_, port, _ := net.SplitHostPort(listens)
	secondHost.Store("http://shop-secret.localhost:" + port)
	for _, router := range []string{listens, "[::]:" + port, "0.0.0.0:" + port} {
		p := newProber(t, func(o *Options) {
			o.Private, o.Router = false, router
			o.Resolver = resolver(func(host string) ([]netip.Addr, error) { return nil, fmt.Errorf("%s should not be looked up", host) })
			o.Apps = func(repo bot.Repo, apps ...string) error {
				if repo.Name != "shop" || !slices.Equal(apps, []string{"shop-staging"}) {
					return &bot.Refused{Reason: "not your app"}
				}
				return nil
			}
		})
		for _, host := range []string{"shop-staging.localhost", "SHOP-staging.localhost."} {
			got := answerOf(t, p, bot.Verify{URL: "http://" + host + ":" + port, Contains: host})
			if !got.OK {
				t.Errorf("with the router at %s, %s should be asked without DNS, got %+v", router, host, got)
			}
		}
		if got := answerOf(t, p, bot.Verify{URL: "http://shop-staging.localhost:" + port + "/away"}); got.OK || got.Status != http.StatusFound {
			t.Errorf("an app should not lead to another, got %+v", got)
		}
		if _, err := ask(t, p, bot.Verify{URL: "http://other.localhost:" + port}); err == nil || err.Error() != "not your app" {
			t.Errorf("another repository's app should be refused, got %v", err)
		}
		for _, url := range []string{
			"http://" + listens, "http://localhost:" + port, "http://a.shop-staging.localhost:" + port, "http://.localhost:" + port,
			"http://shop-staging.localhost:1", "http://shop-staging.localhost", "https://shop-staging.localhost",
		} {
			_, err := ask(t, p, bot.Verify{URL: url})
			refusedAsPrivate(t, err)
		}
	}
}
