package main

import (
	"net/http"
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
	if logged := b.logs.FilterMessageSnippet("HEADSTART_ALLOW has no rule").Len(); logged != 1 {
		t.Errorf("the log should tell once that the repository has no rule, it did %d times", logged)
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

// A pipeline may use an app only if the operator allowed it: a file that names
// another one is refused where it was changed, and the last good one stays.
func TestForeignAppIsRefused(t *testing.T) {
	onHeroku(t, choices{}, func(b *bed, p *herokuPlace) {
		first := b.firstDeploy()
		bad := b.push(map[string]string{".github/headstart.yml": strings.Replace(pipeline, productionApp, foreignApp, 1)})
		b.report(bad.SHA, "success")
		b.until(2*time.Minute, "the file is refused in the commit's status", b.hasStatus(bad.SHA, "headstart/config", "failure"))
		b.expectStatus(bad.SHA, "headstart/config", "failure", foreignApp)
		b.until(2*time.Minute, "the commit is live by the last good file", b.live(bad.SHA))
		if r := p.App(foreignApp).Releases(); r[len(r)-1].Slug != "" {
			t.Errorf("%s should not have been touched, it has %+v", foreignApp, r)
		}
		b.expectNothingPending(first.SHA, bad.SHA)
	})
}

// The first file ever being bad deploys nothing and says why.
func TestNothingIsDeployedWithoutAGoodFile(t *testing.T) {
	onBoth(t, choices{pipeline: "stages: [{name: staging, ap: shop-staging}]\n"}, func(b *bed) {
		c := b.push(change("a"))
		b.report(c.SHA, "success")
		b.pass(10 * time.Minute)
		b.expectUntouched(c.SHA, stagingApp, productionApp)
		b.expectStatus(c.SHA, "headstart/config", "failure", ".github/headstart.yml:")
		b.expectNothingPending(c.SHA)
	})
}

// A file that breaks keeps the last good one in force, and one that is good
// again is followed.
func TestBadFileKeepsTheLastGoodOne(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		b.firstDeploy()
		bad := b.push(map[string]string{".github/headstart.yml": b.place.head() + pipeline + "colour: green\n"})
		b.report(bad.SHA, "success")
		b.until(2*time.Minute, "the commit is live by the last good file", b.live(bad.SHA))
		b.expectStatus(bad.SHA, "headstart/config", "failure", "colour")
		good := b.push(map[string]string{".github/headstart.yml": b.place.head() + strings.Replace(pipeline, "ci/test", "ci/other", 1)})
		b.must(b.shop.Check(good.SHA, "ci/other", "success"))
		b.until(2*time.Minute, "the new file is followed", b.live(good.SHA))
		b.expectNothingPending(bad.SHA, good.SHA)
	})
}

// A repository without a file is left alone.
func TestRepositoryWithoutAFile(t *testing.T) {
	onBoth(t, choices{none: true}, func(b *bed) {
		c := b.push(change("a"))
		b.report(c.SHA, "success")
		b.pass(10 * time.Minute)
		b.expectUntouched(c.SHA, prepareApp, stagingApp)
		if s := b.shop.Statuses(c.SHA); len(s) > 1 {
			t.Errorf("a repository without a pipeline's file should be left alone, its commit has %v", s)
		}
	})
}
