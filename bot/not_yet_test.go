package bot

import (
	"testing"
	"time"
)

// readsFile plays one reading of the file as of a commit that was seen a while ago,
// and says what is known of it then, and when it is asked again.
func readsFile(t *testing.T, s State, age time.Duration, fact Fact, err error) (Candidate, PendingEffect) {
	t.Helper()
	noon := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	s.DefaultBranch = "main"
	s = Apply(s, Event{At: noon, Fact: Pushed{Branch: "main", After: "a1", Tree: "t1", PushedAt: noon}})
	effect := Effect{Key: configKey("a1"), Attempt: 1, Since: noon, At: noon.Add(age), Do: ReadConfig{Ref: "a1"}}
	s = Apply(s, Event{At: effect.At, Fact: Started{Effect: effect}})
	s = Apply(s, Event{At: effect.At, Fact: Conclude(effect, fact, err)})
	if len(s.Candidates) == 0 {
		return Candidate{}, s.Pending[effect.Key]
	}
	return s.Candidates[0], s.Pending[effect.Key]
}

func TestThatThereIsNoFileIsBelievedInTime(t *testing.T) {
	configured := State{Configured: true, Config: Config{Stages: []Stage{{Name: "staging", Apps: []string{"shop"}}}}, ConfigRef: "a0"}
	unclear := ConfigRead{Ref: "a1", Unclear: true}
	missing := &Refused{Reason: "GitHub does not know a1", Missing: true}
	for _, x := range []struct {
		name  string
		state State
		age   time.Duration
		fact  Fact
		err   error
		read  bool // believed
		pause time.Duration
	}{
		{"GitHub says clearly that there is none", configured, time.Second, ConfigRead{Ref: "a1"}, nil, true, 0},
		{"GitHub shows none, too early to say", configured, 90 * time.Second, unclear, nil, false, notYetPause},
		{"GitHub shows none, after two minutes", configured, notYetFor, unclear, nil, true, 0},
		{"GitHub does not know the commit yet", configured, 119 * time.Second, nil, missing, false, notYetPause},
		{"GitHub does not know the commit, after two minutes", configured, notYetFor, nil, missing, false, 0},
		{"GitHub shows none where there never was one", State{}, time.Second, unclear, nil, false, maxBackoff},
		{"the App may not read it", configured, time.Second, nil, &Refused{Reason: "no permission"}, false, 0},
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
		if x.age == notYetFor && x.err != nil && c.ConfigUnread == "" {
			t.Errorf("%s: nobody is told why its file is not known", x.name)
		}
	}
}

// A state that was stored before it was known where the name of the followed branch
// comes from goes on following it, until the default branch's file was read.
func TestAnOlderStateFollowsItsBranch(t *testing.T) {
	noon := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	s := State{
		DefaultBranch: "main", Configured: true, ConfigRef: "r0",
		Config: Config{Branch: "release", Checks: Checks{None: true}, Stages: []Stage{{Name: "staging", Apps: []string{"shop"}}}},
	}
	s = Apply(s, Event{At: noon, Fact: Pushed{Branch: "release", After: "r1", Tree: "t1", PushedAt: noon}})
	if len(s.Candidates) != 1 {
		t.Fatal("a push to the branch that was followed is no candidate")
	}
	asked := map[string]bool{}
	for _, e := range Decide(s, noon).Effects {
		if do, ok := e.Do.(ReadConfig); ok {
			asked[do.Ref] = true
		}
	}
	if !asked["r1"] || !asked["main"] {
		t.Errorf("expected the file to be read as of the commit, and as of main; it is read as of %v", asked)
	}
}
