package github

import (
	"context"
	"fmt"
	"time"

	gh "github.com/google/go-github/v60/github"
	"golang.org/x/sync/errgroup"

	"github.com/headstart-cd/headstart/bot"
)

// readRules reads a branch's requirements from rulesets and classic protection, in two requests side by side.
func (r repository) readRules(ctx context.Context, do bot.ReadRules, at time.Time) (bot.RulesRead, error) {
	if do.Branch == "" {
		return bot.RulesRead{}, &bot.Refused{Reason: fmt.Sprintf("No branch of %s is named whose rules could be read.", r.repo)}
	}
	var rules, classic []bot.RequiredCheck
	var missing bool
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) { rules, missing, err = r.ruleChecks(ctx, do.Branch); return err })
	group.Go(func() (err error) { _, classic, err = r.branch(ctx, do.Branch); return err })
	if err := group.Wait(); err != nil {
		return bot.RulesRead{}, err
	}
	return bot.RulesRead{Branch: do.Branch, Required: bot.Required{Checks: merge(rules, classic), ReadAt: at, Missing: missing}}, nil
}

// listPullRequests lists the open pull requests, at most a few hundred.
func (r repository) listPullRequests(ctx context.Context) (bot.PullRequestsListed, error) {
	a := ask{what: fmt.Sprintf("list the open pull requests of %s", r.repo), needs: "Pull requests: read"}
	pulls, err := pages(ctx, a, func(ctx context.Context, page gh.ListOptions) ([]*gh.PullRequest, *gh.Response, error) {
		return r.api.PullRequests.List(ctx, r.repo.Owner, r.repo.Name, &gh.PullRequestListOptions{State: "open", ListOptions: page})
	})
	if err != nil {
		return bot.PullRequestsListed{}, err
	}
	var listed bot.PullRequestsListed
	for _, p := range pulls {
		if p.GetNumber() > 0 && isSHA(p.GetHead().GetSHA()) {
			listed.Pulls = append(listed.Pulls, changeOf(p))
		}
	}
	return listed, nil
}
