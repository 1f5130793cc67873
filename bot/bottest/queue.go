package bottest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
)

// Group has the merge queue make a group: a commit on top of the branch's head, or of
// the group before. It returns the facts that the webhook of its branch, and then that
// of its checks, bring.
func (w *World) Group(branch, base string, pull int, c Commit) (pushed, requested []bot.Fact) {
	if base == "" {
		base = w.Heads[branch]
	}
	if c.Tree == "" {
		c.Tree = "tree-" + c.SHA
	}
	c.Parent = base
	if w.Commits[c.SHA] == nil {
		w.Commits[c.SHA] = &c
	}
	pushed = []bot.Fact{w.Installed(), bot.Pushed{
		Branch: fmt.Sprintf("gh-readonly-queue/%s/pr-%d-%s", branch, pull, base), Before: strings.Repeat("0", 40), After: c.SHA, Tree: c.Tree,
		Title: c.Title, Author: c.Author, PushedAt: w.Now,
	}}
	return pushed, []bot.Fact{w.Installed(), bot.MergeGroupChanged{
		Head: c.SHA, Tree: c.Tree, Title: c.Title, Branch: branch, Base: base, Pull: pull, MadeAt: w.Now,
	}}
}

// listPulls lists the open pull requests.
func (w *World) listPulls() bot.PullRequestsListed {
	var listed bot.PullRequestsListed
	for _, n := range slices.Sorted(maps.Keys(w.Pulls)) {
		if p := w.Pulls[n]; p.Open {
			listed.Pulls = append(listed.Pulls, p.PullRequestChanged)
		}
	}
	return listed
}
