package github

import (
	"context"
	"errors"
	"fmt"

	gh "github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/redact"
)

// readPullRequest reads a pull request, and the tree of its test merge if there is one. A test merge that GitHub has
// not computed yet is no conflict: the request makes GitHub compute it, so a second one is useful.
func (r repository) readPullRequest(ctx context.Context, do bot.ReadPullRequest) (bot.PullRequestRead, error) {
	pull, err := r.pullRequest(ctx, do.Number)
	if err != nil {
		return bot.PullRequestRead{}, err
	}
	read := bot.PullRequestRead{PullRequestChanged: changeOf(pull)}
	switch {
	case !read.Open, pull.Mergeable != nil && !pull.GetMergeable():
		return read, nil
	case pull.Mergeable == nil, pull.GetMergeCommitSHA() == "":
		read.Unmade = true
		return read, nil
	}
	merge := pull.GetMergeCommitSHA()
	a := ask{what: fmt.Sprintf("read the test merge of pull request #%d of %s", do.Number, r.repo), needs: "Contents: read"}
	var commit *gh.Commit
	err = a.do(ctx, func(ctx context.Context) (err error) {
		commit, _, err = r.api.Git.GetCommit(ctx, r.repo.Owner, r.repo.Name, merge)
		return err
	})
	if errors.Is(err, bot.ErrNotFound) { // it was replaced meanwhile
		read.Unmade = true
		return read, nil
	}
	if err != nil {
		return bot.PullRequestRead{}, err
	}
	if commit.GetTree().GetSHA() == "" {
		return bot.PullRequestRead{}, a.unreadable("the commit has no tree")
	}
	read.TestMerge, read.TestTree = merge, commit.GetTree().GetSHA()
	return read, nil
}

// pullRequest reads a pull request that has a number and a head.
func (r repository) pullRequest(ctx context.Context, number int) (*gh.PullRequest, error) {
	a := ask{what: fmt.Sprintf("read pull request #%d of %s", number, r.repo), needs: "Pull requests: read"}
	var pull *gh.PullRequest
	err := a.do(ctx, func(ctx context.Context) (err error) {
		pull, _, err = r.api.PullRequests.Get(ctx, r.repo.Owner, r.repo.Name, number)
		return err
	})
	if err == nil && (pull.GetNumber() != number || !isSHA(pull.GetHead().GetSHA())) {
		err = a.unreadable("it names another pull request, or no head")
	}
	if err == nil {
		err = r.same(pull.GetBase().GetRepo().GetID())
	}
	return pull, err
}

func changeOf(p *gh.PullRequest) bot.PullRequestChanged {
	change := bot.PullRequestChanged{
		Number: p.GetNumber(), Title: redact.Title(p.GetTitle()), Author: p.GetUser().GetLogin(),
		AuthorID: p.GetUser().GetID(), Head: p.GetHead().GetSHA(), Branch: p.GetHead().GetRef(), Base: p.GetBase().GetRef(),
		// A deleted fork leaves a head without a repository.
		Fork:   p.GetHead().GetRepo().GetID() != p.GetBase().GetRepo().GetID() || p.GetHead().GetRepo() == nil,
		Open:   p.GetState() == "open",
		Merged: p.GetMerged() || p.MergedAt != nil, UpdatedAt: p.GetUpdatedAt().Time,
	}
	if change.Merged {
		change.MergeSHA = p.GetMergeCommitSHA()
	}
	return change
}

// findPullRequest returns the pull request that a commit was merged by: the one that names the commit, else the first
// merged one.
func (r repository) findPullRequest(ctx context.Context, do bot.FindPullRequest) (bot.PullRequestFound, error) {
	found := bot.PullRequestFound{SHA: do.SHA}
	a := ask{what: fmt.Sprintf("find the pull request of %s in %s", bot.Short(do.SHA), r.repo), needs: "Pull requests: read"}
	var merged *gh.PullRequest
	err := eachPage(ctx, a, func(ctx context.Context, page gh.ListOptions) ([]*gh.PullRequest, *gh.Response, error) {
		return r.api.PullRequests.ListPullRequestsWithCommit(ctx, r.repo.Owner, r.repo.Name, do.SHA, &page)
	}, func(pulls []*gh.PullRequest) bool {
		for _, p := range pulls {
			if p == nil || p.MergedAt == nil {
				continue
			}
			if p.GetMergeCommitSHA() == do.SHA {
				merged = p
				return false
			}
			if merged == nil {
				merged = p
			}
		}
		return true
	})
	if err != nil || merged == nil {
		return found, err
	}
	found.Number, found.Title, found.Author = merged.GetNumber(), redact.Title(merged.GetTitle()), merged.GetUser().GetLogin()
	return found, nil
}
