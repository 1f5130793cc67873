package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	botpipeline "github.com/headstart-cd/headstart/bot/pipeline"
)

// The main job: the build starts with the push, and what it leaves goes through
// every stage once the checks are green.
func TestPushToProduction(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		b.place.buildTakes(prepareApp, 90*time.Second)
		b.place.releaseTakes(stagingApp, 10*time.Second)
		b.place.releaseTakes(productionApp, 10*time.Second)
		c := b.push(change("a"))
		run := b.run(c.SHA, ciCheck)
		b.settle()
		b.expectBuilds(prepareApp, c.SHA, 1)
		b.expectStatus(c.SHA, "headstart/build", "pending", "Building on shop-prepare")
		b.expectStatus(c.SHA, "headstart/staging", "pending", "Waiting for the build and the checks")

		b.at(150*time.Second, func() { b.must(run.Complete("success")) })
		b.pass(149 * time.Second)
		b.expectStatus(c.SHA, "headstart/build", "success", "Built in")
		b.expectUntouched(c.SHA, stagingApp, productionApp)
		b.until(5*time.Second, "staging releases as soon as the checks are green", b.hasStatus(c.SHA, "headstart/staging", "pending"))
		b.until(time.Minute, "the commit is live on production", b.live(c.SHA))
		b.expectLive(c.SHA)
		b.expectNothingPending(c.SHA)
		b.expectBuilds(prepareApp, c.SHA, 1)
		b.expectBuilds(stagingApp, c.SHA, 0)
		built := b.place.builds(prepareApp)[0].artifact
		for _, app := range []string{stagingApp, productionApp} {
			if r := b.place.releases(app); len(r) != 1 || r[0].artifact != built {
				t.Errorf("%s should get the one artifact that was built, %s, and once; it got %v", app, built, r)
			}
		}
		for stage, app := range map[string]string{"staging": stagingApp, "production": productionApp} {
			d, ok := b.deployment(c.SHA, stage)
			if !ok || d.State() != "success" {
				t.Fatalf("there should be a deployment to %s that succeeded, got %+v", stage, d)
			}
			last := d.Statuses[len(d.Statuses)-1]
			if first := d.Statuses[0]; first.State != "in_progress" || !strings.Contains(last.EnvironmentURL, app) {
				t.Errorf("the deployment to %s should begin as in_progress and end with the app's address, got %+v", stage, d.Statuses)
			}
		}
	})
}

// Commit-to-production is at most max(CI, build) + release + 1 s, wherever the
// platform tells of its ends. Heroku without webhooks tells of them by the output
// of what is under way, which for a promotion is known a second after it began.
func TestNothingOnTopOfBuildAndRelease(t *testing.T) {
	t.Parallel()
	for n, k := range []struct{ ci, build, release time.Duration }{
		{150 * time.Second, 90 * time.Second, 10 * time.Second},
		{20 * time.Second, 184 * time.Second, 30 * time.Second},
		{60 * time.Second, 60 * time.Second, 0},
		{10 * time.Second, 47 * time.Second, 3 * time.Second},
		{5 * time.Second, 611 * time.Second, 75 * time.Second},
	} {
		hows := []string{"heroku", "heroku with webhooks"}
		if n < inShort(1, 5) {
			hows = append(hows, "local")
		}
		for _, how := range hows {
			t.Run(fmt.Sprintf("%s, CI %s, build %s, release %s", how, k.ci, k.build, k.release), func(t *testing.T) {
				t.Parallel()
				platform, _, hooked := strings.Cut(how, " ")
				b := newBed(t, platform, choices{settings: func(s *settings) { s.Heroku.WebhookSecret = herokuSecret }})
				if p, ok := b.place.(*herokuPlace); ok && hooked {
					p.hook()
				} else if ok {
					p.notified = true
				}
				b.place.buildTakes(prepareApp, k.build)
				b.place.releaseTakes(stagingApp, k.release)
				b.place.releaseTakes(productionApp, k.release)
				c := b.push(change("a"))
				run := b.run(c.SHA, ciCheck)
				b.at(k.ci, func() { b.must(run.Complete("success")) })
				took := b.until(20*time.Minute, "the commit is live on production", b.live(c.SHA))
				most := max(k.ci, k.build) + 2*k.release
				slack := time.Second
				if platform == bot.PlatformHeroku && !hooked {
					slack = 3 * time.Second
				}
				t.Logf("on top of max(CI, build) + releases: %s", took-most)
				if took > most+slack {
					t.Errorf("commit-to-production should take at most max(CI, build) + releases + %s = %s, it took %s", slack, most+slack, took)
				}
				b.expectLive(c.SHA)
			})
		}
	}
}

// A commit whose checks fail never gets through, although it was built.
func TestRedChecksKeepACommitOut(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		good := b.push(change("good"))
		b.report(good.SHA, "success")
		b.until(time.Minute, "the good commit is live", b.live(good.SHA))
		bad := b.push(change("bad"))
		b.report(bad.SHA, "failure")
		b.pass(10 * time.Minute)
		b.expectUntouched(bad.SHA, stagingApp, productionApp)
		b.expectStatus(bad.SHA, "headstart/staging", "failure", "ci/test failed")
		b.expectNothingPending(good.SHA, bad.SHA)
		b.expectLive(good.SHA)
	})
}

// A build that fails because of the code ends the candidate, with the reason.
func TestCodeThatDoesNotBuild(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		good := b.push(change("good"))
		b.report(good.SHA, "success")
		b.until(time.Minute, "the good commit is live", b.live(good.SHA))
		b.place.buildTakes(prepareApp, 30*time.Second)
		bad := b.push(change("bad"))
		b.place.failBuildOf(bad.SHA, "undefined: total")
		b.report(bad.SHA, "success")
		b.pass(10 * time.Minute)
		b.expectUntouched(bad.SHA, stagingApp, productionApp)
		b.expectBuilds(stagingApp, bad.SHA, 0)
		b.expectStatus(bad.SHA, "headstart/build", "failure", "The build failed")
		b.expectStatus(bad.SHA, "headstart/staging", "failure", "Not released: the build failed")
		if s := b.shop.Statuses(bad.SHA)["headstart/build"]; s.TargetURL == "" {
			t.Error("the failed build's status should link to its output")
		}
		b.expectNothingPending(good.SHA, bad.SHA)
		b.expectLive(good.SHA)
	})
}

// A release phase that fails leaves the old version running, and stops the
// commit where it is, per stage.
func TestReleasePhaseFails(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		first := b.push(change("first"))
		b.report(first.SHA, "success")
		b.until(time.Minute, "the first commit is live", b.live(first.SHA))

		b.place.failRelease(productionApp, "the migration failed")
		second := b.push(change("second"))
		b.report(second.SHA, "success")
		b.until(2*time.Minute, "production says that it failed", b.hasStatus(second.SHA, "headstart/production", "failure"))
		b.pass(10 * time.Minute)
		if got := b.place.runs(stagingApp); got != second.SHA {
			t.Errorf("staging should run the second commit, it runs %q", got)
		}
		if got := b.place.runs(productionApp); got != first.SHA {
			t.Errorf("production should keep running the first commit, it runs %q", got)
		}
		if d, _ := b.deployment(second.SHA, "production"); d.State() != "failure" {
			t.Errorf("the deployment to production should have failed, it is %s", d.State())
		}
		b.expectNothingPending(first.SHA, second.SHA)

		b.place.failRelease(productionApp, "")
		third := b.push(change("third"))
		b.report(third.SHA, "success")
		b.until(2*time.Minute, "the third commit is live", b.live(third.SHA))
		b.expectLive(third.SHA)
		b.expectNothingPending(first.SHA, second.SHA, third.SHA)
	})
}

// Newest green wins, and what waited says so. One that is already being promoted
// finishes.
func TestNewestGreenWins(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		b.place.releaseTakes(stagingApp, 20*time.Second)
		first := b.push(change("first"))
		b.report(first.SHA, "success")
		b.until(time.Minute, "the first commit enters staging", func() bool { return len(b.place.releases(stagingApp)) == 1 })
		second := b.push(change("second"))
		third := b.push(change("third"))
		fourth := b.push(change("fourth"))
		b.report(second.SHA, "success")
		b.report(third.SHA, "success")
		b.run(fourth.SHA, ciCheck)
		b.until(5*time.Minute, "the third commit is live", b.live(third.SHA))
		b.expectUntouched(second.SHA, stagingApp, productionApp)
		b.expectUntouched(fourth.SHA, stagingApp, productionApp)
		b.expectStatus(second.SHA, "headstart/staging", "success", "Live on staging as part of "+third.SHA[:7])
		if staging := b.place.releases(stagingApp); len(staging) != 2 || staging[0].commit != first.SHA || staging[0].status != "succeeded" {
			t.Errorf("the promotion that was under way should have finished before the third commit's, got %v", staging)
		}
		b.must(b.shop.Check(fourth.SHA, ciCheck, "success"))
		b.until(5*time.Minute, "the fourth commit is live", b.live(fourth.SHA))
		b.expectLive(fourth.SHA)
		b.expectNothingPending(first.SHA, second.SHA, third.SHA, fourth.SHA)
		if d, _ := b.deployment(third.SHA, "production"); d.State() != "inactive" {
			t.Errorf("the deployment that was replaced should be inactive, it is %s", d.State())
		}
	})
}

// A stage never moves to an older commit, however late its checks turn green.
func TestNeverBackToAnOlderCommit(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		old := b.push(change("old"))
		b.run(old.SHA, ciCheck)
		b.settle()
		young := b.push(change("young"))
		b.report(young.SHA, "success")
		b.until(5*time.Minute, "the younger commit is live", b.live(young.SHA))
		b.report(old.SHA, "success")
		b.pass(10 * time.Minute)
		b.expectUntouched(old.SHA, stagingApp, productionApp)
		b.expectLive(young.SHA)
		b.expectNothingPending(old.SHA, young.SHA)
	})
}

// Without a prepare app the first stage builds, after the checks, and the later
// stages promote its artifact.
func TestWithoutPrepareApp(t *testing.T) {
	onBoth(t, choices{pipeline: strings.Replace(pipeline, "prepare: shop-prepare\n", "", 1)}, func(b *bed) {
		b.place.buildTakes(stagingApp, time.Minute)
		c := b.push(change("a"))
		b.run(c.SHA, ciCheck)
		b.pass(5 * time.Minute)
		b.expectBuilds(stagingApp, c.SHA, 0)
		b.report(c.SHA, "success")
		b.until(3*time.Minute, "the commit is live", b.live(c.SHA))
		b.expectBuilds(stagingApp, c.SHA, 1)
		b.expectLive(c.SHA)
		b.expectNothingPending(c.SHA)
	})
}

// The same tree is not built twice: a revert of a revert finds its artifact.
func TestArtifactOfTheSameTree(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		first := b.push(change("a"))
		b.report(first.SHA, "success")
		b.until(time.Minute, "the first commit is live", b.live(first.SHA))
		other := b.push(change("b"))
		b.report(other.SHA, "success")
		b.until(time.Minute, "the second commit is live", b.live(other.SHA))
		again, err := b.shop.Push("main", githubChange(change("a"), "src/b.txt"))
		b.must(err)
		if again.Tree != first.Tree {
			t.Fatalf("the test should have made the same tree again")
		}
		b.report(again.SHA, "success")
		b.until(time.Minute, "the third commit is live by its status", b.hasStatus(again.SHA, "headstart/production", "success"))
		b.expectStatus(again.SHA, "headstart/build", "success", "No build needed")
		if n := len(b.place.builds(prepareApp)); n != 2 {
			t.Errorf("two trees should take two builds, there were %d", n)
		}
		want := b.place.releases(productionApp)[0].artifact
		if r := b.place.releases(productionApp); r[len(r)-1].artifact != want {
			t.Errorf("production should run the first commit's artifact again")
		}
		b.expectNothingPending(again.SHA)
	})
}

// Several prepare apps build at once, and each of them one commit at a time.
func TestSeveralPrepareApps(t *testing.T) {
	onHeroku(t, choices{}, func(b *bed, p *herokuPlace) {
		second := p.AddApp("shop-prepare-2")
		p.apps["shop-prepare-2"] = second
		p.pipe.Couple(second, "development")
		b.push(map[string]string{".github/headstart.yml": strings.Replace(pipeline, "prepare: shop-prepare", "prepare: {apps: [shop-prepare, shop-prepare-2]}", 1)})
		b.pass(10 * time.Minute)
		p.buildTakes(prepareApp, 5*time.Minute)
		p.buildTakes("shop-prepare-2", 5*time.Minute)
		before := len(p.builds(prepareApp)) + len(p.builds("shop-prepare-2"))
		b.push(change("one"))
		b.settle()
		b.push(change("two"))
		b.settle()
		last := b.push(change("three"))
		b.settle()
		if n := len(p.builds(prepareApp)) + len(p.builds("shop-prepare-2")) - before; n != 2 {
			t.Errorf("two prepare apps should build two commits at once, they build %d", n)
		}
		b.report(last.SHA, "success")
		b.until(15*time.Minute, "the newest commit is live", b.live(last.SHA))
		var active int
		for _, r := range b.known().Builds {
			if r.Status == botpipeline.RunRunning {
				active++
			}
		}
		if active != 0 {
			t.Errorf("nothing should build any more, %d builds do", active)
		}
	})
}
