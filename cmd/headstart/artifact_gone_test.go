package main

import (
	"slices"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// artifactOf is what the newest build of a commit on the prepare app left.
func (b *bed) artifactOf(sha string) string {
	b.t.Helper()
	for _, x := range slices.Backward(b.place.builds(prepareApp)) {
		if x.commit == sha && x.artifact != "" {
			return x.artifact
		}
	}
	b.t.Fatalf("%s should be built on %s", sha[:7], prepareApp)
	return ""
}

// A revert comes back to a tree whose artifact the platform has removed long ago: it
// is built again and goes through both stages, and nobody has to do anything.
func TestRevertToAnArtifactThatIsGone(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		first := b.firstDeploy()
		second := b.push(change("second"))
		b.report(second.SHA, "success")
		b.until(2*time.Minute, "the second commit is live", b.live(second.SHA))
		b.place.destroy(b.artifactOf(first.SHA))
		b.place.buildTakes(prepareApp, 20*time.Second)

		revert, err := b.shop.Push("main", githubChange(nil, "src/second.txt"))
		b.must(err)
		if revert.Tree != first.Tree {
			t.Fatalf("the revert should have the tree of the first commit %s, it has %s", first.Tree, revert.Tree)
		}
		b.report(revert.SHA, "success")
		b.until(10*time.Second, "the revert is being built again", b.hasStatus(revert.SHA, "headstart/build", "pending"))
		b.expectStatus(revert.SHA, "headstart/build", "pending", "has removed the earlier build")
		b.expectStatus(revert.SHA, "headstart/staging", "pending", "Building again")
		b.until(2*time.Minute, "the revert is live", b.live(revert.SHA))
		b.pass(time.Minute)
		b.expectLive(revert.SHA)
		b.expectBuilds(prepareApp, revert.SHA, 1)
		b.expectNothingPending(first.SHA, second.SHA, revert.SHA)
	})
}

// The artifact is gone when its turn comes at production, after staging was released:
// what production gets is what staging has proved once more.
func TestArtifactIsGoneBeforeProduction(t *testing.T) {
	onBoth(t, choices{pipeline: steered}, func(b *bed) {
		b.must(b.shop.SetRole("zoe", "write"))
		b.deploy("first")
		second := b.deploy("second")
		b.done(second.Number(), "zoe", "/lock production")
		third := b.merge("third")
		b.until(2*time.Minute, "the third commit is on staging", b.hasStatus(third.SHA, "headstart/staging", "success"))
		was := b.artifactOf(third.SHA)
		b.place.destroy(was)
		b.done(third.Number(), "zoe", "/unlock production")
		b.until(5*time.Minute, "the third commit is live", b.live(third.SHA))
		b.pass(time.Minute)
		b.expectLive(third.SHA)
		b.expectBuilds(prepareApp, third.SHA, 2)
		b.expectNothingPending(third.SHA)
		for _, d := range b.shop.Deployments() {
			if d.SHA == third.SHA && d.Environment == "production" && d.State() != "success" {
				t.Errorf("production was released once, and its deployment should be a success; one is %s", d.State())
			}
		}
	})
}

// A pull request's build is gone before its merge: the merge is built.
func TestArtifactOfAPullRequestIsGone(t *testing.T) {
	onBoth(t, choices{}, func(b *bed) {
		b.firstDeploy()
		pull := b.open("feature", change("feature"))
		b.until(2*time.Minute, "the pull request is built", b.hasStatus(pull.HeadSHA(), "headstart/build", "success"))
		ahead, err := pull.TestMerge()
		b.must(err)
		b.place.destroy(b.artifactOf(ahead.SHA))
		merge, err := pull.Merge(githubtest.MergeOptions{})
		b.must(err)
		b.report(merge.SHA, "success")
		b.until(2*time.Minute, "the merge is live", b.live(merge.SHA))
		b.pass(time.Minute)
		b.expectLive(merge.SHA)
		b.expectBuilds(prepareApp, merge.SHA, 1)
		b.expectNothingPending(merge.SHA, pull.HeadSHA())
	})
}
