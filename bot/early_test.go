package bot_test

import (
	"slices"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
)

// Whatever the order in which a push and the reports of its checks are heard of,
// the same is known in the end.
func TestReportsBeforeThePush(t *testing.T) {
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	check := func(state bot.CheckState) bot.Fact {
		return bot.CheckReported{SHA: "a1", Check: bot.Check{Kind: bot.CheckRun, Name: "ci", State: state, At: at}}
	}
	pushed := bot.Pushed{Branch: "main", After: "a1", Tree: "t1", PushedAt: at}
	hear := func(s bot.State, late time.Duration, facts ...bot.Fact) bot.State {
		for _, f := range facts {
			s = bot.Apply(s, bot.Event{At: at.Add(late), Fact: f})
		}
		return s
	}
	begin := bot.State{Pipeline: bot.Key{Repo: bottest.Repo}, DefaultBranch: "main"}
	for _, order := range [][]bot.Fact{
		{pushed, check(bot.CheckPending), check(bot.CheckPassed)},
		{check(bot.CheckPending), check(bot.CheckPassed), pushed},
		{check(bot.CheckPassed), pushed, check(bot.CheckPending)},
		{check(bot.CheckPassed), check(bot.CheckPending), pushed},
	} {
		s := hear(begin, 0, order...)
		if checks := s.Candidates[0].Reports.Checks; len(checks) != 1 || checks[0].State != bot.CheckPassed {
			t.Errorf("after %+v the check should have passed, known is %+v", order, checks)
		}
		if len(s.Early) != 0 {
			t.Errorf("nothing should be kept of a commit that is known, there is %+v", s.Early)
		}
	}
	s := hear(begin, 0, bot.ChecksMoved{SHA: "a1"}, pushed)
	if r := s.Candidates[0].Reports; r.Hints != 1 || !r.Look {
		t.Errorf("that the checks moved should be known, known is %+v", r)
	}
	// What is never pushed is forgotten.
	s = hear(begin, 0, slices.Repeat([]bot.Fact{bot.ChecksMoved{SHA: "p1"}}, 200)...)
	if n := len(s.Early); n > 64 {
		t.Errorf("%d reports of an unknown commit are kept", n)
	}
	s = hear(s, time.Minute, bot.ChecksMoved{SHA: "p2"})
	if n := len(s.Early); n != 1 {
		t.Errorf("a minute later one should be kept, there are %d", n)
	}
}
