package main

import (
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
)

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
