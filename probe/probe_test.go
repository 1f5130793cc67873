package probe

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/bot"
)

const (
	sha      = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"
	builtSHA = "00aa11bb22cc33dd44ee55ff66778899aabbccdd" // with the same files
	otherSHA = "ffeeddccbbaa99887766554433221100ffeeddcc"
	token    = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
)

var shop = bot.Target{Pipeline: bot.Key{Repo: bot.Repo{Owner: "acme", Name: "shop"}}}

// newProber makes a prober that may ask the tests' servers.
func newProber(t *testing.T, change func(*Options)) *Prober {
	t.Helper()
	o := Options{Version: "v1.2.3 abcdef", Private: true}
	if change != nil {
		change(&o)
	}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// ask asks an address for the commit.
func ask(t *testing.T, p *Prober, v bot.Verify) (bot.Probed, error) {
	t.Helper()
	fact, err := p.Perform(t.Context(), shop, bot.Effect{Do: bot.Probe{Stage: "production", SHA: sha, Built: builtSHA, Verify: v}})
	if err != nil {
		if fact != nil {
			t.Errorf("an error should come without an answer, got %+v", fact)
		}
		return bot.Probed{}, err
	}
	return fact.(bot.Probed), nil
}

// answerOf asks an address that has to be an answer, whatever happens.
func answerOf(t *testing.T, p *Prober, v bot.Verify) bot.Probed {
	t.Helper()
	probed, err := ask(t, p, v)
	if err != nil {
		t.Fatalf("%s should be answered in some way, not fail with %v", v.URL, err)
	}
	if probed.OK == (probed.Reason != "") || probed.OK && probed.Other {
		t.Errorf("an answer is good, or says why not: %+v", probed)
	}
	return probed
}

func TestAnswersAreHeldAgainstWhatIsExpected(t *testing.T) {
	t.Parallel()
	header := func(values ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.Header()["X-Revision"] = values }
	}
	body := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
	}
	status := func(code int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			_, _ = io.WriteString(w, text)
		}
	}
	inBody, inHeader := bot.Verify{Revision: "body"}, bot.Verify{Revision: "header x-revision"}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		ask    bot.Verify
		reason string // of what is wrong; empty: nothing
		other  bool
	}{
		"200":                  {answer: body("fine")},
		"204 where 204 is due": {answer: status(204, ""), ask: bot.Verify{Status: 204}},
		"204 where 200 is due": {answer: status(204, ""), reason: "it answers 204 (No Content) and not 200"},
		"an error":             {answer: status(503, "starting"), reason: "it answers 503 (Service Unavailable) and not 200"},
		"a status of its own":  {answer: status(599, ""), reason: "it answers 599 and not 200"},
		"the text":             {answer: body("all is ok here"), ask: bot.Verify{Contains: "ok"}},
		"not the text":         {answer: body("all is well"), ask: bot.Verify{Contains: "ok"}, reason: `its answer does not contain "ok"`},
		"neither":              {answer: status(500, "down"), ask: bot.Verify{Contains: "ok"}, reason: `it answers 500 (Internal Server Error) and not 200, and its answer does not contain "ok"`},
		"a redirect that is it": {answer: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://other.example", http.StatusFound)
		}, ask: bot.Verify{Status: http.StatusFound}},

		"the commit in the body":           {answer: body(`{"revision":"` + sha + `"}`), ask: inBody},
		"in capitals":                      {answer: body(strings.ToUpper(sha)), ask: inBody},
		"abbreviated":                      {answer: body("v7 (1a2b3c4)\n"), ask: inBody},
		"as git describes it":              {answer: body("v1.2-14-g1a2b3c4d5"), ask: inBody},
		"the commit that was built":        {answer: body("this is 00aa11bb22"), ask: inBody},
		"that one in the header":           {answer: header(builtSHA), ask: inHeader},
		"both in the header":               {answer: header(sha, builtSHA), ask: inHeader},
		"too short":                        {answer: body("1a2b3c"), ask: inBody, other: true, reason: "its answer does not name commit 1a2b3c4"},
		"beginning alike":                  {answer: body("1a2b3c4e"), ask: inBody, other: true, reason: "its answer does not name commit 1a2b3c4"},
		"a longer number":                  {answer: body(sha + "00"), ask: inBody, other: true, reason: "its answer does not name commit 1a2b3c4"},
		"another commit in the body":       {answer: body("this is " + otherSHA), ask: inBody, other: true, reason: "its answer names commit ffeeddc and not 1a2b3c4"},
		"a secret that looks like one":     {answer: body("token=" + otherSHA), ask: inBody, other: true, reason: "its answer does not name commit 1a2b3c4"},
		"no commit":                        {answer: body("hello"), ask: inBody, other: true, reason: "its answer does not name commit 1a2b3c4"},
		"an error of an unknown commit":    {answer: status(502, "bad gateway"), ask: inBody, other: true, reason: "it answers 502 (Bad Gateway) and not 200, and its answer does not name commit 1a2b3c4"},
		"an error of this commit":          {answer: status(500, sha), ask: inBody, reason: "it answers 500 (Internal Server Error) and not 200"},
		"the commit in the header":         {answer: header(sha), ask: inHeader},
		"abbreviated in the header":        {answer: header("1A2B3C4D"), ask: inHeader},
		"another commit in the header":     {answer: header(otherSHA), ask: inHeader, other: true, reason: "its header X-Revision names commit ffeeddc and not 1a2b3c4"},
		"two commits in headers":           {answer: header(sha, otherSHA), ask: inHeader, other: true, reason: "its header X-Revision names several commits"},
		"something else in the header":     {answer: header("v12"), ask: inHeader, other: true, reason: "its header X-Revision does not name commit 1a2b3c4"},
		"an empty header":                  {answer: header(""), ask: inHeader, other: true, reason: "it has no header X-Revision that would name its commit"},
		"the commit in the wrong place":    {answer: body(sha), ask: inHeader, other: true, reason: "it has no header X-Revision that would name its commit"},
		"the commit, but not the text":     {answer: body(sha), ask: bot.Verify{Revision: "body", Contains: "ok"}, reason: `its answer does not contain "ok"`},
		"another commit without the text":  {answer: body(otherSHA), ask: bot.Verify{Revision: "body", Contains: "ok"}, other: true, reason: "its answer names commit ffeeddc and not 1a2b3c4"},
		"a secret where text was expected": {answer: body("no"), ask: bot.Verify{Contains: "password=hunter22"}, reason: `its answer does not contain "password=[redacted]"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(c.answer)
			defer server.Close()
			c.ask.URL = server.URL + "/healthz"
			got := answerOf(t, newProber(t, nil), c.ask)
			if got.Reason != c.reason || got.Other != c.other || got.OK != (c.reason == "") || got.Status == 0 {
				t.Errorf("expected reason %q, of another commit: %v; got %+v", c.reason, c.other, got)
			}
		})
	}
}

// Who is asked sees who asks, and is not answered from a cache or by an old
// connection.
func TestWhatARequestLooksLike(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	var remotes []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		remotes = append(remotes, r.RemoteAddr)
		if r.Method != "GET" || r.UserAgent() != "Headstart/v1.2.3 (+https://github.com/headstart-cd/headstart)" ||
			r.Header.Get("Cache-Control") != "no-cache" || r.URL.RequestURI() != "/healthz?full=1" {
			t.Errorf("expected a GET by Headstart past all caches, got %s %s %v", r.Method, r.URL, r.Header)
		}
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "yes"})
		if len(r.Cookies()) > 0 {
			t.Error("a probe should not remember cookies")
		}
	}))
	defer server.Close()
	p := newProber(t, nil)
	for range 3 {
		if got := answerOf(t, p, bot.Verify{URL: server.URL + "/healthz?full=1"}); !got.OK {
			t.Errorf("the server should be found without the proxy of the environment: %+v", got)
		}
	}
	if len(remotes) != 3 || remotes[0] == remotes[1] || remotes[1] == remotes[2] {
		t.Errorf("each probe should have a connection of its own, they came from %v", remotes)
	}
}

func TestLargeAndCompressedBodies(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		write  func(w io.Writer) error
		zipped bool
		reason string
	}{
		"compressed": {zipped: true, write: func(w io.Writer) error {
			_, err := io.WriteString(w, strings.Repeat("-", 1000)+"ok")
			return err
		}},
		"without end": {reason: `the first 64 KiB of its answer do not contain "ok"`, write: endless},
		"a bomb":      {zipped: true, reason: `the first 64 KiB of its answer do not contain "ok"`, write: endless},
		"as long as may be": {write: func(w io.Writer) error {
			_, err := io.WriteString(w, strings.Repeat("-", maxBody-2)+"ok")
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !c.zipped {
					_ = c.write(w)
					return
				}
				if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
					t.Error("a probe should take compressed answers, as browsers do")
				}
				w.Header().Set("Content-Encoding", "gzip")
				z := gzip.NewWriter(w)
				if c.write(z) == nil {
					_ = z.Close()
				}
			}))
			defer server.Close()
			if got := answerOf(t, newProber(t, nil), bot.Verify{URL: server.URL, Contains: "ok"}); got.Reason != c.reason || got.Status != 200 {
				t.Errorf("expected %q, got %+v", c.reason, got)
			}
		})
	}
}

// endless writes until nobody reads any more.
func endless(w io.Writer) error {
	for {
		if _, err := w.Write(make([]byte, 32<<10)); err != nil {
			return err
		}
	}
}

// What does not answer well is an answer too.
func TestNoAnswerIsAnAnswer(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	raw := func(text string) string {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				_, _ = conn.Read(make([]byte, 4096))
				_, _ = io.WriteString(conn, text)
				conn.Close()
			}
		}()
		t.Cleanup(func() {
			listener.Close()
			<-done
		})
		return "http://" + listener.Addr().String()
	}
	p := newProber(t, func(o *Options) {
		o.Resolver = resolver(func(host string) ([]netip.Addr, error) {
			return nil, &net.DNSError{Err: "no such host", Name: host, Server: "10.0.0.2:53", IsNotFound: host == "gone.example"}
		})
	})
	for name, c := range map[string]struct {
		url    string
		reason string
		status int
	}{
		"nobody listens":        {url: "http://" + closed.Addr().String(), reason: "it refuses connections"},
		"unknown name":          {url: "http://gone.example", reason: "the name gone.example is unknown"},
		"broken name server":    {url: "http://shop.example", reason: "the name shop.example could not be looked up"},
		"closes":                {url: raw(""), reason: "it closed the connection without an answer"},
		"speaks another tongue": {url: raw("220 mail.example ESMTP\r\n"), reason: "it does not answer as HTTP asks for"},
		"breaks off":            {url: raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello"), reason: "it broke off its answer", status: 200},
		"bad compression":       {url: raw("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"), reason: "it broke off its answer", status: 200},
		"headers without end":   {url: raw("HTTP/1.1 200 OK\r\nX-Long: " + strings.Repeat("x", 2*maxHeader)), reason: "the headers of its answer are longer than 64 KiB"},
		"redirects to nothing":  {url: raw("HTTP/1.1 302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n"), reason: "it does not answer as HTTP asks for"},
		"http, not https":       {url: strings.Replace(raw("HTTP/1.1 400 Bad Request\r\n\r\n"), "http:", "https:", 1), reason: "it does not speak https at this address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := answerOf(t, p, bot.Verify{URL: c.url}); got.Reason != c.reason || got.Status != c.status {
				t.Errorf("expected status %d and %q, got %+v", c.status, c.reason, got)
			}
		})
	}
}

// resolver is a name server that answers as a function says.
type resolver func(host string) ([]netip.Addr, error)

func (r resolver) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	return r(host)
}

// Only somebody who gives up is an error, and one that may be repeated.
func TestCancel(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	fact, err := newProber(t, nil).Perform(ctx, shop, bot.Effect{Do: bot.Probe{SHA: sha, Verify: bot.Verify{URL: server.URL}}})
	if !errors.As(err, new(*bot.Retryable)) || fact != nil {
		t.Errorf("expected that it can be tried again, got %v, %v", fact, err)
	}
}

func TestWhatCanNeverBeAsked(t *testing.T) {
	t.Parallel()
	p := newProber(t, nil)
	for _, c := range []struct{ url, revision string }{
		{"ftp://shop.example/", ""}, {"file:///etc/passwd", ""}, {"shop.example/healthz", ""}, {"https://", ""}, {"", ""}, {"http://[::1", ""},
		{"https://:443/", ""}, {"https://shop.example:99999/", ""}, {"https://bot:hunter2@shop.example/", ""}, {"https://shop.example/", "cookie"}, {"https://shop.example/", "header "},
	} {
		_, err := ask(t, p, bot.Verify{URL: c.url, Revision: c.revision})
		if !errors.As(err, new(*bot.Refused)) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q with revision %q should be refused, without repeating a password: %v", c.url, c.revision, err)
		}
	}
	if _, err := p.Perform(t.Context(), shop, bot.Effect{Do: bot.ReadHead{}}); !errors.As(err, new(*bot.Refused)) {
		t.Errorf("what is no probe should be refused, got %v", err)
	}
	if _, err := New(Options{Router: "somewhere"}); err == nil {
		t.Error("a router at no address should be refused")
	}
}

// Nothing of an answer that is a secret is repeated, wherever it stood.
func TestSecretsAreNotRepeated(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	defer server.Close()
	for name, answer := range map[string]func(w http.ResponseWriter, r *http.Request){
		"in the body":    func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, "{\n \"github\": %q}", token) },
		"over the edge":  func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("-", 190)+" "+token) },
		"behind colours": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "\x1b[31mghp_\x1b[0m"+token[4:]) },
		"in the header":  func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Revision", token) },
		"in a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://"+token+".example/?token="+token, http.StatusFound)
		},
		"in a name of its own": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "//bot:"+token+"@"+r.Host+"/x", http.StatusFound)
		},
		"in what is left of an answer": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, "password="+token[4:])
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(answer))
			defer server.Close()
			for _, revision := range []string{"", "body", "header X-Revision"} {
				got := answerOf(t, newProber(t, nil), bot.Verify{URL: server.URL, Revision: revision, Contains: "ok"})
				if text := got.Excerpt + got.Reason; strings.Contains(text, token[4:12]) || strings.Contains(text, token[30:]) {
					t.Errorf("the secret is repeated: %+v", got)
				}
			}
		})
	}
}
