package github_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github"
	"github.com/headstart-cd/headstart/github/githubtest"
)

var inUse = map[string]string{
	"metadata": "read", "contents": "read", "checks": "read",
	"statuses": "write", "deployments": "write", "pull_requests": "write", "issues": "write",
}

func pending(sha string) bot.SetStatus {
	return bot.SetStatus{SHA: sha, Context: "headstart/build", Status: bot.Status{State: bot.StatusPending}}
}

// A token is good for one repository and for what Headstart does there, and one is
// enough for an hour.
func TestTokensAreNarrowed(t *testing.T) {
	w := start(t, func(o *githubtest.Options, _ *github.Options) {
		o.Permissions = githubtest.DefaultPermissions()
		o.Permissions["administration"], o.Permissions["contents"] = "write", "write"
	})
	commit := w.commit(map[string]string{"a": "1"})
	other, err := w.CreateRepo("acme/other", githubtest.RepoOptions{})
	w.must(err)
	theirs, err := other.Commit("main", map[string]string{"b": "2"})
	w.must(err)
	for range 3 {
		do[bot.Acknowledged](w, pending(commit.SHA))
		do[bot.ChecksRead](w, bot.ReadChecks{SHA: commit.SHA, Branch: "main", Required: true, Suites: true})
	}
	w.target.Pipeline.Name = "api" // another pipeline of the same repository
	do[bot.Acknowledged](w, pending(commit.SHA))
	issued := w.Issued()
	if len(issued) != 1 || !slices.Equal(issued[0].Repositories, []int64{w.shop.ID()}) || !maps.Equal(issued[0].Permissions, inUse) {
		t.Fatalf("expected one token for acme/shop with %v, got %+v", inUse, issued)
	}
	// By whatever name: the token of the one does not reach the other.
	w.target.Pipeline.Repo.Name = "other"
	w.refuse(pending(theirs.SHA))
	if len(other.Statuses(theirs.SHA)) > 0 {
		t.Error("a token for acme/shop should not reach acme/other")
	}
	w.target.RepoID = other.ID()
	do[bot.Acknowledged](w, pending(theirs.SHA))
	if n := len(w.Issued()); n != 2 {
		t.Errorf("expected a token for each of two repositories, got %d", n)
	}
}

// A repository whose number nobody has told is named by its name.
func TestTokensByName(t *testing.T) {
	w := start(t)
	commit := w.commit(map[string]string{"a": "1"})
	w.target.RepoID = 0
	w.target.Pipeline.Repo.Name = "Shop"
	do[bot.Acknowledged](w, pending(commit.SHA))
	if issued := w.Issued(); len(issued) != 1 || !slices.Equal(issued[0].Repositories, []int64{w.shop.ID()}) {
		t.Errorf("expected one token for acme/shop, got %+v", issued)
	}
}

// Teams are looked into with a token that can do nothing else.
func TestTeamsHaveATokenOfTheirOwn(t *testing.T) {
	w := start(t)
	pull := w.propose("ana")
	w.SetTeamMember("acme", "releasers", "bob", "active")
	w.must(w.shop.SetRole("bob", "write"))
	read := do[bot.ActorRead](w, bot.ReadActor{Comment: 1, Number: pull.Number(), User: "bob", Teams: []string{"releasers"}})
	if !slices.Equal(read.Teams, []string{"releasers"}) {
		t.Errorf("bob is in releasers, got %q", read.Teams)
	}
	var sets []map[string]string
	for _, issued := range w.Issued() {
		sets = append(sets, issued.Permissions)
	}
	slices.SortFunc(sets, func(a, b map[string]string) int { return len(a) - len(b) })
	if len(sets) != 2 || !maps.Equal(sets[0], map[string]string{"metadata": "read", "members": "read"}) || !maps.Equal(sets[1], inUse) {
		t.Errorf("expected a token for teams and one for the rest, got %v", sets)
	}
}

// What an account has not granted is left out, nothing is added, and the log says so once.
func TestTokensOfWhatIsGranted(t *testing.T) {
	core, logged := observer.New(zap.WarnLevel)
	granted := map[string]string{"metadata": "read", "contents": "write", "checks": "read", "statuses": "read", "pull_requests": "write", "issues": "write"}
	w := start(t, func(o *githubtest.Options, here *github.Options) {
		o.Permissions = granted
		here.Logger = zap.New(core)
	})
	commit := w.commit(map[string]string{"a": "1"})
	do[bot.ChecksRead](w, bot.ReadChecks{SHA: commit.SHA, Branch: "main"})
	refused := w.refuse(pending(commit.SHA))
	if !strings.Contains(refused.Reason, "tatuses") {
		t.Errorf("the refusal should name the permission that is missing, got %q", refused.Reason)
	}
	want := maps.Clone(inUse)
	want["statuses"] = "read"
	delete(want, "deployments")
	issued := w.Issued()
	if len(issued) != 1 || !maps.Equal(issued[0].Permissions, want) || len(issued[0].Repositories) != 1 {
		t.Fatalf("expected one token for acme/shop with %v, got %+v", want, issued)
	}
	// Another repository of the account need not find that out anew.
	other, err := w.CreateRepo("acme/other", githubtest.RepoOptions{})
	w.must(err)
	theirs, err := other.Commit("main", map[string]string{"b": "2"})
	w.must(err)
	w.target.Pipeline.Repo.Name, w.target.RepoID = "other", other.ID()
	do[bot.ChecksRead](w, bot.ReadChecks{SHA: theirs.SHA, Branch: "main"})
	if tokens, looks := w.Count("POST */access_tokens"), w.Count("GET /app/installations/*"); tokens != 3 || looks != 1 {
		t.Errorf("expected three requests for tokens, the first in vain, and one for what is granted, got %d and %d", tokens, looks)
	}
	if found := logged.FilterMessageSnippet("has not granted").All(); len(found) != 1 || !strings.Contains(found[0].ContextMap()["missing"].(string), "deployments") {
		t.Errorf("the log should say once what is missing, got %v", found)
	}
	// An owner accepts what is new: it is used from the next hour on.
	w.must(w.Grant("acme", githubtest.DefaultPermissions()))
	w.clock.Advance(time.Hour)
	do[bot.Acknowledged](w, pending(theirs.SHA))
}

// A repository that is taken out of the installation is refused with what to do, and
// found again once it is back.
func TestTokensOfARepositoryThatWasTakenOut(t *testing.T) {
	w := start(t)
	commit := w.commit(map[string]string{"a": "1"})
	w.shop.SetInstalled(false)
	refused := w.refuse(pending(commit.SHA))
	if !strings.Contains(refused.Reason, "Add it to the App's installation") || errors.Is(refused, bot.ErrNotFound) {
		t.Errorf("expected what to do about it, got %q", refused.Reason)
	}
	w.shop.SetInstalled(true)
	do[bot.Acknowledged](w, pending(commit.SHA))
}
