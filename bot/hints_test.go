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

// watcher is a pipeline with one commit whose checks are read, and a GitHub that
// answers what it is told to.
type watcher struct {
	t      *testing.T
	s      pipeline.State
	at     time.Time
	checks []bot.Check // as GitHub shows them
	reads  []time.Duration
	began  time.Time
	under  *bot.Effect // the reading under way
}

func watch(t *testing.T) *watcher {
	w := &watcher{t: t, at: time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC), s: pipeline.State{
		Pipeline: bot.Key{Repo: bottest.Repo}, DefaultBranch: "main", Configured: true,
		Config: bot.Config{Checks: bot.Checks{Names: bot.CheckNames("ci", "lint")}, Stages: []bot.Stage{{Name: "staging", Apps: []string{"shop-staging"}}}},
	}}
	w.fold(bot.Pushed{Branch: "main", After: "a1", Tree: "t1", PushedAt: w.at})
	w.s.Candidates[0].ConfigRead = true
	w.began = w.at
	w.look()
	if w.read(); len(w.reads) != 1 {
		t.Fatalf("the checks of the first commit should be read once, they were %d times", len(w.reads))
	}
	w.pass(5 * time.Second)
	w.reads, w.began = nil, w.at
	return w
}

func (w *watcher) fold(f bot.Fact) { w.s = apply.Apply(w.s, bot.Event{At: w.at, Fact: f}) }

// look begins a reading if the bot wants one.
func (w *watcher) look() {
	if w.under != nil {
		return
	}
	for _, e := range decide.Decide(w.s, w.at).Effects {
		if _, ok := e.Do.(bot.ReadChecks); ok && !e.Idle {
			w.fold(bot.Started{Effect: e})
			begun := w.s.Beginning(e)
			w.under, w.reads = &begun, append(w.reads, w.at.Sub(w.began))
		}
	}
}

// read ends the reading under way.
func (w *watcher) read() {
	if w.under != nil {
		w.fold(bot.Finished{Effect: *w.under, Outcome: bot.Done, Fact: bot.ChecksRead{SHA: "a1", Checks: slices.Clone(w.checks)}})
		w.under = nil
	}
	w.look()
}

// pass lets time pass in steps of 50 ms, in which every reading ends.
func (w *watcher) pass(d time.Duration) {
	for end := w.at.Add(d); w.at.Before(end); {
		w.at = w.at.Add(50 * time.Millisecond)
		w.read()
	}
}

// completed is the webhook of a suite, and of nothing else.
func (w *watcher) completed(suite int64) {
	w.fold(bot.ChecksMoved{SHA: "a1", Completed: true, Suite: suite})
	w.look()
}

func run(name string, suite int64, state bot.CheckState) bot.Check {
	return bot.Check{Kind: bot.CheckRun, Name: name, AppID: 1, Suite: suite, State: state}
}

func (w *watcher) want(what string, want ...time.Duration) {
	w.t.Helper()
	if !slices.Equal(w.reads, want) {
		w.t.Errorf("%s: the checks should be read after %v, they were after %v", what, want, w.reads)
	}
}

// The checks are read the moment a suite is completed, also right after a reading,
// while one is under way, and where the next suite follows.
func TestACompletedSuiteIsLookedAtOnce(t *testing.T) {
	w := watch(t)
	w.checks = []bot.Check{run("ci", 1, bot.CheckPassed), run("lint", 2, bot.CheckPending)}
	w.completed(1)
	w.pass(time.Second)
	w.completed(3)
	w.want("two suites", 0, time.Second)
	w.completed(4) // while that reading is under way
	w.checks = []bot.Check{run("ci", 1, bot.CheckPassed), run("lint", 2, bot.CheckPending), run("x", 3, bot.CheckPassed), run("y", 4, bot.CheckPassed)}
	w.pass(time.Minute)
	w.want("a third one during the reading", 0, time.Second, time.Second+50*time.Millisecond)
}

// What is no completed suite can wait for a while.
func TestOtherHintsAreThinnedOut(t *testing.T) {
	w := watch(t)
	w.checks = []bot.Check{run("ci", 1, bot.CheckPending)}
	for range 10 {
		w.fold(bot.ChecksMoved{SHA: "a1"})
		w.pass(time.Second)
	}
	if len(w.reads) > 2 {
		t.Errorf("ten hints in ten seconds are worth two readings, there were %v", w.reads)
	}
}

// A flood of suites is taken in by a few readings, whose pauses grow; the last one is
// read soon all the same.
func TestAFloodOfSuites(t *testing.T) {
	w := watch(t)
	for i := range int64(200) {
		w.checks = append(w.checks, run("lint", 1000, bot.CheckPending), run("ci", i+1, bot.CheckPassed))
		w.completed(i + 1)
		w.pass(100 * time.Millisecond)
	}
	n, last := len(w.reads), w.at.Sub(w.began)
	if w.reads[0] != 0 || n > 12 {
		t.Errorf("200 suites in 20 s should be read at once first, and in at most 12 readings; they were after %v", w.reads)
	}
	for i := 1; i < n; i++ {
		if gap := w.reads[i] - w.reads[i-1]; gap > 6*time.Second {
			t.Errorf("between two readings there should be at most five seconds, there are %s", gap)
		}
	}
	w.checks = append(w.checks[:0:0], run("ci", 1, bot.CheckPassed))
	w.pass(6 * time.Second)
	if len(w.reads) == n || w.reads[n] < last-time.Second {
		t.Errorf("the last suite should be read within five seconds, there were readings after %v", w.reads)
	}
	w.pass(time.Minute)
	w.reads, w.began = nil, w.at
	w.completed(999)
	if len(w.reads) != 1 {
		t.Error("after a while without suites the next one is looked at at once again")
	}
}

// GitHub's answers can lag behind its webhooks: as long as a completed suite is not
// shown so, it is looked at again, less often each time, and not for ever.
func TestAReadingThatLagsBehindASuite(t *testing.T) {
	for _, shown := range []struct {
		name   string
		checks []bot.Check
	}{{"its run is pending", []bot.Check{run("ci", 1, bot.CheckPending)}}, {"its run is not there", nil}} {
		w := watch(t)
		w.checks = shown.checks
		w.completed(1)
		w.pass(time.Minute)
		w.want(shown.name, 0, time.Second, 3*time.Second, 7*time.Second, 15*time.Second)

		w = watch(t)
		w.checks = shown.checks
		w.completed(1)
		w.pass(2 * time.Second)
		w.checks = []bot.Check{run("ci", 1, bot.CheckPassed), run("lint", 2, bot.CheckPending)}
		w.pass(time.Minute)
		w.want(shown.name+" for two seconds", 0, time.Second, 3*time.Second)
	}
	w := watch(t)
	w.checks = []bot.Check{run("ci", 1, bot.CheckPassed), run("lint", 2, bot.CheckPending)}
	w.completed(1)
	w.pass(time.Minute)
	w.want("another suite still runs", 0)
}
