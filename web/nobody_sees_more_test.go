package web_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/web"
)

// what a viewer gets.
const (
	shown     = "the page"
	missing   = "what does not exist"
	signIn    = "the way to sign in"
	home      = "the way home"
	tokens    = "the way to the tokens"
	gitHub    = "the way to GitHub"
	refused   = "a refusal"
	forbidden = "that it may not"
)

// Every route, and what each kind of viewer gets of it: nobody, mia who sees acme's
// repositories, sam who sees far's, the operator to whom GitHub shows none, and mia when
// her session has expired.
var whoSees = []struct {
	pattern, method, path         string
	nobody, mia, sam, ops, lapsed string
}{
	{"GET /{$}", "GET", "/", shown, shown, shown, shown, shown},
	{"GET /{$}", "GET", "/?find=till&wall", shown, shown, shown, shown, shown},
	{"GET /live", "GET", "/live", signIn, shown, shown, shown, signIn},
	{"GET /wall", "GET", "/wall", shown, shown, shown, shown, shown},
	{"POST /wall", "POST", "/wall", forbidden, forbidden, forbidden, forbidden, forbidden},
	{"GET /wall/live", "GET", "/wall/live", missing, missing, missing, missing, missing},
	{"GET /login", "GET", "/login", gitHub, home, home, home, gitHub},
	{"GET /login/callback", "GET", "/login/callback?code=mia&state=x", refused, refused, refused, refused, refused},
	{"POST /logout", "POST", "/logout", home, home, home, home, home},
	{"POST /logout/everywhere", "POST", "/logout/everywhere", home, home, home, home, home},
	{"GET /p/{owner}/{name}", "GET", "/p/acme/shop", signIn, shown, missing, missing, signIn},
	{"GET /p/{owner}/{name}", "GET", "/p/acme/mono:api", signIn, shown, missing, missing, signIn},
	{"GET /p/{owner}/{name}", "GET", "/p/ACME/Shop", signIn, shown, missing, missing, signIn},
	{"GET /p/{owner}/{name}", "GET", "/p/far/till", signIn, missing, shown, missing, signIn},
	{"GET /p/{owner}/{name}", "GET", "/p/acme/mono", signIn, missing, missing, missing, signIn},
	{"GET /p/{owner}/{name}", "GET", "/p/no/such", signIn, missing, missing, missing, signIn},
	{"GET /p/{owner}/{name}/live", "GET", "/p/acme/shop/live", signIn, shown, missing, missing, signIn},
	{"GET /p/{owner}/{name}/live", "GET", "/p/far/till/live", signIn, missing, shown, missing, signIn},
	{"GET /p/{owner}/{name}/live", "GET", "/p/no/such/live", signIn, missing, missing, missing, signIn},
	{"GET /p/{owner}/{name}/c/{sha}", "GET", "/p/acme/shop/c/3f2a91c", signIn, shown, missing, missing, signIn},
	{"GET /p/{owner}/{name}/c/{sha}", "GET", "/p/far/till/c/3f2a91c", signIn, missing, shown, missing, signIn},
	{"GET /p/{owner}/{name}/c/{sha}", "GET", "/p/acme/shop/c/no", signIn, missing, missing, missing, signIn},
	{"GET /p/{owner}/{name}/c/{sha}/live", "GET", "/p/acme/shop/c/3f2a91c/live", signIn, shown, missing, missing, signIn},
	{"GET /p/{owner}/{name}/c/{sha}/output/{app}/{id}", "GET", "/p/acme/shop/c/3f2a91c/output/shop-prepare/shop-prepare%2Fb1", signIn, shown, missing, missing, signIn},
	{"GET /p/{owner}/{name}/c/{sha}/output/{app}/{id}", "GET", "/p/far/till/c/3f2a91c/output/till-prepare/till-prepare%2Fb1", signIn, missing, shown, missing, signIn},
	{"GET /p/{owner}/{name}/c/{sha}/output/{app}/{id}", "GET", "/p/acme/shop/c/3f2a91c/output/till-prepare/till-prepare%2Fb1", signIn, missing, missing, missing, signIn},
	{"GET /p/{owner}/{name}/c/{sha}/output/{app}/{id}", "GET", "/p/acme/shop/c/77b01de/output/shop-prepare/shop-prepare%2Fb1", signIn, missing, missing, missing, signIn},
	{"GET /p/{owner}/{name}/c/{sha}/output/{app}/{id}/live", "GET", "/p/acme/shop/c/3f2a91c/output/shop-prepare/shop-prepare%2Fb1/live", signIn, shown, missing, missing, signIn},
	{"GET /p/{owner}/{name}/c/{sha}/output/{app}/{id}/live", "GET", "/p/acme/shop/c/3f2a91c/output/till-prepare/till-prepare%2Fb1/live", signIn, missing, missing, missing, signIn},
	{"GET /p/{owner}/{name}/s/{stage}", "GET", "/p/acme/shop/s/production", signIn, shown, missing, missing, signIn},
	{"GET /p/{owner}/{name}/s/{stage}", "GET", "/p/acme/shop/s/nowhere", signIn, missing, missing, missing, signIn},
	{"GET /p/{owner}/{name}/s/{stage}/live", "GET", "/p/far/till/s/production/live", signIn, missing, shown, missing, signIn},
	{"GET /p/{owner}/{name}/process", "GET", "/p/acme/shop/process", signIn, shown, missing, missing, signIn},
	{"GET /p/{owner}/{name}/process", "GET", "/p/far/till/process", signIn, missing, shown, missing, signIn},
	{"GET /p/{owner}/{name}/insights", "GET", "/p/acme/shop/insights", signIn, shown, missing, missing, signIn},
	{"GET /p/{owner}/{name}/insights", "GET", "/p/far/till/insights", signIn, missing, shown, missing, signIn},
	{"GET /p/{owner}/{name}/insights", "GET", "/p/no/such/insights", signIn, missing, missing, missing, signIn},
	{"GET /insights", "GET", "/insights", signIn, shown, shown, shown, signIn},
	{"GET /p/{owner}/{name}/audit", "GET", "/p/acme/shop/audit", signIn, shown, missing, missing, signIn},
	{"GET /p/{owner}/{name}/audit", "GET", "/p/far/till/audit?as=csv", signIn, missing, shown, missing, signIn},
	{"GET /p/{owner}/{name}/audit", "GET", "/p/acme/shop/audit?as=jsonl&who=zoe", signIn, shown, missing, missing, signIn},
	{"GET /do/{owner}/{name}", "GET", "/do/acme/shop?c=/lock+production", signIn, shown, missing, missing, signIn},
	{"GET /do/{owner}/{name}", "GET", "/do/far/till?c=/lock+production", signIn, missing, shown, missing, signIn},
	{"GET /do/{owner}/{name}/{id}", "GET", "/do/acme/shop/-7", signIn, shown, missing, missing, signIn},
	{"GET /do/{owner}/{name}/{id}", "GET", "/do/acme/shop/-8", signIn, missing, missing, missing, signIn},
	{"GET /do/{owner}/{name}/{id}/live", "GET", "/do/acme/shop/-7/live", signIn, shown, missing, missing, signIn},
	{"POST /do/{owner}/{name}", "POST", "/do/acme/shop?c=x", home, refused, missing, missing, home},
	{"GET /tokens", "GET", "/tokens", signIn, shown, shown, shown, signIn},
	{"POST /tokens", "POST", "/tokens", home, shown, shown, shown, home},
	{"POST /tokens/revoke", "POST", "/tokens/revoke", home, tokens, tokens, tokens, home},
	{"GET /deliveries", "GET", "/deliveries", signIn, missing, missing, shown, signIn},
	{"GET /audit", "GET", "/audit", signIn, missing, missing, shown, signIn},
	{"GET /audit", "GET", "/audit?as=csv", signIn, missing, missing, shown, signIn},
	{"GET /doctor", "GET", "/doctor", signIn, missing, missing, shown, signIn},
	{"GET /assets/{file}", "GET", web.CSSPath(), shown, shown, shown, shown, shown},
	{"GET /assets/{file}", "GET", "/assets/other.css", missing, missing, missing, missing, missing},
	{"/", "GET", "/p/acme", missing, missing, missing, missing, missing},
	{"/", "GET", "/logout", missing, missing, missing, missing, missing},
	{"/", "POST", "/p/acme/shop", missing, missing, missing, missing, missing},
}

// secretsOf are texts that nobody may read who does not see the repositories of an owner.
var secretsOf = map[string][]string{
	"acme": {"acme/", "shop-us", "mono:api", "Rework the cart", "ann<"}, "far": {"far/", "till-us", "Print receipts", "bob<"},
}

func TestNobodySeesMore(t *testing.T) {
	for _, pattern := range web.RoutePatterns() {
		if !slices.ContainsFunc(whoSees, func(row struct {
			pattern, method, path         string
			nobody, mia, sam, ops, lapsed string
		}) bool {
			return row.pattern == pattern
		}) {
			t.Errorf("the route %s has no entry that says who sees it", pattern)
		}
	}
	for _, row := range whoSees {
		if !slices.Contains(web.RoutePatterns(), row.pattern) {
			t.Errorf("the table has no route %s any more", row.pattern)
		}
		for who, want := range map[string]string{"": row.nobody, "mia": row.mia, "sam": row.sam, "ops": row.ops, "lapsed": row.lapsed} {
			w := newWorld(t, func(o *web.Options) { // streams end at once
				ended := make(chan struct{})
				close(ended)
				o.Ending = ended
			})
			w.tell()
			b := w.browser()
			if who == "lapsed" {
				b.signIn("mia")
				w.pass(8 * time.Hour)
			} else {
				b.signIn(who)
			}
			absent := b.get("/no/such/page")
			var p page
			if row.method == http.MethodPost {
				p = b.press(row.path)
			} else {
				p = b.do(row.method, row.path)
			}
			if got := outcome(p, absent); got != want {
				t.Errorf("%q should get %s of %s %s, got %s: %s", who, want, row.method, row.path, got, p)
			}
			for owner, secrets := range secretsOf {
				if owner == "acme" && who == "mia" || owner == "far" && who == "sam" || strings.HasPrefix(row.path, "/assets") {
					continue
				}
				for _, secret := range secrets {
					if said := strings.ReplaceAll(p.body+unescaped(p.Header.Get("Location")), row.path, ""); strings.Contains(said, secret) {
						t.Errorf("%q should not read %q at %s %s: %s", who, secret, row.method, row.path, p)
					}
				}
			}
			if p.Header.Get("Content-Security-Policy") == "" || p.Header.Get("X-Content-Type-Options") != "nosniff" ||
				p.Header.Get("Referrer-Policy") != "same-origin" || p.Header.Get("Cross-Origin-Opener-Policy") != "same-origin" {
				t.Errorf("%s %s lacks a header that keeps browsers safe: %v", row.method, row.path, p.Header)
			}
		}
	}
}

func unescaped(text string) string {
	plain, err := url.QueryUnescape(text)
	if err != nil {
		return text
	}
	return plain
}

// outcome names what an answer is. What is missing has to be the same to the byte as what never existed.
func outcome(p, absent page) string {
	to := p.Header.Get("Location")
	switch {
	case p.StatusCode == http.StatusOK:
		return shown
	case p.StatusCode == http.StatusNotFound && p.body == absent.body && sameHeaders(p.Header, absent.Header):
		return missing
	case p.StatusCode == http.StatusSeeOther && to == "/":
		return home
	case p.StatusCode == http.StatusSeeOther && to == "/tokens":
		return tokens
	case p.StatusCode == http.StatusSeeOther && strings.HasPrefix(to, "/login?to="):
		return signIn
	case p.StatusCode == http.StatusSeeOther && strings.HasPrefix(to, "https://github.example/"):
		return gitHub
	case p.StatusCode == http.StatusBadRequest:
		return refused
	case p.StatusCode == http.StatusForbidden:
		return forbidden
	}
	return "something else"
}

func sameHeaders(a, b http.Header) bool {
	a, b = a.Clone(), b.Clone()
	a.Del("Date")
	b.Del("Date")
	if len(a) != len(b) {
		return false
	}
	for name, values := range a {
		if !slices.Equal(values, b[name]) {
			return false
		}
	}
	return true
}

// tell gives each pipeline something to tell.
func (w *world) tell() {
	for key, said := range map[bot.Key][2]string{shop: {"Rework the cart", "ann"}, api: {"Rework the cart", "ann"}, till: {"Print receipts", "bob"}} {
		s := newTale(w.t)
		s.push("3f2a91c", said[0], said[1], usualOf(key.Repo.Name))
		w.put(key, s)
		w.write(key.Repo.Name+"-prepare", said[0]+"\n", false)
	}
	w.command(shop, bot.Asked{ID: -7, Via: bot.ViaPage, User: "zoe", Command: "/lock staging"})
}

// command gives a command.
func (w *world) command(key bot.Key, f bot.Asked) {
	w.t.Helper()
	if taken, err := w.Ask(context.Background(), key, f); err != nil || !taken {
		w.t.Fatalf("%s should be taken: %v", f.Command, err)
	}
}

// Whoever sees one private repository reads nothing there of another one: neither of one that it needs, nor of one that
// shares a prepare app with it.
func TestOtherRepositoriesAreNotNamed(t *testing.T) {
	w := newWorld(t)
	s := newTale(t)
	s.BuildTime = time.Hour
	s.push("77b01de", "Fix rounding", "ada", usualOf("shop"))
	state := s.State.Clone()
	state.RepoID, state.Visibility = shopID, bot.Private
	need := bot.Need{Pipeline: till, Stage: "production"}
	state.Config.Stages[0].Needs = []bot.Need{need}
	c := &state.Candidates[0]
	c.Needs = map[string]pipeline.NeedSeen{need.String(): {StageRuns: bot.StageRuns{Found: true, SHA: sha("abc"), Missing: sha("def"), Hold: "locked by @bob: Print receipts"}}}
	state.Builds = nil // it waits for its turn
	state.Queues = map[string]bot.BuildQueue{"shop-prepare": {{Pipeline: till, Installation: state.Installation, Builds: s.Now, Waits: bot.RankUrgent, Since: s.Now.Add(-time.Hour)}}}
	w.states[shop], w.now = state, s.Now.Add(time.Minute)
	b := w.browser().signIn("mia")
	for _, path := range []string{"/", "/p/acme/shop", "/do/acme/shop?c=/promote+staging+" + c.SHA, "/do/acme/shop?c=/promote+production+" + c.SHA} {
		p := b.get(path)
		for _, secret := range []string{"far/", "till", "abc", "Print receipts", "bob"} {
			if strings.Contains(strings.ReplaceAll(p.body, "still", ""), secret) {
				t.Errorf("%s tells %q of a repository that mia does not see: %s", path, secret, p)
			}
		}
		if strings.HasPrefix(path, "/p/") && strings.Count(p.body, "another pipeline") < 1 {
			t.Errorf("%s should say that it waits for another pipeline: %s", path, p)
		}
	}
}

// A pipeline that is begun later shows soon; one whose repository GitHub does not show any more is
// gone after ten minutes; and GitHub is not asked for each page.
func TestSightIsRemembered(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn("mia")
	count := func(want int, when string) {
		t.Helper()
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.asked != want {
			t.Errorf("%s, GitHub should have been asked %d times what mia sees, it was %d times", when, want, w.asked)
		}
	}
	for range 3 {
		if p := b.get("/p/acme/shop"); p.StatusCode != http.StatusOK {
			t.Fatalf("mia should see acme/shop, got %s", p)
		}
	}
	count(1, "after three pages")

	w.mu.Lock()
	w.states[till] = w.states[shop] // far/till is another repository of acme's now, so to say
	state := w.states[till]
	state.Pipeline, state.RepoID = till, 104
	w.states[till], w.sees["mia"] = state, []int64{shopID, monoID, 104}
	w.mu.Unlock()
	w.pass(6 * time.Second)
	if p := b.get("/p/far/till"); p.StatusCode != http.StatusOK {
		t.Errorf("a pipeline that was begun a moment ago should be seen, got %s", p)
	}
	count(2, "after a pipeline was begun")

	w.mu.Lock()
	w.sees["mia"] = nil
	w.mu.Unlock()
	w.pass(9 * time.Minute)
	if p := b.get("/p/acme/shop"); p.StatusCode != http.StatusOK {
		t.Errorf("GitHub's answer should be believed for ten minutes, got %s", p)
	}
	w.pass(time.Minute)
	if p := b.get("/p/acme/shop"); p.StatusCode != http.StatusNotFound {
		t.Errorf("after ten minutes mia should see nothing that GitHub does not show her, got %s", p)
	}
	count(3, "after ten minutes")
}

// A pipeline whose repository has no number yet is shown to nobody: its name may be another one's by now.
func TestUnnumberedPipelinesAreHidden(t *testing.T) {
	w := newWorld(t)
	w.mu.Lock()
	state := w.states[shop]
	state.RepoID = 0
	w.states[shop], w.sees["mia"] = state, []int64{0, monoID}
	w.mu.Unlock()
	if p := w.browser().signIn("mia").get("/p/acme/shop"); p.StatusCode != http.StatusNotFound {
		t.Errorf("a repository without a number should be shown to nobody, got %s", p)
	}
}

// While GitHub does not say what somebody sees, they see nothing.
func TestNothingIsSeenInTrouble(t *testing.T) {
	w := newWorld(t)
	b := w.browser().signIn("mia")
	w.mu.Lock()
	w.trouble = &bot.Retryable{Reason: "GitHub did not answer in time."}
	w.mu.Unlock()
	for _, path := range []string{"/", "/p/acme/shop", "/p/far/till"} {
		if p := b.get(path); p.StatusCode != http.StatusServiceUnavailable || strings.Contains(p.body, "acme") {
			t.Errorf("%s should say that GitHub does not answer, got %s", path, p)
		}
	}
	w.mu.Lock()
	w.trouble = &bot.Refused{Reason: "GitHub does not accept the token of this sign-in any more: sign in again."}
	w.mu.Unlock()
	if p := b.get("/p/acme/shop"); p.Header.Get("Location") != "/login?to=%2Fp%2Facme%2Fshop" {
		t.Errorf("a token that GitHub does not accept any more should end the session, got %s", p)
	}
	w.mu.Lock()
	w.trouble = nil
	w.mu.Unlock()
	if p := b.get("/p/acme/shop"); p.StatusCode != http.StatusSeeOther {
		t.Errorf("the session should have ended, got %s", p)
	}
}
