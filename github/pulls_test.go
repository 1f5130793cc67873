package github_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github/githubtest"
)

func (w *world) open(opts githubtest.PullOptions) *githubtest.PullRequest {
	w.t.Helper()
	p, err := w.shop.OpenPull(opts)
	w.must(err)
	return p
}

func TestAPullRequestIsReadWithItsTestMerge(t *testing.T) {
	w := start(t)
	w.commit(map[string]string{"a": "1"})
	_, err := w.shop.Commit("feature", map[string]string{"b": "1"})
	w.must(err)
	w.commit(map[string]string{"c": "1"})
	pull := w.open(githubtest.PullOptions{Head: "feature", Title: "Add b", User: "ana"})

	read := do[bot.PullRequestRead](w, bot.ReadPullRequest{Number: pull.Number()})
	if !read.Unmade || read.TestMerge != "" || read.TestTree != "" {
		t.Fatalf("GitHub has not computed yet whether it merges, which is no conflict; got %+v", read)
	}
	w.costs(2, func() { read = do[bot.PullRequestRead](w, bot.ReadPullRequest{Number: pull.Number()}) })
	merge, err := pull.TestMerge()
	w.must(err)
	if read.TestMerge != merge.SHA || read.TestTree != merge.Tree || read.Unmade {
		t.Errorf("the test merge is %s with the tree %s, got %s and %s", merge.SHA, merge.Tree, read.TestMerge, read.TestTree)
	}
	want := bot.PullRequestChanged{
		Number: pull.Number(), Title: "Add b", Author: "ana", AuthorID: read.AuthorID, Head: pull.HeadSHA(), Branch: "feature", Base: "main", Open: true, UpdatedAt: read.UpdatedAt,
	}
	if read.PullRequestChanged != want || read.UpdatedAt.IsZero() || read.AuthorID == 0 {
		t.Errorf("the pull request:\n got %+v\nwant %+v", read.PullRequestChanged, want)
	}

	landed, err := pull.Merge(githubtest.MergeOptions{})
	w.must(err)
	w.costs(1, func() { read = do[bot.PullRequestRead](w, bot.ReadPullRequest{Number: pull.Number()}) })
	if read.Open || !read.Merged || read.MergeSHA != landed.SHA || read.TestMerge != "" || read.TestTree != "" {
		t.Errorf("it was merged as %s and has no test merge any more, got %+v", landed.SHA, read)
	}
	if found := do[bot.PullRequestFound](w, bot.FindPullRequest{SHA: landed.SHA}); found != (bot.PullRequestFound{SHA: landed.SHA, Number: pull.Number(), Title: "Add b", Author: "ana"}) {
		t.Errorf("the commit came from #%d, got %+v", pull.Number(), found)
	}
}

func TestAPullRequestThatConflictsHasNoTestMerge(t *testing.T) {
	w := start(t)
	w.commit(map[string]string{"a": "1"})
	_, err := w.shop.Commit("feature", map[string]string{"a": "2"})
	w.must(err)
	w.commit(map[string]string{"a": "3"})
	pull := w.open(githubtest.PullOptions{Head: "feature"})
	_, _ = w.perform(bot.Effect{Do: bot.ReadPullRequest{Number: pull.Number()}}) // makes GitHub compute it
	w.costs(1, func() {
		if read := do[bot.PullRequestRead](w, bot.ReadPullRequest{Number: pull.Number()}); read.TestMerge != "" || read.TestTree != "" || !read.Open {
			t.Errorf("it conflicts, so there is no test merge: got %+v", read)
		}
	})
}

func TestForksAreKnown(t *testing.T) {
	w := start(t)
	w.commit(map[string]string{"a": "1"})
	fork, err := w.shop.Fork("eve")
	w.must(err)
	_, err = fork.Commit("feature", map[string]string{"b": "1"})
	w.must(err)
	pull := w.open(githubtest.PullOptions{Head: "feature", From: fork, User: "eve"})
	_, _ = w.perform(bot.Effect{Do: bot.ReadPullRequest{Number: pull.Number()}})
	if read := do[bot.PullRequestRead](w, bot.ReadPullRequest{Number: pull.Number()}); !read.Fork {
		t.Errorf("its head is in a fork, got %+v", read)
	}
}

func TestCommitsWithoutAMergedPullRequest(t *testing.T) {
	w := start(t)
	w.commit(map[string]string{"a": "1"})
	c, err := w.shop.Commit("feature", map[string]string{"b": "1"})
	w.must(err)
	w.open(githubtest.PullOptions{Head: "feature"})
	if found := do[bot.PullRequestFound](w, bot.FindPullRequest{SHA: c.SHA}); found != (bot.PullRequestFound{SHA: c.SHA}) {
		t.Errorf("the pull request is not merged, got %+v", found)
	}
	if refused := w.refuse(bot.ReadPullRequest{Number: 999}); !errors.Is(refused, bot.ErrNotFound) {
		t.Errorf("there is no #999, got %v", refused)
	}
}

func TestTheMergedPullRequestOfSeveral(t *testing.T) {
	w := start(t)
	c := w.commit(map[string]string{"a": "1"})
	w.Inject(githubtest.Fault{Match: "GET *pulls", Status: 200, Body: `[null,
		{"number":1,"title":"open"},
		{"number":2,"title":"older","merged_at":"2026-01-01T00:00:00Z","merge_commit_sha":"other"},
		{"number":3,"title":"this","merged_at":"2026-01-02T00:00:00Z","merge_commit_sha":"` + c.SHA + `"}]`})
	if found := do[bot.PullRequestFound](w, bot.FindPullRequest{SHA: c.SHA}); found.Number != 3 {
		t.Errorf("#3 says that it was merged as this commit, got #%d", found.Number)
	}
}

func TestTarballs(t *testing.T) {
	w := start(t)
	c := w.commit(map[string]string{"hello.txt": "hello"})
	var link string
	w.costs(1, func() {
		var err error
		link, err = w.client.Tarball(context.Background(), w.target, c.SHA)
		w.must(err)
	})
	resp, err := http.Get(link) // whoever has the link needs nothing else
	w.must(err)
	start, err := io.ReadAll(io.LimitReader(resp.Body, 2))
	w.must(err)
	w.must(resp.Body.Close())
	if resp.StatusCode != 200 || string(start) != "\x1f\x8b" {
		t.Errorf("the link should lead to a gzipped tarball, got %s: %x", resp.Status, start)
	}

	ctx := context.Background()
	if _, err := w.client.Tarball(ctx, w.target, strings.Repeat("ab", 20)); kind(err) != "refused" || !errors.Is(err, bot.ErrNotFound) {
		t.Errorf("there is no such commit, got %v", err)
	}
	if _, err := w.client.Tarball(ctx, w.target, "main"); kind(err) != "refused" {
		t.Errorf("only a full SHA names a source, got %v", err)
	}
	for want, fault := range map[string]githubtest.Fault{
		"retry":   {Status: 502, Body: html},
		"limit":   githubtest.SecondaryLimit("", time.Second),
		"refused": {Status: 301, Header: http.Header{"Location": {"https://elsewhere.invalid/x?token=hush"}}},
	} {
		w.clock.Advance(time.Hour)
		fault.Match, fault.Times = "GET */tarball/*", -1
		undo := w.Inject(fault)
		if _, err := w.client.Tarball(ctx, w.target, c.SHA); kind(err) != want || strings.Contains(err.Error(), "hush") {
			t.Errorf("a tarball answered with %d is %s, got %v", fault.Status, want, err)
		}
		undo()
	}
	w.clock.Advance(time.Hour)
	for _, location := range []string{"", "ftp://host/x", "://"} {
		undo := w.Inject(githubtest.Fault{Match: "GET */tarball/*", Status: 302, Header: http.Header{"Location": {location}}, Times: -1})
		if link, err := w.client.Tarball(ctx, w.target, c.SHA); err == nil {
			t.Errorf("a redirect to %q leads nowhere, got %q", location, link)
		}
		undo()
	}
	w.Inject(githubtest.Fault{Match: "GET */tarball/*", Status: 301, Header: http.Header{"Location": {w.URL() + "/repos/acme/shop/tarball/" + c.SHA}}})
	if _, err := w.client.Tarball(ctx, w.target, c.SHA); err != nil {
		t.Errorf("a renamed repository is followed on the same host: %v", err)
	}
}

// People paste tokens into titles by mistake, and take them back. What was read
// in between does not have them.
func TestTitlesAreReadWithoutSecrets(t *testing.T) {
	w := start(t)
	base := w.commit(map[string]string{"a": "1"})
	_, err := w.shop.Commit("feature", map[string]string{"b": "1"})
	w.must(err)
	pull := w.open(githubtest.PullOptions{Head: "feature", Title: "Add b with ghp_hush0123456789", User: "ana"})
	const want = "Add b with [redacted]"
	if read := do[bot.ActorRead](w, bot.ReadActor{Number: pull.Number(), User: "ana"}); read.Pull.Title != want {
		t.Errorf("the pull request's title should be %q, got %q", want, read.Pull.Title)
	}
	merged, err := pull.Merge(githubtest.MergeOptions{Method: "squash"})
	w.must(err)
	if found := do[bot.PullRequestFound](w, bot.FindPullRequest{SHA: merged.SHA}); found.Title != want {
		t.Errorf("the title of the pull request that was merged should be %q, got %q", want, found.Title)
	}
	if read := do[bot.HeadRead](w, bot.ReadHead{Branch: "main"}); !strings.HasPrefix(read.Head.Title, want) {
		t.Errorf("the head's title should begin with %q, got %q", want, read.Head.Title)
	}
	read := do[bot.ChangesRead](w, bot.ReadChanges{Base: base.SHA, Head: merged.SHA})
	if len(read.Commits) != 1 || !strings.HasPrefix(read.Commits[0].Title, want) {
		t.Errorf("the title of what was merged should begin with %q, got %+v", want, read.Commits)
	}
}
