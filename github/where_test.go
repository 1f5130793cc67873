package github_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// GitHub says which name a repository has with a token for it; where it does not, its
// names of before lead there.
func TestWhereabouts(t *testing.T) {
	w := start(t)
	w.commit(map[string]string{"a": "1"})
	id, installation := w.shop.ID(), w.target.Installation
	shop, store := bot.Repo{Owner: "acme", Name: "shop"}, bot.Repo{Owner: "acme", Name: "store"}
	where := func(id int64, names ...bot.Repo) bot.Repo {
		t.Helper()
		now, err := w.client.Whereabouts(context.Background(), installation, id, names...)
		w.must(err)
		return now
	}
	if now := where(id); now != shop {
		t.Errorf("it is acme/shop, got %s", now)
	}
	w.must(w.shop.Rename("store"))
	if now := where(id, shop); now != store {
		t.Errorf("it is acme/store now, got %s", now)
	}
	// An older server does not list what a token is for.
	secret, err := w.IssueToken("acme")
	w.must(err)
	w.Inject(githubtest.Fault{Match: "POST */access_tokens", Status: 201, Times: 1, Body: fmt.Sprintf(`{"token":%q,"expires_at":"2099-01-01T00:00:00Z"}`, secret)})
	if now := where(id, bot.Repo{Owner: "acme", Name: "none"}, bot.Nameless(id), shop); now != store {
		t.Errorf("acme/shop leads to acme/store, got %s", now)
	}
	other, err := w.CreateRepo("acme/shop", githubtest.RepoOptions{})
	w.must(err)
	for name, want := range map[bot.Repo]bool{store: true, shop: false, bot.Nameless(id): false} {
		if leads, err := w.client.Leads(context.Background(), installation, id, name); err != nil || leads != want {
			t.Errorf("%s leads to acme/store: expected %v, got %v, %v", name, want, leads, err)
		}
	}
	if now := where(other.ID()); now != shop {
		t.Errorf("the new one is acme/shop, got %s", now)
	}
	w.shop.Delete()
	if now := where(id, store, shop); now != (bot.Repo{}) {
		t.Errorf("it is gone, got %s", now)
	}
	w.Inject(githubtest.Fault{Match: "POST */access_tokens", Status: 502, Times: -1})
	if _, err := w.client.Whereabouts(context.Background(), installation, other.ID()); kind(err) != "retry" {
		t.Errorf("nobody knows while GitHub does not answer, got %v", err)
	}
}

// Each token tells which name its repository has.
func TestTokensTellNames(t *testing.T) {
	var heard []string
	w := start(t, func(_ *githubtest.Options, o *github.Options) {
		o.Named = func(_ context.Context, installation, id int64, name bot.Repo) {
			heard = append(heard, fmt.Sprintf("%d %d %s", installation, id, name))
		}
	})
	commit := w.commit(map[string]string{"a": "1"})
	w.must(w.shop.Rename("store"))
	for range 3 {
		do[bot.Acknowledged](w, pending(commit.SHA)) // under the old name, which leads to the new one
	}
	if want := fmt.Sprintf("%d %d acme/store", w.target.Installation, w.shop.ID()); len(heard) != 1 || heard[0] != want {
		t.Errorf("expected %q once, heard %q", want, heard)
	}
}

// What is public can be read with any token: an answer about another repository of the
// same name is none.
func TestAnAnswerAboutAnotherRepository(t *testing.T) {
	w := start(t)
	commit := w.commit(map[string]string{"a": "1"})
	pull := w.propose("ana")
	for match, body := range map[string]string{
		"GET *commits/*/status": fmt.Sprintf(`{"sha":%q,"statuses":[],"repository":{"id":1,"full_name":"acme/shop"}}`, commit.SHA),
		"GET *pulls/*":          fmt.Sprintf(`{"number":%d,"head":{"sha":%q},"base":{"ref":"main","repo":{"id":1}}}`, pull.Number(), commit.SHA),
	} {
		undo := w.Inject(githubtest.Fault{Match: match, Status: 200, Times: -1, Body: body})
		for _, action := range []bot.Action{
			bot.ReadChecks{SHA: commit.SHA, Branch: "main"}, bot.ReadPullRequest{Number: pull.Number()},
			bot.ReadActor{Number: pull.Number(), User: "ana"},
		} {
			if _, isChecks := action.(bot.ReadChecks); isChecks != strings.Contains(match, "status") {
				continue
			}
			if refused := w.refuse(action); !strings.Contains(refused.Reason, "another repository") {
				t.Errorf("%s: expected a refusal of another repository's answer, got %q", bot.NameOf(action), refused.Reason)
			}
		}
		undo()
	}
}
