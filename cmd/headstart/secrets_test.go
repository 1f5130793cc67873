package main

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/headstart-cd/headstart/github/githubtest"
	"github.com/headstart-cd/headstart/store"
)

// Secrets that are not made up by a stand-in. Those of the first group are ours,
// or our users'; those of the second were written in public by people, who may
// have done so by mistake and take it back: the bot neither keeps nor repeats them.
const (
	oldSecret   = "an-older-webhook-secret-77d1"
	varSecret   = "swordfish-of-production-81c2"
	dbSecret    = "hunter2-of-the-database-5b1e"
	buildSecret = "ghs_madeByTheBuild0123456789abcdefghij"
	stripe      = "sk-of-the-payments-55aa"

	theirToken = "ghp_writtenByAPersonZYXWVUTSRQ9876543210"
	theirKey   = "HRKU-written-by-a-person-0123456789"
	theirLink  = "https://zoe:written-in-a-link-99e1@internal.example/"
)

// vault is what is looked for.
type vault struct {
	mu      sync.Mutex
	secrets map[string]string // the secret, and what it is; guarded by mu
}

func (v *vault) keep(what string, secrets ...string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.secrets == nil {
		v.secrets = map[string]string{}
	}
	for _, secret := range secrets {
		if secret = strings.TrimSpace(secret); len(secret) >= 8 {
			v.secrets[secret] = what
		}
	}
}

// piece is how much of a secret's beginning or end counts as having given it away.
const piece = 14

// found names the secrets in a text, and in what it is when it is unescaped. Half
// of a secret counts too, where a text was cut to its length.
func (v *vault) found(text string, except ...string) (list []string) {
	plain, err := url.QueryUnescape(text)
	if err != nil {
		plain = ""
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, secret := range slices.Sorted(maps.Keys(v.secrets)) {
		what := v.secrets[secret]
		begin, end := secret[:min(len(secret), piece)], secret[max(0, len(secret)-piece):]
		gave := func(text string) bool { return strings.Contains(text, begin) || strings.Contains(text, end) }
		if !slices.Contains(except, what) && (gave(text) || gave(plain)) {
			list = append(list, fmt.Sprintf("%s (%.12s…)", what, secret))
		}
	}
	return list
}

// tattler stands between the bot and an API. It puts every credential and every
// signed link that passes into the vault, and when it is told to it answers
// requests itself, with errors that tell all that it was sent.
type tattler struct {
	*httptest.Server
	vault *vault
	proxy *httputil.ReverseProxy

	mu     sync.Mutex
	failed map[string]bool                // kinds of requests that were answered with an error; guarded by mu
	refuse func(kind string) (status int) // 0: pass it on; guarded by mu
}

// before puts a tattler before the API at a URL.
func (v *vault) before(t *testing.T, api string) *tattler {
	t.Helper()
	target, err := url.Parse(api)
	if err != nil {
		t.Fatal(err)
	}
	l := &tattler{vault: v, failed: map[string]bool{}, refuse: func(string) int { return 0 }}
	l.proxy = &httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: func(r *http.Response) error { return l.overhear(r, api) },
		ErrorHandler:   func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	l.Server = httptest.NewServer(l)
	t.Cleanup(l.Close)
	return l
}

// stumble has every kind of request fail once. With a status, those kinds that
// hold one of the words are refused with it instead, again and again.
func (l *tattler) stumble() {
	l.set(func(kind string) int {
		if l.failed[kind] {
			return 0
		}
		l.failed[kind] = true
		return http.StatusInternalServerError
	})
}

func (l *tattler) refuseAll(status int, words ...string) {
	l.set(func(kind string) int {
		if slices.ContainsFunc(words, func(word string) bool { return strings.Contains(kind, word) }) {
			return status
		}
		return 0
	})
}

func (l *tattler) behave() { l.set(func(string) int { return 0 }) }

func (l *tattler) set(refuse func(kind string) int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refuse = refuse
}

var (
	anyID   = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{40}|/[0-9]+`)
	tickets = regexp.MustCompile(`(?:token|signature)=([A-Za-z0-9._%-]{8,})`)
	issued  = regexp.MustCompile(`"token": ?"([^"]+)"`)
)

func (l *tattler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := r.Header.Get("Authorization")
	scheme, credential, _ := strings.Cut(header, " ")
	l.vault.keep("a credential in a request", credential)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	kind := r.Method + " " + anyID.ReplaceAllString(r.URL.Path, "N")
	l.mu.Lock()
	status := l.refuse(kind)
	l.mu.Unlock()
	if status == 0 {
		l.proxy.ServeHTTP(w, r)
		return
	}
	// What a careless server could say: everything that it was sent.
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Heroku-Warning", "Authorization: "+header)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"id": "invalid_params", "url": l.URL + "/?access_token=" + credential,
		"documentation_url": l.URL + "/?token=" + credential,
		"message": fmt.Sprintf("Cannot %s with authorization: %s %s (%s), asked for with %s and %s",
			r.Method, strings.ToLower(scheme), credential, credential, body, dbURL),
		"errors": []any{map[string]any{"resource": "x", "field": credential, "code": "custom", "message": "no " + credential}},
	})
}

const dbURL = "postgres://shop:" + dbSecret + "@db.internal:5432/shop"

// overhear keeps what an answer gives away, and leads links to the API here.
func (l *tattler) overhear(r *http.Response, api string) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	for _, m := range issued.FindAllSubmatch(body, -1) {
		l.vault.keep("an installation token", string(m[1]))
	}
	for _, m := range tickets.FindAllStringSubmatch(string(body)+" "+r.Header.Get("Location"), -1) {
		l.vault.keep("the ticket of a signed link", m[1])
	}
	body = bytes.ReplaceAll(body, []byte(api+"/streams/"), []byte(l.URL+"/streams/"))
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.Header.Set("Content-Length", fmt.Sprint(len(body)))
	return nil
}

// No secret comes out, whatever goes wrong: not in a log, a status, a deployment,
// a comment, a page, a metric or what is stored.
func TestSecretsStayIn(t *testing.T) {
	t.Parallel()
	for _, name := range legs(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := &vault{}
			var forge, dynos *tattler
			// GitHub refuses tokens for minutes here: nobody learns more by waiting in earnest.
			atOnce := func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
			b := newBed(t, name, choices{pipeline: steered, pause: atOnce, settings: func(s *settings) {
				forge = v.before(t, s.GitHub.APIURL)
				s.GitHub.APIURL, s.GitHub.WebhookSecret = forge.URL, webhookSecret+", "+oldSecret
				v.keep("a webhook secret", webhookSecret, oldSecret, herokuSecret)
				v.keep("the App's private key", strings.Split(s.GitHub.PrivateKey, "\n")...)
				s.Heroku.WebhookSecret = herokuSecret
				if s.Heroku.APIKey != "" {
					v.keep("the API key", s.Heroku.APIKey)
					dynos = v.before(t, s.Heroku.APIURL)
					s.Heroku.APIURL = dynos.URL
				}
			}})
			v.keep("a config var", varSecret)
			v.keep("a database's password", dbSecret)
			v.keep("what a build wrote", buildSecret, stripe)
			(&leak{bed: b, vault: v, forge: forge, dynos: dynos}).tell()
		})
	}
}

// leak is the story of a day on which everything that could give a secret away
// does.
type leak struct {
	*bed
	vault        *vault
	forge, dynos *tattler // dynos is nil without Heroku
	pages        strings.Builder
}

func (l *leak) tell() {
	b := l.bed
	b.must(b.shop.SetRole("zoe", "write"))
	b.setVar(productionApp, "DATABASE_URL", varSecret)
	said := fmt.Sprintf("with %s, %s and %s", theirToken, theirKey, theirLink)

	// Every kind of request fails once, and the answer tells all that was sent.
	l.forge.stumble()
	if l.dynos != nil {
		l.dynos.stumble()
	}
	pull := l.mergeTitled("first", "Sign in "+said)
	b.until(15*time.Minute, "the first commit is live", b.live(pull.SHA))
	b.pass(time.Minute)
	l.forge.behave()
	for _, order := range []string{
		"/lock production because I signed in " + said, "/unlock production", "/promote " + theirToken, "/rollback " + theirKey,
		"/status", "/why production", "/plan", "/help", "/retry " + theirLink, "/deploy " + theirToken,
	} {
		b.comment(pull.Number(), "zoe", order)
		b.pass(20 * time.Second)
	}

	// A build and a release fail and say why.
	loud := fmt.Sprintf("cannot sign in at %s as %s, STRIPE_API_KEY=%s, Authorization: Bearer %s", dbURL, buildSecret, stripe, stripe)
	broken := b.push(change("broken"))
	b.place.failBuildOf(broken.SHA, loud)
	b.until(15*time.Minute, "the build has failed", b.hasStatus(broken.SHA, "headstart/build", "failure"))
	b.place.failRelease(productionApp, loud+" with "+varSecretIn(b))
	failing := l.mergeTitled("failing", "Fail at the release "+said)
	b.until(15*time.Minute, "the release has failed", b.hasStatus(failing.SHA, "headstart/production", "failure"))
	b.place.failRelease(productionApp, "")
	if p, ok := b.place.(*herokuPlace); ok {
		p.apps[productionApp].FailPromotion(loud)
		c := b.push(change("unpromoted"))
		b.until(15*time.Minute, "the promotion has failed", b.hasStatus(c.SHA, "headstart/production", "failure"))
		p.apps[productionApp].FailPromotion("")
	}

	// Heroku refuses what it is asked for, and then GitHub does.
	if l.dynos != nil {
		for i, words := range [][]string{{"POST /pipeline-promotions", "POST /apps/shop-production/releases"}, {"POST /apps/shop-prepare/builds", "POST /apps/shop-staging/builds"}} {
			l.dynos.refuseAll(http.StatusUnprocessableEntity, words...)
			b.push(change(fmt.Sprint("refused ", i)))
			b.pass(5 * time.Minute)
		}
		l.dynos.refuseAll(http.StatusUnauthorized, "/apps/")
		b.push(change("unauthorized"))
		b.pass(5 * time.Minute)
		l.dynos.behave()
	}
	for i, words := range [][]string{{"POST"}, {"/tarball/"}, {"/contents/"}, {"/statuses/", "/deployments"}, {"access_tokens"}} {
		l.forge.refuseAll([]int{http.StatusUnprocessableEntity, http.StatusForbidden, http.StatusUnauthorized, http.StatusBadRequest, http.StatusForbidden}[i], words...)
		l.mergeTitled(fmt.Sprint("unheard ", i), "Go unheard "+said)
		b.pass(5 * time.Minute)
	}
	l.forge.behave()
	b.pass(time.Hour)
	last := l.mergeTitled("last", "End "+said)
	b.until(30*time.Minute, "the last commit is live", b.live(last.SHA))

	l.knock()
	l.search()
}

// varSecretIn is the production app's config var as its code would say it.
func varSecretIn(b *bed) string { return b.variable(productionApp, "DATABASE_URL") }

// mergeTitled merges a pull request of that title.
func (l *leak) mergeTitled(name, title string) mergedPull {
	l.t.Helper()
	branch := strings.ReplaceAll(name, " ", "-")
	l.pushTo(branch, change(name))
	p, err := l.shop.OpenPull(githubtest.PullOptions{Head: branch, Title: title, Body: title, User: "zoe"})
	l.must(err)
	l.settle()
	c, err := p.Merge(githubtest.MergeOptions{Method: "squash", DeleteBranch: true})
	l.must(err)
	return mergedPull{p, c}
}

// knock asks the server for every page, and for what it refuses.
func (l *leak) knock() {
	l.t.Helper()
	ask := func(method, path, body string, header map[string]string) {
		l.t.Helper()
		req, err := http.NewRequest(method, l.url+path, strings.NewReader(body))
		l.must(err)
		for key, value := range header {
			req.Header.Set(key, value)
		}
		answer, err := http.DefaultClient.Do(req)
		l.must(err)
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		l.must(err)
		fmt.Fprintf(&l.pages, "%s %s: %s %v\n%s\n", method, path, answer.Status, answer.Header, text)
	}
	for _, page := range []string{"/", "/healthz", "/readyz", "/metrics", "/nothing", "/webhooks/github", "/webhooks/heroku", "/debug/pprof/", "/debug/vars"} {
		ask(http.MethodGet, page, "", nil)
	}
	body := fmt.Sprintf(`{"action":%q,"zen":%q}`, theirToken, theirKey)
	for i, event := range []string{"push", "issue_comment", "made_up", "ping"} {
		header := map[string]string{"Content-Type": "application/json", "X-GitHub-Event": event, "X-GitHub-Delivery": fmt.Sprint("knock-", i),
			"X-Hub-Signature-256": githubtest.Sign("not the secret", []byte(body)), "Authorization": "Bearer " + theirToken}
		ask(http.MethodPost, "/webhooks/github", body, header)
		for j, secret := range []string{webhookSecret, oldSecret} {
			header["X-GitHub-Delivery"] = fmt.Sprintf("knock-%d-%d", i, j)
			header["X-Hub-Signature-256"] = githubtest.Sign(secret, []byte(body))
			ask(http.MethodPost, "/webhooks/github", body, header)
		}
	}
	ask(http.MethodPost, "/webhooks/heroku", body, map[string]string{"Heroku-Webhook-Hmac-SHA256": "AAAA", "Content-Type": "application/json"})
	// What cannot be understood is tried again and again by the machine's clock,
	// so that this world does not come to rest any more.
	eventually(l.t, "every delivery was tried", func() bool {
		list, err := l.srv.store.Deliveries(l.t.Context(), store.Filter{Limit: 1000})
		l.must(err)
		return !slices.ContainsFunc(list, func(d store.Delivery) bool { return d.Outcome == "" && d.Attempts == 0 })
	})
}

// search looks for every secret wherever text came out.
func (l *leak) search() {
	l.t.Helper()
	l.stopBot()
	l.stored()
	l.vault.keep("what a person wrote", theirToken, theirKey, "written-in-a-link-99e1")
	l.forgetDeliveries()
	stored := l.stored()
	l.look("the pages and the metrics", l.pages.String())
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "message"})
	lines := l.logs.All()
	for _, e := range lines {
		line, err := encoder.EncodeEntry(e.Entry, e.Context)
		l.must(err)
		l.look("the log", line.String())
	}
	written := 0
	for _, r := range l.gh.Requests() {
		if strings.HasPrefix(r.Path, "/_codeload/") {
			continue // somebody follows a signed link to the source, as is meant
		}
		l.look("the address of a request to GitHub", r.Path+"?"+r.Query)
		if r.Method != http.MethodGet && !strings.Contains(r.Path, "access_tokens") {
			written++
			l.look("what is written to GitHub", r.Method+" "+r.Path+" "+r.Body)
		}
	}
	if p, ok := l.place.(*herokuPlace); ok {
		for _, r := range p.Requests() {
			// A link to the source is what a build is asked for with.
			l.look("what is sent to Heroku", fmt.Sprintf("%s %s %v %s", r.Method, r.Path, r.Header, r.Body), "the ticket of a signed link")
		}
	}
	// What was looked through has to be there for the search to mean anything.
	if len(lines) < 500 || written < 30 || len(stored) < 10_000 || l.pages.Len() < 5000 || len(l.vault.secrets) < 30 {
		l.t.Errorf("%d lines of log, %d writes to GitHub, %d bytes in the database, %d bytes of pages and %d secrets are too few for this story",
			len(lines), written, len(stored), l.pages.Len(), len(l.vault.secrets))
	}
}

// look reports the secrets in a text.
func (l *leak) look(where, text string, except ...string) {
	l.t.Helper()
	if found := l.vault.found(text, except...); len(found) > 0 {
		l.t.Errorf("%s gives away %s: %.1500s", where, strings.Join(found, ", "), text)
	}
}

// stored is everything that the bot and the embedded platform keep about what
// they did. What apps write into their own logs is theirs, and their config vars
// and files are in folders of their own.
func (l *leak) stored() (all []byte) {
	l.t.Helper()
	private := map[string]bool{"output": true, "vars": true, "releases": true, "artifacts": true, "work": true, "cache": true}
	l.must(filepath.WalkDir(l.dir, func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && private[d.Name()]:
			return filepath.SkipDir
		case d.IsDir() || d.Name() == "env":
			return nil
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if found := l.vault.found(string(data)); len(found) > 0 {
			l.t.Errorf("the file %s gives away %s: %q", filepath.Base(file), strings.Join(found, ", "), l.vault.around(data))
		}
		all = append(all, data...)
		return nil
	}))
	return all
}

// forgetDeliveries takes out of the database what only passes through it: a
// delivery is kept as it was signed until it is processed, and SQLite leaves
// what was emptied in its file until it needs the place.
func (l *leak) forgetDeliveries() {
	l.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(l.dir, "headstart.db"))
	l.must(err)
	defer func() { l.must(db.Close()) }()
	db.SetMaxOpenConns(1)
	for _, statement := range []string{"UPDATE deliveries SET body = '' WHERE outcome <> 'processed'", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		_, err := db.Exec(statement)
		l.must(err)
	}
}

// around is the surroundings of the first secret in a file.
func (v *vault) around(data []byte) []byte {
	v.mu.Lock()
	defer v.mu.Unlock()
	for secret := range v.secrets {
		if i := bytes.Index(data, []byte(secret[:min(len(secret), piece)])); i >= 0 {
			return data[max(0, i-300):min(len(data), i+200)]
		}
	}
	return nil
}

// What the command itself says when its settings are wrong has no secret in it.
func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	gh, err := githubtest.New(githubtest.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := gh.Close(); err != nil {
			t.Error(err)
		}
	})
	v := &vault{}
	v.keep("a setting", webhookSecret, oldSecret, varSecret, dbSecret, theirToken)
	v.keep("the App's private key", strings.Split(string(gh.PrivateKeyPEM()), "\n")...)
	good := map[string]string{
		"HEADSTART_ADDR": "127.0.0.1:0", "HEADSTART_ALLOW": "acme/shop=shop-*", "HEADSTART_LOCAL": "beside-heroku", "HEADSTART_LOCAL_ADDR": "127.0.0.1:0",
		"GITHUB_APP_ID": "1", "GITHUB_PRIVATE_KEY": string(gh.PrivateKeyPEM()), "GITHUB_WEBHOOK_SECRET": webhookSecret + "," + oldSecret,
		"HEROKU_API_KEY": theirToken, "HEROKU_WEBHOOK_SECRET": varSecret, "DATABASE_URL": "sqlite:headstart.db", "GITHUB_API_URL": gh.URL(),
		"HEROKU_API_URL": "http://127.0.0.1:1",
	}
	for name, c := range map[string]struct {
		set  map[string]string
		args []string
	}{
		"help":                        {args: []string{"serve", "--help"}},
		"an unknown flag":             {args: []string{"serve", "--heroku-api-kee=" + varSecret}},
		"an unknown command":          {args: []string{"server"}},
		"nothing listens":             {set: map[string]string{"DATABASE_URL": "postgres://shop:" + dbSecret + "@127.0.0.1:1/shop?connect_timeout=2"}},
		"no such database":            {set: map[string]string{"DATABASE_URL": "mysql://shop:" + dbSecret + "@127.0.0.1:1/shop"}},
		"a database's URL is wrong":   {set: map[string]string{"DATABASE_URL": "postgres://shop:" + dbSecret + "@127.0.0.1:port/shop"}},
		"a database's option is not":  {set: map[string]string{"DATABASE_URL": "postgres://shop:" + dbSecret + "@127.0.0.1:1/shop?sslmode=" + dbSecret}},
		"a key that is none":          {set: map[string]string{"GITHUB_PRIVATE_KEY": dbSecret}},
		"half a key":                  {set: map[string]string{"GITHUB_PRIVATE_KEY": string(gh.PrivateKeyPEM())[:800]}},
		"a key where a file is meant": {set: map[string]string{"GITHUB_PRIVATE_KEY": "", "GITHUB_PRIVATE_KEY_FILE": string(gh.PrivateKeyPEM())}},
		"an API with a password":      {set: map[string]string{"GITHUB_API_URL": "ftp://bot:" + dbSecret + "@127.0.0.1:1/"}},
		"an API that does not answer": {set: map[string]string{"GITHUB_API_URL": "http://bot:" + dbSecret + "@127.0.0.1:1/", "HEADSTART_ADDR": "nowhere"}},
		"Heroku with a password":      {set: map[string]string{"HEROKU_API_URL": "http://bot:" + dbSecret + "@127.0.0.1:1\x7f/", "HEADSTART_ADDR": "nowhere"}},
		"no webhook secret":           {set: map[string]string{"GITHUB_WEBHOOK_SECRET": ""}},
		"no App":                      {set: map[string]string{"GITHUB_APP_ID": "0"}},
		"an allow-list that is none":  {set: map[string]string{"HEADSTART_ALLOW": ""}, args: []string{"check", dbSecret + "-is-no-file"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			args := c.args
			if args == nil {
				args = []string{"serve"}
			}
			cmd := exec.CommandContext(ctx, os.Args[0], args...)
			cmd.Dir, cmd.Env = t.TempDir(), []string{roleVar + "=headstart", "LOG_LEVEL=debug", "PATH=" + os.Getenv("PATH")}
			for key, value := range good {
				cmd.Env = append(cmd.Env, key+"="+cmp.Or(c.set[key], value))
			}
			for key, value := range c.set {
				if _, usual := good[key]; !usual || value == "" {
					cmd.Env = append(cmd.Env, key+"="+value)
				}
			}
			output, err := cmd.CombinedOutput()
			if ctx.Err() != nil {
				t.Errorf("the command should have ended by itself")
			}
			if err == nil && name != "help" {
				t.Errorf("the command should have failed")
			}
			if len(output) == 0 {
				t.Errorf("the command should have said something (%v)", err)
			}
			said := string(output)
			if c.args != nil { // who types a secret sees it anyway
				said = strings.ReplaceAll(said, strings.Join(c.args[1:], " "), "")
			}
			if found := v.found(said); len(found) > 0 {
				t.Errorf("it gives away %s: %s", strings.Join(found, ", "), output)
			}
		})
	}
}
