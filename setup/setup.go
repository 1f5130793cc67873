package setup

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// App is a GitHub App that was made of a manifest.
type App struct {
	ID            int64
	Name          string
	Page          string // on GitHub; people install it from there
	Owner         string // login of the account whose App it is
	ClientID      string
	ClientSecret  string
	WebhookSecret string
	PrivateKey    []byte // PEM
}

// Repository is one on which the App is installed.
type Repository struct {
	Name   bot.Repo
	Branch string // the default one
}

// Ping is GitHub's first webhook of an App.
type Ping struct {
	Sent   bool
	Status int // what the server answered; 0: it did not
}

// GitHub is what the pages ask of it. Errors are sentences for people.
type GitHub interface {
	// Convert makes an App of the code that GitHub sends a person back with. A code is good once.
	Convert(ctx context.Context, code string) (App, error)
	// Register looks up an App that a person has made, of which the ID and the key are known. Its webhooks go to address
	// from then on, and are signed with app's WebhookSecret.
	Register(ctx context.Context, app App, address string) (App, error)
	// Repositories lists where the App is installed, at most a few hundred.
	Repositories(ctx context.Context, app App) ([]Repository, error)
	// Ping looks for the newest ping in GitHub's log of deliveries.
	Ping(ctx context.Context, app App) (Ping, error)
}

// Pipeline is one on Heroku.
type Pipeline struct {
	ID, Name string
	Apps     []StagedApp // in the order of their stages
	Embedded bool        // it is none of Heroku: the server runs the apps itself
}

// StagedApp is an app of a pipeline.
type StagedApp struct {
	Name  string
	Stage string // development, staging, production …
}

// Heroku is what the pages ask of it.
type Heroku interface {
	// Pipelines lists those of the account with a key, and whose it is.
	Pipelines(ctx context.Context, key string) (account string, list []Pipeline, err error)
	// Plan finds out what has to be made so that a pipeline is deployed by Headstart.
	Plan(ctx context.Context, key string, p Pipeline) (Plan, error)
	// Make makes it, with some config vars of the plan, and no webhooks if their address is empty. It may be called again.
	Make(ctx context.Context, key string, plan Plan, vars []string, webhooks, secret string) error
	// VarNames lists the names of an app's config vars, sorted.
	VarNames(ctx context.Context, key, app string) ([]string, error)
	// SetVars sets config vars of an app, and leaves its others.
	SetVars(ctx context.Context, key, app string, values map[string]string) error
}

// Plan is what is missing on Heroku.
type Plan struct {
	Pipeline Pipeline
	Prepare  string // an app that only builds, which is to be made; empty: there is one
	Like     string // the app that it will be like
	How      string // in words: its stack, region, team and buildpacks
	Vars     []string
	// Automatic are the apps that Heroku deploys by itself, with the branches.
	Automatic map[string]string
}

// Options are what the pages are made of. All but Now are required, and Own for [Setup.Questions] is not.
type Options struct {
	Own       *url.URL // where the pages are
	GitHubURL string   // GitHub's pages, without a slash at the end
	GitHub    GitHub
	Wants     Wants
	Heroku    Heroku
	// Save keeps settings of the server, by variable, and says where, in words.
	Save func(map[string]string) (where string, err error)
	// Further settings are saved with the App's.
	Further map[string]string
	// Host is where on Heroku the server runs; nil: elsewhere.
	Host *Host
	Now  func() time.Time // nil: time.Now
}

// Host is an app on Heroku that the server runs on. The settings become its config vars once all of them are known: each
// change restarts an app.
type Host struct {
	App   string
	Again bool // although it has the settings of an App already
	// Take returns the settings that were saved.
	Take func() map[string]string
	// Forget is called once they are config vars: they are not to be kept elsewhere.
	Forget func() error
}

// Setup is the pages, and how far they have come. It is safe for concurrent use.
type Setup struct {
	o     Options
	token string // of the link; empty once it was traded
	began time.Time

	mu       sync.Mutex
	progress progress      // guarded by mu
	key      string        // guarded by mu: Heroku's authorization, which no page shows
	session  string        // guarded by mu: the cookie's value; empty: nobody has traded the token yet
	done     chan struct{} // closed when all steps are done
}

// progress is what the steps have found out.
type progress struct {
	URL          *url.URL // of the server; nil: the first step is open
	Organization string   // whose App it will be; empty: the person's own
	Name         string   // of the App
	State        string   // that GitHub sends back
	App          *App
	Where        string // where the settings are kept
	Ping         Ping
	Repositories []Repository
	Looked       time.Time // when the last two were asked for; zero: not yet
	Account      string
	Pipelines    []Pipeline
	NoHeroku     bool
	Repository   *Repository
	Chosen       *Pipeline
	Plan         *Plan    // what is to be made; nil: nothing, or it was made
	Vars         []string // config vars that the host has
	Configured   bool     // its config vars are set
	Problem      string   // what the last step said
}

const (
	lasts     = time.Hour       // how long the link is good
	lookEvery = 4 * time.Second // between two looks for an installation
)

// New returns the pages.
func New(o Options) *Setup {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Setup{o: o, token: secret(), began: o.Now(), done: make(chan struct{})}
}

// Link is where the pages begin. It is good for one browser and for an hour.
func (s *Setup) Link() string {
	return s.o.Own.JoinPath("setup").String() + "?" + url.Values{"token": {s.token}}.Encode()
}

// Done is closed when the last step is done.
func (s *Setup) Done() <-chan struct{} { return s.done }

// Handler serves the pages.
func (s *Setup) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /setup", s.show)
	mux.HandleFunc("POST /setup/enter", s.enter)
	mux.HandleFunc("POST /setup/server", s.step(s.server))
	mux.HandleFunc("POST /setup/again", s.step(s.again))
	mux.HandleFunc("GET /setup/created", s.step(s.created))
	mux.HandleFunc("POST /setup/heroku", s.step(s.heroku))
	mux.HandleFunc("POST /setup/pipeline", s.step(s.pipeline))
	mux.HandleFunc("POST /setup/make", s.step(s.make))
	mux.HandleFunc("POST /setup/config", s.step(s.configure))
	mux.HandleFunc("POST /setup/done", s.finish)
	mux.HandleFunc("GET /setup/style.css", style)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/setup", http.StatusSeeOther) })
	protect := http.NewCrossOriginProtection()
	return s.headers(protect.Handler(mux))
}

// headers are sent with every answer. A form may go to GitHub, too: the one with the manifest does.
func (s *Setup) headers(next http.Handler) http.Handler {
	policy := "default-src 'none'; style-src 'self'; form-action 'self' " + s.o.GitHubURL + "; base-uri 'none'; frame-ancestors 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// reasonOf is an error in words for the page.
func reasonOf(err error) string {
	var refused *bot.Refused
	if errors.As(err, &refused) {
		return refused.Reason
	}
	return strings.TrimSuffix(err.Error(), ".") + "."
}
