package bot_test

import (
	"slices"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/apply"
	"github.com/headstart-cd/headstart/bot/bottest"
	"github.com/headstart-cd/headstart/bot/decide"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// Whatever the order in which a push and the reports of its checks are seen,
// the same is known in the end.
func TestReportsBeforeThePush(t *testing.T) {
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	check := func(state bot.CheckState) bot.Fact {
		return bot.CheckReported{SHA: "a1", Check: bot.Check{Kind: bot.CheckRun, Name: "ci", State: state, At: at}}
	}
	pushed := bot.Pushed{Branch: "main", After: "a1", Tree: "t1", PushedAt: at}
	hear := func(s pipeline.State, late time.Duration, facts ...bot.Fact) pipeline.State {
		for _, f := range facts {
			s = apply.Apply(s, bot.Event{At: at.Add(late), Fact: f})
		}
		return s
	}
	begin := pipeline.State{Pipeline: bot.Key{Repo: bottest.Repo}, DefaultBranch: "main"}
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
		if len(s.EarlyReports) != 0 {
			t.Errorf("nothing should be kept of a commit that is known, there is %+v", s.EarlyReports)
		}
	}
	s := hear(begin, 0, bot.ChecksMoved{SHA: "a1"}, pushed)
	if r := s.Candidates[0].Reports; r.Hints != 1 || !r.Look {
		t.Errorf("that the checks moved should be known, known is %+v", r)
	}
	// What is never pushed is forgotten.
	s = hear(begin, 0, slices.Repeat([]bot.Fact{bot.ChecksMoved{SHA: "p1"}}, 200)...)
	if n := len(s.EarlyReports); n > 64 {
		t.Errorf("%d reports of an unknown commit are kept", n)
	}
	s = hear(s, time.Minute, bot.ChecksMoved{SHA: "p2"})
	if n := len(s.EarlyReports); n != 1 {
		t.Errorf("a minute later one should be kept, there are %d", n)
	}
}

// A reading that waited for its turn takes in what came until it began, so that
// nothing has to be read twice; what came later is read once more.
func TestReadingTakesInWhatCameBeforeItBegan(t *testing.T) {
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	check := bot.Check{Kind: bot.CheckRun, Name: "ci", State: bot.CheckPassed, At: at}
	for _, moved := range []struct {
		when          string
		before, after int // the reading began
		reads         int // more
	}{{"before", 2, 0, 0}, {"after", 0, 1, 1}, {"before and after", 1, 1, 1}, {"never", 0, 0, 0}} {
		s := pipeline.State{Pipeline: bot.Key{Repo: bottest.Repo}, DefaultBranch: "main", Configured: true,
			Config: bot.Config{Checks: bot.Checks{Names: bot.CheckNames("ci")}, Stages: []bot.Stage{{Name: "staging", Apps: []string{"shop-staging"}}}}}
		apply := func(facts ...bot.Fact) {
			for _, f := range facts {
				s = apply.Apply(s, bot.Event{At: at, Fact: f})
			}
		}
		reading := func() (found []bot.Effect) {
			for _, e := range decide.Decide(s, at).Effects {
				if _, ok := e.Do.(bot.ReadChecks); ok {
					found = append(found, e)
				}
			}
			return found
		}
		apply(bot.Pushed{Branch: "main", After: "a1", Tree: "t1", PushedAt: at})
		s.Candidates[0].ConfigRead = true
		apply(bot.CheckReported{SHA: "a1", Check: check})
		e := reading()
		if len(e) != 1 {
			t.Fatalf("the check should be read when it has passed, there are %d readings", len(e))
		}
		apply(bot.Started{Effect: e[0]})
		apply(slices.Repeat([]bot.Fact{bot.ChecksMoved{SHA: "a1"}}, moved.before)...)
		begun := s.Beginning(e[0])
		apply(slices.Repeat([]bot.Fact{bot.ChecksMoved{SHA: "a1"}}, moved.after)...)
		apply(bot.Finished{Effect: begun, Outcome: bot.Done, Fact: bot.ChecksRead{SHA: "a1", Checks: []bot.Check{check}}})
		if more := len(reading()); more != moved.reads {
			t.Errorf("where the checks moved %s the reading began it takes %d more, got %d", moved.when, moved.reads, more)
		}
	}
}

// What is reported of a repository's first commit before its push is of no concern
// to anybody yet. So its checks are read once, also where the end of one of them was
// missed that way; those of later ones only when something tells of them.
func TestTheFirstCommitsChecksAreRead(t *testing.T) {
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	s := pipeline.State{Pipeline: bot.Key{Repo: bottest.Repo}, DefaultBranch: "main", Configured: true,
		Config: bot.Config{Checks: bot.Checks{Names: bot.CheckNames("ci")}, Stages: []bot.Stage{{Name: "staging", Apps: []string{"shop-staging"}}}}}
	for n, sha := range []string{"a1", "a2"} {
		before := []string{"a0", "a1"}[n]
		pushed := bot.Event{At: at, Fact: bot.Pushed{Branch: "main", Before: before, After: sha, Tree: "t" + sha, PushedAt: at.Add(time.Duration(n))}}
		began := bot.Event{At: at, Fact: bot.CheckReported{SHA: sha, Check: bot.Check{Kind: bot.CheckRun, Name: "ci", State: bot.CheckPending, At: at}}}
		s = apply.Apply(s, pushed, began)
		s.Candidates[n].ConfigRead = true
		var reads []string
		for _, e := range decide.Decide(s, at).Effects {
			if do, ok := e.Do.(bot.ReadChecks); ok {
				reads = append(reads, do.SHA)
			}
			s = apply.Apply(s, bot.Event{At: at, Fact: bot.Started{Effect: e}})
		}
		if first := n == 0; slices.Contains(reads, sha) != first {
			t.Errorf("of the first commit alone the checks are read unasked; of %s: %v", sha, reads)
		}
	}
}
