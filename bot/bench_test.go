package bot_test

import (
	"fmt"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/decide"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// benchState is a pipeline in the middle of a deploy: it remembers many deploys, the newest
// commit is being released to production, and the next ones wait for their checks.
func benchState(b *testing.B) *story {
	b.Helper()
	s := newStory()
	do := func(format string, a ...any) {
		if err := s.do(fmt.Sprintf(format, a...)); err != nil {
			b.Fatal(err)
		}
	}
	do("config prepare=shop-prepare checks=ci/test,ci/e2e staging:shop-staging production:shop-production")
	do("takes build=20s release=5s")
	for n := range 25 {
		sha := fmt.Sprintf("a%02d", n)
		do("push %s tree=tree-%d pull=%d", sha, n, n)
		do("check %s ci/test passed", sha)
		if n < 22 {
			do("check %s ci/e2e passed", sha)
			do("wait 5m")
		}
	}
	return s
}

// BenchmarkDecision is one decision about a report that changes little, as most do, and what
// history makes of it.
func BenchmarkDecision(b *testing.B) {
	s := benchState(b)
	report := bot.CheckReported{SHA: "a24", Check: bot.Check{Kind: bot.CheckRun, Name: "lint", State: bot.CheckPending, At: s.Now}}
	before := s.State
	var after pipeline.State
	b.Run("settle", func(b *testing.B) {
		for b.Loop() {
			after = decide.Settle(before, s.Now, report).State
		}
	})
	b.Run("chronicle", func(b *testing.B) {
		for b.Loop() {
			if rows := history.Chronicle(before, after); len(rows) > 0 {
				b.Fatalf("nothing is worth keeping, and there are %d rows", len(rows))
			}
		}
	})
	passed := bot.CheckReported{SHA: "a24", Check: bot.Check{Kind: bot.CheckRun, Name: "ci/e2e", State: bot.CheckPassed, At: s.Now}}
	moved := decide.Settle(before, s.Now, passed).State
	b.Run("chronicle of a change", func(b *testing.B) {
		for b.Loop() {
			if rows := history.Chronicle(before, moved); len(rows) == 0 {
				b.Fatal("the checks are green now, and there is no row")
			}
		}
	})
}
