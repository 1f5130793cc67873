package bot_test

import (
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/apply"
	"github.com/headstart-cd/headstart/bot/bottest"
	"github.com/headstart-cd/headstart/bot/decide"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// What a given up attempt tells after all ends nothing: the one that took its place is
// under way, and may overwrite whatever would begin before it ends.
func TestWhatWasGivenUpEndsNothing(t *testing.T) {
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	s := pipeline.State{Pipeline: bot.Key{Repo: bottest.Repo}, DefaultBranch: "main"}
	apply := func(f bot.Fact) { s = apply.Apply(s, bot.Event{At: at, Fact: f}) }
	reads := func() (found []bot.Effect) {
		for _, e := range decide.Decide(s, at).Effects {
			if _, ok := e.Do.(bot.ReadConfig); ok {
				found = append(found, e)
				apply(bot.Started{Effect: e})
			}
		}
		return found
	}
	apply(bot.Pushed{Branch: "main", After: "a1", Tree: "t1", PushedAt: at})
	first := reads()
	at = at.Add(10 * time.Minute)
	second := reads()
	if len(first) != 1 || len(second) != 1 || second[0].Attempt != 2 {
		t.Fatalf("the file should be read, and once more when nobody tells of it for long: %v, %v", first, second)
	}
	fail := func(e bot.Effect) { apply(bot.Finished{Effect: e, Outcome: bot.Retry, Reason: "no"}) }
	fail(first[0])
	if at = at.Add(time.Minute); !s.Underway(second[0]) || len(reads()) != 0 {
		t.Error("the second attempt should be waited for, whatever the first one tells")
	}
	fail(second[0])
	if at = at.Add(time.Minute); s.Underway(second[0]) || len(reads()) != 1 {
		t.Error("when the second attempt has failed there should be a third")
	}
}
