package engine

import (
	"testing"

	"github.com/headstart-cd/headstart/bot"
)

// What is reported of the first commit of a repository counts in whatever order it
// is heard of; and nothing else makes Headstart remember a repository.
func TestReportsBeforeTheFirstPush(t *testing.T) {
	repo := bot.Repo{Owner: "acme", Name: "shop"}
	check := func(state bot.CheckState) []bot.Fact {
		return []bot.Fact{bot.CheckReported{SHA: "a1", Check: bot.Check{Kind: bot.CheckRun, Name: "ci", State: state, At: noon}}}
	}
	for _, order := range [][][]bot.Fact{
		{check(bot.CheckPassed), push("a1", 0), check(bot.CheckPending)},
		{check(bot.CheckPending), check(bot.CheckPassed), push("a1", 0)},
		{push("a1", 0), check(bot.CheckPending), check(bot.CheckPassed)},
	} {
		s := &shelf{states: map[bot.Key]bot.State{}, versions: map[bot.Key]int64{}}
		e := New(Options{Store: s, Clock: still{}})
		for _, facts := range order {
			if err := e.Deliver(t.Context(), Delivery{Repo: repo, Facts: facts}); err != nil {
				t.Fatal(err)
			}
		}
		c := s.states[bot.Key{Repo: repo}].Candidates
		if len(c) != 1 || len(c[0].Reports.Checks) != 1 || c[0].Reports.Checks[0].State != bot.CheckPassed {
			t.Errorf("the check should have passed, whatever came first: %+v", c)
		}
	}
	var e early
	for range 3 * earlyFacts {
		e.keep(repo, check(bot.CheckPassed))
	}
	for n := range 2 * earlyRepos {
		e.keep(bot.Repo{Owner: "acme", Name: string(rune('a' + n))}, check(bot.CheckPassed))
	}
	if n := len(e.facts); n > earlyRepos {
		t.Errorf("%d repositories are remembered that have no pipeline", n)
	}
	if n := len(e.take(repo)); n > earlyFacts {
		t.Errorf("%d facts are remembered of one that has no pipeline", n)
	}
}
