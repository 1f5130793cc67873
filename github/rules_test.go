package github_test

import (
	"slices"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github/githubtest"
)

func TestRulesAreReadByThemselves(t *testing.T) {
	w := start(t)
	w.commit(map[string]string{"a": "1"})
	w.shop.RequireByRuleset("main", githubtest.RequiredCheck{Context: "headstart/build"})
	w.shop.AddRule("main", githubtest.MergeQueueRule())
	w.shop.Protect("main", githubtest.RequiredCheck{Context: "ci"})
	var read bot.RulesRead
	w.costs(2, func() { read = do[bot.RulesRead](w, bot.ReadRules{Branch: "main"}) })
	if want := []bot.RequiredCheck{{Name: "headstart/build"}, {Name: "ci"}}; read.Branch != "main" || !slices.Equal(read.Required.Checks, want) {
		t.Errorf("both places count: got %+v, want %+v", read, want)
	}
	w.costs(0, func() { w.refuse(bot.ReadRules{}) })
}

func TestOpenPullRequestsAreListed(t *testing.T) {
	w := start(t)
	w.commit(map[string]string{"a": "1"})
	var open []int
	for _, branch := range []string{"one", "two", "three"} {
		_, err := w.shop.Commit(branch, map[string]string{branch: "1"})
		w.must(err)
		open = append(open, w.open(githubtest.PullOptions{Head: branch}).Number())
	}
	w.must(w.shop.Pull(open[1]).Close())
	var listed bot.PullRequestsListed
	w.costs(1, func() { listed = do[bot.PullRequestsListed](w, bot.ListPullRequests{}) })
	if len(listed.Pulls) != 2 {
		t.Fatalf("two pull requests are open, got %+v", listed.Pulls)
	}
	for _, p := range listed.Pulls {
		if p.Number == open[1] || !p.Open || p.Base != "main" || p.Head != w.shop.Pull(p.Number).HeadSHA() || p.UpdatedAt.IsZero() {
			t.Errorf("#%d is listed as %+v", p.Number, p)
		}
	}
}
