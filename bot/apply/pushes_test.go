package apply

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

var zerosSHA = strings.Repeat("0", 40)

// eyed is a pipeline whose production has four eyes.
func eyed() pipeline.State {
	return pipeline.State{DefaultBranch: "main", Configured: true, Config: bot.Config{Stages: []bot.Stage{{Name: "production", Apps: []string{"us"}, Approval: true, FourEyes: true}}}}
}

func person(n int) bot.Account { return bot.Account{ID: int64(n), Login: fmt.Sprintf("user%d", n)} }

// Who pushed is remembered for so many pushes, and of one person's pushes in a row it is
// remembered for longer.
func TestPushesAreBounded(t *testing.T) {
	s := eyed()
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	before := zerosSHA
	for i := range 40 {
		after := fmt.Sprintf("a%039d", i)
		s = Apply(s, bot.Event{At: at, Fact: bot.Pushed{Branch: "long", Before: before, After: after, By: person(1), PushedAt: at}})
		before = after
	}
	for i := range pipeline.MostPushes {
		s = Apply(s, bot.Event{At: at, Fact: bot.Pushed{Branch: fmt.Sprintf("b%d", i), Before: zerosSHA, After: fmt.Sprintf("b%039d", i), By: person(i + 2), PushedAt: at}})
	}
	if n := len(s.Pushes); n != pipeline.MostPushes {
		t.Errorf("%d pushes should be remembered, it is %d", pipeline.MostPushes, n)
	}
	for i := range 20 {
		s = Apply(s, bot.Event{At: at, Fact: bot.Pushed{Branch: fmt.Sprintf("c%d", i), Before: zerosSHA, After: fmt.Sprintf("c%039d", i), By: person(1), PushedAt: at}})
	}
	if n := len(s.Pushes); n != pipeline.MostPushes {
		t.Errorf("never more than %d pushes are remembered, it is %d", pipeline.MostPushes, n)
	}
	joined := eyed()
	for i := range pipeline.MostPushes {
		after := fmt.Sprintf("a%039d", i)
		joined = Apply(joined, bot.Event{At: at, Fact: bot.Pushed{Branch: "long", Before: fmt.Sprintf("a%039d", i-1), After: after, By: person(1), PushedAt: at}},
			bot.Event{At: at, Fact: bot.Pushed{Branch: "other", Before: fmt.Sprintf("d%039d", i-1), After: fmt.Sprintf("d%039d", i), By: person(2), PushedAt: at}})
	}
	list, gap := joined.PushersOf("long", fmt.Sprintf("a%039d", pipeline.MostPushes-1), map[string]bool{})
	if len(list) == 0 || gap != "" || list[0].By != person(1) {
		t.Errorf("of one person's pushes in a row the last should be known, got %+v, %q missing", list, gap)
	}
}

// A pipeline without four eyes remembers nothing of it, and asks for nothing.
func TestPushesAreOnlyRememberedForFourEyes(t *testing.T) {
	s := eyed()
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	push := bot.Event{At: at, Fact: bot.Pushed{Branch: "feature", Before: zerosSHA, After: strings.Repeat("a", 40), By: person(1), PushedAt: at}}
	if s = Apply(s, push); len(s.Pushes) != 1 {
		t.Fatalf("with four eyes a push should be remembered, got %+v", s.Pushes)
	}
	if again := Apply(s, push); len(again.Pushes) != 1 {
		t.Errorf("the same push again is the same push, got %+v", again.Pushes)
	}
	s.Config.Stages = []bot.Stage{{Name: "production", Apps: []string{"us"}, Approval: true}}
	if s = Apply(s, push); len(s.Pushes) != 0 || s.Origin != "" {
		t.Errorf("without four eyes no push should be remembered, got %+v", s.Pushes)
	}
}

// What an event of a pull request tells of a push is completed by the push itself, in any
// order: only that says whether history was replaced.
func TestAPushIsToldTwice(t *testing.T) {
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	one, two := strings.Repeat("a", 40), strings.Repeat("b", 40)
	push := bot.Event{At: at, Fact: bot.Pushed{Branch: "feature", Before: one, After: two, By: person(1), PushedAt: at}}
	moved := bot.Event{At: at, Fact: bot.HeadPushed{Branch: "feature", Before: one, After: two, By: person(1)}}
	for _, order := range [][]bot.Event{{push, moved}, {moved, push}} {
		if s := Apply(eyed(), order...); len(s.Pushes) != 1 || s.Pushes[0].Forced {
			t.Errorf("a push that is told twice is one, and was not forced: %+v", s.Pushes)
		}
	}
	s := Apply(eyed(), moved)
	if _, gap := s.PushersOf("feature", two, map[string]bool{two: true}); gap != one {
		t.Errorf("where only the pull request tells, what was replaced counts: the push of %s is missing, got %q", one, gap)
	}
	s = Apply(eyed(), push)
	if _, gap := s.PushersOf("feature", two, map[string]bool{two: true}); gap != "" {
		t.Errorf("a branch that began at what is live has no push missing, got %q", gap)
	}
	if _, gap := s.PushersOf("feature", two, map[string]bool{one: true, two: true}); gap != one {
		t.Errorf("who pushed the commit before is missing, got %q", gap)
	}
}

// A new branch at a commit that is on GitHub already tells nothing of who pushed that.
func TestANewBranchAtAnOldCommit(t *testing.T) {
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	one := strings.Repeat("a", 40)
	branch := bot.Event{At: at, Fact: bot.Pushed{Branch: "mine", Before: zerosSHA, After: one, By: person(1), Nothing: true, PushedAt: at}}
	s := Apply(eyed(), branch)
	if _, gap := s.PushersOf("mine", one, map[string]bool{one: true}); gap != one {
		t.Errorf("who pushed the commit is not known, got the missing %q", gap)
	}
	if _, gap := s.PushersOf("mine", one, map[string]bool{}); gap != "" {
		t.Errorf("a branch that begins at the tip of the branch that is deployed misses nothing, got %q", gap)
	}
	s = Apply(s, bot.Event{At: at, Fact: bot.Pushed{Branch: "theirs", Before: zerosSHA, After: one, By: person(2), PushedAt: at}})
	if _, gap := s.PushersOf("mine", one, map[string]bool{one: true}); gap != "" {
		t.Errorf("who pushed the commit to another branch is known, got the missing %q", gap)
	}
}

// A pipeline that is opened is told who pushed what it begins with.
func TestAPipelineIsOpenedWithWhoPushed(t *testing.T) {
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	s := pipeline.State{DefaultBranch: "main", Names: []string{"api"}}
	s = Apply(s, bot.Event{At: at, Fact: bot.Pushed{Branch: "main", Before: zerosSHA, After: strings.Repeat("a", 40), By: person(1), PushedAt: at}})
	if p := s.Opening().Pushed; p == nil || p.By != person(1) {
		t.Errorf("it should be told that user1 has pushed, got %+v", p)
	}
}

// A push to the deployed branch is never joined with pressing Merge: the commits of the
// one would look as if the other had brought them.
func TestAPushIsNotJoinedWithAMerge(t *testing.T) {
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	s := eyed()
	s.Stages = map[string]*pipeline.StageState{"production": {Live: pipeline.Live{SHA: "base"}}}
	s = Apply(s, bot.Event{At: at, Fact: bot.Pushed{Branch: "main", Before: "base", After: "evil", By: person(6), PushedAt: at}},
		bot.Event{At: at, Fact: bot.Pushed{Branch: "main", Before: "evil", After: "squash", By: person(6), PushedAt: at}},
		bot.Event{At: at, Fact: bot.Pushed{Branch: "feature", Before: zerosSHA, After: "head", By: person(1), PushedAt: at}})
	for i := range pipeline.MostPushes - 2 {
		s = Apply(s, bot.Event{At: at, Fact: bot.Pushed{Branch: fmt.Sprintf("b%d", i), Before: zerosSHA, After: fmt.Sprintf("b%039d", i), By: person(6), PushedAt: at}})
	}
	by := func(n int) []bot.Maker { return []bot.Maker{{Account: person(n), As: bot.PartAuthor}} }
	pipeline.Put(&s.People, pipeline.PeopleKey("base", "squash"), pipeline.PeopleSeen{At: at, PeopleRead: bot.PeopleRead{
		Commits: []bot.CommitMakers{{SHA: "squash", Parents: []string{"evil"}, By: by(1), Web: true}, {SHA: "evil", Parents: []string{"base"}, By: by(1)}, {SHA: "head", Parents: []string{"evil"}, By: by(1)}},
		Merges:  []bot.MergedPull{{SHA: "squash", Number: 1, Head: "head", Branch: "feature", Author: person(1), Exact: true, Parents: 1, Commits: []string{"head"}}},
	}})
	if no := s.MayNotReview(s.Candidate("squash"), "production", person(6)); no == "" {
		t.Errorf("whoever pushed a commit below a merge has made some of it; of %d pushes the oldest is %+v", len(s.Pushes), s.Pushes[0])
	}
}
