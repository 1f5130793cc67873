package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/doctor"
	"github.com/headstart-cd/headstart/web"
)

// world is the pages over ports that hold what a test puts there.
type world struct {
	t      testing.TB
	server *httptest.Server

	mu         sync.Mutex
	now        time.Time                  // guarded by mu
	states     map[bot.Key]pipeline.State // guarded by mu
	versions   map[bot.Key]int64          // guarded by mu
	changed    chan struct{}              // guarded by mu
	sees       map[string][]int64         // guarded by mu: repositories, by login
	asked      int                        // guarded by mu: how often GitHub was asked what somebody sees
	trouble    error                      // guarded by mu: what GitHub answers; nil: it works
	sessions   map[string]session         // guarded by mu
	address    map[string]string          // guarded by mu: verifiers by state, as GitHub's page got them
	more       []bot.Key                  // pipelines besides the usual three
	failed     []web.Delivery
	freeze     bot.OperatorFreeze
	unrecorded bool                        // what there is to say of pipelines at rest is unknown
	loaded     int                         // guarded by mu: how many states were read
	found      []doctor.Finding            // what the doctor finds
	examined   int                         // guarded by mu: how often the doctor was asked
	kept       map[string][]history.Output // guarded by mu: of failures, by commit
	wrote      map[string]written          // guarded by mu: what runs, by app
	rows       map[bot.Key][]history.Entry // guarded by mu: of history; nil: what can be told of the state
	doings     []web.Doing                 // guarded by mu
	tokens     []web.Token                 // guarded by mu
	askedRoles int                         // guarded by mu: how often GitHub was asked who reads a repository
	roles      map[string]bot.Role         // guarded by mu: as GitHub says
}

// written is what a build or a release has written.
type written struct {
	text  string
	ended bool
	more  chan struct{}
}

type session struct {
	person  int64
	data    []byte
	expires time.Time
}

var (
	shop = bot.Key{Repo: bot.Repo{Owner: "acme", Name: "shop"}}
	api  = bot.Key{Repo: bot.Repo{Owner: "acme", Name: "mono"}, Name: "api"}
	till = bot.Key{Repo: bot.Repo{Owner: "far", Name: "till"}}
)

const (
	shopID = 101
	monoID = 102
	tillID = 103
)

// numbers of people's accounts.
var accounts = map[string]int64{"mia": 1, "sam": 2, "ops": 3}

// newWorld starts pages on which mia sees acme's repositories, sam sees far's, and ops is the
// operator, to whom GitHub shows nothing.
func newWorld(t testing.TB, change ...func(*web.Options)) *world {
	t.Helper()
	return newImpatientWorld(t, 0, change...)
}

// newImpatientWorld is newWorld on a server that gives each answer so much time; 0: any.
func newImpatientWorld(t testing.TB, patience time.Duration, change ...func(*web.Options)) *world {
	t.Helper()
	w := &world{
		t: t, now: time.Date(2026, 11, 2, 14, 0, 0, 0, time.UTC), states: map[bot.Key]pipeline.State{}, versions: map[bot.Key]int64{}, changed: make(chan struct{}), sessions: map[string]session{}, address: map[string]string{},
		roles: map[string]bot.Role{"mia": bot.RoleAdmin, "sam": bot.RoleRead},
		kept:  map[string][]history.Output{}, wrote: map[string]written{}, rows: map[bot.Key][]history.Entry{},
		sees:   map[string][]int64{"mia": {shopID, monoID}, "sam": {tillID}},
		found:  findings,
		failed: []web.Delivery{{GUID: "72d3162e", Event: "push", Reason: "the body is no JSON", At: time.Date(2026, 11, 2, 13, 0, 0, 0, time.UTC)}},
	}
	for key, id := range map[bot.Key]int64{shop: shopID, api: monoID, till: tillID} {
		w.states[key] = pipeline.State{Pipeline: key, RepoID: id}
	}
	o := web.Options{
		GitHub: "https://github.example", Key: []byte(strings.Repeat("k", 32)), People: w, Pipelines: w, History: w, Insights: w, Outputs: w, Orders: w, Doings: w, Explain: explain, ExplainStage: explainStage, Examine: w.examine, Sessions: w, Operations: w, Tokens: w, Reads: w.reads,
		IsOperator: func(_ context.Context, login string, id int64) (bool, error) {
			return login == "ops" && id == accounts["ops"], nil
		},
		Address: func(*http.Request) string { return "192.0.2.7" }, Now: w.clock, Logger: zap.NewNop(),
	}
	w.server = httptest.NewUnstartedServer(nil)
	w.server.Config.ReadTimeout, w.server.Config.WriteTimeout = patience, patience
	w.server.Start()
	t.Cleanup(w.server.Close)
	var err error
	if o.URL, err = url.Parse(w.server.URL); err != nil {
		t.Fatal(err)
	}
	for _, f := range change {
		f(&o)
	}
	if w.server.Config.Handler, err = web.New(o); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) Listing(context.Context) (list []web.Known, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, key := range append([]bot.Key{api, shop, till}, w.more...) { // by name
		k := web.Known{Pipeline: key, RepoID: w.states[key].RepoID, Version: w.versions[key]}
		if rest, resting := history.RestOf(w.states[key]); resting && !w.unrecorded {
			k.Rest = func() (history.Rest, error) { return rest, nil }
		}
		list = append(list, k)
	}
	return list, nil
}

func (w *world) Freeze(context.Context) (bot.OperatorFreeze, error) { return w.freeze, nil }

func (w *world) Load(_ context.Context, key bot.Key) (pipeline.State, int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.loaded++
	state, found := w.states[key]
	if !found {
		return pipeline.State{}, 0, nil
	}
	return state, 1, nil
}

func (w *world) Version(_ context.Context, key bot.Key) (int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.versions[key], nil
}

func (w *world) Changed() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changed
}

// Address is a page of GitHub's; whoever gets there has to say who they are.
func (w *world) Address(_ context.Context, state, verifier string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.address[state] = verifier
	return "https://github.example/login/oauth/authorize?state=" + state, w.trouble
}

// Login takes a login for a code.
func (w *world) Login(_ context.Context, code, verifier string) (web.Person, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	known := false
	for _, v := range w.address {
		known = known || v == verifier
	}
	if w.trouble != nil {
		return web.Person{}, w.trouble
	}
	if accounts[code] == 0 || !known {
		return web.Person{}, &bot.Refused{Reason: "GitHub does not accept the code of this sign-in: sign in again."}
	}
	return web.Person{ID: accounts[code], Login: code, Token: "ghu_of_" + code, Until: w.now.Add(8 * time.Hour)}, nil
}

func (w *world) Sees(_ context.Context, token string, _ []web.Known) (map[int64]bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	seen := map[int64]bool{}
	for _, id := range w.sees[strings.TrimPrefix(token, "ghu_of_")] {
		seen[id] = true
	}
	return seen, w.trouble
}

func (w *world) Session(_ context.Context, token string) ([]byte, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, found := w.sessions[token]
	return s.data, found && w.now.Before(s.expires), nil
}

func (w *world) SaveSession(_ context.Context, token string, person int64, data []byte, expires time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sessions[token] = session{person, data, expires}
	return nil
}

func (w *world) EndSession(_ context.Context, token string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.sessions, token)
	return nil
}

func (w *world) EndSessions(_ context.Context, person int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for token, s := range w.sessions {
		if s.person == person {
			delete(w.sessions, token)
		}
	}
	return nil
}

func (w *world) Failed(context.Context) ([]web.Delivery, error) { return w.failed, nil }

// browser keeps cookies, and follows no redirect.
type browser struct {
	*world
	client *http.Client
}

func (w *world) browser() *browser {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return &browser{w, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// page is an answer that was read to its end.
type page struct {
	*http.Response
	body string
}

func (b *browser) do(method, path string, header ...string) page {
	b.t.Helper()
	return b.request(method, path, nil, header...)
}

func (b *browser) request(method, path string, body io.Reader, header ...string) page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, b.server.URL+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return page{res, string(text)}
}

func (b *browser) get(path string) page { b.t.Helper(); return b.do(http.MethodGet, path) }

// press sends a form of the site's own.
func (b *browser) press(path string) page {
	b.t.Helper()
	return b.do(http.MethodPost, path, "Origin", b.server.URL, "Sec-Fetch-Site", "same-origin")
}

// post sends a form of the site's own with what is in it.
func (b *browser) post(path string, sent url.Values) page {
	b.t.Helper()
	return b.postWith(path, sent, "Origin", b.server.URL, "Sec-Fetch-Site", "same-origin")
}

// postWith sends a form with headers.
func (b *browser) postWith(path string, sent url.Values, header ...string) page {
	b.t.Helper()
	return b.request(http.MethodPost, path, strings.NewReader(sent.Encode()), append(header, "Content-Type", "application/x-www-form-urlencoded")...)
}

// begin goes to the sign-in, and returns the state that GitHub's page got.
func (b *browser) begin(to string) (state string) {
	b.t.Helper()
	p := b.get("/login?to=" + url.QueryEscape(to))
	at, err := url.Parse(p.Header.Get("Location"))
	if err != nil || at.Host != "github.example" {
		b.t.Fatalf("the sign-in should lead to GitHub, got %s to %q: %v", p.Status, at, err)
	}
	return at.Query().Get("state")
}

// signIn signs a person in; empty: nobody.
func (b *browser) signIn(login string) *browser {
	b.t.Helper()
	if login == "" {
		return b
	}
	if p := b.get("/login/callback?code=" + login + "&state=" + b.begin("/")); p.StatusCode != http.StatusSeeOther || p.Header.Get("Location") != "/" {
		b.t.Fatalf("%s should be signed in and sent home, got %s to %s:\n%s", login, p.Status, p.Header.Get("Location"), p.body)
	}
	return b
}

// tale is a pipeline's life, told step by step.
type tale struct {
	*bottest.Loop
	t testing.TB
}

// usualOf is a pipeline of two stages, whose apps begin with a name.
func usualOf(name string) bot.Config {
	return bot.Config{
		Branch: "main", Platform: bot.PlatformHeroku, Prepare: bot.Prepare{Apps: []string{name + "-prepare"}, Reuse: bot.ReuseTree},
		Checks: bot.Checks{Names: []bot.CheckName{{Name: "ci/test"}}},
		Stages: []bot.Stage{
			{Name: "staging", Apps: []string{name + "-staging"}, Allow: []string{"write"}},
			{Name: "production", Apps: []string{name + "-us", name + "-ca"}, Approval: true, Allow: []string{"maintain"}},
		},
	}
}

func newTale(t testing.TB) *tale {
	w := bottest.NewWorld()
	w.BuildTime, w.ReleaseTime = 90*time.Second, 5*time.Second
	w.Roles = map[string]bot.Role{"zoe": bot.RoleMaintain}
	return &tale{bottest.NewLoop(w), t}
}

func (s *tale) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// sha is a commit's whole name, of its beginning.
func sha(short string) string { return short + strings.Repeat("0", 40-len(short)) }

func (s *tale) push(short, title, author string, cfg bot.Config, files ...string) {
	s.t.Helper()
	s.must(s.Deliver(s.Push("main", bottest.Commit{SHA: sha(short), Title: title, Author: author, File: bot.ConfigRead{Found: true, Config: cfg}, Files: files}, false)...))
	s.wait(time.Second)
}

func (s *tale) check(short string, state bot.CheckState) {
	s.t.Helper()
	s.must(s.Deliver(s.Report(sha(short), bot.Check{Kind: bot.CommitStatus, Name: "ci/test", State: state})))
}

func (s *tale) wait(d time.Duration) {
	s.t.Helper()
	s.must(s.Wait(d))
}

// say has a maintainer write a comment on pull request 1.
func (s *tale) say(text string) {
	s.t.Helper()
	if s.Pulls[1] == nil {
		s.Pulls[1] = &bottest.Pull{PullRequestChanged: bot.PullRequestChanged{Number: 1, Open: true, Head: sha("fff"), Base: "main"}}
	}
	s.must(s.Deliver(s.AddComment(1, "zoe", text)...))
	s.wait(time.Second)
}

// put makes the tale the life of a pipeline of the world, as of the end of the tale.
func (w *world) put(key bot.Key, s *tale) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	state := s.State
	state.RepoID, state.Pipeline = w.states[key].RepoID, key
	w.states[key], w.now = state, s.Now
	w.moved(key)
}

// change changes a pipeline's state. w.mu must not be held.
func (w *world) change(key bot.Key, how func(*pipeline.State)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	state := w.states[key]
	how(&state)
	w.states[key] = state
	w.moved(key)
}

// moved tells that a pipeline has changed. w.mu must be held.
func (w *world) moved(key bot.Key) {
	w.versions[key]++
	close(w.changed)
	w.changed = make(chan struct{})
}

func (p page) String() string { return fmt.Sprintf("%s %v\n%s", p.Status, p.Header, p.body) }
