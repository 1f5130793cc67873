package githubtest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/github/githubtest"
)

func (w *world) checks(ref string, opts *github.ListCheckRunsOptions) []string {
	w.t.Helper()
	runs, _, err := w.api.Checks.ListCheckRunsForRef(w.ctx, "acme", "shop", ref, opts)
	w.must(err)
	var all []string
	for _, run := range runs.CheckRuns {
		all = append(all, fmt.Sprintf("%s %s %s", run.GetName(), run.GetStatus(), run.GetConclusion()))
	}
	slices.Sort(all)
	return all
}

func TestChecksTellTheirStory(t *testing.T) {
	w := start(t)
	c := w.commit("a", "1")
	test, err := w.shop.CheckRun(c.SHA, "ci/test")
	w.must(err)
	lint, err := w.shop.CheckRun(c.SHA, "lint")
	w.must(err)
	test.Start()
	if got := w.checks("main", nil); !slices.Equal(got, []string{"ci/test in_progress ", "lint queued "}) {
		t.Errorf("checks = %q", got)
	}
	w.must(lint.Complete("skipped"))
	if n := len(w.inbox.of("check_suite")); n != 0 {
		t.Errorf("the suite told %d times before it was complete", n)
	}
	w.must(test.Complete("success"))
	suite := w.last("check_suite")
	event := parse[github.CheckSuiteEvent](t, suite)
	if event.GetAction() != "completed" || event.GetCheckSuite().GetConclusion() != "success" || event.GetCheckSuite().GetHeadBranch() != "main" {
		t.Errorf("check_suite %s: %s on %s", event.GetAction(), event.GetCheckSuite().GetConclusion(), event.GetCheckSuite().GetHeadBranch())
	}
	if tree := suite.payload["check_suite"].(map[string]any)["head_commit"].(map[string]any)["tree_id"]; tree != c.Tree {
		t.Errorf("check_suite.head_commit.tree_id = %v, want %s", tree, c.Tree)
	}
	if event.GetSender().GetType() != "Bot" {
		t.Errorf("a suite's sender is a %s, want a Bot", event.GetSender().GetType())
	}
	if run := parse[github.CheckRunEvent](t, w.last("check_run")); run.GetAction() != "completed" || run.GetCheckRun().GetName() != "ci/test" ||
		run.GetCheckRun().GetCheckSuite().GetID() != event.GetCheckSuite().GetID() || run.GetCheckRun().GetApp().GetSlug() != "github-actions" {
		t.Errorf("check_run = %v", run.GetCheckRun())
	}

	again := test.Rerun()
	if got := w.checks(c.SHA, nil); !slices.Equal(got, []string{"ci/test queued ", "lint completed skipped"}) {
		t.Errorf("after a re-run the latest checks are %q", got)
	}
	if got := w.checks(c.SHA, &github.ListCheckRunsOptions{Filter: github.String("all"), CheckName: github.String("ci/test")}); len(got) != 2 {
		t.Errorf("all runs of ci/test: %q, want 2", got)
	}
	w.must(again.Complete("failure"))
	if got := parse[github.CheckSuiteEvent](t, w.last("check_suite")).GetCheckSuite().GetConclusion(); got != "failure" {
		t.Errorf("the suite concludes %s, want failure", got)
	}
	if err := again.Complete("great"); err == nil {
		t.Error("an unknown conclusion was taken")
	}
}

func TestEmptySuitesStayQueuedAndListsArePaged(t *testing.T) {
	w := start(t)
	c := w.commit("a", "1")
	if _, err := w.shop.CheckSuite(c.SHA, "sleepy"); err != nil {
		t.Fatal(err)
	}
	busy, err := w.shop.CheckSuite(c.SHA, "busy")
	w.must(err)
	for i := range 45 {
		w.must(busy.Run(fmt.Sprintf("check %d", i)).Complete("success"))
	}
	suites, _, err := w.api.Checks.ListCheckSuitesForRef(w.ctx, "acme", "shop", "main", nil)
	if err != nil || suites.GetTotal() != 2 || suites.CheckSuites[0].GetStatus() != "queued" || suites.CheckSuites[1].GetStatus() != "completed" {
		t.Errorf("suites = %v, %v", suites, err)
	}
	opts := &github.ListCheckRunsOptions{AppID: suites.CheckSuites[1].GetApp().ID}
	seen := 0
	for {
		runs, resp, err := w.api.Checks.ListCheckRunsForRef(w.ctx, "acme", "shop", "main", opts)
		w.must(err)
		if runs.GetTotal() != 45 {
			t.Errorf("total = %d, want 45", runs.GetTotal())
		}
		seen += len(runs.CheckRuns)
		if opts.Page = resp.NextPage; opts.Page == 0 {
			break
		}
	}
	if seen != 45 {
		t.Errorf("the pages hold %d runs, want 45", seen)
	}
}

func TestOurOwnCheckRuns(t *testing.T) {
	w := start(t, func(o *githubtest.Options) {
		o.Permissions = githubtest.DefaultPermissions()
		o.Permissions["checks"] = "write"
	})
	c := w.commit("a", "1")
	if suite := parse[github.CheckSuiteEvent](t, w.last("check_suite")); suite.GetAction() != "requested" || suite.GetCheckSuite().GetApp().GetSlug() != "headstart" {
		t.Errorf("with checks:write a push opens a suite for us; got %s of %s", suite.GetAction(), suite.GetCheckSuite().GetApp().GetSlug())
	}
	run, _, err := w.api.Checks.CreateCheckRun(w.ctx, "acme", "shop", github.CreateCheckRunOptions{
		Name: "plan", HeadSHA: c.SHA, Status: github.String("in_progress"),
		Output:  &github.CheckRunOutput{Title: github.String("Plan"), Summary: github.String("…")},
		Actions: []*github.CheckRunAction{{Label: "Promote", Description: "Promote now", Identifier: "promote"}},
	})
	w.must(err)
	_, _, err = w.api.Checks.UpdateCheckRun(w.ctx, "acme", "shop", run.GetID(), github.UpdateCheckRunOptions{Name: "plan", Conclusion: github.String("neutral")})
	w.must(err)
	if got := w.checks("main", nil); !slices.Equal(got, []string{"plan completed neutral"}) {
		t.Errorf("checks = %q", got)
	}
	if _, resp, err := w.api.Checks.CreateCheckRun(w.ctx, "acme", "shop", github.CreateCheckRunOptions{
		Name: "x", HeadSHA: c.SHA, Actions: []*github.CheckRunAction{{Label: strings.Repeat("x", 21), Description: "d", Identifier: "i"}},
	}); err == nil || resp.StatusCode != 422 {
		t.Errorf("a label of 21 characters answers %v, want 422", err)
	}
}

func TestStatuses(t *testing.T) {
	w := start(t)
	c := w.commit("a", "1")
	combined, _, err := w.api.Repositories.GetCombinedStatus(w.ctx, "acme", "shop", "main", nil)
	if err != nil || combined.GetState() != "pending" || combined.GetTotalCount() != 0 {
		t.Errorf("without statuses: %v, %v, want pending", combined, err)
	}
	post := func(sha, state, name, description string) (*github.Response, error) {
		_, resp, err := w.api.Repositories.CreateStatus(w.ctx, "acme", "shop", sha, &github.RepoStatus{
			State: &state, Context: &name, Description: &description, TargetURL: github.String("https://example.com"),
		})
		return resp, err
	}
	_, err = post(c.SHA, "pending", "headstart/build", "Building")
	w.must(err)
	_, err = post(c.SHA, "success", "Headstart/Build", strings.Repeat("ü", 140))
	w.must(err)
	w.must(w.shop.SetStatus(c.SHA, githubtest.Status{Context: "ci", State: "failure"}))
	combined, _, err = w.api.Repositories.GetCombinedStatus(w.ctx, "acme", "shop", c.SHA, nil)
	if err != nil || combined.GetState() != "failure" || combined.GetTotalCount() != 2 {
		t.Errorf("combined = %v, %v; contexts compare without case", combined, err)
	}
	for name, bad := range map[string][3]string{
		"long description": {c.SHA, "success", strings.Repeat("x", 141)}, "bad state": {c.SHA, "great", ""}, "unknown commit": {strings.Repeat("a", 40), "success", ""},
	} {
		if resp, err := post(bad[0], bad[1], "x", bad[2]); err == nil || resp.StatusCode != 422 {
			t.Errorf("%s: %v, want 422", name, err)
		}
	}
	event := parse[github.StatusEvent](t, w.last("status"))
	if event.GetContext() != "ci" || event.GetSHA() != c.SHA || event.GetCommit().GetCommit().GetTree().GetSHA() != c.Tree || len(event.Branches) != 1 {
		t.Errorf("status event = %v", event)
	}
	if got := len(w.shop.StatusHistory(c.SHA)); got != 3 {
		t.Errorf("the history holds %d statuses, want 3", got)
	}
}

func TestAThousandStatusesAreEnough(t *testing.T) {
	w := start(t)
	c := w.commit("a", "1")
	for range 1000 {
		w.must(w.shop.SetStatus(c.SHA, githubtest.Status{Context: "x", State: "pending"}))
	}
	_, resp, err := w.api.Repositories.CreateStatus(w.ctx, "acme", "shop", c.SHA, &github.RepoStatus{State: github.String("success"), Context: github.String("X")})
	if err == nil || resp.StatusCode != 422 {
		t.Errorf("the status after a thousand answers %v, want 422", err)
	}
}

func TestRequiredContextsComeFromRulesetsAndProtection(t *testing.T) {
	w := start(t)
	w.commit("a", "1")
	w.must(w.shop.CreateBranch("release/1", "main"))
	w.shop.AddRule("release/1", githubtest.MergeQueueRule())
	w.shop.AddRule("release/1", githubtest.Rule{Type: "deletion"})
	w.shop.RequireByRuleset("release/1", githubtest.RequiredCheck{Context: "ci/test", App: githubtest.ActionsApp}, githubtest.RequiredCheck{Context: "lint"})
	w.shop.Protect("release/1", githubtest.RequiredCheck{Context: "security"})

	req, err := w.api.NewRequest(http.MethodGet, "repos/acme/shop/rules/branches/release%2F1?per_page=2&page=2", nil)
	w.must(err)
	var rules []struct {
		Type       string
		Parameters struct {
			Required []struct {
				Context       string
				IntegrationID int64 `json:"integration_id"`
			} `json:"required_status_checks"`
		}
	}
	resp, err := w.api.Do(w.ctx, req, &rules)
	w.must(err)
	if len(rules) != 1 || resp.FirstPage != 1 || len(rules[0].Parameters.Required) != 2 || rules[0].Parameters.Required[0].IntegrationID != 15368 {
		t.Errorf("the second page of rules = %+v", rules)
	}
	if _, _, err := w.api.Repositories.GetRulesForBranch(w.ctx, "acme", "shop", "release/1"); err == nil {
		t.Error("go-github v60 reads a merge_queue rule now: the facts want a correction")
	}
	req, err = w.api.NewRequest(http.MethodGet, "repos/acme/shop/branches/release/1", nil)
	w.must(err)
	var branch struct {
		Protected  bool
		Protection struct {
			Required struct{ Contexts []string } `json:"required_status_checks"`
		}
	}
	if _, err := w.api.Do(w.ctx, req, &branch); err != nil || !branch.Protected || !slices.Equal(branch.Protection.Required.Contexts, []string{"security"}) {
		t.Errorf("branch = %+v, %v", branch, err)
	}
	if _, resp, err := w.api.Repositories.GetBranch(w.ctx, "acme", "shop", "gone", 0); err == nil || resp.StatusCode != 404 {
		t.Errorf("an unknown branch answers %v, want 404", err)
	}
}
