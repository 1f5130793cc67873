package decide

import (
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/apply"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// readsFile plays one reading of the file as of a commit that was seen a while ago,
// and says what is known of it then, and when it is asked again.
func readsFile(t *testing.T, s pipeline.State, age time.Duration, fact bot.Fact, err error) (pipeline.Candidate, pipeline.PendingEffect) {
	t.Helper()
	noon := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	s.DefaultBranch = "main"
	s = apply.Apply(s, bot.Event{At: noon, Fact: bot.Pushed{Branch: "main", After: "a1", Tree: "t1", PushedAt: noon}})
	effect := bot.Effect{Key: pipeline.ConfigKey("a1"), Attempt: 1, Since: noon, At: noon.Add(age), Do: bot.ReadConfig{Ref: "a1"}}
	s = apply.Apply(s, bot.Event{At: effect.At, Fact: bot.Started{Effect: effect}})
	s = apply.Apply(s, bot.Event{At: effect.At, Fact: bot.Conclude(effect, fact, err)})
	if len(s.Candidates) == 0 {
		return pipeline.Candidate{}, s.Pending[effect.Key]
	}
	return s.Candidates[0], s.Pending[effect.Key]
}

func TestThatThereIsNoFileIsBelievedInTime(t *testing.T) {
	configured := pipeline.State{Configured: true, Config: bot.Config{Stages: []bot.Stage{{Name: "staging", Apps: []string{"shop"}}}}, ConfigRef: "a0"}
	unclear := bot.ConfigRead{Ref: "a1", Unclear: true}
	missing := &bot.Refused{Reason: "GitHub does not know a1", Missing: true}
	for _, x := range []struct {
		name  string
		state pipeline.State
		age   time.Duration
		fact  bot.Fact
		err   error
		read  bool // believed
		pause time.Duration
	}{
		{"GitHub says clearly that there is none", configured, time.Second, bot.ConfigRead{Ref: "a1"}, nil, true, 0},
		{"GitHub shows none, too early to say", configured, 90 * time.Second, unclear, nil, false, pipeline.NotYetPause},
		{"GitHub shows none, after two minutes", configured, pipeline.NotYetFor, unclear, nil, true, 0},
		{"GitHub does not know the commit yet", configured, 119 * time.Second, nil, missing, false, pipeline.NotYetPause},
		{"GitHub does not know the commit, after two minutes", configured, pipeline.NotYetFor, nil, missing, false, 0},
		{"GitHub shows none where there never was one", pipeline.State{}, time.Second, unclear, nil, false, pipeline.MaxBackoff},
		{"the App may not read it", configured, time.Second, nil, &bot.Refused{Reason: "no permission"}, false, 0},
	} {
		c, pending := readsFile(t, x.state, x.age, x.fact, x.err)
		if c.ConfigRead != x.read {
			t.Errorf("%s: the answer is taken for the file: %v, expected %v", x.name, c.ConfigRead, x.read)
		}
		if pause := pending.NotBefore.Sub(pending.LastAt); pending.Attempt > 0 && pause > x.pause {
			t.Errorf("%s: it is asked again after %v, expected at most %v", x.name, pause, x.pause)
		}
		if again := pending.Attempt > 0; again != (x.pause > 0) {
			t.Errorf("%s: it is asked again soon: %v, expected %v", x.name, again, x.pause > 0)
		}
		if x.age == pipeline.NotYetFor && x.err != nil && c.ConfigUnread == "" {
			t.Errorf("%s: nobody is told why its file is not known", x.name)
		}
	}
}

// A state that was stored before it was known where the name of the followed branch
// comes from goes on following it, until the default branch's file was read.
func TestAnOlderStateFollowsItsBranch(t *testing.T) {
	noon := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	s := pipeline.State{
		DefaultBranch: "main", Configured: true, ConfigRef: "r0",
		Config: bot.Config{Branch: "release", Checks: bot.Checks{None: true}, Stages: []bot.Stage{{Name: "staging", Apps: []string{"shop"}}}},
	}
	s = apply.Apply(s, bot.Event{At: noon, Fact: bot.Pushed{Branch: "release", After: "r1", Tree: "t1", PushedAt: noon}})
	if len(s.Candidates) != 1 {
		t.Fatal("a push to the branch that was followed is no candidate")
	}
	asked := map[string]bool{}
	for _, e := range Decide(s, noon).Effects {
		if do, ok := e.Do.(bot.ReadConfig); ok {
			asked[do.Ref] = true
		}
	}
	if !asked["r1"] || !asked["main"] {
		t.Errorf("expected the file to be read as of the commit, and as of main; it is read as of %v", asked)
	}
}
