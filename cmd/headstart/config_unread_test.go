package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// withApproval asks for an approval before production.
var withApproval = strings.TrimSuffix(pipeline, "\n") + "\n    promote: approval\n"

// A merge brings `promote: approval` for production in its own file, and GitHub does not
// show that file at first, in whatever way: production waits all the same.
func TestReleasedByItsOwnFileOrNotAtAll(t *testing.T) {
	const contents = "GET /repos/*/contents*"
	troubles := map[string]githubtest.Fault{
		"502":                 {Match: contents, Times: -1, Status: http.StatusBadGateway},
		"404":                 {Match: contents, Times: -1, Status: http.StatusNotFound, Body: `{"message":"Not Found"}`},
		"404 of the file":     {Match: "GET /repos/*/contents/.github/headstart.yml", Times: -1, Status: http.StatusNotFound, Body: `{"message":"Not Found"}`},
		"lost connections":    {Match: contents, Times: -1, Drop: true},
		"a page of something": {Match: contents, Times: -1, Status: http.StatusOK, Body: `<html>`},
	}
	t.Parallel()
	for name, fault := range troubles {
		if !long() && name != "502" && name != "404 of the file" {
			continue // these two are told apart by the code, the others by the client
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t, "heroku", choices{})
			b.firstDeploy()
			undo := b.gh.Inject(fault)
			b.at(15*time.Second, undo)
			c := b.push(map[string]string{"a": "1", ".github/headstart.yml": b.file(withApproval)})
			b.report(c.SHA, "success")
			b.pass(12 * time.Second)
			b.expectUntouched(c.SHA, stagingApp, productionApp)
			b.expectStatus(c.SHA, "headstart/build", "pending", ".github/headstart.yml")
			b.until(3*time.Minute, "the commit waits for its approval", func() bool {
				return strings.Contains(b.shop.Statuses(c.SHA)["headstart/production"].Description, "/approve production")
			})
			b.pass(5 * time.Minute)
			b.expectUntouched(c.SHA, productionApp)
		})
	}
}

// GitHub lags behind its own webhooks: whatever is asked or said about the commit is
// 404 or 422 for seconds. It is built on the prepare app within two seconds of GitHub
// knowing it, and its statuses are set.
func TestGitHubDoesNotKnowTheCommitYet(t *testing.T) {
	const lag = 4 * time.Second
	onHeroku(t, choices{}, func(b *bed, _ *herokuPlace) {
		b.firstDeploy()
		b.gh.SetLag(githubtest.Lag{For: lag})
		pushed := b.clock.Now()
		c := b.push(change("a"))
		b.at(6*time.Second, func() { b.report(c.SHA, "success") })
		b.until(lag+2*time.Second, "the commit is built on the prepare app", func() bool {
			return slices.ContainsFunc(b.place.builds(prepareApp), func(x built) bool { return x.commit == c.SHA })
		})
		t.Logf("built %s after GitHub knew the commit", b.clock.Now().Sub(pushed)-lag)
		b.until(2*time.Minute, "the commit is live", b.live(c.SHA))
		b.expectBuilds(prepareApp, c.SHA, 1)
		b.expectNothingPending(c.SHA)
	})
}

// A rule that GitHub does not tell of yet holds: 404 is no word about rules while the
// push is young.
func TestRulesAreNotMissingBecauseTheyAreNotShown(t *testing.T) {
	onHeroku(t, choices{pipeline: asGitHubRequires}, func(b *bed, _ *herokuPlace) {
		b.shop.RequireByRuleset("main", githubtest.RequiredCheck{Context: ciCheck}, githubtest.RequiredCheck{Context: "security"})
		b.at(40*time.Second, b.gh.Inject(githubtest.Fault{
			Match: "GET /repos/*/rules/*", Times: -1, Status: http.StatusNotFound, Body: `{"message":"Not Found"}`,
		}))
		c := b.push(change("a"))
		b.report(c.SHA, "success")
		b.pass(6 * time.Minute)
		b.expectUntouched(c.SHA, stagingApp)
		b.must(b.shop.Check(c.SHA, "security", "success"))
		b.until(time.Minute, "the commit is live", b.live(c.SHA))
	})
}

// Where there are no rules at all GitHub's 404 is believed in the end.
func TestRepositoryWithoutRulesets(t *testing.T) {
	onHeroku(t, choices{pipeline: asGitHubRequires}, func(b *bed, _ *herokuPlace) {
		b.gh.Inject(githubtest.Fault{Match: "GET /repos/*/rules/*", Times: -1, Status: http.StatusNotFound, Body: `{"message":"Not Found"}`})
		c := b.push(change("a"))
		b.report(c.SHA, "success")
		b.until(3*time.Minute, "the commit is live", b.live(c.SHA))
	})
}

// A repository for which the operator has no rule is nobody's concern: GitHub is not
// asked anything about it.
func TestRepositoryWithoutRuleIsNotAskedAbout(t *testing.T) {
	t.Parallel()
	b := newBed(t, "heroku", choices{settings: func(s *settings) { s.Allow = "acme/other=shop-*" }})
	c := b.push(change("a"))
	b.report(c.SHA, "success")
	b.pass(10 * time.Minute)
	if n := b.gh.Count("* /repos/acme/shop*"); n > 0 {
		t.Errorf("GitHub was asked %d times about a repository without a rule in HEADSTART_ALLOW: %+v", n, b.gh.Requests())
	}
	if told := b.logs.FilterMessageSnippet("HEADSTART_ALLOW has no rule").Len(); told != 1 {
		t.Errorf("the log should tell once that the repository has no rule, it did %d times", told)
	}
}

// The branch that goes to production is not the default one, and both have the file: the
// first push to it is deployed.
func TestFirstPushToABranchThatIsNotTheDefaultOne(t *testing.T) {
	onHeroku(t, choices{pipeline: "branch: release\n" + pipeline}, func(b *bed, _ *herokuPlace) {
		c := b.pushTo("release", change("a"))
		b.report(c.SHA, "success")
		b.until(2*time.Minute, "the commit is live", b.live(c.SHA))
		b.expectNothingPending(c.SHA)
	})
}

// A file that is only on another branch is not obeyed; the commit that brings it is told.
func TestFileOnAnotherBranchAlone(t *testing.T) {
	onHeroku(t, choices{none: true}, func(b *bed, _ *herokuPlace) {
		c := b.pushTo("release", map[string]string{".github/headstart.yml": b.file("branch: release\n" + pipeline)})
		b.report(c.SHA, "success")
		b.pass(10 * time.Minute)
		b.expectUntouched(c.SHA, stagingApp, productionApp)
		b.expectStatus(c.SHA, "headstart/config", "error", "only main's .github/headstart.yml counts; put `branch: release` there")
	})
}
