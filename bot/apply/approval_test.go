package apply

import (
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// An approval is for one artifact: what is built anew was never approved.
func TestApprovalOfAnotherBuildLapses(t *testing.T) {
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	s := pipeline.State{
		Configured: true,
		Config:     bot.Config{Stages: []bot.Stage{{Name: "staging", Apps: []string{"a"}}, {Name: "production", Apps: []string{"b"}, Approval: true}}},
		Candidates: []pipeline.Candidate{{SHA: "aaaaaaa", Tree: "t", Approvals: map[string]pipeline.Approval{
			"production": {Order: pipeline.Order{By: "zoe", At: at}, Artifact: "slug1"},
		}}},
		Builds: map[string]pipeline.BuildRun{"tree t": {Status: pipeline.RunSucceeded, Artifact: "slug1"}},
	}
	if lapse(&s, at); !s.Candidates[0].Approvals["production"].Good() {
		t.Fatal("nothing has moved, and the approval is not good any more")
	}
	s.Builds["tree t"] = pipeline.BuildRun{Status: pipeline.RunSucceeded, Artifact: "slug2"}
	lapse(&s, at.Add(time.Minute))
	if a := s.Candidates[0].Approvals["production"]; a.Good() || a.LapsedAt != at.Add(time.Minute) {
		t.Errorf("another build is not what was approved, and the approval is %+v", a)
	}
	g := gate.NewView(&s, at).ApprovalGate(&s.Candidates[0], s.Config.Stages[1])
	if len(g) != 1 || g[0].State != gate.Waiting || !strings.Contains(g[0].Text, "the approval by @zoe lapsed: it was built anew") {
		t.Errorf("the gate says why the approval is not good any more, got %+v", g)
	}
	s.Builds["tree t"] = pipeline.BuildRun{Status: pipeline.RunSucceeded, Artifact: "slug1"}
	if lapse(&s, at); s.Candidates[0].Approvals["production"].Good() {
		t.Error("an approval that lapsed comes back")
	}
}

// Who has no account cannot be compared with who approves.
func TestLogins(t *testing.T) {
	for name, want := range map[string]bool{
		"ada": true, "Ada-Lovelace": true, "dependabot[bot]": true, "ada_acme": true,
		"Ada Lovelace": false, "": false, "ada@example.com": false, "Åda": false, strings.Repeat("a", 40): false,
	} {
		if words.IsLogin(name) != want {
			t.Errorf("%q may be a login: expected %v", name, want)
		}
	}
}
