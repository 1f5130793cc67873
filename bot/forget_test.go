package bot_test

import (
	"encoding/json"
	"fmt"
	"testing"
)

// newTale begins a story that is told in code.
func newTale(t *testing.T) (*story, func(format string, a ...any)) {
	s := newStory()
	return s, func(format string, a ...any) {
		t.Helper()
		if err := s.do(fmt.Sprintf(format, a...)); err != nil {
			t.Fatal(err)
		}
	}
}

// However many pull requests are open, each is built once, and is still known to be
// built when it is merged.
func TestManyPullRequests(t *testing.T) {
	s, do := newTale(t)
	do("config prepare=shop-prepare checks=- staging:shop-staging production:shop-production")
	do("takes build=20s release=5s")
	do("push a1")
	const many = 90
	for n := range many {
		do("pr %d opened head=p%d merge=m%d tree=tree-%d", 100+n, n, n, n)
	}
	do("wait 60m")
	built := len(s.App("shop-prepare").Builds)
	if built < many+1 {
		t.Fatalf("each of %d pull requests should have been built once by now, there were %d builds", many, built)
	}
	do("wait 60m")
	if again := len(s.App("shop-prepare").Builds); again != many+1 {
		t.Errorf("%d pull requests and a commit take %d builds, there were %d an hour ago, and are %d", many, many+1, built, again)
	}
	do("pr 100 merged as=a2")
	do("push a2 tree=tree-0 pull=100")
	do("wait 5m")
	if again := len(s.App("shop-prepare").Builds); again > many+1 {
		t.Errorf("the oldest pull request was built ahead, and is built again when it is merged")
	}
}

// What is remembered of a pipeline does not grow with how much it has deployed.
func TestForgets(t *testing.T) {
	s, do := newTale(t)
	do("config prepare=shop-prepare checks=ci/test staging:shop-staging production:shop-production")
	do("takes build=20s release=5s")
	sizes := map[int]int{}
	for n := 1; n <= 60; n++ {
		sha := fmt.Sprintf("a%02d", n) // as in life, none begins with another
		do("pr %d opened head=p%d merge=m%d tree=tree-%d", n, n, n, n)
		do("wait 60s")
		do("push %s tree=tree-%d pull=%d", sha, n, n)
		do("pr %d merged as=%s", n, sha)
		do("check %s ci/test passed", sha)
		do("wait 20m")
		if live := s.State.Stage("production").Live.SHA; live != sha {
			t.Fatalf("production should run %s, it runs %s", sha, live)
		}
		stored, err := json.Marshal(s.State)
		if err != nil {
			t.Fatal(err)
		}
		sizes[n] = len(stored)
	}
	if sizes[60] > sizes[40]*11/10 || sizes[60] > 90<<10 {
		t.Errorf("the state takes %d bytes after 20 deploys, %d after 40 and %d after 60", sizes[20], sizes[40], sizes[60])
	}
	t.Logf("the state takes %d bytes after one deploy, %d after 20 and %d after 60", sizes[1], sizes[20], sizes[60])
}
