package web

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
)

// site is the pages, ready to be served.
type site struct {
	url          *url.URL
	github       string
	unset        []string
	people       People // nil: nobody can sign in
	pipelines    Pipelines
	history      History
	numbers      Insights
	outputs      Outputs // nil: none is passed on
	orders       Orders  // nil: none are taken
	doings       Doings
	explain      func(bot.Config) string
	explainStage func(bot.Config, string) []string
	rows         Sessions
	operations   Operations
	examined     *examined
	isOperator   func(ctx context.Context, login string, id int64) (bool, error)
	address      func(*http.Request) string
	now          func() time.Time
	log          *zap.Logger
	sessions     *scs.SessionManager
	sights       *sights
	fleet        *fleet
	tries        *limiter
	hub          *hub
	tokens       Tokens // nil: there is no API
	readers      *readers
	ending       <-chan struct{}
}

// New returns the handler of the pages.
func New(o Options) (http.Handler, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	if o.Streams == 0 {
		o.Streams = 1000
	}
	if len(o.Key) < 16 {
		return nil, errors.New("the key of sessions has fewer than 16 bytes")
	}
	s := &site{
		url: o.URL, github: strings.TrimSuffix(o.GitHub, "/"), unset: o.Unset, people: o.People, pipelines: o.Pipelines, history: o.History, numbers: o.Insights, outputs: o.Outputs, orders: o.Orders, doings: o.Doings, explain: o.Explain, explainStage: o.ExplainStage, rows: o.Sessions,
		operations: o.Operations, isOperator: o.IsOperator, address: o.Address, now: o.Now, log: o.Logger,
		examined: &examined{examine: o.Examine, now: o.Now},
		fleet:    &fleet{pipelines: o.Pipelines}, sights: &sights{people: o.People, now: o.Now}, tries: &limiter{now: o.Now},
		hub: &hub{changed: o.Pipelines.Changed, log: o.Logger, most: o.Streams}, ending: o.Ending,
		tokens: o.Tokens, readers: &readers{ask: o.Reads, now: o.Now},
	}
	var err error
	if s.sessions, err = newSessions(o.Sessions, o.Key, o.URL.Scheme == "https", s.noSession); err != nil {
		return nil, err
	}
	protect, err := crossOrigin(o.URL, http.HandlerFunc(s.refuse))
	if err != nil {
		return nil, fmt.Errorf("trust the pages' own address: %w", err)
	}
	pages := protect(s.sessions.LoadAndSave(s.handler()))
	if s.tokens == nil {
		return headers(pages), nil
	}
	mux := http.NewServeMux() // a request with a token has no session, and comes from no site
	mux.Handle("/api/", s.api())
	mux.Handle("/", pages)
	return headers(mux), nil
}

// noSession answers when the database does not say who is signed in.
func (s *site) noSession(w http.ResponseWriter, r *http.Request, err error) {
	if !errors.Is(err, context.Canceled) {
		s.log.Error("a session could not be read or saved", zap.Error(err))
	}
	s.write(w, &visit{Request: r}, message(http.StatusServiceUnavailable, "Try again", "The database does not answer at the moment. Try again in a minute."))
}

// refuse answers what another site sent.
func (s *site) refuse(w http.ResponseWriter, r *http.Request) {
	s.write(w, &visit{Request: r}, message(http.StatusForbidden, "Not from here",
		"Your browser sent this from another site, or does not say from where. Go to "+s.url.String()+" and do it there."))
}

//go:embed templates/*.html
var files embed.FS

// templates are one set for each page: what it has of its own, and what all pages share.
var templates = parseTemplates("home", "welcome", "pipeline", "candidate", "stage", "process", "insights", "audit", "doings", "confirm", "asked", "tokens", "wall", "deliveries", "doctor", "message", "missing")

func parseTemplates(names ...string) map[string]*template.Template {
	sets := map[string]*template.Template{}
	for _, name := range names {
		sets[name] = template.Must(template.ParseFS(files, "templates/layout.html", "templates/"+name+".html"))
	}
	return sets
}

// sheet is what a template gets.
type sheet struct {
	Title    string
	Person   *Person
	Operator bool
	Wall     bool
	API      bool // people make tokens
	GitHub   string
	CSS      string
	Script   string
	Icon     string
	Data     any
}

// write sends an answer. A page is made to its end first, so that nobody gets half of one.
func (s *site) write(w http.ResponseWriter, v *visit, a answer) {
	if a.cookie != nil {
		http.SetCookie(w, a.cookie)
	}
	switch {
	case a.to != "":
		w.Header().Set("Location", a.to)
		w.WriteHeader(http.StatusSeeOther)
		return
	case a.asset != nil:
		a.asset.serve(w)
		return
	case a.follows != nil:
		s.stream(w, v.Request, *a.follows)
		return
	case a.output != nil:
		s.streamOutput(w, v.Request, *a.output)
		return
	case a.plain != nil:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, *a.plain) // the visitor may be gone
		return
	}
	var page bytes.Buffer
	err := templates[a.page].ExecuteTemplate(&page, "layout", sheet{
		Title: a.title, Person: v.person, Operator: v.operator, Wall: a.wall, API: s.tokens != nil, GitHub: s.github, CSS: css.path(), Script: script.path(), Icon: icon.path(), Data: a.data,
	})
	if err != nil {
		s.log.Error("a page could not be made of its template", zap.String("page", a.page), zap.Error(err))
		http.Error(w, "This page could not be made.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(max(a.status, http.StatusOK))
	_, _ = page.WriteTo(w) // the visitor may be gone
}
