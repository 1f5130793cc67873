package web_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/web"
)

// A sign-in leads back to what somebody wanted to see, under a new session.
func TestSignIn(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	state := b.begin("/p/acme/shop")
	before := b.cookie(t)
	p := b.get("/login/callback?code=mia&state=" + state)
	if p.Header.Get("Location") != "/p/acme/shop" {
		t.Errorf("mia should come to the page that she wanted, got %s", p)
	}
	if after := b.cookie(t); after.Value == before.Value {
		t.Error("the session of somebody who has signed in should be a new one: the old one may be known to somebody else")
	}
	cookie := p.Cookies()[0]
	if cookie.Name != "headstart" || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" {
		t.Errorf("the cookie is open to others: %s", cookie)
	}
	if p := b.get("/login/callback?code=mia&state=" + state); p.StatusCode != http.StatusBadRequest {
		t.Errorf("a way back should be good once, got %s", p)
	}
	stolen := w.browser()
	stolen.client.Jar.SetCookies(w.base(t), []*http.Cookie{before})
	if p := stolen.get("/p/acme/shop"); p.StatusCode != http.StatusSeeOther {
		t.Errorf("the session from before the sign-in should be nobody's, got %s", p)
	}
}

// Over https the cookie is bound to the host, and never sent in the clear.
func TestCookieOverHTTPS(t *testing.T) {
	w := newWorld(t, func(o *web.Options) { o.URL = &url.URL{Scheme: "https", Host: "headstart.example.com"} })
	cookie := w.browser().get("/login").Cookies()[0]
	if cookie.Name != "__Host-headstart" || !cookie.Secure || !cookie.HttpOnly || cookie.Path != "/" || cookie.Domain != "" {
		t.Errorf("the cookie should be bound to its host: %s", cookie)
	}
}

func (w *world) base(t *testing.T) *url.URL {
	t.Helper()
	u, err := url.Parse(w.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (b *browser) cookie(t *testing.T) *http.Cookie {
	t.Helper()
	all := b.client.Jar.Cookies(b.base(t))
	if len(all) != 1 {
		t.Fatalf("there should be one cookie, got %v", all)
	}
	return all[0]
}

// Whoever comes back otherwise than they left is not signed in.
func TestSignInGoesWrong(t *testing.T) {
	for what, test := range map[string]struct {
		path   func(b *browser) string
		status int
		says   string
	}{
		"a state that was not given":      {func(b *browser) string { b.begin("/"); return "/login/callback?code=mia&state=other" }, http.StatusBadRequest, "Begin again at"},
		"no state":                        {func(b *browser) string { b.begin("/"); return "/login/callback?code=mia" }, http.StatusBadRequest, "Begin again at"},
		"a way back that was never begun": {func(b *browser) string { return "/login/callback?code=mia&state=" }, http.StatusBadRequest, "Begin again at"},
		"another browser's state":         {func(b *browser) string { return "/login/callback?code=mia&state=" + b.world.browser().begin("/") }, http.StatusBadRequest, "Begin again at"},
		"a person who says no":            {func(b *browser) string { return "/login/callback?error=access_denied&state=" + b.begin("/") }, http.StatusForbidden, "authorize Headstart"},
		"a code that GitHub did not give": {func(b *browser) string { return "/login/callback?code=eve&state=" + b.begin("/") }, http.StatusForbidden, "sign in again"},
		"a way back after more than ten min": {func(b *browser) string {
			s := b.begin("/")
			b.pass(11 * time.Minute)
			return "/login/callback?code=mia&state=" + s
		}, http.StatusBadRequest, "Begin again at"},
	} {
		b := newWorld(t).browser()
		if p := b.get(test.path(b)); p.StatusCode != test.status || !strings.Contains(p.body, test.says) {
			t.Errorf("%s should be answered with %d and %q, got %s", what, test.status, test.says, p)
		}
		if p := b.get("/p/acme/shop"); p.StatusCode != http.StatusSeeOther {
			t.Errorf("%s signed somebody in: %s", what, p)
		}
	}
	w := newWorld(t)
	b := w.browser()
	state := b.begin("/")
	w.trouble = &bot.Retryable{Reason: "GitHub did not answer."}
	if p := b.get("/login/callback?code=mia&state=" + state); p.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("GitHub's trouble should be said, got %s", p)
	}
}

// A sign-in leads to a page of this site, and to no other.
func TestOwnPath(t *testing.T) {
	for to, want := range map[string]string{
		"/p/acme/shop": "/p/acme/shop", "/": "/", "": "/", "p/acme": "/", "//evil.example": "/", "///evil.example": "/", "/\\evil.example": "/", "https://evil.example": "/",
		"javascript:alert(1)": "/", "/\n/evil.example": "/", "/login": "/", "/%2f%2fevil.example": "/%2f%2fevil.example", "/" + strings.Repeat("x", 600): "/",
	} {
		if got := web.OwnPath(to); got != want {
			t.Errorf("%q should lead to %q, got %q", to, want, got)
		}
	}
}

// Platforms say where an app answers: a page links to web addresses alone.
func TestWebAddress(t *testing.T) {
	for address, linked := range map[string]bool{
		"https://shop.example": true, "http://127.0.0.1:8081/": true, "javascript:alert(1)": false, "javascript://shop.example/%0aalert(1)": false,
		"data:text/html,x": false, "//shop.example": false, "/p/acme/shop": false, "": false, "https://": false,
	} {
		if got := web.WebAddress(address); got != "" != linked {
			t.Errorf("%q should be linked: %v, got %q", address, linked, got)
		}
	}
}

func FuzzOwnPath(f *testing.F) {
	for _, seed := range []string{"/p/a/b", "//e", "/\\e", "https://e", "/\te", "/..//e", "/.//e"} {
		f.Add(seed)
	}
	site, err := url.Parse("https://headstart.example.com/login")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, to string) {
		path := web.OwnPath(to)
		at, err := site.Parse(path)
		if err != nil || at.Host != site.Host || at.Scheme != site.Scheme || strings.HasPrefix(path, "//") || strings.Contains(path, "\\") {
			t.Errorf("%q leads to %s, which is another site: %v", to, at, err)
		}
	})
}

// No other site's form or script signs anybody out.
func TestOtherSitesChangeNothing(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn("mia")
	for what, header := range map[string][]string{
		"another site's form":           {"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"},
		"a form of a neighbour's":       {"Origin", "https://other.example.com", "Sec-Fetch-Site", "same-site"},
		"an old browser, from far":      {"Origin", "https://evil.example"},
		"a request that says not where": {},
		"a sandboxed page":              {"Origin", "null"},
	} {
		for _, path := range []string{"/logout", "/logout/everywhere"} {
			if p := b.do(http.MethodPost, path, header...); p.StatusCode != http.StatusForbidden {
				t.Errorf("%s should be refused at %s, got %s", what, path, p)
			}
		}
	}
	if p := b.get("/p/acme/shop"); p.StatusCode != http.StatusOK {
		t.Errorf("mia should still be signed in, got %s", p)
	}
	if p := b.do(http.MethodPost, "/logout", "Origin", w.server.URL); p.StatusCode != http.StatusSeeOther {
		t.Errorf("an old browser should sign out, too, got %s", p)
	}
	if p := b.get("/p/acme/shop"); p.StatusCode != http.StatusSeeOther || len(w.sessions) != 0 {
		t.Errorf("mia should be signed out, and her session gone: %d left, %s", len(w.sessions), p)
	}
}

func TestSignOutEverywhere(t *testing.T) {
	w := newWorld(t)
	here, there, sam := w.browser().signIn("mia"), w.browser().signIn("mia"), w.browser().signIn("sam")
	here.press("/logout/everywhere")
	for what, b := range map[string]*browser{"here": here, "there": there} {
		if p := b.get("/p/acme/shop"); p.StatusCode != http.StatusSeeOther {
			t.Errorf("mia should be signed out %s, got %s", what, p)
		}
	}
	if p := sam.get("/p/far/till"); p.StatusCode != http.StatusOK {
		t.Errorf("sam should be signed in still, got %s", p)
	}
}

// What is kept of a session tells nothing without the key, and lets nobody in.
func TestSessionsAreSealed(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn("mia")
	cookie := b.cookie(t)
	if len(w.sessions) != 1 {
		t.Fatalf("there should be one session, got %d", len(w.sessions))
	}
	for token, s := range w.sessions {
		if token == cookie.Value || s.person != accounts["mia"] || !s.expires.Equal(w.now.Add(8*time.Hour)) {
			t.Errorf("the row should have a hash of the cookie, mia's number and the token's end, got %s, %d, %s", token, s.person, s.expires)
		}
		for _, secret := range []string{"ghu_of_mia", "mia", cookie.Value} {
			if bytes.Contains(s.data, []byte(secret)) {
				t.Errorf("%q can be read in the database", secret)
			}
		}
	}

	sam := w.browser().signIn("sam")
	for token, s := range w.sessions { // sam, who can write to the database, puts mia's row in the place of his
		for other, mias := range w.sessions {
			if s.person == accounts["sam"] && mias.person == accounts["mia"] && token != other {
				w.sessions[token] = session{s.person, mias.data, s.expires}
			}
		}
	}
	if p := sam.get("/p/acme/shop"); p.StatusCode != http.StatusSeeOther {
		t.Errorf("a row in another one's place should be no session, got %s", p)
	}

	other := newWorld(t, func(o *web.Options) { o.Key = []byte(strings.Repeat("x", 32)) })
	other.sessions = w.sessions
	thief := other.browser()
	thief.client.Jar.SetCookies(other.base(t), []*http.Cookie{cookie})
	if p := thief.get("/p/acme/shop"); p.StatusCode != http.StatusSeeOther {
		t.Errorf("under another key nobody should be signed in, got %s", p)
	}
}

// A session ends with GitHub's token, even if its row does not.
func TestSessionEndsWithItsToken(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn("mia")
	for token, s := range w.sessions {
		s.expires = w.now.Add(100 * time.Hour)
		w.sessions[token] = s
	}
	w.pass(8*time.Hour - time.Second)
	if p := b.get("/p/acme/shop"); p.StatusCode != http.StatusOK {
		t.Errorf("mia should be signed in for eight hours, got %s", p)
	}
	w.pass(time.Second)
	if p := b.get("/p/acme/shop"); p.StatusCode != http.StatusSeeOther {
		t.Errorf("after eight hours mia should sign in again, got %s", p)
	}
}

// Somebody who tries very often is held up, and everybody else is not.
func TestSignInsAreCounted(t *testing.T) {
	address := "192.0.2.7"
	w := newWorld(t, func(o *web.Options) { o.Address = func(*http.Request) string { return address } })
	tries := func(b *browser, most int) (n int) {
		for b.get("/login").StatusCode == http.StatusSeeOther && n < most {
			n++
		}
		return n
	}
	if n := tries(w.browser(), 100); n != 11 { // the first one has no session yet
		t.Errorf("a session should try ten times a minute, it did %d times", n)
	}
	all := 0
	for range 40 {
		if w.browser().get("/login").StatusCode == http.StatusSeeOther {
			all++
		}
	}
	if all > 30 {
		t.Errorf("an address should try thirty times a minute, it did %d times more", all)
	}
	if p := w.browser().get("/login"); p.StatusCode != http.StatusTooManyRequests || !strings.Contains(p.body, "in a minute") {
		t.Errorf("it should be told to wait, got %s", p)
	}
	address = "192.0.2.8"
	if p := w.browser().get("/login"); p.StatusCode != http.StatusSeeOther {
		t.Errorf("another address should not be held up, got %s", p)
	}
	address = "192.0.2.7"
	w.pass(time.Minute)
	if p := w.browser().get("/login"); p.StatusCode != http.StatusSeeOther {
		t.Errorf("after a minute it should be let in, got %s", p)
	}
}

// Assets never change under their name, and are kept for ever; pages are kept nowhere.
func TestCaching(t *testing.T) {
	b := newWorld(t).browser()
	if p := b.get(web.CSSPath()); p.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || p.Header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("the stylesheet should be kept for ever, got %v", p.Header)
	}
	if p := b.get("/"); !strings.Contains(p.Header.Get("Cache-Control"), "no-store") || !strings.Contains(p.body, web.CSSPath()) {
		t.Errorf("a page should be kept nowhere, got %v", p.Header)
	}
	if n := len(b.get(web.CSSPath()).body) + len(b.get("/assets/").body); n > 40_000 {
		t.Errorf("all assets have %d bytes", n)
	}
}
