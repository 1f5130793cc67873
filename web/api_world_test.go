package web_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/web"
)

func (w *world) MakeToken(_ context.Context, t web.Token) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tokens = append(w.tokens, t)
	return nil
}

func (w *world) Token(_ context.Context, hash string) (web.Token, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range w.tokens {
		if t.Hash == hash && w.now.Before(t.Expires) {
			return t, true, nil
		}
	}
	return web.Token{}, false, nil
}

func (w *world) TokensOf(_ context.Context, person int64) (list []web.Token, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range slices.Backward(w.tokens) {
		if t.Person == person {
			list = append(list, t)
		}
	}
	return list, nil
}

func (w *world) UseToken(_ context.Context, hash string, at time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.tokens {
		if w.tokens[i].Hash == hash {
			w.tokens[i].Used = at
		}
	}
	return nil
}

func (w *world) RevokeToken(_ context.Context, person int64, id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tokens = slices.DeleteFunc(w.tokens, func(t web.Token) bool { return t.Person == person && t.ID == id })
	return nil
}

// reads says what GitHub says of an account's role.
func (w *world) reads(_ context.Context, known web.Known, login string, id int64) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.askedRoles++
	return accounts[login] == id && slices.Contains(w.sees[login], known.RepoID), w.trouble
}

// token makes a token on the page, as somebody does who is signed in.
func (b *browser) token(may, pipelines string) string {
	b.t.Helper()
	p := b.post("/tokens", map[string][]string{"name": {"a test"}, "may": {may}, "days": {"30"}, "pipelines": {pipelines}})
	_, text, found := strings.Cut(p.body, `<code class="token">`)
	secret, _, _ := strings.Cut(text, "<")
	if p.StatusCode != http.StatusOK || !found {
		b.t.Fatalf("a token should be made, got %s", p)
	}
	return secret
}

// ask makes a request with a token, and with nothing else.
func (w *world) ask(method, path, token, sent string) page {
	w.t.Helper()
	header := []string{"Authorization", "Bearer " + token}
	if sent != "" {
		header = append(header, "Content-Type", "application/json")
	}
	return w.browser().request(method, path, strings.NewReader(sent), header...)
}

// json reads an answer of the API.
func (p page) json(w *world, want int, into any) {
	w.t.Helper()
	if p.StatusCode != want {
		w.t.Fatalf("the answer should be %d, got %s", want, p)
	}
	if err := json.Unmarshal([]byte(p.body), into); err != nil {
		w.t.Fatalf("the answer should be JSON: %v: %s", err, p)
	}
}
