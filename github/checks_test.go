package github_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github/githubtest"
)

func names(checks []bot.Check) []string {
	var all []string
	for _, c := range checks {
		all = append(all, fmt.Sprintf("%s %s %s", c.Kind, c.Name, c.State))
	}
	slices.Sort(all)
	return all
}

func TestChecksAreReadFromRunsAndStatuses(t *testing.T) {
	w := start(t)
	c := w.commit(map[string]string{"a": "1"})
	for name, conclusion := range map[string]string{
		"test": "success", "docs": "skipped", "style": "neutral", "slow": "timed_out", "ask": "action_required",
	} {
		w.must(w.shop.Check(c.SHA, name, conclusion))
	}
	if _, err := w.shop.CheckRun(c.SHA, "waiting"); err != nil {
		t.Fatal(err)
	}
	for name, state := range map[string]string{
		"ci/deploy": "success", "ci/late": "pending", "ci/bad": "failure", "ci/worse": "error",
		"headstart/build": "pending", "Headstart/staging": "failure",
	} {
		w.must(w.shop.SetStatus(c.SHA, githubtest.Status{Context: name, State: state}))
	}
	own, err := w.shop.CheckSuite(c.SHA, "headstart")
	w.must(err)
	own.Run("our own run")

	var read bot.ChecksRead
	w.costs(2, func() { read = do[bot.ChecksRead](w, bot.ReadChecks{SHA: c.SHA, Branch: "main"}) })
	want := []string{
		"check run ask failed", "check run docs passed", "check run slow failed",
		"check run style passed", "check run test passed", "check run waiting pending",
		"status ci/bad failed", "status ci/deploy passed", "status ci/late pending", "status ci/worse failed",
	}
	if got := names(read.Checks); !slices.Equal(got, want) {
		t.Errorf("checks of the commit:\n got %q\nwant %q", got, want)
	}
	if read.Required != nil || read.Suites != nil || read.Head != (bot.Head{}) || read.SHA != c.SHA {
		t.Errorf("nothing but checks was asked for, got %+v", read)
	}
	for _, check := range read.Checks {
		if check.Kind == bot.CheckRun && check.AppID == 0 {
			t.Errorf("the check run %s should name its app", check.Name)
		}
		if check.State != bot.CheckPending && check.At.IsZero() {
			t.Errorf("%s should say when it ended", check.Name)
		}
		if check.Name == "slow" && check.Conclusion != "timed_out" {
			t.Errorf("the conclusion should be GitHub's own word, got %q", check.Conclusion)
		}
	}
}

func TestEverythingAboutACommitTakesFiveRequests(t *testing.T) {
	w := start(t)
	c, err := w.shop.Push("main", githubtest.Change{
		Files: map[string]string{"a": "1"}, Author: "ana", Message: "Sell shoes\n\nAnd socks.",
	})
	w.must(err)
	w.must(w.shop.Check(c.SHA, "test", "success"))
	if _, err := w.shop.CheckSuite(c.SHA, "renovate"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.shop.CheckSuite(c.SHA, "headstart"); err != nil {
		t.Fatal(err)
	}
	w.shop.Protect("main", githubtest.RequiredCheck{Context: "test", App: githubtest.ActionsApp}, githubtest.RequiredCheck{Context: "ci/any"})
	w.shop.AddRule("main", githubtest.MergeQueueRule())
	w.shop.AddRule("main", githubtest.Rule{Type: "deletion"})
	w.shop.RequireByRuleset("main", githubtest.RequiredCheck{Context: "ci/any"}, githubtest.RequiredCheck{Context: "lint"})

	at := w.clock.Now().Add(time.Minute)
	var read bot.ChecksRead
	w.costs(5, func() {
		read = done[bot.ChecksRead](w, bot.Effect{At: at, Do: bot.ReadChecks{SHA: c.SHA, Branch: "main", Required: true, Suites: true}})
	})
	if want := (bot.Head{SHA: c.SHA, Tree: c.Tree, Title: "Sell shoes", Author: "ana"}); read.Head != want {
		t.Errorf("head of main:\n got %+v\nwant %+v", read.Head, want)
	}
	if read.Required == nil || !read.Required.ReadAt.Equal(at) {
		t.Fatalf("what is required should be dated %s, got %+v", at, read.Required)
	}
	actions := read.Checks[0].AppID
	want := []bot.RequiredCheck{{Name: "ci/any"}, {Name: "lint"}, {Name: "test", AppID: actions}}
	if !slices.Equal(read.Required.Checks, want) {
		t.Errorf("required are rulesets and classic protection together, each once:\n got %+v\nwant %+v", read.Required.Checks, want)
	}
	if len(read.Suites) != 2 {
		t.Fatalf("suites should be those of others, got %+v", read.Suites)
	}
	for _, s := range read.Suites {
		if filled := s.Runs > 0; filled != s.Completed || s.App == "" {
			t.Errorf("of the suites only the filled one is completed, got %+v", s)
		}
	}
}

func TestNothingIsRequired(t *testing.T) {
	for name, prepare := range map[string]func(*world){
		"neither rules nor protection": func(*world) {},
		"no rulesets in this version":  func(w *world) { inject404(w, "GET /repos/acme/shop/rules/*") },
		"no rulesets in the owner's plan": func(w *world) {
			w.Inject(githubtest.Fault{Match: "GET /repos/acme/shop/rules/*", Status: 403,
				Body: `{"message":"Upgrade to GitHub Pro or make this repository public to enable this feature."}`})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			c := w.commit(map[string]string{"a": "1"})
			prepare(w)
			read := do[bot.ChecksRead](w, bot.ReadChecks{SHA: c.SHA, Branch: "main", Required: true})
			if read.Required == nil || len(read.Required.Checks) != 0 {
				t.Errorf("asked, and nothing is required: got %+v", read.Required)
			}
		})
	}
}

func inject404(w *world, match string) {
	w.Inject(githubtest.Fault{Match: match, Status: 404, Body: `{"message":"Not Found"}`})
}

func TestRulesThatMayNotBeReadAreNotNone(t *testing.T) {
	w := start(t)
	c := w.commit(map[string]string{"a": "1"})
	undo := w.Inject(githubtest.Fault{Match: "GET /repos/acme/shop/rules/*", Status: 403, Body: `{"message":"Resource not accessible by integration"}`, Times: -1})
	w.refuse(bot.ReadChecks{SHA: c.SHA, Branch: "main", Required: true})
	undo()

	w.Inject(githubtest.Fault{Match: "GET /repos/acme/shop/rules/*", Status: 200,
		Body: `[{"type":"required_status_checks","parameters":{"required_status_checks":"all of them"}}]`})
	if _, err := w.perform(bot.Effect{Do: bot.ReadChecks{SHA: c.SHA, Branch: "main", Required: true}}); kind(err) != "retry" {
		t.Errorf("a rule about checks that cannot be read must not pass for none, got %v", err)
	}
}

func TestABranchThatIsGone(t *testing.T) {
	w := start(t)
	c := w.commit(map[string]string{"a": "1"})
	refused := w.refuse(bot.ReadChecks{SHA: c.SHA, Branch: "release/1", Required: true})
	if !errors.Is(refused, bot.ErrNotFound) {
		t.Errorf("a branch that is gone should be told as such, got %v", refused)
	}
}

func TestBranchesWithSlashes(t *testing.T) {
	w := start(t)
	w.commit(map[string]string{"a": "1"})
	c, err := w.shop.Commit("release/2026#1", map[string]string{"a": "2"})
	w.must(err)
	w.shop.RequireByRuleset("release/2026#1", githubtest.RequiredCheck{Context: "lint"})
	read := do[bot.ChecksRead](w, bot.ReadChecks{SHA: c.SHA, Branch: "release/2026#1", Required: true})
	if read.Head.SHA != c.SHA || len(read.Required.Checks) != 1 {
		t.Errorf("head and rules of release/2026#1: got %+v, %+v", read.Head, read.Required)
	}
}

func TestLongListsAreReadToTheirEnd(t *testing.T) {
	w := start(t)
	c := w.commit(map[string]string{"a": "1"})
	for i := range 101 {
		w.must(w.shop.Check(c.SHA, fmt.Sprintf("test %d", i), "success"))
		w.must(w.shop.SetStatus(c.SHA, githubtest.Status{Context: fmt.Sprintf("ci/%d", i), State: "success"}))
		w.shop.RequireByRuleset("main", githubtest.RequiredCheck{Context: fmt.Sprintf("ci/%d", i)})
	}
	w.costs(7, func() {
		read := do[bot.ChecksRead](w, bot.ReadChecks{SHA: c.SHA, Branch: "main", Required: true})
		if len(read.Checks) != 202 || len(read.Required.Checks) != 101 {
			t.Errorf("expected 202 checks, 101 of them required, got %d and %d", len(read.Checks), len(read.Required.Checks))
		}
	})
}

func TestOnlyTheNewestRunOfANameCounts(t *testing.T) {
	w := start(t)
	c := w.commit(map[string]string{"a": "1"})
	run, err := w.shop.CheckRun(c.SHA, "flaky")
	w.must(err)
	w.must(run.Complete("failure"))
	w.must(run.Rerun().Complete("success"))
	read := do[bot.ChecksRead](w, bot.ReadChecks{SHA: c.SHA})
	if got := names(read.Checks); !slices.Equal(got, []string{"check run flaky passed"}) {
		t.Errorf("a check that was run again counts as it is now, got %q", got)
	}
}
