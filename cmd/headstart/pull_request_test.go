package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/config"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// open opens a pull request of a branch with one change.
func (b *bed) open(branch string, files map[string]string) *githubtest.PullRequest {
	b.t.Helper()
	b.pushTo(branch, files)
	p, err := b.shop.OpenPull(githubtest.PullOptions{Head: branch, Title: "Change " + branch})
	b.must(err)
	return p
}

// firstDeploy brings the first commit live, so that there is something to change.
func (b *bed) firstDeploy() githubtest.Commit {
	b.t.Helper()
	c := b.push(change("first"))
	b.report(c.SHA, "success")
	b.until(2*time.Minute, "the first commit is live", b.live(c.SHA))
	return c
}

// A pull request is built before it is merged; however it is merged, and
// whichever event comes first, the merge goes live without a build, and the one
// comment follows it to the end.
func TestPullRequestBuiltAhead(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"merge", "squash"} {
		for _, pullFirst := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, pull request's event first: %t", method, pullFirst), func(t *testing.T) {
				onBoth(t, choices{}, func(b *bed) {
					b.firstDeploy()
					b.place.buildTakes(prepareApp, 40*time.Second)
					b.place.releaseTakes(productionApp, 10*time.Second)
					pull := b.open("feature", change("feature"))
					b.until(2*time.Minute, "the pull request is built", b.hasStatus(pull.HeadSHA(), "headstart/build", "success"))
					b.pass(10 * time.Second)
					comments := b.shop.Comments(pull.Number())
					if len(comments) != 1 || !strings.Contains(comments[0].Body, "The build is ready") {
						t.Fatalf("there should be one comment that says that the build is ready, got %+v", comments)
					}
					builds := len(b.place.builds(prepareApp))

					ahead, err := pull.TestMerge()
					b.must(err)
					merge, err := pull.Merge(githubtest.MergeOptions{Method: method, PullRequestFirst: pullFirst, DeleteBranch: true})
					b.must(err)
					b.serves[merge.SHA] = ahead.SHA
					b.settle()
					b.expectStatus(merge.SHA, "headstart/build", "success", fmt.Sprintf("No build needed: built ahead of the merge of #%d", pull.Number()))
					b.report(merge.SHA, "success")
					b.until(time.Minute, "the merge is live", b.live(merge.SHA))
					b.pass(time.Minute)
					b.expectLive(merge.SHA)
					if n := len(b.place.builds(prepareApp)); n != builds {
						t.Errorf("the merge should go live without a build, there were %d more", n-builds)
					}
					after := b.shop.Comments(pull.Number())
					if len(after) != 1 || after[0].ID != comments[0].ID {
						t.Fatalf("the one comment should be edited, and no other written: %+v", after)
					}
					if body := after[0].Body; !strings.Contains(body, "is live on production") {
						t.Errorf("the comment should follow the deploy to the end, it says:\n%s", body)
					}
					b.expectNothingPending(merge.SHA, pull.HeadSHA())
				})
			})
		}
	}
}

// A pull request of a fork is never built: its code is not trusted.
func TestForkIsNotBuilt(t *testing.T) {
	onBoth(t, choices{repo: githubtest.RepoOptions{Public: true}}, func(b *bed) {
		b.firstDeploy()
		builds := len(b.place.builds(prepareApp))
		fork, err := b.shop.Fork("stranger")
		b.must(err)
		c, err := fork.Commit("evil", change("evil"))
		b.must(err)
		pull, err := b.shop.OpenPull(githubtest.PullOptions{From: fork, Head: "evil", Title: "Trust me", User: "stranger"})
		b.must(err)
		b.pass(10 * time.Minute)
		if n := len(b.place.builds(prepareApp)); n != builds {
			t.Errorf("a fork's pull request should never be built, there were %d builds", n-builds)
		}
		for _, q := range b.gh.Requests() {
			if strings.Contains(q.Path, "tarball") && strings.Contains(q.Path, c.SHA) {
				t.Errorf("the fork's code should not even be asked for: %s", q.Path)
			}
		}
		if comments := b.shop.Comments(pull.Number()); len(comments) != 0 {
			t.Errorf("a fork's pull request should get no comment about a build, got %+v", comments)
		}
	})
}

// A pull request gives way to the branch: its build is cancelled if the branch
// needs the place, and is done afterwards.
func TestPullRequestGivesWay(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		b.firstDeploy()
		b.place.buildTakes(prepareApp, 10*time.Minute)
		pull := b.open("feature", change("feature"))
		b.until(time.Minute, "the pull request builds", func() bool { return len(b.place.builds(prepareApp)) == 2 })
		c := b.push(change("urgent"))
		b.report(c.SHA, "success")
		b.until(10*time.Second, "the branch's build has the place", func() bool {
			list := b.place.builds(prepareApp)
			return list[len(list)-1].commit == c.SHA
		})
		b.until(15*time.Minute, "the urgent commit is live", b.live(c.SHA))
		b.until(15*time.Minute, "the pull request is built after all", b.hasStatus(pull.HeadSHA(), "headstart/build", "success"))
		b.expectNothingPending(c.SHA, pull.HeadSHA())
	})
}

// A pull request that is closed without a merge says so and leaves nothing open.
func TestPullRequestClosed(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		first := b.firstDeploy()
		pull := b.open("feature", change("feature"))
		b.until(2*time.Minute, "the pull request is built", b.hasStatus(pull.HeadSHA(), "headstart/build", "success"))
		b.must(pull.Close())
		b.pass(5 * time.Minute)
		comments := b.shop.Comments(pull.Number())
		if len(comments) != 1 || !strings.Contains(comments[0].Body, "Closed without a merge") {
			t.Errorf("the comment should say that nothing was deployed, got %+v", comments)
		}
		b.expectNothingPending(pull.HeadSHA())
		b.expectLive(first.SHA)
	})
}

// A pull request that cannot be merged is not built, and says why.
func TestPullRequestWithConflict(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		b.firstDeploy()
		b.must(b.shop.CreateBranch("feature", "main"))
		c := b.push(map[string]string{"src/x.txt": "one\n"})
		b.report(c.SHA, "success")
		b.until(2*time.Minute, "the branch's commit is live", b.live(c.SHA))
		builds := len(b.place.builds(prepareApp))
		pull := b.open("feature", map[string]string{"src/x.txt": "two\n"})
		b.pass(10 * time.Minute)
		if n := len(b.place.builds(prepareApp)); n != builds {
			t.Errorf("what cannot be merged should not be built, there were %d builds", n-builds)
		}
		b.expectStatus(pull.HeadSHA(), "headstart/build", "success", "does not merge cleanly")
	})
}

// GitHub says that a pull request merges and does not name the test merge yet. That is
// no conflict: people are told what is waited for, and it is built as soon as there is
// one.
func TestTestMergeComesLate(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		b.firstDeploy()
		pull := b.open("feature", change("feature"))
		pull.HoldTestMerge(true)
		b.pass(20 * time.Second)
		b.expectStatus(pull.HeadSHA(), "headstart/build", "pending", "Waiting for GitHub to make the test merge into main")
		if said := b.botComment(pull.Number()); !strings.Contains(said, "Waiting for GitHub") || strings.Contains(said, "merge cleanly") {
			t.Errorf("the comment should say what is waited for, and not of a conflict; it says:\n%s", said)
		}
		pull.HoldTestMerge(false)
		b.until(time.Minute, "the pull request is built", b.hasStatus(pull.HeadSHA(), "headstart/build", "success"))
		b.expectStatus(pull.HeadSHA(), "headstart/build", "success", "Built ahead of the merge")
	})
}

// It never comes: GitHub is asked a bounded number of times, and people are told.
func TestTestMergeNeverComes(t *testing.T) {
	onHeroku(t, choices{}, func(b *bed, _ *herokuPlace) {
		b.firstDeploy()
		pull := b.open("feature", change("feature"))
		pull.HoldTestMerge(true)
		b.pass(10 * time.Minute)
		b.expectStatus(pull.HeadSHA(), "headstart/build", "success", "GitHub does not say whether it merges into main")
		asked := b.gh.Count("GET /repos/acme/shop/pulls/*")
		b.pass(30 * time.Minute)
		if more := b.gh.Count("GET /repos/acme/shop/pulls/*") - asked; asked > 15 || more != 0 {
			t.Errorf("GitHub should be asked a few times and then no more, it was asked %d times and then %d times", asked, more)
		}
	})
}

// A merge changes the command that builds: what the old command has built ahead has
// the merge's tree and is of no use. Other pull requests are built ahead once more.
func TestMergeChangesTheCommand(t *testing.T) {
	t.Parallel()
	b := newBed(t, bot.PlatformLocal, choices{})
	b.firstDeploy()
	other := b.open("other", change("other"))
	b.until(2*time.Minute, "the other pull request is built", b.hasStatus(other.HeadSHA(), "headstart/build", "success"))
	file := strings.Replace(b.file(pipeline), "build: '", "build: 'echo new > made-by; ", 1)
	pull := b.open("command", map[string]string{config.Path: file})
	b.until(2*time.Minute, "the pull request is built", b.hasStatus(pull.HeadSHA(), "headstart/build", "success"))
	ahead, err := pull.TestMerge()
	b.must(err)
	was := b.artifactOf(ahead.SHA)

	merge, err := pull.Merge(githubtest.MergeOptions{Method: "squash"})
	b.must(err)
	b.report(merge.SHA, "success")
	b.until(2*time.Minute, "the merge is live", b.live(merge.SHA))
	b.pass(time.Minute)
	b.expectLive(merge.SHA)
	b.expectBuilds(prepareApp, merge.SHA, 1)
	for _, app := range []string{stagingApp, productionApp} {
		for _, r := range b.place.releases(app) {
			if r.artifact == was {
				t.Errorf("%s should never get what the old command has built of the merge's tree", app)
			}
		}
	}
	b.until(2*time.Minute, "the other pull request's head has an end", b.hasStatus(other.HeadSHA(), "headstart/build", "success"))
	b.expectNothingPending(merge.SHA, pull.HeadSHA(), other.HeadSHA())
}
