package github_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// propose opens a pull request with one file.
func (w *world) propose(user string) *githubtest.PullRequest {
	w.t.Helper()
	w.commit(map[string]string{"a": "1"})
	_, err := w.shop.Commit("feature", map[string]string{"b": "1"})
	w.must(err)
	return w.open(githubtest.PullOptions{Head: "feature", Title: "Add b", User: user})
}

func TestTheActorIsReadWithThePullRequest(t *testing.T) {
	w := start(t)
	w.commit(map[string]string{"a": "1"})
	head, err := w.shop.Commit("feature", map[string]string{"b": "1"})
	w.must(err)
	pull := w.open(githubtest.PullOptions{Head: "feature"})
	w.must(w.shop.SetRole("ana", "maintain"))
	w.SetTeamMember("acme", "releasers", "ana", "active")
	w.SetTeamMember("acme", "owners", "ana", "pending")
	w.SetTeamMember("acme", "others", "ben", "active")
	ask := bot.ReadActor{Comment: 7, Number: pull.Number(), User: "ana", Teams: []string{"releasers", "owners", "others", "none-such", "../odd"}}
	var read bot.ActorRead
	w.costs(7, func() { read = do[bot.ActorRead](w, ask) })
	if read.Comment != 7 || read.Role != bot.RoleMaintain || !slices.Equal(read.Teams, []string{"releasers"}) || read.HeadTree != head.Tree {
		t.Errorf("ana maintains, is active in releasers alone, and the head's tree is %s: got %+v", head.Tree, read)
	}
	if p := read.Pull; p.Number != pull.Number() || p.Head != head.SHA || p.Fork || !p.Open || p.Merged || p.Base != "main" {
		t.Errorf("the pull request is open at %s: got %+v", head.SHA, p)
	}

	landed, err := pull.Merge(githubtest.MergeOptions{})
	w.must(err)
	read = do[bot.ActorRead](w, bot.ReadActor{Number: pull.Number(), User: "ana"})
	if p := read.Pull; p.Open || !p.Merged || p.MergeSHA != landed.SHA || p.Head != head.SHA || read.HeadTree != head.Tree {
		t.Errorf("it was merged as %s: got %+v", landed.SHA, read)
	}
}

func TestRolesOfEveryKind(t *testing.T) {
	w := start(t)
	pull := w.propose("ana")
	role := func() bot.Role {
		return do[bot.ActorRead](w, bot.ReadActor{Number: pull.Number(), User: "ana"}).Role
	}
	for _, want := range []bot.Role{bot.RoleRead, bot.RoleTriage, bot.RoleWrite, bot.RoleMaintain, bot.RoleAdmin, bot.RoleNone} {
		w.must(w.shop.SetRole("ana", string(want)))
		if got := role(); got != want {
			t.Errorf("ana's role is %s, got %s", want, got)
		}
	}
	if got := do[bot.ActorRead](w, bot.ReadActor{Number: pull.Number(), User: "nobody-knows"}).Role; got != bot.RoleNone {
		t.Errorf("a stranger has no role, got %s", got)
	}
	const path = "GET */collaborators/*/permission"
	for body, want := range map[string]bot.Role{
		`{"permission":"write","role_name":"release-captain","user":{"role_name":"release-captain"}}`: bot.RoleWrite, // an organization's own role
		`{"permission":"read","user":{"role_name":"admin-of-docs"}}`:                                  bot.RoleRead,
		`{"permission":"read","user":{"role_name":"maintain"}}`:                                       bot.RoleRead, // does not fit
		`{"permission":"write","role_name":"maintain","user":null}`:                                   bot.RoleMaintain,
		`{"permission":"admin"}`:                            bot.RoleAdmin, // an older server
		`{"permission":"none","user":{"role_name":"none"}}`: bot.RoleNone,
	} {
		w.Inject(githubtest.Fault{Match: path, Status: 200, Body: body})
		if got := role(); got != want {
			t.Errorf("the answer %s means %s, got %s", body, want, got)
		}
	}
	for _, body := range []string{`{}`, `{"permission":"owner"}`, `null`, ``, `[]`} {
		w.Inject(githubtest.Fault{Match: path, Status: 200, Body: body})
		if _, err := w.perform(bot.Effect{Do: bot.ReadActor{Number: pull.Number(), User: "ana"}}); kind(err) != "retry" {
			t.Errorf("the answer %q says nothing about what ana may do: ask again, got %v", body, err)
		}
	}
}

// Rights are read by login; whoever has the login of somebody else by now has none.
func TestRights(t *testing.T) {
	w := start(t)
	w.commit(map[string]string{"a": "1"})
	w.must(w.shop.SetRole("ana", "maintain"))
	w.must(w.shop.SetRole("ben", "read"))
	w.SetTeamMember("acme", "releasers", "ana", "active")
	const known = 7
	body := fmt.Sprintf(`{"permission":"write","user":{"id":%d}}`, known)
	ask := bot.ReadRights{People: []bot.Person{{Login: "ana"}, {Login: "ben"}, {Login: "nobody-knows"}}, Teams: []string{"releasers"}}
	var read bot.RightsRead
	w.costs(7, func() { read = do[bot.RightsRead](w, ask) })
	for i, want := range []bot.Membership{
		{Person: ask.People[0], Role: bot.RoleMaintain, Teams: []string{"releasers"}},
		{Person: ask.People[1], Role: bot.RoleRead}, {Person: ask.People[2], Role: bot.RoleNone},
	} {
		if got := read.People[i]; !reflect.DeepEqual(got, want) {
			t.Errorf("%+v is wanted, got %+v", want, got)
		}
	}
	for id, want := range map[int64]bot.Role{known: bot.RoleWrite, known + 1: bot.RoleNone, 0: bot.RoleWrite} {
		w.Inject(githubtest.Fault{Match: "GET */collaborators/*/permission", Status: 200, Body: body})
		ask := bot.ReadRights{People: []bot.Person{{Login: "ana", ID: id}}, Teams: []string{"releasers"}}
		who := do[bot.RightsRead](w, ask).People[0]
		if who.Role != want || (len(who.Teams) > 0) != (want != bot.RoleNone) {
			t.Errorf("the login of account %d belongs to %d by now, which has %s: got %+v", id, known, want, who)
		}
	}
	w.refuse(bot.ReadRights{People: []bot.Person{{Login: "../ana"}}})

	// Where the App sees no repository, nobody has lost a right.
	w.Inject(githubtest.Fault{Match: "GET /repos/acme/*", Times: -1, Status: 404, Body: `{"message":"Not Found"}`})
	w.refuse(bot.ReadRights{People: ask.People[:1]})
}

// Of somebody without write nothing but the role is read, where that is all that is asked.
func TestBriefly(t *testing.T) {
	w := start(t)
	pull := w.propose("ana")
	ask := bot.ReadActor{Comment: 7, Number: pull.Number(), User: "ben", Brief: true, Teams: []string{"releasers"}}
	for _, role := range []string{"none", "read", "triage"} {
		w.must(w.shop.SetRole("ben", role))
		w.costs(1, func() {
			if read := do[bot.ActorRead](w, ask); string(read.Role) != role || read.Pull.Number != 0 {
				t.Errorf("the role %s alone is read, got %+v", role, read)
			}
		})
	}
	w.must(w.shop.SetRole("ben", "write"))
	w.costs(5, func() {
		if read := do[bot.ActorRead](w, ask); read.Role != bot.RoleWrite || read.Pull.Head != pull.HeadSHA() {
			t.Errorf("whoever may write is read as always, got %+v", read)
		}
	})
}

func TestWhoCannotBeRead(t *testing.T) {
	w := start(t)
	pull := w.propose("ana")
	if refused := w.refuse(bot.ReadActor{Number: 999, User: "ana"}); !errors.Is(refused, bot.ErrNotFound) {
		t.Errorf("there is no #999, got %v", refused)
	}
	w.refuse(bot.ReadActor{Number: pull.Number(), User: "../ana"})
	w.refuse(bot.ReadActor{Number: pull.Number()})
	for _, match := range []string{"GET */permission", "GET */pulls/*", "GET */git/commits/*", "GET */memberships/*"} {
		// Every time: a request of before, whose caller has given up, may come late.
		undo := w.Inject(githubtest.Fault{Match: match, Status: 502, Body: html, Times: -1})
		_, err := w.perform(bot.Effect{Do: bot.ReadActor{Number: pull.Number(), User: "ana", Teams: []string{"releasers"}}})
		undo()
		if kind(err) != "retry" {
			t.Errorf("%s was answered with 502: ask again, got %v", match, err)
		}
	}
}

func TestTeamsNeedAPermission(t *testing.T) {
	w := start(t, func(o *githubtest.Options, _ *github.Options) {
		o.Permissions = githubtest.DefaultPermissions()
		delete(o.Permissions, "members")
	})
	pull := w.propose("ana")
	ask := bot.ReadActor{Number: pull.Number(), User: "ana", Teams: []string{"releasers"}}
	if refused := w.refuse(ask); !strings.Contains(strings.ToLower(refused.Reason), "members") {
		t.Errorf("the refusal names the permission that is missing, got %q", refused.Reason)
	}
	ask.Teams = nil
	do[bot.ActorRead](w, ask) // nobody asked for teams
}

func TestAPersonsRepositoryHasNoTeams(t *testing.T) {
	w := start(t)
	pull := w.propose("ana")
	id := fmt.Sprint(w.shop.ID())
	body := `{"number":1,"state":"open","head":{"sha":"` + pull.HeadSHA() + `","repo":{"id":` + id + `}},"base":{"ref":"main","repo":{"id":` + id + `,"owner":{"login":"acme","type":"User"}}}}`
	w.Inject(githubtest.Fault{Match: "GET */pulls/*", Status: 200, Body: body})
	w.Inject(githubtest.Fault{Match: "GET */memberships/*", Status: 403, Body: `{"message":"Resource not accessible by integration"}`})
	if pull.Number() != 1 {
		t.Fatalf("the first pull request is #1, got #%d", pull.Number())
	}
	if read := do[bot.ActorRead](w, bot.ReadActor{Number: 1, User: "ana", Teams: []string{"releasers"}}); read.Teams != nil {
		t.Errorf("a person's repository has no teams, got %v", read.Teams)
	}
}

func TestAPersonCannotGrantMembers(t *testing.T) {
	for user, want := range map[bool]int{true: 0, false: 1} {
		i := github.Installation{User: user, Permissions: github.Permissions()}
		delete(i.Permissions, "members")
		if got := i.Missing(); len(got) != want {
			t.Errorf("of an account that is a person's (%v) %d permissions are missing, got %q", user, want, got)
		}
	}
}

// When a comment was written is told by GitHub's clock: who asks about its author
// learns how far that is from ours.
func TestActorTellsTheClocksApart(t *testing.T) {
	for _, apart := range []time.Duration{0, 90 * time.Second, -5 * time.Minute} {
		w := start(t, func(there *githubtest.Options, here *github.Options) {
			ours := here.Now
			here.Now = func() time.Time { return ours().Add(-apart) }
		})
		pull := w.propose("ana")
		if got := do[bot.ActorRead](w, bot.ReadActor{Number: pull.Number(), User: "ana"}).Ahead; (got - apart).Abs() > time.Second {
			t.Errorf("GitHub's clock is %s ahead of ours, it is said to be %s", apart, got)
		}
	}
}
