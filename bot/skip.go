package bot

import (
	"fmt"
	"time"
)

// A stage that says `skip: [docs]` is skipped by whatever changes nothing else,
// compared with what is live there. What goes on to the next stage is still what an
// earlier one has proved: the stage that is skipped has proved the same code,
// but for files of these classes.

// passed reports whether the candidate went through the stage, or passed it by.
func (p Progress) passed() bool { return p.State == ProgressLive || p.State == ProgressSkipped }

// skipStages lets candidates pass by the stages that their changes do not affect,
// once the stage before is passed and nothing is about to change what is live.
func (s *State) skipStages(at time.Time) {
	if !s.Configured {
		return
	}
	d := newView(s, at)
	for i, stage := range s.Config.Stages {
		for j := range s.Candidates {
			c := &s.Candidates[j]
			s.revokeSkips(c, stage.Name, at)
			st := s.Stages[stage.Name]
			if i == 0 || len(stage.Skip) == 0 || st.Promoting != nil || st.Rollback != nil || !d.mayEnter(c, stage.Name) {
				continue
			}
			if _, asked := c.Ordered[stage.Name]; asked || d.onOtherBranch(c) || !c.Progress[s.Config.Stages[i-1].Name].passed() {
				continue
			}
			if live := s.candidate(st.Live.SHA); live != nil && live.Progress[stage.Name].State == ProgressFailed {
				continue // it did not stay healthy, and nothing has taken its place yet
			}
			if classes, only := d.onlyOf(c, stage.Name, stage.Skip); only {
				put(&c.Progress, stage.Name, Progress{
					State: ProgressSkipped, StartedAt: at, EndedAt: at, Reason: "only " + names(classes) + " changed", SkippedOver: st.Live.SHA,
				})
			}
		}
	}
}

// revokeSkips takes back that a candidate has passed a stage by where what it was
// compared with has failed there after all, or was rolled back from: the candidate
// contains it.
func (s *State) revokeSkips(c *Candidate, stage string, at time.Time) {
	p := c.Progress[stage]
	if p.State != ProgressSkipped {
		return
	}
	was := s.candidate(p.SkippedOver)
	if was == nil {
		return
	}
	if q := was.Progress[stage]; q.State == ProgressRolledBack || q.State == ProgressFailed {
		p.State, p.Reason, p.EndedAt = ProgressRolledBack, q.Reason, at
		if q.State == ProgressFailed {
			p.Reason = fmt.Sprintf("taken back with %s, which failed", Short(was.SHA))
		}
		put(&c.Progress, stage, p)
	}
}

// skippedGate is the proof of a candidate that has passed the stage before by:
// what proved it before that, and what proves the commit that is live there, which
// must have stayed healthy for as long as it has to.
func (d *view) skippedGate(c *Candidate, i int) Gate {
	before := d.s.Config.Stages[i-1]
	p := c.Progress[before.Name]
	g := Gate{Name: GateProof, State: GateOpen, Since: p.EndedAt}
	if i < 2 { // the stages before are gone from the pipeline's file
		g.State, g.Text, g.Next = GateClosed, "no stage has proved it", "comment /promote "+d.s.qualified(before.Name)
		return g
	}
	if proof := d.proofGate(c, i-1); proof.State != GateOpen {
		return proof
	}
	if was := d.s.candidate(p.SkippedOver); was != nil && before.Soak > 0 && !d.urgent(c, d.s.Config.Stages[i].Name) {
		d.healthy(&g, was, before.Name, was.Progress[before.Name].EndedAt)
	}
	return g
}

// provedOn is the stage that a candidate comes to another one from: the last before
// it that it has not passed by; empty: none.
func (d *view) provedOn(c *Candidate, i int) string {
	for i--; i >= 0; i-- {
		if name := d.s.Config.Stages[i].Name; c.Progress[name].State != ProgressSkipped {
			return name
		}
	}
	return ""
}

// partOf says how a later commit has brought an older one to a stage; empty where
// it has not.
func (d *view) partOf(c, by *Candidate, stage string) string {
	if d.forcedBetween(c, by) {
		return ""
	}
	switch by.Progress[stage].State {
	case ProgressLive:
		return "Live on " + stage + " as part of "
	case ProgressSkipped:
		return "Skipped as part of "
	}
	if live := d.s.Stages[stage].Live; live.Adopted != nil && live.SHA == by.SHA {
		return "Live on " + stage + " as part of "
	}
	return ""
}
