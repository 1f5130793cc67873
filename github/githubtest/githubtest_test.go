package githubtest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/github/githubtest"
	"github.com/headstart-cd/headstart/github/githubtest/contract"
	"github.com/headstart-cd/headstart/internal/clocktest"
)

// world is a stand-in with one repository, a client and a receiver of webhooks.
type world struct {
	*githubtest.Server
	t     *testing.T
	ctx   context.Context
	clock *clocktest.Clock
	shop  *githubtest.Repo
	api   *github.Client // as the installation
	app   *github.Client // as the App
	inbox *inbox
}

// start makes a world whose every request and answer is held to GitHub's
// contract.
func start(t *testing.T, change ...func(*githubtest.Options)) *world {
	t.Helper()
	doc, err := contract.Load("testdata/github-openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, clock: clocktest.New()}
	w.inbox = newInbox(t, "s3cret") // before the server, so that it is closed after it
	opts := githubtest.Options{Dir: t.TempDir(), Clock: w.clock.Now, Contract: doc}
	for _, f := range change {
		f(&opts)
	}
	if w.Server, err = githubtest.New(opts); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, err := range w.ContractErrors() {
			t.Errorf("GitHub's contract is broken: %v", err)
		}
		if err := w.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	var cancel context.CancelFunc
	w.ctx, cancel = context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	w.SetWebhook(w.inbox.url, "s3cret")
	if w.shop, err = w.CreateRepo("acme/shop", githubtest.RepoOptions{}); err != nil {
		t.Fatal(err)
	}
	w.api, w.app = w.client("acme"), w.appClient()
	return w
}

func (w *world) client(account string) *github.Client {
	w.t.Helper()
	tr, err := ghinstallation.New(http.DefaultTransport, w.AppID(), w.InstallationID(account), w.PrivateKeyPEM())
	if err != nil {
		w.t.Fatal(err)
	}
	tr.BaseURL = w.URL()
	return based(w.t, tr, w.URL())
}

func (w *world) appClient() *github.Client {
	w.t.Helper()
	tr, err := ghinstallation.NewAppsTransport(http.DefaultTransport, w.AppID(), w.PrivateKeyPEM())
	if err != nil {
		w.t.Fatal(err)
	}
	return based(w.t, tr, w.URL())
}

func based(t *testing.T, tr http.RoundTripper, base string) *github.Client {
	t.Helper()
	c := github.NewClient(&http.Client{Transport: tr})
	var err error
	if c.BaseURL, err = url.Parse(base + "/"); err != nil {
		t.Fatal(err)
	}
	return c
}

// commit pushes one file to main.
func (w *world) commit(path, content string) githubtest.Commit {
	w.t.Helper()
	c, err := w.shop.Commit("main", map[string]string{path: content})
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// flush waits until every webhook has been delivered.
func (w *world) flush() {
	w.t.Helper()
	if err := w.Flush(w.ctx); err != nil {
		w.t.Fatal(err)
	}
}

// must fails the test on an error.
func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// hook is one webhook that arrived.
type hook struct {
	event, guid string
	body        []byte
	payload     map[string]any
}

// inbox receives webhooks and checks their signatures.
type inbox struct {
	url string

	mu     sync.Mutex
	got    []hook // guarded by mu
	status int    // guarded by mu: what it answers, 202 if 0
}

func newInbox(t *testing.T, secret string) *inbox {
	in := &inbox{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the test is over, and the server was closed in the middle of it
		}
		if err := github.ValidateSignature(r.Header.Get("X-Hub-Signature-256"), body, []byte(secret)); err != nil {
			t.Errorf("%s webhook is not signed well: %v", r.Header.Get("X-GitHub-Event"), err)
		}
		h := hook{event: github.WebHookType(r), guid: github.DeliveryID(r), body: body}
		if err := json.Unmarshal(body, &h.payload); err != nil {
			t.Errorf("%s webhook is no JSON: %v", h.event, err)
		}
		in.mu.Lock()
		defer in.mu.Unlock()
		in.got = append(in.got, h)
		if in.status != 0 {
			w.WriteHeader(in.status)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(srv.Close)
	in.url = srv.URL
	return in
}

// answer sets the status that webhooks are answered with.
func (in *inbox) answer(status int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.status = status
}

// of lists what arrived of an event, oldest first.
func (in *inbox) of(event string) []hook {
	in.mu.Lock()
	defer in.mu.Unlock()
	var some []hook
	for _, h := range in.got {
		if h.event == event {
			some = append(some, h)
		}
	}
	return some
}

// last is the newest of an event.
func (w *world) last(event string) hook {
	w.t.Helper()
	w.flush()
	all := w.inbox.of(event)
	if len(all) == 0 {
		w.t.Fatalf("no %s webhook arrived", event)
	}
	return all[len(all)-1]
}

// parse reads a webhook as go-github does.
func parse[T any](t *testing.T, h hook) *T {
	t.Helper()
	e, err := github.ParseWebHook(h.event, h.body)
	if err != nil {
		t.Fatal(err)
	}
	event, ok := e.(*T)
	if !ok {
		t.Fatalf("go-github reads a %s webhook as %T", h.event, e)
	}
	return event
}
