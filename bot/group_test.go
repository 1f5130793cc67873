package bot_test

import (
	"testing"

	"github.com/headstart-cd/headstart/bot"
)

// A group of which nobody tells the end is not remembered for ever, and its status
// does not stay pending: also where the platform takes no build all the while.
func TestGroupsAreForgotten(t *testing.T) {
	s, do := newTale(t)
	do("config prepare=shop-prepare checks=ci staging:shop-staging")
	do("takes build=10s release=5s")
	do("push a0")
	do("wait 2m")
	do("group 1 g1")
	do("fault Inspect lost times=1")
	do("wait 2m")
	do(`fault StartBuild retry times=5000 why="Heroku is down"`)
	do("group 2 g2 base=g1")
	do("wait 8h")
	if last := s.Statuses["g2"]["headstart/build"]; last.State != bot.StatusSuccess {
		t.Errorf("the queue waits for a group that nobody speaks of any more: %+v", last)
	}
	do("push a1")
	do("wait 10m")
	if len(s.State.Groups) > 0 {
		t.Errorf("after eight hours these groups are still remembered: %+v", s.State.Groups)
	}
}

// However many groups are asked for, no more than GitHub may have in its queue are
// remembered, and those that are given up have a final status.
func TestGroupsAreBounded(t *testing.T) {
	s, do := newTale(t)
	do("config prepare=shop-prepare checks=ci staging:shop-staging")
	do("push a0")
	for i := range 130 {
		do("group %d g%d", i+1, i)
	}
	live, pending := 0, 0
	for _, g := range s.State.Groups {
		if g.EndedAt.IsZero() {
			live++
		}
	}
	for sha, contexts := range s.Statuses {
		if sha[0] == 'g' && contexts["headstart/build"].State == bot.StatusPending {
			pending++
		}
	}
	if live > 100 || pending > live {
		t.Errorf("of 130 groups %d count as queued, and %d are pending", live, pending)
	}
}
