package main

import (
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// asGitHubRequires is the shortest file: what is required is GitHub's to say.
var asGitHubRequires = strings.Replace(pipeline, "checks: [ci/test]\n", "", 1)

// What rulesets require and what classic protection requires both count, and one
// that has not reported is not green.
func TestRequiredByRulesetAndClassicProtection(t *testing.T) {
	onBoth(t, choices{pipeline: asGitHubRequires}, func(b *bed) {
		b.shop.RequireByRuleset("main", githubtest.RequiredCheck{Context: "lint"})
		b.shop.AddRule("main", githubtest.MergeQueueRule())
		b.shop.Protect("main", githubtest.RequiredCheck{Context: ciCheck})
		c := b.push(change("a"))
		b.report(c.SHA, "success")
		b.must(b.shop.Check(c.SHA, "optional", "failure"))
		b.pass(15 * time.Minute)
		b.expectUntouched(c.SHA, stagingApp)
		b.must(b.shop.SetStatus(c.SHA, githubtest.Status{Context: "lint", State: "success", Creator: "mona"}))
		b.until(time.Minute, "the commit is live once the last required check has reported, whatever an optional one says", b.live(c.SHA))
		b.expectNothingPending(c.SHA)
	})
}

// A status and a check run of one name both count.
func TestStatusAndCheckRunOfOneName(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		c := b.push(change("a"))
		b.must(b.shop.SetStatus(c.SHA, githubtest.Status{Context: ciCheck, State: "failure", Creator: "mona"}))
		b.report(c.SHA, "success")
		b.pass(5 * time.Minute)
		b.expectUntouched(c.SHA, stagingApp)
		b.must(b.shop.SetStatus(c.SHA, githubtest.Status{Context: ciCheck, State: "success", Creator: "mona"}))
		b.until(time.Minute, "the commit is live once both are good", b.live(c.SHA))
	})
}

// Where nothing is required, everything that reports has to pass; suites of
// other apps that stay empty never block, neutral and skipped pass.
func TestEverythingThatReports(t *testing.T) {
	onBoth(t, choices{pipeline: asGitHubRequires}, func(b *bed) {
		c := b.push(change("a"))
		for _, app := range []string{"dependabot", "codecov"} {
			_, err := b.shop.CheckSuite(c.SHA, app)
			b.must(err)
		}
		b.must(b.shop.Check(c.SHA, "docs", "skipped"))
		b.must(b.shop.Check(c.SHA, "size", "neutral"))
		run := b.run(c.SHA, ciCheck)
		b.pass(5 * time.Minute)
		b.expectUntouched(c.SHA, stagingApp)
		b.must(run.Complete("success"))
		b.until(time.Minute, "the commit is live once everything that reported has passed", b.live(c.SHA))
		b.expectNothingPending(c.SHA)
	})
}

// Whatever a check's conclusion is but success, neutral and skipped, it is not
// green.
func TestOnlyGoodConclusionsAreGreen(t *testing.T) {
	t.Parallel()
	b := newBed(t, "heroku", choices{})
	for _, conclusion := range []string{"cancelled", "timed_out", "action_required"} {
		c := b.push(change(conclusion))
		b.report(c.SHA, conclusion)
		b.pass(time.Minute)
		b.expectUntouched(c.SHA, stagingApp)
	}
	for _, conclusion := range []string{"neutral", "skipped", "success"} {
		c := b.push(change(conclusion))
		b.report(c.SHA, conclusion)
		b.until(time.Minute, conclusion+" lets the commit go live", b.live(c.SHA))
	}
}

// A check that failed and is run again opens the way.
func TestCheckThatIsRunAgain(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		c := b.push(change("a"))
		run := b.run(c.SHA, ciCheck)
		b.settle()
		b.must(run.Complete("failure"))
		b.pass(time.Minute)
		b.expectStatus(c.SHA, "headstart/staging", "failure", "ci/test failed")
		again := run.Rerun()
		again.Start()
		b.pass(3 * time.Minute)
		b.expectUntouched(c.SHA, stagingApp)
		b.must(again.Complete("success"))
		b.until(time.Minute, "the commit is live after the second run", b.live(c.SHA))
		b.expectLive(c.SHA)
		b.expectNothingPending(c.SHA)
	})
}

// A check that turned red between its webhook and the promotion keeps the commit
// out: the first stage is entered on a fresh look.
func TestFreshLookBeforeTheFirstStage(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		b.place.buildTakes(prepareApp, 5*time.Minute)
		c := b.push(change("a"))
		run := b.run(c.SHA, ciCheck)
		b.settle()
		b.must(run.Complete("success"))
		b.pass(time.Minute)
		b.gh.OnDelivery(func(githubtest.Delivery) githubtest.Fate { return githubtest.Vanish })
		b.must(run.Rerun().Complete("failure"))
		b.pass(10 * time.Minute)
		b.expectUntouched(c.SHA, stagingApp, productionApp)
		b.expectStatus(c.SHA, "headstart/build", "success", "")
	})
}

// `checks: none` waits for no check at all.
func TestChecksNone(t *testing.T) {
	onBoth(t, choices{pipeline: strings.Replace(pipeline, "[ci/test]", "none", 1)}, func(b *bed) {
		c := b.push(change("a"))
		b.until(time.Minute, "the commit is live as soon as it is built", b.live(c.SHA))
		b.expectNothingPending(c.SHA)
	})
}

// onlySuites loses every webhook about checks but those of suites.
func onlySuites(d githubtest.Delivery) githubtest.Fate {
	if d.Event == "check_run" || d.Event == "status" {
		return githubtest.Vanish
	}
	return githubtest.Deliver
}

// The webhook of a completed suite alone is enough: staging is released at once,
// however recently the checks were read, and also where the suites of several apps end
// one right after the other.
func TestACompletedSuiteAlone(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{"the file names the check": pipeline, "as GitHub requires": asGitHubRequires} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, choices{pipeline: file}, func(b *bed) {
				b.shop.RequireByRuleset("main", githubtest.RequiredCheck{Context: ciCheck})
				b.firstDeploy()
				b.gh.OnDelivery(onlySuites)
				c := b.push(change("a"))
				run := b.run(c.SHA, ciCheck)
				linter, err := b.shop.CheckSuite(c.SHA, "linter")
				b.must(err)
				lint := linter.Run("lint")
				b.pass(30 * time.Second)
				b.must(lint.Complete("success"))
				b.pass(time.Second)
				b.must(run.Complete("success"))
				began := b.clock.Now()
				b.settle()
				entered := false
				for _, s := range b.known().Candidates {
					p, ok := s.Progress["staging"]
					entered = entered || s.SHA == c.SHA && ok && !p.StartedAt.After(began)
				}
				if !entered {
					t.Errorf("staging should be released the moment the suite is completed, %s later it is not", b.clock.Now().Sub(began))
				}
				b.until(time.Minute, "the commit is live", b.live(c.SHA))
				b.expectNothingPending(c.SHA)
			})
		})
	}
}

// GitHub's answer can lag behind the webhook of a suite: it is asked again soon.
func TestAReadingLagsBehindItsSuite(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		b.firstDeploy()
		b.gh.OnDelivery(onlySuites)
		c := b.push(change("a"))
		run := b.run(c.SHA, ciCheck)
		b.pass(30 * time.Second)
		b.gh.Inject(githubtest.For(2500*time.Millisecond, githubtest.Fault{
			Match: "GET */check-runs", Status: 200, Body: `{"total_count":0,"check_runs":[]}`,
		}))
		b.must(run.Complete("success"))
		entered := func() bool {
			for _, s := range b.known().Candidates {
				if _, ok := s.Progress["staging"]; ok && s.SHA == c.SHA {
					return true
				}
			}
			return false
		}
		if took := b.until(time.Minute, "staging is released", entered); took > 4*time.Second {
			b.t.Errorf("GitHub shows the check after 2.5 s, staging is released after %s", took)
		}
	})
}

// Everybody who may write to the repository can set a status with the name of CI's
// check, before CI's run exists. Where the file pins the check to its App, that does not
// count, and neither does another App's run of that name.
func TestAPinnedCheckTakesNobodysWordButItsApps(t *testing.T) {
	pinned := strings.Replace(pipeline, "checks: ["+ciCheck+"]", "checks: [{name: "+ciCheck+", app: github-actions}]", 1)
	if pinned == pipeline {
		t.Fatal("the usual file names its check in another way now")
	}
	onHeroku(t, choices{pipeline: pinned}, func(b *bed, _ *herokuPlace) {
		b.firstDeploy()
		c := b.push(change("planted"))
		b.must(b.shop.SetStatus(c.SHA, githubtest.Status{Context: ciCheck, State: "success"}))
		b.pass(3 * time.Minute)
		b.expectUntouched(c.SHA, stagingApp, productionApp)
		suite, err := b.shop.CheckSuite(c.SHA, "stranger")
		b.must(err)
		b.must(suite.Run(ciCheck).Complete("success"))
		b.pass(3 * time.Minute)
		b.expectUntouched(c.SHA, stagingApp, productionApp)
		b.report(c.SHA, "success")
		b.until(2*time.Minute, "CI's own word counts", b.hasStatus(c.SHA, "headstart/staging", "success"))
	})
}
