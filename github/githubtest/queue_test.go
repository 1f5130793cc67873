package githubtest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/github/githubtest"
)

func TestMergeQueue(t *testing.T) {
	w := start(t)
	w.commit("a", "1")
	w.shop.RequireByRuleset("main", githubtest.RequiredCheck{Context: "ci"}, githubtest.RequiredCheck{Context: "headstart/build"})
	one, two := w.topic("one", map[string]string{"b": "1"}), w.topic("two", map[string]string{"c": "1"})
	base := w.shop.Head("main")
	g1, err := w.shop.Enqueue(githubtest.QueueOptions{}, one)
	w.must(err)
	g2, err := w.shop.Enqueue(githubtest.QueueOptions{After: g1}, two)
	w.must(err)
	if !strings.HasPrefix(g1.Branch(), "gh-readonly-queue/main/pr-") || !strings.HasSuffix(g1.Branch(), base) || !strings.HasSuffix(g2.Branch(), g1.Head()) {
		t.Errorf("the queue's branches are %s and %s", g1.Branch(), g2.Branch())
	}
	w.flush()
	requested := w.last("merge_group").payload
	if requested["action"] != "checks_requested" || requested["merge_group"].(map[string]any)["head_sha"] != g2.Head() {
		t.Errorf("the last group is asked for as %v", requested)
	}
	w.must(w.shop.Check(g2.Head(), "ci", "success"))
	if err := g2.Merge(); err == nil || !strings.Contains(err.Error(), "headstart/build") || !slices.Equal(g2.Missing(), []string{"headstart/build"}) {
		t.Errorf("the queue should wait for headstart/build, it says %v and %v", err, g2.Missing())
	}
	w.must(w.shop.SetStatus(g2.Head(), githubtest.Status{Context: "headstart/build", State: "success"}))
	w.must(g2.Merge())
	w.must(g1.Destroy("merged"))
	if w.shop.Head("main") != g2.Head() {
		t.Errorf("main is at %s, not at the group's %s", w.shop.Head("main"), g2.Head())
	}
	for _, p := range []*githubtest.PullRequest{one, two} {
		if state, merged := p.State(); state != "closed" || !merged {
			t.Errorf("#%d is %s, merged %t", p.Number(), state, merged)
		}
	}
	w.flush()
	if gone := w.last("merge_group").payload; gone["action"] != "destroyed" || gone["reason"] != "merged" {
		t.Errorf("the group's end is told as %v", gone)
	}
	if w.shop.Head(g1.Branch()) != "" || w.shop.Head(g2.Branch()) != "" {
		t.Error("the queue's branches are still there")
	}
	if err := g1.Destroy("dequeued"); err == nil {
		t.Error("a group ends twice")
	}
}
