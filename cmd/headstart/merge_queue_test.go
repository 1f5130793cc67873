package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// asRequired is a file that leaves to GitHub which checks are required.
const asRequired = `prepare: {apps: [shop-prepare], pull_requests: false}
stages:
  - name: staging
    app: shop-staging
  - name: production
    app: shop-production
`

// queue has GitHub require the checks of CI and Headstart's own status before a merge,
// as a branch with a merge queue does.
func (b *bed) queue() {
	b.shop.RequireByRuleset("main", githubtest.RequiredCheck{Context: ciCheck, App: githubtest.ActionsApp}, githubtest.RequiredCheck{Context: "headstart/build"})
	b.shop.AddRule("main", githubtest.MergeQueueRule())
}

func (b *bed) enqueue(o githubtest.QueueOptions, pulls ...*githubtest.PullRequest) *githubtest.MergeGroup {
	b.t.Helper()
	g, err := b.shop.Enqueue(o, pulls...)
	b.must(err)
	return g
}

// A pull request goes through the merge queue to production: its group is built once,
// while the queue's checks run, and staging is released the moment the branch moves.
func TestMergeQueue(t *testing.T) {
	onBoth(t, choices{pipeline: asRequired}, func(b *bed) {
		b.queue()
		b.firstDeploy()
		b.place.buildTakes(prepareApp, 40*time.Second)
		pull := b.open("feature", change("feature"))
		b.pass(time.Minute)
		b.expectStatus(pull.HeadSHA(), "headstart/build", "success", "Not built here: with `pull_requests: false`")

		group := b.enqueue(githubtest.QueueOptions{}, pull)
		b.settle()
		b.expectStatus(group.Head(), "headstart/build", "pending", "Building on "+prepareApp)
		run := b.run(group.Head(), ciCheck)
		b.until(2*time.Minute, "the group is built", b.hasStatus(group.Head(), "headstart/build", "success"))
		b.pass(2 * time.Minute)
		b.must(run.Complete("success"))
		b.settle()
		if missing := group.Missing(); len(missing) > 0 {
			t.Fatalf("the queue should wait for nothing any more, it waits for %v", missing)
		}
		b.expectUntouched(group.Head(), stagingApp, productionApp)

		b.must(group.Merge())
		took := b.until(2*time.Second, "staging runs the group", func() bool { return len(b.place.releases(stagingApp)) > 1 })
		t.Logf("staging is released %s after the branch moved", took)
		b.until(time.Minute, "the group is live", b.live(group.Head()))
		b.pass(time.Minute)
		b.expectLive(group.Head())
		b.expectBuilds(prepareApp, group.Head(), 1)
		b.expectNothingPending(group.Head(), pull.HeadSHA())
		if comments := b.shop.Comments(pull.Number()); len(comments) != 1 || !strings.Contains(comments[0].Body, "is live on production") {
			t.Errorf("the pull request's comment should follow the deploy to the end, got %+v", comments)
		}
	})
}

// The request for checks is lost: it is found, and the group is built all the same.
func TestMergeQueueLostRequest(t *testing.T) {
	onHeroku(t, choices{pipeline: asRequired}, func(b *bed, _ *herokuPlace) {
		b.queue()
		b.firstDeploy()
		pull := b.open("feature", change("feature"))
		b.pass(time.Minute)
		b.gh.OnDelivery(func(d githubtest.Delivery) githubtest.Fate {
			if d.Event == "merge_group" {
				return githubtest.Lose
			}
			return githubtest.Deliver
		})
		group := b.enqueue(githubtest.QueueOptions{}, pull)
		b.settle()
		b.gh.OnDelivery(nil)
		b.until(5*time.Minute, "the group is built", b.hasStatus(group.Head(), "headstart/build", "success"))
		b.report(group.Head(), "success")
		b.settle()
		b.must(group.Merge())
		b.until(2*time.Minute, "the group is live", b.live(group.Head()))
		b.expectBuilds(prepareApp, group.Head(), 1)
	})
}

// Groups that are destroyed, made anew or merged together all end with a final status,
// and none of their branches is deployed.
func TestMergeQueueDestroyed(t *testing.T) {
	onBoth(t, choices{pipeline: asRequired}, func(b *bed) {
		b.queue()
		b.firstDeploy()
		b.place.buildTakes(prepareApp, 40*time.Second)
		one, two := b.open("one", change("one")), b.open("two", change("two"))
		g1 := b.enqueue(githubtest.QueueOptions{}, one)
		g2 := b.enqueue(githubtest.QueueOptions{After: g1}, two)
		b.settle()
		b.expectStatus(g2.Head(), "headstart/build", "pending", "Queued for a prepare app")
		b.pass(5 * time.Second)
		b.must(g1.Destroy("dequeued"))
		b.must(g2.Destroy("invalidated"))
		b.settle()
		b.expectStatus(g1.Head(), "headstart/build", "success", "Not built here: it left the merge queue (dequeued)")
		b.expectStatus(g2.Head(), "headstart/build", "success", "Not built here: it left the merge queue (invalidated)")

		g3 := b.enqueue(githubtest.QueueOptions{}, two)
		g4 := b.enqueue(githubtest.QueueOptions{After: g3}, one)
		b.until(10*time.Minute, "both groups are built", func() bool {
			return b.hasStatus(g3.Head(), "headstart/build", "success")() && b.hasStatus(g4.Head(), "headstart/build", "success")()
		})
		b.report(g3.Head(), "success")
		b.report(g4.Head(), "success")
		b.settle()
		b.must(g4.Merge())
		b.must(g3.Destroy("merged"))
		b.until(2*time.Minute, "both are live", b.live(g4.Head()))
		b.pass(time.Hour)
		b.expectLive(g4.Head())
		b.expectBuilds(prepareApp, g4.Head(), 1)
		b.expectNothingPending(g1.Head(), g2.Head(), g3.Head(), g4.Head())
		for _, g := range []*githubtest.MergeGroup{g1, g2, g3} {
			b.expectUntouched(g.Head(), stagingApp, productionApp)
		}
		if groups := b.known().Groups; len(groups) > 0 {
			t.Errorf("an hour later no group should be remembered, there are %d", len(groups))
		}
	})
}

// GitHub requires headstart/build: everything that could be merged has it, in a final
// state, also what was opened before Headstart came.
func TestOwnStatusRequired(t *testing.T) {
	onHeroku(t, choices{pipeline: asRequired, repo: githubtest.RepoOptions{Public: true}}, func(b *bed, _ *herokuPlace) {
		b.gh.OnDelivery(func(githubtest.Delivery) githubtest.Fate { return githubtest.Vanish })
		older := b.open("older", change("older"))
		b.gh.OnDelivery(nil)
		b.queue()
		b.firstDeploy()
		fork, err := b.shop.Fork("stranger")
		b.must(err)
		_, err = fork.Commit("evil", change("evil"))
		b.must(err)
		stranger, err := b.shop.OpenPull(githubtest.PullOptions{From: fork, Head: "evil", User: "stranger"})
		b.must(err)
		b.must(b.shop.CreateBranch("next", "main"))
		b.pushTo("elsewhere", change("elsewhere"))
		elsewhere, err := b.shop.OpenPull(githubtest.PullOptions{Head: "elsewhere", Base: "next"})
		b.must(err)
		b.pushTo("draft", change("draft"))
		draft, err := b.shop.OpenPull(githubtest.PullOptions{Head: "draft", Draft: true})
		b.must(err)
		b.pass(time.Minute)
		for what, p := range map[string]*githubtest.PullRequest{"older": older, "fork": stranger, "into another branch": elsewhere, "draft": draft} {
			if s := b.shop.Statuses(p.HeadSHA())["headstart/build"]; s.State != "success" || !strings.HasPrefix(s.Description, "Not built here: ") {
				t.Errorf("%s: GitHub waits for headstart/build, which says %q, %q", what, s.State, s.Description)
			}
		}
	})
}

// Who runs an App from before the merge queue was supported is told what it lacks.
func TestTheAppLacksMergeGroups(t *testing.T) {
	options := func(o *githubtest.Options) {
		o.Events = []string{"check_run", "check_suite", "issue_comment", "pull_request", "push", "status"}
		o.Permissions = githubtest.DefaultPermissions()
		delete(o.Permissions, "merge_queues")
	}
	onHeroku(t, choices{options: options}, func(b *bed, _ *herokuPlace) {
		b.must(b.srv.introduce(context.Background()))
		var all string
		for _, e := range b.logs.FilterMessageSnippet("the GitHub App lacks something").All() {
			all += fmt.Sprint(e.ContextMap()["missing"])
		}
		if !strings.Contains(all, "merge_group") || !strings.Contains(all, "merge queues") {
			t.Errorf("the log should say that the event and the permission are missing, it says %q", all)
		}
	})
}

// A stage's status is required before the merge, and set only after it: the log and the
// pull request say so, and deploys go on.
func TestStageStatusRequired(t *testing.T) {
	onHeroku(t, choices{pipeline: asRequired}, func(b *bed, _ *herokuPlace) {
		b.shop.RequireByRuleset("main", githubtest.RequiredCheck{Context: ciCheck}, githubtest.RequiredCheck{Context: "Headstart/Staging"})
		b.firstDeploy()
		pull := b.open("feature", change("feature"))
		b.pass(time.Minute)
		if comments := b.shop.Comments(pull.Number()); len(comments) != 1 || !strings.Contains(comments[0].Body, "GitHub requires Headstart/Staging before the merge") {
			t.Errorf("the pull request should say why it cannot be merged, got %+v", comments)
		}
		if n := b.logs.FilterMessageSnippet("nothing can be merged").Len(); n != 1 {
			t.Errorf("the log should say so once, it says so %d times", n)
		}
	})
}
