package bot_test

import (
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/bot/decide"
)

// A stage that takes pull requests gets builds from two apps, and is looked at beside both.
func TestAStageIsLookedAtBesideTheAppOfPullRequests(t *testing.T) {
	s := newStory()
	for _, c := range []string{
		"config prepare=shop-prepare pulls-on=shop-pulls checks=ci/test pulls.staging=yes staging:shop-staging production:shop-production",
		"takes build=10s release=5s", "push a1", "wait 5s",
	} {
		if err := s.do(c); err != nil {
			t.Fatal(err)
		}
	}
	for app, want := range map[string]string{
		"shop-staging": "shop-prepare", "shop-production": "shop-prepare",
		"shop-staging beside shop-pulls": "shop-pulls", "shop-production beside shop-pulls": "",
	} {
		if got := s.State.Inspections[app].Source; got != want {
			t.Errorf("%s was looked at beside %q, want %q", app, got, want)
		}
	}
	if _, apps := s.State.Apps(); !strings.Contains(strings.Join(apps, " "), "shop-pulls") {
		t.Errorf("whoever looks for the pipeline by the app of pull requests does not find it among %q", apps)
	}
}

// A state that was stored before says nothing of what its builds are made of: they serve
// their own commits, until that is known.
func TestStoredBuildsServeOthersOnceTheirSourceIsKnown(t *testing.T) {
	s := newStory()
	for _, c := range []string{
		"config prepare=shop-prepare checks=ci/test staging:shop-staging", "takes build=10s release=5s",
		"push aaaaaa1", "check aaaaaa1 ci/test passed", "wait 60s",
		"fault ReadSource hang times=1", "push aaaaaa2 tree=tree-aaaaaa1", "check aaaaaa2 ci/test passed",
	} {
		if err := s.do(c); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.App("shop-staging").Releases); n != 1 {
		t.Errorf("nothing should be released before it is known what the build is made of, there are %d releases", n)
	}
	if n := len(s.App("shop-prepare").Builds); n != 1 {
		t.Errorf("nothing should be built while that is asked, there are %d builds", n)
	}
	for _, c := range decide.Decide(s.State, s.Now).Explain.Candidates {
		if hold := c.Stages[0].Blocked; c.SHA == "aaaaaa2" && (!strings.Contains(hold.Text, ".gitattributes") || hold.Who == "" || hold.Since.IsZero()) {
			t.Errorf("what is waited for should have a sentence, a since and somebody who ends it, got %+v", hold)
		}
	}
	if err := s.do("wait 15m"); err != nil {
		t.Fatal(err)
	}
	if live := s.State.Stage("staging").Live.SHA; live != "aaaaaa2" {
		t.Errorf("GitHub never answers, and the commit waits for ever: staging runs %s", live)
	}
}
