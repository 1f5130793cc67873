package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
	"github.com/headstart-cd/headstart/store"
	"github.com/headstart-cd/headstart/webhooks"
)

// post sends the bot a delivery as GitHub would.
func (b *bed) post(method, guid, event, signature string, body []byte) (status int, answer string) {
	b.t.Helper()
	req, err := http.NewRequest(method, b.url+"/webhooks/github", bytes.NewReader(body))
	b.must(err)
	req.Header.Set("Content-Type", "application/json")
	for name, value := range map[string]string{"X-GitHub-Delivery": guid, "X-GitHub-Event": event, "X-Hub-Signature-256": signature} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	return b.do(req)
}

func (b *bed) get(path string) (status int, answer string) {
	b.t.Helper()
	req, err := http.NewRequest(http.MethodGet, b.url+path, nil)
	b.must(err)
	return b.do(req)
}

func (b *bed) do(req *http.Request) (status int, answer string) {
	b.t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatalf("the server should answer %s %s: %v", req.Method, req.URL.Path, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	b.must(err)
	return res.StatusCode, string(text)
}

func TestReceiverAnswersDeliveries(t *testing.T) {
	t.Parallel()
	old := "the-secret-of-before"
	b := newBed(t, "heroku", choices{settings: func(s *settings) { s.GitHub.WebhookSecret = webhookSecret + "," + old }})
	b.settle()
	body := []byte(`{"ref":"refs/heads/side","before":"` + strings.Repeat("a", 40) + `","after":"` + strings.Repeat("b", 40) + `",` +
		`"head_commit":{"id":"` + strings.Repeat("b", 40) + `","tree_id":"` + strings.Repeat("c", 40) + `","message":"b","timestamp":"2026-03-02T09:00:00Z"},` +
		`"repository":{"full_name":"acme/shop","name":"shop","owner":{"login":"acme"},"default_branch":"main"},"installation":{"id":1}}`)
	for _, k := range []struct {
		what, method, guid, event, signature string
		body                                 []byte
		status                               int
	}{
		{"a signed delivery", "POST", "g-1", "push", githubtest.Sign(webhookSecret, body), body, 202},
		{"one signed with the secret of before", "POST", "g-2", "push", githubtest.Sign(old, body), body, 202},
		{"the same GUID again", "POST", "g-1", "push", githubtest.Sign(webhookSecret, body), body, 202},
		{"an event that nobody knows", "POST", "g-3", "sponsorship", githubtest.Sign(webhookSecret, body), body, 200},
		{"one without a signature", "POST", "g-4", "push", "", body, 401},
		{"one signed by somebody else", "POST", "g-5", "push", githubtest.Sign("guess", body), body, 401},
		{"one signed for another body", "POST", "g-6", "push", githubtest.Sign(webhookSecret, []byte("{}")), body, 401},
		{"malformed JSON", "POST", "g-7", "push", githubtest.Sign(webhookSecret, []byte("{")), []byte("{"), 400},
		{"a body over 25 MB", "POST", "g-8", "push", githubtest.Sign(webhookSecret, nil), make([]byte, 25<<20+1), 413},
		{"a GET", "GET", "", "", "", nil, 405},
	} {
		if status, answer := b.post(k.method, k.guid, k.event, k.signature, k.body); status != k.status {
			t.Errorf("%s should be answered with %d, it was %d: %s", k.what, k.status, status, answer)
		}
	}
	b.settle()
	taken := map[string]bool{}
	list, err := b.srv.store.Deliveries(t.Context(), store.Filter{})
	b.must(err)
	for _, d := range list {
		taken[d.GUID] = true
	}
	for guid, want := range map[string]bool{"g-1": true, "g-2": true, "g-4": false, "g-5": false, "g-6": false, "g-8": false} {
		if taken[guid] != want {
			t.Errorf("that delivery %s is stored should be %t: what is refused has no effect, what is acknowledged is kept", guid, want)
		}
	}
	_, metrics := b.get("/metrics")
	for _, want := range []string{
		`headstart_deliveries_total{event="push",result="stored"} 2`, `{event="push",result="duplicate"} 1`, `{event="push",result="unauthorized"} 3`,
		`result="ignored"`, `result="malformed"`, `{event="push",result="too_large"} 1`, "headstart_delivery_seconds_bucket", "go_goroutines",
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("/metrics should tell of %s, it has:\n%s", want, grep(metrics, "headstart_deliveries_total{"))
		}
	}
	for path, want := range map[string]string{"/healthz": "ok", "/readyz": "ready", "/": "Headstart"} {
		if status, answer := b.get(path); status != http.StatusOK || !strings.Contains(answer, want) {
			t.Errorf("%s should answer 200 and %q, it answers %d %q", path, want, status, answer)
		}
	}
	if status, _ := b.get("/nowhere"); status != http.StatusNotFound {
		t.Errorf("a page that does not exist should be a 404, it is %d", status)
	}
	if status, _ := b.post("POST", "h-1", "", "", body); status == http.StatusAccepted {
		t.Error("a delivery that does not say its event should not be accepted")
	}
	req, err := http.NewRequest(http.MethodPost, b.url+"/webhooks/heroku", strings.NewReader("{}"))
	b.must(err)
	if status, _ := b.do(req); status != http.StatusNotFound {
		t.Errorf("without a secret of Heroku's there should be nothing at /webhooks/heroku, it answers %d", status)
	}
}

// A delivery that could not be processed is kept. Whoever watches the metrics sees
// it, and a command lists it while the server runs.
func TestDeliveryThatFailed(t *testing.T) {
	t.Parallel()
	b := newBed(t, "heroku", choices{})
	b.stopBot()
	inbox, err := store.Open(t.Context(), b.settings().DatabaseURL, store.Options{Retries: []time.Duration{}})
	b.must(err)
	_, err = inbox.Receive(t.Context(), "f-1", "push", []byte(`{"ref": 7}`))
	b.must(err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- inbox.Run(ctx, store.Handlers{Deliver: func(_ context.Context, d store.Delivery) error {
			_, err := webhooks.Decode(d.Event, d.Body)
			return err
		}})
	}()
	for idle := false; !idle; {
		changed := inbox.Changed()
		if idle, err = inbox.Idle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !idle {
			<-changed
		}
	}
	stop()
	b.must(<-ended)
	b.must(inbox.Close())
	b.start(nil)
	if _, metrics := b.get("/metrics"); !strings.Contains(metrics, "headstart_deliveries_failed 1") {
		t.Errorf("/metrics should count the delivery that failed, it has:\n%s", grep(metrics, "headstart_deliveries_failed"))
	}
	if said := b.operator("deliveries"); !strings.Contains(said, "push   f-1       1         failed: ") || !strings.Contains(said, "redeliver") {
		t.Errorf("the delivery should be listed with why it failed, the command says:\n%s", said)
	}
	if said := b.operator("deliveries", "--all", "--limit", "1"); strings.Count(said, "  processed ")+strings.Count(said, "  failed") != 1 {
		t.Errorf("one delivery should be listed, the command says:\n%s", said)
	}
	if _, _, err := headstart(t, "deliveries", "--limit", "0"); err == nil || !strings.Contains(err.Error(), "--limit 0") {
		t.Errorf("no number of deliveries should be refused, got %v", err)
	}
}

func grep(text, word string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if strings.Contains(line, word) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}
