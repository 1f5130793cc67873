package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/config"
	"github.com/headstart-cd/headstart/github/githubtest"
)

const pullsApp = "shop-pulls"

// apart is a file with an app of its own for pull requests.
const apart = `checks: [ci/test]
prepare:
  apps: [shop-prepare]
  pull_requests: {apps: [shop-pulls]}
stages:
  - name: staging
    app: shop-staging
    pull_requests: true
  - name: production
    app: shop-production
`

// shared is the same without.
var shared = strings.Replace(apart, "pull_requests: {apps: [shop-pulls]}", "pull_requests: true", 1)

// planted lists what a stage runs, or ran, although code that was never on the branch had
// been built before on the app that built it, and so had its cache and its config vars.
func (b *bed) planted(stage string, branch ...string) (list []string) {
	b.t.Helper()
	for _, r := range b.place.releases(stage) {
		from, clean := "", false
		for _, app := range []string{prepareApp, pullsApp} {
			strange := app == pullsApp
			for _, x := range b.place.builds(app) {
				strange = strange || !slices.Contains(branch, x.commit)
				if x.commit == r.commit && x.artifact == r.artifact {
					from, clean = app, clean || !strange
				}
			}
		}
		if from != "" && !clean {
			list = append(list, stage+" runs "+r.commit[:7]+", built on "+from)
		}
	}
	return list
}

// Whoever may push a branch can leave something in the cache of the app that builds it.
// With apps of their own for pull requests, nothing that reaches a stage was built there,
// however the pull request gets to the branch.
func TestWhatPullRequestsPlantReachesNoStage(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"merge", "squash", "rebase", "fast-forward"} {
		t.Run(method, func(t *testing.T) {
			onBoth(t, choices{pipeline: apart}, func(b *bed) {
				b.place.add(pullsApp)
				first, evil := b.attack()
				pull := b.open("feature", change("feature"))
				b.until(2*time.Minute, "the pull request is built", b.hasStatus(pull.HeadSHA(), "headstart/build", "success"))
				head := pull.HeadSHA()
				if method == "fast-forward" {
					b.must(b.shop.ForcePush("main", head))
				} else {
					merge, err := pull.Merge(githubtest.MergeOptions{Method: method})
					b.must(err)
					head = merge.SHA
				}
				b.report(head, "success")
				b.until(3*time.Minute, "the merge is live", b.live(head))
				b.pass(time.Minute)
				b.expectLive(head)
				b.expectBuilds(prepareApp, head, 1)
				for _, stage := range []string{stagingApp, productionApp} {
					if found := b.planted(stage, first.SHA, head); len(found) > 0 {
						t.Errorf("nothing that pull requests can have planted should reach a stage: %s", strings.Join(found, "; "))
					}
				}
				b.expectNothingPending(head, pull.HeadSHA(), evil.HeadSHA())
			})
		})
	}
}

// Without them the attack succeeds: else the test above shows nothing.
func TestWhatPullRequestsPlantWithoutAppsOfTheirOwn(t *testing.T) {
	onBoth(t, choices{pipeline: shared}, func(b *bed) {
		b.place.add(pullsApp)
		first, _ := b.attack()
		c := b.push(change("feature"))
		b.report(c.SHA, "success")
		b.until(3*time.Minute, "the commit is live", b.live(c.SHA))
		if found := b.planted(productionApp, first.SHA, c.SHA); len(found) == 0 {
			t.Error("the app that builds the branch has built a pull request before, and nobody notices")
		}
	})
}

// attack has somebody build what is in a pull request that is never merged. The file on
// its branch asks for the app that builds the branch.
func (b *bed) attack() (first githubtest.Commit, evil *githubtest.PullRequest) {
	b.t.Helper()
	first = b.firstDeploy()
	evil = b.open("evil", map[string]string{"src/evil.txt": "1\n", config.Path: b.file(shared)})
	b.until(2*time.Minute, "the attack is built", b.hasStatus(evil.HeadSHA(), "headstart/build", "success"))
	b.must(evil.Close())
	return first, evil
}

// A merge group may be thrown out of the queue: then its code was never on the branch.
func TestMergeGroupsBuildApart(t *testing.T) {
	onBoth(t, choices{pipeline: apart}, func(b *bed) {
		b.place.add(pullsApp)
		b.queue()
		first := b.firstDeploy()
		evil := b.open("evil", change("evil"))
		pull := b.open("feature", change("feature"))
		b.pass(2 * time.Minute)
		out := b.enqueue(githubtest.QueueOptions{}, evil)
		b.until(2*time.Minute, "the group is built", b.hasStatus(out.Head(), "headstart/build", "success"))
		b.must(out.Destroy("dequeued"))
		group := b.enqueue(githubtest.QueueOptions{}, pull)
		b.until(2*time.Minute, "the group is built", b.hasStatus(group.Head(), "headstart/build", "success"))
		b.report(group.Head(), "success")
		b.pass(10 * time.Second)
		b.must(group.Merge())
		b.until(3*time.Minute, "the group is live", b.live(group.Head()))
		b.pass(time.Minute)
		b.expectLive(group.Head())
		b.expectBuilds(prepareApp, group.Head(), 1)
		b.expectBuilds(prepareApp, out.Head(), 0)
		if found := b.planted(productionApp, first.SHA, group.Head()); len(found) > 0 {
			t.Errorf("nothing that was thrown out of the queue can have planted anything: %s", strings.Join(found, "; "))
		}
		b.expectNothingPending(group.Head(), pull.HeadSHA(), evil.HeadSHA(), out.Head())
	})
}

// The head of an open pull request goes to staging from the app for pull requests. When
// the branch moves to that very commit, it is built again and goes to staging once more.
func TestAnOpenPullRequestGoesToAStageFromItsApp(t *testing.T) {
	onBoth(t, choices{pipeline: apart}, func(b *bed) {
		b.place.add(pullsApp)
		b.must(b.shop.SetRole("zoe", "write"))
		first := b.firstDeploy()
		pull := b.open("feature", change("feature"))
		head := pull.HeadSHA()
		b.report(head, "success")
		b.pass(2 * time.Minute)
		b.done(pull.Number(), "zoe", "/promote staging")
		ahead, err := pull.TestMerge() // which has the same files, so that its build serves
		b.must(err)
		if got := b.place.runs(stagingApp); got != ahead.SHA && got != head { // which of them the app calls itself is the platform's affair
			t.Errorf("%s should run the head, it runs %s", stagingApp, got)
		}
		b.expectBuilds(pullsApp, ahead.SHA, 1)
		b.expectBuilds(prepareApp, ahead.SHA, 0)
		b.expectBuilds(prepareApp, head, 0)

		b.must(b.shop.ForcePush("main", head))
		b.until(3*time.Minute, "the commit is live", b.live(head))
		b.pass(time.Minute)
		b.expectBuilds(prepareApp, head, 1)
		b.expectLive(head)
		if found := b.planted(productionApp, first.SHA, head); len(found) > 0 {
			t.Errorf("what was built for the pull request should get no further than staging: %s", strings.Join(found, "; "))
		}
		b.expectNothingPending(head)
	})
}

// With export-subst in .gitattributes GitHub's tarball has the commit in a file, though
// .gitattributes itself may be kept out of it.
func TestExportSubstIsBuiltForEachCommit(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{
		"at the root":             {".gitattributes": "VERSION export-subst\n", "VERSION": "$Format:%H$\n"},
		"kept out of the tarball": {".gitattributes": ".gitattributes export-ignore\nVERSION export-subst\n", "VERSION": "$Format:%H$\n"},
		"in a folder":             {"lib/.gitattributes": "VERSION export-subst\n", "lib/VERSION": "$Format:%H$\n"},
		"through a macro":         {".gitattributes": "[attr]stamp export-subst\nVERSION stamp\n", "VERSION": "$Format:%H$\n"},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, choices{}, func(b *bed) {
				b.firstDeploy()
				first := b.push(files)
				b.report(first.SHA, "success")
				b.until(2*time.Minute, "the commit is live", b.live(first.SHA))
				pull := b.open("feature", change("feature"))
				b.until(2*time.Minute, "the pull request is built", b.hasStatus(pull.HeadSHA(), "headstart/build", "success"))
				b.pass(10 * time.Second)
				b.expectComment(pull.Number(), "The merge is built again", "export-subst")
				merge, err := pull.Merge(githubtest.MergeOptions{Method: "squash"})
				b.must(err)
				b.report(merge.SHA, "success")
				b.until(2*time.Minute, "the merge is live", b.live(merge.SHA))
				b.pass(time.Minute)
				b.expectBuilds(prepareApp, merge.SHA, 1)
				b.expectLive(merge.SHA)
				b.expectRuns(productionApp, merge.SHA)
				b.expectNothingPending(merge.SHA, pull.HeadSHA())
			})
		})
	}
}

// An app of pull requests that the operator has not allowed is refused where the file
// says it.
func TestAppsOfPullRequestsMustBeAllowed(t *testing.T) {
	onHeroku(t, choices{pipeline: apart, settings: func(s *settings) { s.Allow = shopRepo + "=shop-prepare,shop-staging,shop-production" }}, func(b *bed, p *herokuPlace) {
		c := b.push(change("first"))
		b.until(time.Minute, "the file is refused", b.hasStatus(c.SHA, "headstart/config", "failure"))
		b.expectStatus(c.SHA, "headstart/config", "failure", pullsApp)
		if asked := p.asked("", pullsApp); len(asked) > 0 {
			t.Errorf("Heroku should not be asked about %s: %v", pullsApp, asked)
		}
	})
}
