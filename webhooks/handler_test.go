package webhooks_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headstart-cd/headstart/webhooks"
)

// inbox remembers what was received, and fails when told to.
type inbox struct {
	mu       sync.Mutex
	received map[string]string // guid to event; guarded by mu
	err      error
}

func (in *inbox) Receive(_ context.Context, guid, event string, _ []byte) (bool, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.err != nil {
		return false, in.err
	}
	_, duplicate := in.received[guid]
	if in.received == nil {
		in.received = make(map[string]string)
	}
	in.received[guid] = event
	return duplicate, nil
}

func sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func request(event, guid string, body []byte) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/webhooks/github", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Event", event)
	r.Header.Set("X-GitHub-Delivery", guid)
	r.Header.Set("X-Hub-Signature-256", sign("new", body))
	return r
}

func answer(h http.Handler, r *http.Request) (status int, text string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func handler(t testing.TB, in webhooks.Inbox, registry prometheus.Registerer) http.Handler {
	t.Helper()
	h, err := webhooks.Handler(webhooks.Options{Secrets: [][]byte{[]byte("old"), []byte("new")}, Inbox: in, Metrics: registry})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHandler(t *testing.T) {
	body := []byte(`{"zen":"Keep it logically awesome."}`)
	set := func(key, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(key, value) }
	}
	sha1Only := hmac.New(sha1.New, []byte("new"))
	sha1Only.Write(body)
	for _, tt := range []struct {
		what   string
		event  string
		body   []byte
		change func(*http.Request)
		status int
		text   string
		stored bool
	}{
		{"a push is stored", "push", body, nil, 202, "stored", true},
		{"the other secret is good too", "push", body, set("X-Hub-Signature-256", sign("old", body)), 202, "stored", true},
		{"a charset does no harm", "push", body, set("Content-Type", "application/json; charset=utf-8"), 202, "stored", true},
		{"a ping is answered", "ping", body, nil, 200, "listening", false},
		{"a status is stored", "status", []byte(`{"context":"ci/test"}`), nil, 202, "stored", true},
		{"a status of Headstart's own is fine", "status", []byte(`{"context":"headstart/build"}`), nil, 200, "own", false},
		{"a status of nobody is stored", "status", []byte(`{"context":1}`), nil, 202, "stored", true},
		{"an event of no interest is fine", "star", body, nil, 200, "no interest", false},
		{"an event that nobody knows is fine", "brand_new", body, nil, 200, "no interest", false},
		{"a wrong secret is refused", "push", body, set("X-Hub-Signature-256", sign("guess", body)), 401, "does not match", false},
		{"the signature of another body is refused", "push", body, set("X-Hub-Signature-256", sign("new", []byte(`{}`))), 401, "does not match", false},
		{"a ping is no way around the signature", "ping", body, set("X-Hub-Signature-256", sign("guess", body)), 401, "does not match", false},
		{"no signature is refused", "push", body, func(r *http.Request) { r.Header.Del("X-Hub-Signature-256") }, 401, "no signature", false},
		{"an empty signature is refused", "push", body, set("X-Hub-Signature-256", "sha256="), 401, "no signature", false},
		{"a short signature is refused", "push", body, set("X-Hub-Signature-256", sign("new", body)[:60]), 401, "no signature", false},
		{"SHA-1 alone is refused", "push", body, func(r *http.Request) {
			r.Header.Del("X-Hub-Signature-256")
			r.Header.Set("X-Hub-Signature", "sha1="+hex.EncodeToString(sha1Only.Sum(nil)))
		}, 401, "no signature", false},
		{"a body that is no JSON is malformed", "push", []byte(`{"ref":`), nil, 400, "not JSON", false},
		{"an empty body is malformed", "push", []byte{}, nil, 400, "not JSON", false},
		{"no event is malformed", "", body, nil, 400, "names no event", false},
		{"an odd event is malformed", "push\nx", body, nil, 400, "names no event", false},
		{"no GUID is malformed", "push", body, set("X-GitHub-Delivery", ""), 400, "no GUID", false},
		{"an odd GUID is malformed", "push", body, set("X-GitHub-Delivery", "'; --"), 400, "no GUID", false},
		{"a form is told which setting to change", "push", body, set("Content-Type", "application/x-www-form-urlencoded"), 415, "Content type to application/json", false},
		{"another type is refused", "push", body, set("Content-Type", "text/plain"), 415, "must be JSON", false},
		{"only POST is served", "push", body, func(r *http.Request) { r.Method = http.MethodGet }, 405, "POST", false},
	} {
		in := new(inbox)
		r := request(tt.event, "guid-1", tt.body)
		if tt.change != nil {
			tt.change(r)
		}
		status, text := answer(handler(t, in, nil), r)
		if status != tt.status || !strings.Contains(text, tt.text) {
			t.Errorf("%s: got %d %q, wanted %d with %q", tt.what, status, text, tt.status, tt.text)
		}
		if stored := len(in.received) > 0; stored != tt.stored {
			t.Errorf("%s: stored is %v, wanted %v", tt.what, stored, tt.stored)
		}
	}
}

func TestHandlerDuplicate(t *testing.T) {
	h := handler(t, new(inbox), nil)
	for i, want := range []string{"is stored", "known already"} {
		if status, text := answer(h, request("push", "guid-1", []byte(`{}`))); status != 202 || !strings.Contains(text, want) {
			t.Errorf("time %d is answered with 202 and %q, got %d %q", i+1, want, status, text)
		}
	}
}

func TestHandlerStoreFails(t *testing.T) {
	h := handler(t, &inbox{err: errors.New("disk full, password hunter2")}, nil)
	status, text := answer(h, request("push", "guid-1", []byte(`{}`)))
	if status != 500 || strings.Contains(text, "hunter2") {
		t.Errorf("a delivery that was not stored is not acknowledged, and strangers are not told why: got %d %q", status, text)
	}
}

func TestHandlerBoundsBodies(t *testing.T) {
	in := new(inbox)
	h, err := webhooks.Handler(webhooks.Options{Secrets: [][]byte{[]byte("new")}, Inbox: in, MaxBody: 1000})
	if err != nil {
		t.Fatal(err)
	}
	fits := append(bytes.Repeat([]byte(" "), 998), "{}"...)
	if status, _ := answer(h, request("push", "fits", fits)); status != 202 {
		t.Errorf("a body of the largest size is taken, got %d", status)
	}
	large := append(fits, ' ')
	if status, _ := answer(h, request("push", "large", large)); status != 413 {
		t.Errorf("a larger one is not, got %d", status)
	}
	r := request("push", "chunked", large)
	r.ContentLength, r.Body = -1, io.NopCloser(bytes.NewReader(large))
	if status, _ := answer(h, r); status != 413 {
		t.Errorf("nor is one that does not tell its size, got %d", status)
	}
	if len(in.received) != 1 {
		t.Errorf("only what fits is stored, got %v", in.received)
	}
}

// Small deliveries pass while as many large ones as may be read at once trickle.
func TestHandlerLanes(t *testing.T) {
	server := httptest.NewServer(handler(t, new(inbox), nil))
	defer server.Close()
	body := bytes.Repeat([]byte(" "), 2<<20)
	var wg sync.WaitGroup
	var pipes []*io.PipeWriter
	for range 6 {
		read, write := io.Pipe()
		pipes = append(pipes, write)
		r := request("push", "large", body)
		r, err := http.NewRequest(http.MethodPost, server.URL, read)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = request("push", "large", body).Header
		r.ContentLength = int64(len(body))
		wg.Go(func() {
			if answer, err := http.DefaultClient.Do(r); err == nil {
				answer.Body.Close()
			}
		})
		if _, err := write.Write(body[:10]); err != nil {
			t.Fatal(err)
		}
	}
	small := request("push", "small", []byte(`{}`))
	r, err := http.NewRequest(http.MethodPost, server.URL, strings.NewReader(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = small.Header
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	a.Body.Close()
	if a.StatusCode != 202 {
		t.Errorf("a small delivery is taken meanwhile, got %s", a.Status)
	}
	for _, p := range pipes {
		p.CloseWithError(errors.New("gone"))
	}
	wg.Wait()
}

func TestHandlerMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	h := handler(t, new(inbox), registry)
	for _, guid := range []string{"1", "2", "2"} {
		answer(h, request("push", guid, []byte(`{}`)))
	}
	answer(h, request("brand_new", "3", []byte(`{}`)))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]float64)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			got[name] = m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	want := map[string]float64{
		"headstart_deliveries_total other ignored":  1,
		"headstart_deliveries_total push duplicate": 1,
		"headstart_deliveries_total push stored":    2,
		"headstart_delivery_seconds ignored":        1,
		"headstart_delivery_seconds duplicate":      1,
		"headstart_delivery_seconds stored":         2,
	}
	if !maps.Equal(got, want) {
		t.Errorf("deliveries are counted as\n%v\nwanted\n%v", got, want)
	}
	if _, err := webhooks.HerokuHandler(webhooks.Options{Secrets: [][]byte{[]byte("x")}, Inbox: new(inbox), Metrics: registry}); err != nil {
		t.Errorf("both handlers share the metrics, got: %v", err)
	}
}

func TestHandlerNeedsSecrets(t *testing.T) {
	for _, secrets := range [][][]byte{nil, {}, {[]byte("good"), nil}} {
		if _, err := webhooks.Handler(webhooks.Options{Secrets: secrets, Inbox: new(inbox)}); err == nil {
			t.Errorf("secrets %q: an empty secret would let anybody in", secrets)
		}
	}
}

func TestHerokuHandler(t *testing.T) {
	body := `{"id":"w1","resource":"build","data":{"app":{"name":"shop"}},"webhook_metadata":{"event":{"id":"e1"}}}`
	for _, tt := range []struct {
		what, secret, body string
		status             int
		stored             bool
	}{
		{"a build is stored", "s", body, 202, true},
		{"a dyno is of no interest", "s", strings.Replace(body, "build", "dyno", 1), 200, false},
		{"a wrong secret is refused", "guess", body, 401, false},
		{"a body of another shape is malformed", "s", `{"resource":"build"}`, 400, false},
	} {
		in := new(inbox)
		h, err := webhooks.HerokuHandler(webhooks.Options{Secrets: [][]byte{[]byte("s")}, Inbox: in})
		if err != nil {
			t.Fatal(err)
		}
		mac := hmac.New(sha256.New, []byte(tt.secret))
		mac.Write([]byte(tt.body))
		r := httptest.NewRequest(http.MethodPost, "/webhooks/heroku", strings.NewReader(tt.body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Heroku-Webhook-Hmac-SHA256", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		if status, text := answer(h, r); status != tt.status {
			t.Errorf("%s: got %d %q, wanted %d", tt.what, status, text, tt.status)
		}
		if stored := in.received["e1"] == webhooks.Heroku; stored != tt.stored {
			t.Errorf("%s: stored is %v, wanted %v", tt.what, stored, tt.stored)
		}
	}
}

// What is signed is counted, whatever becomes of it; what is not is nobody's.
func TestWhatIsSignedIsCounted(t *testing.T) {
	var counted []string
	h, err := webhooks.Handler(webhooks.Options{Secrets: [][]byte{[]byte("new")}, Inbox: new(inbox), Count: func(event string) { counted = append(counted, event) }})
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range []string{"push", "ping", "star", "status"} {
		answer(h, request(event, "1", []byte(`{"context":"headstart/build"}`)))
		stranger := request(event, "2", []byte(`{}`))
		stranger.Header.Set("X-Hub-Signature-256", sign("guess", []byte(`{}`)))
		answer(h, stranger)
	}
	if want := []string{"push", "ping", "star", "status"}; !slices.Equal(counted, want) {
		t.Errorf("expected %q to be counted, %q was", want, counted)
	}
}
