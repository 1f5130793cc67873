package bot

import (
	"strings"
	"testing"
	"time"
)

// An approval is for one artifact: what is built anew was never approved.
func TestApprovalOfAnotherBuildLapses(t *testing.T) {
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	s := State{
		Configured: true,
		Config:     Config{Stages: []Stage{{Name: "staging", Apps: []string{"a"}}, {Name: "production", Apps: []string{"b"}, Approval: true}}},
		Candidates: []Candidate{{SHA: "aaaaaaa", Tree: "t", Approvals: map[string]Approval{
			"production": {Order: Order{By: "zoe", At: at}, Artifact: "slug1"},
		}}},
		Builds: map[string]BuildRun{"tree t": {Status: RunSucceeded, Artifact: "slug1"}},
	}
	if s.lapse(at); !s.Candidates[0].Approvals["production"].good() {
		t.Fatal("nothing has moved, and the approval is not good any more")
	}
	s.Builds["tree t"] = BuildRun{Status: RunSucceeded, Artifact: "slug2"}
	s.lapse(at.Add(time.Minute))
	if a := s.Candidates[0].Approvals["production"]; a.good() || a.LapsedAt != at.Add(time.Minute) {
		t.Errorf("another build is not what was approved, and the approval is %+v", a)
	}
	g := newView(&s, at).approvalGate(&s.Candidates[0], s.Config.Stages[1])
	if len(g) != 1 || g[0].State != GateWaiting || !strings.Contains(g[0].Text, "the approval by @zoe lapsed: it was built anew") {
		t.Errorf("the gate says why the approval is not good any more, got %+v", g)
	}
	s.Builds["tree t"] = BuildRun{Status: RunSucceeded, Artifact: "slug1"}
	if s.lapse(at); s.Candidates[0].Approvals["production"].good() {
		t.Error("an approval that lapsed comes back")
	}
}

// Who has no account cannot be compared with who approves.
func TestLogins(t *testing.T) {
	for name, want := range map[string]bool{
		"ada": true, "Ada-Lovelace": true, "dependabot[bot]": true, "ada_acme": true,
		"Ada Lovelace": false, "": false, "ada@example.com": false, "Åda": false, strings.Repeat("a", 40): false,
	} {
		if isLogin(name) != want {
			t.Errorf("%q may be a login: expected %v", name, want)
		}
	}
}
