package decide

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// verify probes the addresses of stages whose release is being verified, or soaks.
func (d *decision) verify() {
	for _, stage := range pipeline.SortedKeys(d.State.Stages) {
		st, v := d.State.Stage(stage), d.State.Verification(stage)
		switch p := st.Promoting; {
		case v == nil, showsMaintenancePage(d.State, stage):
		case p != nil && p.Proof != nil:
			d.probe(stage, p.N, p.SHA, *v, p.Proof)
		case p == nil && st.Rollback == nil && st.Soak != nil:
			d.probe(stage, st.Soak.Promotion, st.Soak.SHA, *v, &st.Soak.Proof)
		}
	}
}

func (d *decision) probe(stage string, n int, sha string, v bot.Verify, p *pipeline.Proof) {
	if d.Due(p.NextAt) {
		d.want(pipeline.ProbeKey(stage, n), bot.Probe{Stage: stage, Promotion: n, SHA: sha, Built: builtOf(d.State, stage, sha), Verify: v})
	}
}

// builtOf returns the commit whose build a stage is to run for sha; empty: unknown. An app that gets its commit from
// its build answers with that commit.
func builtOf(s *pipeline.State, stage, sha string) string {
	st := s.Stage(stage)
	if p := st.Promoting; p != nil && p.Rollback != nil {
		if past, ok := st.Named(sha, 0); ok {
			return past.Built
		}
	}
	if c := s.Promoted(st.Promoting, sha); c != nil {
		return c.ArtifactSHA
	}
	return ""
}
