package decide

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// verify asks the addresses of stages whose release is to be proved, and of those
// that soak.
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

// builtOf is the commit that the artifact was built of which a stage is to run for
// a commit: an app that is told its commit by its build names that one.
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
