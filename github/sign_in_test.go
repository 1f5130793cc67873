package github_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github"
	"github.com/headstart-cd/headstart/github/githubtest"
)

const callback = "https://headstart.example.com/login/callback"

// door makes what people sign in with; change may spoil it.
func (w *world) door(change ...func(*github.SignInOptions)) *github.SignIn {
	w.t.Helper()
	w.SetCallbackURLs(callback)
	o := github.SignInOptions{ClientSecret: w.ClientSecret(), Callback: callback}
	for _, f := range change {
		f(&o)
	}
	s, err := w.client.SignIn(o)
	w.must(err)
	return s
}

// authorize goes to GitHub's page as a browser does, and returns the code with which it
// sends the person back.
func (w *world) authorize(s *github.SignIn, login, state, verifier string) (code string) {
	w.t.Helper()
	address, err := s.Address(w.t.Context(), state, verifier)
	w.must(err)
	w.SignIn(login)
	once := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := once.Get(address)
	w.must(err)
	res.Body.Close()
	back, err := url.Parse(res.Header.Get("Location"))
	w.must(err)
	if res.StatusCode != http.StatusFound || !strings.HasPrefix(back.String(), callback+"?") || back.Query().Get("state") != state {
		w.t.Fatalf("GitHub should send the person back with the state, it answered %s, %s", res.Status, back)
	}
	return back.Query().Get("code")
}

func (w *world) login(s *github.SignIn, login string) github.Visitor {
	w.t.Helper()
	verifier := oauth2.GenerateVerifier()
	v, err := s.Login(w.t.Context(), w.authorize(s, login, "a-state", verifier), verifier)
	w.must(err)
	return v
}

func TestSignIn(t *testing.T) {
	w := start(t)
	s := w.door()
	v := w.login(s, "mia")
	if left := v.Until.Sub(w.clock.Now()); v.Login != "mia" || v.ID != w.UserID("mia") || left > 8*time.Hour || left < 8*time.Hour-time.Minute {
		t.Errorf("mia should be signed in for eight hours, got %s, %d, for %s", v.Login, v.ID, left)
	}
	w.costs(3, func() { w.login(s, "sam") }) // the page, the token, and whose it is: the client ID is known by now
}

// What is not as it was agreed on is refused, and says what to do.
func TestSignInRefused(t *testing.T) {
	w := start(t)
	s := w.door()
	for what, test := range map[string]struct {
		door *github.SignIn
		do   func(s *github.SignIn) error
		want string
	}{
		"a code that GitHub did not give": {s, func(s *github.SignIn) error {
			_, err := s.Login(t.Context(), "0123456789", oauth2.GenerateVerifier())
			return err
		}, "sign in again"},
		"somebody else's verifier": {s, func(s *github.SignIn) error {
			_, err := s.Login(t.Context(), w.authorize(s, "mia", "x", oauth2.GenerateVerifier()), oauth2.GenerateVerifier())
			return err
		}, "sign in again"},
		"a code for the second time": {s, func(s *github.SignIn) error {
			verifier := oauth2.GenerateVerifier()
			code := w.authorize(s, "mia", "x", verifier)
			if _, err := s.Login(t.Context(), code, verifier); err != nil {
				return err
			}
			_, err := s.Login(t.Context(), code, verifier)
			return err
		}, "sign in again"},
		"another secret": {w.door(func(o *github.SignInOptions) { o.ClientSecret = strings.Repeat("d", 40) }), func(s *github.SignIn) error {
			verifier := oauth2.GenerateVerifier()
			_, err := s.Login(t.Context(), w.authorize(s, "mia", "x", verifier), verifier)
			return err
		}, "GITHUB_CLIENT_SECRET"},
	} {
		var refused *bot.Refused
		if err := test.do(test.door); !errors.As(err, &refused) || !strings.Contains(refused.Reason, test.want) {
			t.Errorf("%s should be refused with %q, got %v", what, test.want, err)
		}
	}
}

// A person sees the repositories in which they have a role, and of those the ones that were
// asked about.
func TestSees(t *testing.T) {
	w := start(t)
	other, err := w.CreateRepo("acme/other", githubtest.RepoOptions{})
	w.must(err)
	far, err := w.CreateRepo("far/away", githubtest.RepoOptions{Public: true})
	w.must(err)
	unknown, err := w.CreateRepo("acme/unknown", githubtest.RepoOptions{})
	w.must(err)
	for _, r := range []*githubtest.Repo{w.shop, unknown} {
		w.must(r.SetRole("mia", "read"))
	}
	w.must(other.SetRole("sam", "admin"))
	w.must(far.SetRole("sam", "write"))
	known := []github.Repository{
		{ID: w.shop.ID(), Owner: "ACME"}, {ID: other.ID(), Owner: "acme"}, {ID: far.ID(), Owner: "renamed", Installation: w.InstallationID("far")},
	}
	s := w.door()
	for login, want := range map[string][]int64{"mia": {w.shop.ID()}, "sam": {other.ID(), far.ID()}, "zoe": nil} {
		v := w.login(s, login)
		seen, err := s.Sees(t.Context(), v.Token, known)
		if got := slices.Sorted(maps.Keys(seen)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s should see %v, got %v, %v", login, want, got, err)
		}
	}

	sam := w.login(s, "sam")
	w.must(w.Suspend("far", true))
	if seen, err := s.Sees(t.Context(), sam.Token, known); err != nil || len(seen) != 1 || !seen[other.ID()] {
		t.Errorf("of a suspended installation nothing should be seen, and of others all, got %v, %v", seen, err)
	}
	w.ExpireUserTokens()
	var refused *bot.Refused
	if _, err := s.Sees(t.Context(), sam.Token, known); !errors.As(err, &refused) || !strings.Contains(refused.Reason, "sign in again") {
		t.Errorf("a token that has ended should be refused, got %v", err)
	}
}

// Whether a person reads a repository is known without a token of theirs.
func TestReads(t *testing.T) {
	w := start(t)
	for login, role := range map[string]string{"mia": "admin", "sam": "triage", "ana": "read"} {
		w.must(w.shop.SetRole(login, role))
	}
	repo, of := bot.Repo{Owner: "acme", Name: "shop"}, github.Repository{ID: w.shop.ID(), Owner: "acme", Installation: w.InstallationID("acme")}
	expect := func(what string, person bot.Person, of github.Repository, want bool) {
		t.Helper()
		if got, err := w.client.Reads(t.Context(), repo, of, person); err != nil || got != want {
			t.Errorf("%s should read acme/shop: %v, got %v, %v", what, want, got, err)
		}
	}
	w.costs(4, func() { // who may only read is asked about twice: everybody may read what is public
		expect("an admin", bot.Person{Login: "mia", ID: w.UserID("mia")}, of, true)
		expect("somebody who triages", bot.Person{Login: "sam", ID: w.UserID("sam")}, of, true)
		expect("a reader", bot.Person{Login: "ana", ID: w.UserID("ana")}, of, true)
	})
	expect("a stranger", bot.Person{Login: "zoe", ID: w.UserID("zoe")}, of, false)
	expect("nobody's login", bot.Person{Login: "../odd", ID: 7}, of, false)
	expect("another account of the login", bot.Person{Login: "mia", ID: 7}, of, false)
	expect("an admin, of an installation that nobody has told,", bot.Person{Login: "mia"}, github.Repository{ID: of.ID}, false)

	w.Inject(githubtest.Fault{Match: "GET */collaborators/zoe/permission", Status: 200, Body: `{"permission": "read", "role_name": "read", "user": {"id": 7}}`})
	expect("who reads what everybody reads", bot.Person{Login: "zoe", ID: 7}, of, false)
	w.Inject(githubtest.Fault{Match: "GET */collaborators/*/permission", Status: 502, Times: -1})
	var retry *bot.Retryable
	if _, err := w.client.Reads(t.Context(), repo, of, bot.Person{Login: "mia"}); !errors.As(err, &retry) {
		t.Errorf("while GitHub does not answer nobody knows, got %v", err)
	}
	w.ClearFaults()
	w.must(w.Suspend("acme", true))
	expect("an admin, of a suspended installation,", bot.Person{Login: "ana"}, of, false)
}

// People with hundreds of repositories are read page by page, until all that is known was found.
func TestSeesByPage(t *testing.T) {
	w := start(t)
	for i := range 120 {
		r, err := w.CreateRepo(fmt.Sprintf("acme/a%03d", i), githubtest.RepoOptions{})
		w.must(err)
		w.must(r.SetRole("mia", "read"))
	}
	w.must(w.shop.SetRole("mia", "read"))
	s := w.door()
	v := w.login(s, "mia")
	w.costs(3, func() { // the installations, and two pages
		if seen, err := s.Sees(t.Context(), v.Token, []github.Repository{{ID: w.shop.ID(), Owner: "acme"}}); err != nil || !seen[w.shop.ID()] {
			t.Errorf("a repository of the second page should be seen, got %v, %v", seen, err)
		}
	})
	w.costs(2, func() {
		if seen, err := s.Sees(t.Context(), v.Token, []github.Repository{{ID: w.Repo("acme/a001").ID(), Owner: "acme"}}); err != nil || len(seen) != 1 {
			t.Errorf("a repository of the first page should be seen, got %v, %v", seen, err)
		}
	})
	w.costs(1, func() {
		if seen, err := s.Sees(t.Context(), v.Token, []github.Repository{{ID: 7, Owner: "elsewhere"}}); err != nil || len(seen) != 0 {
			t.Errorf("nothing should be seen of what is elsewhere, got %v, %v", seen, err)
		}
	})
}

// GitHub's trouble is no answer about what a person sees.
func TestSeesInTrouble(t *testing.T) {
	w := start(t)
	w.must(w.shop.SetRole("mia", "read"))
	s := w.door()
	v := w.login(s, "mia")
	known := []github.Repository{{ID: w.shop.ID(), Owner: "acme"}}
	for _, fault := range []githubtest.Fault{
		{Match: "GET /user/installations", Status: http.StatusInternalServerError},
		{Match: "GET /user/installations/*/repositories", Status: http.StatusInternalServerError},
		{Match: "GET /user/installations/*/repositories", Status: http.StatusForbidden, Body: `{"message":"You have exceeded a secondary rate limit."}`},
	} {
		w.Inject(fault)
		var retry *bot.Retryable
		if seen, err := s.Sees(context.Background(), v.Token, known); !errors.As(err, &retry) {
			t.Errorf("%s answered %d: nobody knows what mia sees, got %v, %v", fault.Match, fault.Status, seen, err)
		}
	}
}

func TestPagesURL(t *testing.T) {
	for api, want := range map[string]string{
		"": "https://github.com", "https://api.github.com": "https://github.com", "https://api.github.com/": "https://github.com",
		"https://git.acme.example/api/v3": "https://git.acme.example", "http://127.0.0.1:4000": "http://127.0.0.1:4000", "nothing": "",
	} {
		if got := github.PagesURL(api); got != want {
			t.Errorf("the pages of %q should be at %q, got %q", api, want, got)
		}
	}
}

// Operators may be named by a team, whose members are asked for without any repository.
func TestInTeam(t *testing.T) {
	w := start(t)
	w.SetTeamMember("acme", "release", "mia", "active")
	w.SetTeamMember("acme", "release", "sam", "pending")
	for _, c := range []struct {
		org, team, login string
		want             bool
	}{
		{"ACME", "release", "mia", true}, {"acme", "release", "sam", false}, {"acme", "release", "zoe", false}, {"acme", "other", "mia", false},
		{"elsewhere", "release", "mia", false}, {"acme", "..", "mia", false}, {"acme", "release", "m/../ia", false},
	} {
		if got, err := w.client.InTeam(t.Context(), c.org, c.team, c.login); err != nil || got != c.want {
			t.Errorf("%s should be in %s/%s: %v, got %v, %v", c.login, c.org, c.team, c.want, got, err)
		}
	}
	for _, token := range w.Issued() {
		if len(token.Permissions) != 2 || token.Permissions["members"] != "read" || token.Permissions["metadata"] != "read" {
			t.Errorf("a token that reads a team should be good for nothing else, got %v", token.Permissions)
		}
	}
	w.must(w.Suspend("acme", true))
	if got, err := w.client.InTeam(t.Context(), "acme", "release", "mia"); err != nil || got {
		t.Errorf("of a suspended installation nobody should be known, got %v, %v", got, err)
	}
}
