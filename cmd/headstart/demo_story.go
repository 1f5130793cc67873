package main

import (
	"context"
	"fmt"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// story is what the demo shows.
func (w *world) story(ctx context.Context) error {
	w.view.print("Headstart %s, with a stand-in for GitHub, a git repository", version())
	w.view.print("and the embedded platform. Nothing leaves this machine.")
	for _, line := range w.app.said {
		w.view.print("%s", line)
	}
	w.view.print("Watch it in a browser (the link is good for one):")
	w.view.print("    %s", w.link)
	w.view.print("")
	first, err := w.firstPush(ctx)
	if err != nil {
		return err
	}
	pull, deploy, err := w.pullRequest(ctx)
	if err != nil {
		return err
	}
	if err := w.brokenPush(ctx, deploy); err != nil {
		return err
	}
	w.view.print("4. A comment on the pull request takes production back: /rollback production")
	if err := w.rollBack(ctx, pull.Number(), first.SHA); err != nil {
		return err
	}
	if err := w.expectLive(ctx, deploy, 0); err != nil {
		return err
	}
	w.view.print("")
	return nil
}

// firstPush deploys the app for the first time.
func (w *world) firstPush(ctx context.Context) (githubtest.Commit, error) {
	w.view.print("1. A commit is pushed: its build starts at once, while CI runs.")
	pushed := time.Now()
	first, err := w.repo.Commit(w.branch, w.app.first)
	if err != nil {
		return first, err
	}
	deploy, err := w.follow(ctx, "push of "+first.SHA[:7], first.SHA, pushed)
	if err == nil {
		err = w.expectArrived(ctx, deploy, first.SHA, 0)
	}
	w.view.print("")
	return first, err
}

// pullRequest opens one, and merges it once it is built. It returns how the merge was deployed.
func (w *world) pullRequest(ctx context.Context) (*githubtest.PullRequest, timeline, error) {
	w.view.print("2. A pull request is built while it is reviewed …")
	pull, err := w.openPull("a-new-greeting", "Greet the reviewers", w.app.change(1))
	if err != nil {
		return nil, timeline{}, err
	}
	title := fmt.Sprintf("#%d", pull.Number())
	built, err := w.follow(ctx, "pull request "+title, pull.HeadSHA(), time.Now())
	if err != nil {
		return nil, built, err
	}
	if l, failed := built.failed(); failed {
		w.tellFailure(ctx, l)
		return nil, built, fmt.Errorf("the pull request was not built")
	}
	w.view.print("   … so the merge needs no build: it is live once its checks have passed.")
	merge, merged, err := w.merge(pull)
	if err != nil {
		return nil, built, err
	}
	deploy, err := w.follow(ctx, "merge of "+title, merge.SHA, merged)
	if err == nil {
		err = w.expectArrived(ctx, deploy, merge.SHA, 1)
	}
	w.view.print("")
	return pull, deploy, err
}

// brokenPush pushes what the checks refuse, after a deploy that stays live.
func (w *world) brokenPush(ctx context.Context, live timeline) error {
	w.view.print("3. A commit that breaks the tests never gets through, although it was built.")
	pushed := time.Now()
	broken, err := w.repo.Commit(w.branch, w.app.spoil())
	if err != nil {
		return err
	}
	if _, err := w.follow(ctx, "broken "+broken.SHA[:7], broken.SHA, pushed); err != nil {
		return err
	}
	if err := w.showStatuses(ctx, broken.SHA); err != nil {
		return err
	}
	if err := w.expectLive(ctx, live, 1); err != nil {
		return err
	}
	w.view.print("")
	return nil
}

// expectArrived says why a commit did not get to production, or shows its statuses and
// what production answers.
func (w *world) expectArrived(ctx context.Context, t timeline, sha string, n int) error {
	if l, failed := t.failed(); failed {
		w.tellFailure(ctx, l)
		return fmt.Errorf("the %s did not get to production", t.title)
	}
	if err := w.showStatuses(ctx, sha); err != nil {
		return err
	}
	return w.expectLive(ctx, t, n)
}
