package setup_test

import (
	"context"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/internal/browsertest"
	"github.com/headstart-cd/headstart/setup"
)

var pictures = flag.String("pictures", "", "write pictures of the steps into this `folder`")

// world is GitHub and Heroku as a test has them, and what was saved.
type world struct {
	installed []setup.Repository
	saved     map[string]string
	config    map[string]string // of the app that the server runs on
}

func (w *world) Convert(_ context.Context, code string) (setup.App, error) {
	if code != "good" {
		return setup.App{}, &bot.Refused{Reason: "GitHub does not know the code."}
	}
	return setup.App{ID: 7, Name: "headstart.example.com", Page: "https://github.example/apps/headstart", Owner: "acme", WebhookSecret: "w", ClientSecret: "c", PrivateKey: []byte("k")}, nil
}

func (w *world) Register(_ context.Context, app setup.App, _ string) (setup.App, error) {
	return app, nil
}

func (w *world) Repositories(context.Context, setup.App) ([]setup.Repository, error) {
	return w.installed, nil
}

func (w *world) Ping(context.Context, setup.App) (setup.Ping, error) {
	return setup.Ping{Sent: true, Status: 502}, nil
}

func (w *world) Pipelines(_ context.Context, key string) (string, []setup.Pipeline, error) {
	if key != "HRKU-good" {
		return "", nil, errors.New("Heroku does not accept the authorization")
	}
	shop := setup.Pipeline{Name: "shop", Apps: []setup.StagedApp{{Name: "shop-staging", Stage: "staging"}, {Name: "shop-ca", Stage: "production"}, {Name: "shop-us", Stage: "production"}}}
	return "ops@acme.example", []setup.Pipeline{shop, {Name: "till", Apps: []setup.StagedApp{{Name: "till", Stage: "production"}}}}, nil
}

func (w *world) Plan(_ context.Context, _ string, p setup.Pipeline) (setup.Plan, error) {
	return setup.Plan{Pipeline: p, Prepare: setup.PrepareName(p), Like: "shop-staging", How: "heroku-24, in us, with heroku/nodejs", Vars: []string{"NPM_TOKEN", "SECRET_KEY_BASE"}, Automatic: map[string]string{"shop-staging": "main"}}, nil
}

func (w *world) Make(context.Context, string, setup.Plan, []string, string, string) error { return nil }

func (w *world) VarNames(context.Context, string, string) ([]string, error) {
	return []string{"DATABASE_URL", "HEADSTART_URL"}, nil
}

func (w *world) SetVars(_ context.Context, _, app string, values map[string]string) error {
	w.config = values
	return nil
}

// Every step is for everybody: axe-core finds nothing, nothing has to be scrolled sideways, the console stays empty.
func TestSetupInABrowser(t *testing.T) {
	chromium := browsertest.Start(t)
	w := &world{saved: map[string]string{}}
	gitHub := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { // makes whatever App it is asked for
		if r.Method == http.MethodPost && r.FormValue("manifest") != "" {
			http.Redirect(rw, r, back+"?"+url.Values{"code": {"good"}, "state": {r.URL.Query().Get("state")}}.Encode(), http.StatusFound)
		}
	}))
	t.Cleanup(gitHub.Close)
	server := httptest.NewUnstartedServer(nil)
	own := &url.URL{Scheme: "http", Host: server.Listener.Addr().String()}
	back = own.JoinPath("setup", "created").String()
	s := setup.New(setup.Options{
		Own: own, GitHubURL: gitHub.URL, GitHub: w, Heroku: w, Wants: setup.Wants{Permissions: map[string]string{"metadata": "read"}},
		Save: func(values map[string]string) (string, error) {
			for name, value := range values {
				w.saved[name] = value
			}
			return "/srv/headstart.env", nil
		},
		Host: &setup.Host{App: "acme-headstart", Take: func() map[string]string { return w.saved }, Forget: func() error { return nil }},
	})
	server.Config.Handler = s.Handler()
	server.Start()
	t.Cleanup(server.Close)

	tab := chromium.Tab(t, server.URL)
	look := func(step string) {
		t.Helper()
		for name, how := range map[string]struct {
			dark  bool
			width int64
			rules []string // to hold the page to; nil: all
		}{"light": {false, 1000, nil}, "dark": {true, 1000, browsertest.Colours}, "narrow": {false, 320, nil}} {
			tab.Size(how.width, 800)
			tab.Dark(how.dark)
			for _, v := range tab.Axe(how.rules...) {
				t.Errorf("%s, %s: %s: %s", step, name, v.ID, v.Help)
			}
			if wider := tab.Overflow(); wider > 0 {
				t.Errorf("%s, %s: the page is %d pixels wider than the window", step, name, wider)
			}
			if *pictures != "" {
				if err := os.WriteFile(filepath.Join(*pictures, "setup_"+step+"_"+name+".png"), tab.Picture(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	link, err := url.Parse(s.Link())
	if err != nil {
		t.Fatal(err)
	}
	tab.Open(link.RequestURI())
	look("enter")
	tab.Click("Begin")
	tab.Shows("Where will GitHub and your team reach it?")
	look("server")
	tab.Run("say where the server is", chromedp.SendKeys("#url", "https://headstart.example.com"), chromedp.SendKeys("input[name=organization]", "acme"))
	tab.Click("Go on")
	tab.Shows("Make it on GitHub")
	look("github")
	tab.Click("Make it on GitHub")
	tab.Shows("Install it on GitHub")
	look("install")
	w.installed = []setup.Repository{{Name: bot.Repo{Owner: "acme", Name: "shop"}, Branch: "main"}}
	tab.Shows("heroku authorizations:create") // the page looks by itself
	look("heroku")
	tab.Run("paste a wrong token", chromedp.SendKeys("#key", "wrong"))
	tab.Click("List its pipelines")
	tab.Shows("Heroku does not accept the authorization")
	look("refused")
	tab.Run("paste the token", chromedp.SendKeys("#key", "HRKU-good"))
	tab.Click("List its pipelines")
	tab.Shows("Pipeline on Heroku")
	look("pipeline")
	tab.Click("Go on")
	tab.Shows("This will be done")
	look("make")
	tab.Click("Not now")
	tab.Shows("HEADSTART_URL, which replaces the one that is there")
	look("config")
	tab.Click("Set them")
	tab.Shows("pipelines:add shop -a shop-prepare -s development")
	look("file")
	tab.Click("End the setup")
	tab.Shows("Headstart is set up")
	look("finished")
	for _, m := range tab.Console() {
		t.Errorf("the console should stay empty: %s", m)
	}
	<-s.Done()
	if w.config["HEROKU_API_KEY"] != "HRKU-good" || w.config["HEADSTART_TRUSTED_PROXIES"] == "" {
		t.Errorf("the settings should be config vars of the app that the server runs on: %v", w.config)
	}
	if w.saved["HEADSTART_ALLOW"] != "acme/shop=shop-staging,shop-ca,shop-us,shop-prepare" || w.saved["HEROKU_API_KEY"] != "HRKU-good" {
		t.Errorf("what was chosen should be saved: %v", w.saved)
	}
}

// back is where GitHub sends people.
var back string
