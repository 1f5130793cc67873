package githubtest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// topic pushes a branch off main and opens a pull request of it.
func (w *world) topic(branch string, files map[string]string) *githubtest.PullRequest {
	w.t.Helper()
	_, err := w.shop.Commit(branch, files)
	w.must(err)
	p, err := w.shop.OpenPull(githubtest.PullOptions{Head: branch, User: "ada"})
	w.must(err)
	return p
}

// pull reads a pull request until its test merge is computed.
func (w *world) pull(number int) *github.PullRequest {
	w.t.Helper()
	for range 3 {
		p, _, err := w.api.PullRequests.Get(w.ctx, "acme", "shop", number)
		w.must(err)
		if p.Mergeable != nil || p.GetMerged() {
			return p
		}
	}
	w.t.Fatalf("the test merge of #%d is never computed", number)
	return nil
}

func TestMergeMethodsMakeRealCommits(t *testing.T) {
	for _, method := range []string{"merge", "squash", "rebase"} {
		for _, pullFirst := range []bool{false, true} {
			t.Run(fmt.Sprint(method, pullFirst), func(t *testing.T) {
				w := start(t)
				w.commit("a", "1")
				p := w.topic("topic", map[string]string{"b": "1"})
				_, err := w.shop.Commit("topic", map[string]string{"c": "1"})
				w.must(err)
				base := w.commit("d", "1") // main moves on
				test, err := p.TestMerge()
				w.must(err)
				landed, err := p.Merge(githubtest.MergeOptions{Method: method, By: "grace", PullRequestFirst: pullFirst, DeleteBranch: true})
				w.must(err)
				if landed.Tree != test.Tree {
					t.Errorf("%s lands tree %s, the test merge has %s", method, landed.Tree, test.Tree)
				}
				if w.shop.Head("main") != landed.SHA {
					t.Errorf("main is at %s, want %s", w.shop.Head("main"), landed.SHA)
				}
				parents := map[string]int{"merge": 2, "squash": 1, "rebase": 1}[method]
				if len(landed.Parents) != parents || method != "rebase" && landed.Parents[0] != base.SHA {
					t.Errorf("%s makes a commit with parents %v", method, landed.Parents)
				}
				w.flush()
				var order []string
				for _, d := range w.Deliveries() {
					if d.Event == "push" && strings.Contains(string(d.Payload), `"after":"`+landed.SHA) || d.Event == "pull_request" && d.Action == "closed" {
						order = append(order, d.Event)
					}
				}
				want := []string{"push", "pull_request"}
				if pullFirst {
					slices.Reverse(want)
				}
				if !slices.Equal(order, want) {
					t.Errorf("a merge sends %v, want %v", order, want)
				}
				event := parse[github.PullRequestEvent](t, w.last("pull_request"))
				if got := event.GetPullRequest(); event.GetAction() != "closed" || !got.GetMerged() || got.GetMergeCommitSHA() != landed.SHA || got.GetMergedBy().GetLogin() != "grace" {
					t.Errorf("the event says %s, merged=%t as %s by %s", event.GetAction(), got.GetMerged(), got.GetMergeCommitSHA(), got.GetMergedBy().GetLogin())
				}
				found, _, err := w.api.PullRequests.ListPullRequestsWithCommit(w.ctx, "acme", "shop", landed.SHA, nil)
				if err != nil || len(found) != 1 || found[0].GetNumber() != p.Number() {
					t.Errorf("pull requests of the landed commit = %v, %v", found, err)
				}
				if w.shop.Head("topic") != "" {
					t.Error("the branch was to be deleted")
				}
			})
		}
	}
}

func TestMergeableIsComputedLate(t *testing.T) {
	w := start(t)
	w.commit("a", "1")
	p := w.topic("topic", map[string]string{"b": "1"})
	first, _, err := w.api.PullRequests.Get(w.ctx, "acme", "shop", p.Number())
	w.must(err)
	if first.Mergeable != nil || first.GetMergeableState() != "unknown" {
		t.Errorf("at first mergeable = %v (%s), want null", first.Mergeable, first.GetMergeableState())
	}
	read := w.pull(p.Number())
	test, err := w.shop.LookUp(fmt.Sprintf("refs/pull/%d/merge", p.Number()))
	if err != nil || !read.GetMergeable() || read.GetMergeCommitSHA() != test.SHA {
		t.Errorf("then mergeable = %t as %s; refs/pull/N/merge is %s, %v", read.GetMergeable(), read.GetMergeCommitSHA(), test.SHA, err)
	}
	head, _, err := w.api.Git.GetRef(w.ctx, "acme", "shop", fmt.Sprintf("pull/%d/head", p.Number()))
	if err != nil || head.GetObject().GetSHA() != p.HeadSHA() {
		t.Errorf("refs/pull/N/head = %v, %v", head, err)
	}
	w.commit("b", "something else")
	if clash := w.pull(p.Number()); clash.GetMergeable() || clash.GetMergeableState() != "dirty" {
		t.Errorf("with a conflict mergeable = %t (%s)", clash.GetMergeable(), clash.GetMergeableState())
	}
	if _, err := p.Merge(githubtest.MergeOptions{}); err == nil {
		t.Error("a conflict was merged")
	}
	if _, err := p.Merge(githubtest.MergeOptions{Method: "rebase"}); err == nil {
		t.Error("a conflict was rebased")
	}
}

func TestPullRequestEvents(t *testing.T) {
	w := start(t)
	w.commit("a", "1")
	p := w.topic("topic", map[string]string{"b": "1"})
	before := p.HeadSHA()
	opened := parse[github.PullRequestEvent](t, w.last("pull_request"))
	if got := opened.GetPullRequest(); opened.GetAction() != "opened" || got.GetHead().GetSHA() != before || got.GetBase().GetRef() != "main" ||
		got.GetUser().GetLogin() != "ada" || got.GetCommits() != 1 || got.GetChangedFiles() != 1 {
		t.Errorf("opened: %v", got)
	}
	after, err := w.shop.Commit("topic", map[string]string{"b": "2"})
	w.must(err)
	sync := parse[github.PullRequestEvent](t, w.last("pull_request"))
	if sync.GetAction() != "synchronize" || sync.GetBefore() != before || sync.GetAfter() != after.SHA || sync.GetPullRequest().GetHead().GetSHA() != after.SHA {
		t.Errorf("%s %s..%s, want synchronize %s..%s", sync.GetAction(), sync.GetBefore(), sync.GetAfter(), before, after.SHA)
	}
	w.must(p.Close())
	w.must(p.Reopen())
	w.must(w.shop.DeleteBranch("topic"))
	var actions []string
	w.flush()
	for _, h := range w.inbox.of("pull_request") {
		actions = append(actions, h.payload["action"].(string))
	}
	if want := []string{"opened", "synchronize", "closed", "reopened", "closed"}; !slices.Equal(actions, want) {
		t.Errorf("events %q, want %q", actions, want)
	}
	if err := p.Reopen(); err == nil {
		t.Error("a pull request without a branch was reopened")
	}
}

func TestForkPullRequests(t *testing.T) {
	w := start(t)
	w.commit("a", "1")
	fork, err := w.shop.Fork("mallory")
	w.must(err)
	w.flush()
	pushes := len(w.inbox.of("push"))
	c, err := fork.Push("evil", githubtest.Change{Files: map[string]string{"b": "1"}, Author: "mallory"})
	w.must(err)
	p, err := w.shop.OpenPull(githubtest.PullOptions{Head: "evil", From: fork, User: "mallory"})
	w.must(err)
	_, err = fork.Commit("evil", map[string]string{"b": "2"})
	w.must(err)
	w.flush()
	if n := len(w.inbox.of("push")); n != pushes {
		t.Error("a push to a fork reached an App that is not installed there")
	}
	event := parse[github.PullRequestEvent](t, w.last("pull_request"))
	if event.GetAction() != "synchronize" || event.GetPullRequest().GetHead().GetRepo().GetFullName() != "mallory/shop" || !event.GetPullRequest().GetHead().GetRepo().GetFork() {
		t.Errorf("%s from %s", event.GetAction(), event.GetPullRequest().GetHead().GetRepo().GetFullName())
	}
	w.must(w.shop.Check(p.HeadSHA(), "ci", "success"))
	suite := parse[github.CheckSuiteEvent](t, w.last("check_suite")).GetCheckSuite()
	if suite.HeadBranch != nil || len(suite.PullRequests) != 0 || suite.GetHeadSHA() == c.SHA {
		t.Errorf("a fork's suite has branch %v and pull requests %v", suite.HeadBranch, suite.PullRequests)
	}
	if got := w.pull(p.Number()); !got.GetMergeable() {
		t.Errorf("the fork's pull request is not mergeable: %v", got.GetMergeableState())
	}
	landed, err := p.Merge(githubtest.MergeOptions{})
	if err != nil || w.shop.Head("main") != landed.SHA {
		t.Errorf("merge of a fork: %v", err)
	}
}

func TestAPushOfTheHeadMerges(t *testing.T) {
	w := start(t)
	w.commit("a", "1")
	p := w.topic("topic", map[string]string{"b": "1"})
	w.must(w.shop.ForcePush("main", p.HeadSHA()))
	if state, merged := p.State(); state != "closed" || !merged {
		t.Errorf("the pull request is %s, merged=%t", state, merged)
	}
	open, _, err := w.api.PullRequests.List(w.ctx, "acme", "shop", nil)
	if err != nil || len(open) != 0 {
		t.Errorf("open pull requests: %v, %v", open, err)
	}
	all, _, err := w.api.PullRequests.List(w.ctx, "acme", "shop", &github.PullRequestListOptions{State: "all", Head: "acme:topic"})
	if err != nil || len(all) != 1 {
		t.Errorf("all pull requests: %v, %v", all, err)
	}
}

func TestPullsOfACommit(t *testing.T) {
	w := start(t)
	base := w.commit("a", "1")
	p := w.topic("feature/x", map[string]string{"b": "1"})
	found, _, err := w.api.PullRequests.ListPullRequestsWithCommit(w.ctx, "acme", "shop", p.HeadSHA(), nil)
	if err != nil || len(found) != 1 {
		t.Errorf("pull requests of an open head: %v, %v", found, err)
	}
	found, _, err = w.api.PullRequests.ListPullRequestsWithCommit(w.ctx, "acme", "shop", base.SHA, nil)
	if err != nil || len(found) != 0 {
		t.Errorf("pull requests of a commit that was pushed to main: %v, %v", found, err)
	}
	files, _, err := w.api.PullRequests.ListFiles(w.ctx, "acme", "shop", p.Number(), nil)
	if err != nil || len(files) != 1 || files[0].GetFilename() != "b" {
		t.Errorf("files: %v, %v", files, err)
	}
}

func TestCompare(t *testing.T) {
	w := start(t)
	first := w.commit("a", "1\n2\n3\n")
	second, err := w.shop.Push("main", githubtest.Change{Files: map[string]string{"dir/b": "1\n2\n3\n"}, Delete: []string{"a"}})
	w.must(err)
	_, err = w.shop.Push("side", githubtest.Change{Files: map[string]string{"c": "x"}, From: first.SHA})
	w.must(err)
	for basehead, want := range map[[2]string]string{
		{first.SHA, "main"}: "ahead 1 0", {"main", first.SHA}: "behind 0 1", {"main", second.SHA}: "identical 0 0", {"main", "side"}: "diverged 1 1",
	} {
		got, _, err := w.api.Repositories.CompareCommits(w.ctx, "acme", "shop", basehead[0], basehead[1], nil)
		w.must(err)
		if said := fmt.Sprintln(got.GetStatus(), got.GetAheadBy(), got.GetBehindBy()); said != want+"\n" {
			t.Errorf("%v: %s, want %s", basehead, said, want)
		}
		if got.GetMergeBaseCommit().GetSHA() != first.SHA && got.GetStatus() != "identical" {
			t.Errorf("%v: merge base %s, want %s", basehead, got.GetMergeBaseCommit().GetSHA(), first.SHA)
		}
	}
	got, _, err := w.api.Repositories.CompareCommits(w.ctx, "acme", "shop", first.SHA, "main", nil)
	w.must(err)
	if len(got.Files) != 1 || got.Files[0].GetStatus() != "renamed" || got.Files[0].GetPreviousFilename() != "a" || got.Files[0].GetFilename() != "dir/b" {
		t.Errorf("files: %v", got.Files)
	}
	if _, resp, err := w.api.Repositories.CompareCommits(w.ctx, "acme", "shop", "gone", "main", nil); err == nil || resp.StatusCode != 404 {
		t.Errorf("an unknown base answers %v, want 404", err)
	}
	many := map[string]string{}
	for i := range 320 {
		many[fmt.Sprintf("many/%03d", i)] = "x"
	}
	_, err = w.shop.Commit("main", many)
	w.must(err)
	big, _, err := w.api.Repositories.CompareCommits(w.ctx, "acme", "shop", second.SHA, "main", nil)
	if err != nil || len(big.Files) != 300 {
		t.Errorf("a comparison lists %d files, %v; want GitHub's 300", len(big.Files), err)
	}
}
