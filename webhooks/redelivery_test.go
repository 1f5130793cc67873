package webhooks_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github/githubtest"
	"github.com/headstart-cd/headstart/store"
	"github.com/headstart-cd/headstart/webhooks"
)

// post is GitHub with a repository, a receiver of its webhooks, and the store
// behind it.
type post struct {
	t      *testing.T
	github *githubtest.Server
	shop   *githubtest.Repo
	store  *store.Store
	ctx    context.Context

	storeFails atomic.Bool // the store takes nothing
	deaf       atomic.Bool // the answer does not get back to GitHub
	trouble    atomic.Bool // processing fails

	mu        sync.Mutex
	processed map[string]int // how often by GUID; guarded by mu
}

func newPost(t *testing.T) *post {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	p := &post{t: t, ctx: ctx, processed: map[string]int{}}
	var err error
	p.store, err = store.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "state.db"), store.Options{Retries: []time.Duration{}})
	p.must(err)
	t.Cleanup(func() { p.must(p.store.Close()) })
	h, err := webhooks.Handler(webhooks.Options{Secrets: [][]byte{[]byte("s3cret")}, Inbox: p})
	p.must(err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		if p.deaf.Load() {
			panic(http.ErrAbortHandler)
		}
	}))
	t.Cleanup(server.Close)
	p.github, err = githubtest.New(githubtest.Options{Dir: t.TempDir(), Events: webhooks.Events()})
	p.must(err)
	t.Cleanup(func() { p.must(p.github.Close()) })
	p.shop, err = p.github.CreateRepo("acme/shop", githubtest.RepoOptions{})
	p.must(err)
	p.github.SetWebhook(server.URL, "s3cret")
	return p
}

func (p *post) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// Receive is the store's, unless that fails.
func (p *post) Receive(ctx context.Context, guid, event string, body []byte) (bool, error) {
	if p.storeFails.Load() {
		return false, errors.New("the disk is full")
	}
	return p.store.Receive(ctx, guid, event, body)
}

// run works the inbox until the function that it returns is called.
func (p *post) run() (stop func()) {
	ctx, cancel := context.WithCancel(p.ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- p.store.Run(ctx, store.Handlers{Deliver: func(_ context.Context, d store.Delivery) error {
			if p.trouble.Load() {
				return errors.New("GitHub is away")
			}
			got, err := webhooks.Decode(d.Event, d.Body)
			if err != nil || len(got.Facts) != 2 {
				p.t.Errorf("%s should say who was installed and what was pushed, got %+v, %v", d.GUID, got, err)
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			p.processed[d.GUID]++
			return nil
		}, Perform: func(context.Context, bot.Target, bot.Effect, bool) error { return nil }})
	}()
	return func() { cancel(); p.must(<-ended) }
}

// push delivers a push, and returns its GUID.
func (p *post) push(name string) string {
	p.t.Helper()
	_, err := p.shop.Commit("main", map[string]string{name: "1"})
	p.must(err)
	p.must(p.github.Flush(p.ctx))
	all := p.github.Deliveries()
	return all[len(all)-1].GUID
}

// again has GitHub deliver it once more, and returns the receiver's status.
func (p *post) again(guid string) int {
	p.t.Helper()
	p.must(p.github.Redeliver(guid))
	p.must(p.github.Flush(p.ctx))
	for _, d := range p.github.Deliveries() {
		if d.GUID == guid {
			return d.Attempts[len(d.Attempts)-1].StatusCode
		}
	}
	p.t.Fatalf("GitHub knows no delivery %s", guid)
	return 0
}

// becomes waits until a delivery has an outcome.
func (p *post) becomes(guid string, want store.Outcome) {
	p.t.Helper()
	for {
		changed := p.store.Changed()
		list, err := p.store.Deliveries(p.ctx, store.Filter{GUID: guid})
		p.must(err)
		if len(list) == 1 && list[0].Outcome == want {
			return
		}
		select {
		case <-changed:
		case <-p.ctx.Done():
			p.t.Fatalf("the delivery should be %q in the end, it is %+v", want, list)
		}
	}
}

func (p *post) times(guid string, want int) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.processed[guid] != want {
		p.t.Errorf("the delivery should have been processed %d times, it was %d times", want, p.processed[guid])
	}
}

func TestAPushThatWasNotStoredIsTakenWhenItComesAgain(t *testing.T) {
	p := newPost(t)
	defer p.run()()
	p.storeFails.Store(true)
	guid := p.push("a")
	if status := p.again(guid); status != 500 {
		t.Errorf("what is not stored is not acknowledged, it was answered with %d", status)
	}
	p.storeFails.Store(false)
	if status := p.again(guid); status != 202 {
		t.Errorf("now it is stored, it was answered with %d", status)
	}
	p.becomes(guid, store.Processed)
	p.times(guid, 1)
}

func TestAPushThatFailedIsProcessedWhenItComesAgain(t *testing.T) {
	p := newPost(t)
	defer p.run()()
	p.trouble.Store(true)
	guid := p.push("a")
	p.becomes(guid, store.Failed)
	p.again(guid)
	p.becomes(guid, store.Failed)
	p.trouble.Store(false)
	if status := p.again(guid); status != 202 {
		t.Errorf("a delivery that failed is taken again, it was answered with %d", status)
	}
	p.becomes(guid, store.Processed)
	p.again(guid)
	p.becomes(guid, store.Processed)
	p.times(guid, 1)
}

func TestAPushThatWaitsIsProcessedOnceHoweverOftenItComes(t *testing.T) {
	p := newPost(t)
	p.deaf.Store(true) // GitHub never hears that it was taken
	guid := p.push("a")
	if status := p.again(guid); status != 0 {
		t.Errorf("GitHub should not have heard an answer, it heard %d", status)
	}
	p.deaf.Store(false)
	if status := p.again(guid); status != 202 {
		t.Errorf("a delivery that is known is acknowledged, it was answered with %d", status)
	}
	p.becomes(guid, store.Waiting)
	stop := p.run()
	p.becomes(guid, store.Processed)
	p.again(guid)
	last := p.push("b")
	p.becomes(last, store.Processed)
	stop()
	p.times(guid, 1)
	p.times(last, 1)
}

// Neither the log nor an answer tells a secret, a signature or the key that
// somebody put where it does not belong.
func TestNoSecretComesOut(t *testing.T) {
	const secret = "pl4nted-webhook-secret"
	var logged bytes.Buffer
	in := new(inbox)
	h, err := webhooks.Handler(webhooks.Options{Secrets: [][]byte{[]byte(secret), []byte(secret + "-old")}, Inbox: in, Logger: loggerTo(&logged)})
	if err != nil {
		t.Fatal(err)
	}
	token := "ghs_" + strings.Repeat("pl4nted", 60)
	key := "-----BEGIN RSA PRIVATE KEY-----\npl4nted\n-----END RSA PRIVATE KEY-----"
	body := []byte(`{"ref":"` + token + `"}`)
	signed := sign(secret, body)
	var answers strings.Builder
	for _, change := range []func(*http.Request){
		func(*http.Request) {},
		func(r *http.Request) { r.Header.Set("X-Hub-Signature-256", secret) },
		func(r *http.Request) { r.Header.Set("X-Hub-Signature-256", "sha256="+secret) },
		func(r *http.Request) { r.Header.Set("X-Hub-Signature-256", sign("guess", body)) },
		func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) },
		func(r *http.Request) { r.Header.Set("X-GitHub-Delivery", key) },
		func(r *http.Request) { r.Header.Set("X-GitHub-Event", key) },
		func(r *http.Request) { r.Header.Set("Content-Type", key) },
		func(r *http.Request) { r.Method = "GET" },
		func(r *http.Request) { r.URL.RawQuery = "secret=" + secret },
	} {
		r := request("push", "guid-1", body)
		r.Header.Set("X-Hub-Signature-256", signed)
		change(r)
		_, text := answer(h, r)
		answers.WriteString(text)
	}
	for where, text := range map[string]string{"an answer": answers.String(), "the log": logged.String()} {
		if text == "" {
			t.Errorf("%s says nothing at all", where)
		}
		for _, part := range []string{"pl4nted", signed[7:], sign("guess", body)[7:]} {
			if strings.Contains(text, part) {
				t.Errorf("%s tells a secret: %s", where, text)
			}
		}
	}
	if _, err := webhooks.Handler(webhooks.Options{Secrets: [][]byte{[]byte(secret), nil}, Inbox: in}); err == nil || strings.Contains(err.Error(), "pl4nted") {
		t.Errorf("the error should not tell the other secret, got %v", err)
	}
	for _, planted := range []string{token, key, "https://me:pl4nted@h/", "Bearer pl4nted", "Authorization: token pl4nted", "eyJhbGci.pl4nted.x"} {
		for _, field := range []string{"before", "after", "head_commit.tree_id", "repository.full_name", "repository.pushed_at"} {
			if _, err := webhooks.Decode("push", edit(t, "push.branch", field, planted)); err == nil || strings.Contains(err.Error(), "pl4nted") {
				t.Errorf("%s: the error should tell no secret, got %v", field, err)
			}
		}
	}
	for _, event := range webhooks.Events() {
		if _, err := webhooks.Decode(event, body); err == nil || strings.Contains(err.Error(), "pl4nted") {
			t.Errorf("the reason why a delivery failed is shown to people: it should tell no secret, got %v", err)
		}
	}
}
