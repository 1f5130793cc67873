package web_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/internal/browsertest"
	"github.com/headstart-cd/headstart/web"
)

// sight is a page in a situation that is looked at in a real browser.
type sight struct {
	name, pattern string // pattern: of the table of pages
	login, path   string
	tell          func(testing.TB, *world)
}

// sights are every page. A new one of the table of pages needs an entry here.
func sights() []sight {
	full := func(t testing.TB, w *world) { w.put(api, live(t)); w.put(shop, situations[3].tell(t)) }
	list := []sight{
		{"home", "GET /{$}", "mia", "/", full},
		{"home_empty", "GET /{$}", "ops", "/", full},
		{"home_busy", "GET /{$}", "mia", "/", busy},
		{"home_wall", "GET /{$}", "mia", "/?wall", busy},
		{"welcome", "GET /{$}", "", "/", full},
		{"deliveries", "GET /deliveries", "ops", "/deliveries", full},
		{"deliveries_none", "GET /deliveries", "ops", "/deliveries", func(_ testing.TB, w *world) { w.failed = nil }},
		{"server_audit", "GET /audit", "ops", "/audit", serverAudited},
		{"doctor", "GET /doctor", "ops", "/doctor", full},
		{"confirm_promote", "GET /do/{owner}/{name}", "mia", "/do/acme/shop?c=/promote+production+3f2a91c", full},
		{"confirm_rollback", "GET /do/{owner}/{name}", "mia", "/do/acme/shop?c=/rollback+production", func(t testing.TB, w *world) { w.put(shop, situationNamed("migrated").tell(t)) }},
		{"confirm_lock", "GET /do/{owner}/{name}", "mia", "/do/acme/shop?c=/lock+production", full},
		{"confirm_refused", "GET /do/{owner}/{name}", "mia", "/do/acme/shop?c=/unlock+production", full},
		{"asked", "GET /do/{owner}/{name}/{id}", "mia", "/do/acme/shop/-3", commanded},
		{"wall", "GET /wall", "", "/wall", full},
		{"audit", "GET /p/{owner}/{name}/audit", "mia", "/p/acme/shop/audit", commanded},
		{"audit_none", "GET /p/{owner}/{name}/audit", "mia", "/p/acme/shop/audit?who=nobody", commanded},
		{"tokens", "GET /tokens", "mia", "/tokens", func(t testing.TB, w *world) {
			full(t, w)
			b := w.browser().signIn("mia")
			b.token("reads", "")
			w.pass(time.Minute)
			w.ask("GET", "/api/v1/pipelines", b.token("commands", "acme/shop acme/mono:api"), "")
		}},
		{"tokens_none", "GET /tokens", "mia", "/tokens", full},
		{"missing", "/", "mia", "/p/far/till", full},
		{"refused", "GET /login/callback", "", "/login/callback?code=mia&state=x", full},
	}
	for _, s := range situations {
		if slices.Contains([]string{"building", "live", "releasing", "migrated"}, s.name) && !*allPictures { // they differ from others in words alone
			continue
		}
		list = append(list, sight{"pipeline_" + s.name, "GET /p/{owner}/{name}", "mia", "/p/acme/shop", func(t testing.TB, w *world) { w.put(shop, s.tell(t)) }})
	}
	for _, s := range situations {
		tell := func(t testing.TB, w *world) { tells(w, s.name, s.tell(t)) }
		switch s.name {
		case "approval", "release_failed", "building":
			list = append(list, sight{"candidate_" + s.name, "GET /p/{owner}/{name}/c/{sha}", "mia", "/p/acme/shop/c/3f2a91c", tell})
		case "locked_and_frozen", "migrated":
			list = append(list, sight{"stage_" + s.name, "GET /p/{owner}/{name}/s/{stage}", "mia", "/p/acme/shop/s/production", tell})
		}
	}
	const ofPipeline = "GET /p/{owner}/{name}/insights"
	list = append(list,
		sight{"insights", ofPipeline, "mia", "/p/acme/shop/insights", insightful},
		sight{"insights_behind", ofPipeline, "mia", "/p/acme/shop/insights?weeks=26&behind=failed", insightful},
		sight{"insights_how", ofPipeline, "mia", "/p/acme/shop/insights?weeks=4&how", insightful},
		sight{"insights_few", ofPipeline, "mia", "/p/acme/mono:api/insights", func(t testing.TB, w *world) { w.put(api, live(t)) }},
		sight{"insights_none", ofPipeline, "mia", "/p/acme/shop/insights", func(testing.TB, *world) {}},
		sight{"insights_all", "GET /insights", "mia", "/insights", insightful},
		sight{"insights_all_none", "GET /insights", "ops", "/insights", full},
	)
	list = append(list, sight{"process", "GET /p/{owner}/{name}/process", "mia", "/p/acme/shop/process", full})
	return append(list, ofStages("long_names", "production-of-the-company-that-was-bought-last-year", 3))
}

// ofStages is a pipeline of so many stages, whose second one needs two other pipelines, one of which mia may not see. Names
// are as long as they are.
func ofStages(name, stage string, n int) sight {
	return sight{"pipeline_" + name, "GET /p/{owner}/{name}", "mia", "/p/acme/shop", func(t testing.TB, w *world) {
		cfg := usualOf("shop")
		cfg.Stages = nil
		for i := range n {
			stage := fmt.Sprintf("%s-%d", stage, i+1)
			cfg.Stages = append(cfg.Stages, bot.Stage{Name: stage, Apps: []string{"us-" + stage, "ca-" + stage}, Allow: []string{"write"}})
		}
		s := newTale(t)
		s.push("77b01de", "Fix rounding of taxes in countries where prices are shown without them, as customers of the north expect", "ada-of-the-analytical-engine", cfg)
		s.check("77b01de", bot.CheckPassed)
		s.wait(3 * time.Minute)
		s.State.Config.Stages[1].Needs = []bot.Need{{Pipeline: api, Stage: "production"}, {Pipeline: till, Stage: "production"}}
		w.put(api, live(t))
		w.put(shop, s)
	}}
}

// invisible are the routes that are no pages.
var invisible = []string{"POST /wall", "POST /do/{owner}/{name}", "POST /tokens", "POST /tokens/revoke", "GET /login", "POST /logout", "POST /logout/everywhere", "GET /assets/{file}", "GET /p/{owner}/{name}/c/{sha}/output/{app}/{id}"}

func TestEveryPageIsLookedAt(t *testing.T) {
	for _, pattern := range web.RoutePatterns() {
		if !slices.Contains(invisible, pattern) && !strings.HasSuffix(pattern, "/live") && !slices.ContainsFunc(sights(), func(s sight) bool { return s.pattern == pattern }) {
			t.Errorf("the page %s has no entry in sights: nobody looks at it in a browser", pattern)
		}
	}
}

// looks are the ways in which people look at pages.
var looks = []struct {
	name   string
	dark   bool
	width  int64
	height int64
	rules  []string // to hold the page to; nil: all
}{{"light", false, 1280, 800, nil}, {"dark", true, 1280, 800, browsertest.Colours}, {"narrow", false, 320, 640, nil}}

// Every page is for everybody: axe-core finds nothing, nothing has to be scrolled sideways, and the console stays empty.
func TestPagesAreAccessible(t *testing.T) {
	chromium := browsertest.Start(t)
	for _, s := range sights() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			tab := s.open(t, chromium)
			for _, look := range looks {
				tab.Size(look.width, look.height)
				tab.Dark(look.dark)
				for _, v := range tab.Axe(look.rules...) {
					for _, n := range v.Nodes {
						t.Errorf("%s: %s: %s\n%s\n%s", look.name, v.ID, v.Help, n.HTML, n.FailureSummary)
					}
				}
				keep(t, s.name, look.name, tab.Picture)
				if wider := tab.Overflow(); wider > 0 {
					t.Errorf("%s: the page is %d pixels wider than the window", look.name, wider)
				}
			}
			for _, m := range tab.Console() {
				if !strings.Contains(m, "Failed to load resource") || !strings.HasSuffix(m, s.path) { // the answer itself says that something is wrong
					t.Errorf("the console should stay empty: %s", m)
				}
			}
		})
	}
}

// open opens the page in a tab of somebody who is signed in.
func (s sight) open(t *testing.T, chromium *browsertest.Browser) *browsertest.Tab {
	t.Helper()
	w := newWorld(t)
	s.tell(t, w)
	tab := chromium.Tab(t, w.server.URL)
	b := w.browser().signIn(s.login)
	for _, cookie := range b.client.Jar.Cookies(w.location()) {
		tab.Cookie(cookie.Name, cookie.Value)
	}
	tab.Clock(w.clock())
	tab.Open(s.path)
	return tab
}

func (w *world) location() *url.URL {
	w.t.Helper()
	at, err := url.Parse(w.server.URL)
	if err != nil {
		w.t.Fatal(err)
	}
	return at
}
