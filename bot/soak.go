package bot

import (
	"fmt"
	"time"
)

// Soak is a release that has to stay healthy for a while before the next stage.
type Soak struct {
	SHA       string
	Promotion int
	Until     time.Time
	Proof     Proof
}

// beginSoak lets a stage soak in what was just proved there.
func (s *State) beginSoak(stage string, p *Promotion, at time.Time) {
	cfg, _ := s.Config.Stage(stage)
	c := s.promoted(p, p.SHA)
	if cfg.Soak == 0 || c == nil || c.FromPull || p.Rollback != nil {
		return
	}
	st := s.Stages[stage]
	st.Soak = &Soak{SHA: p.SHA, Promotion: p.N, Until: at.Add(cfg.Soak), Proof: Proof{From: at}}
	st.Soak.Proof.NextAt = at.Add(st.Soak.interval(at))
	s.Stages[stage] = st
	pass := c.Progress[stage]
	pass.SoakUntil = st.Soak.Until
	put(&c.Progress, stage, pass)
}

// interval is how long to wait until the next look. The last one is at the end.
func (k *Soak) interval(at time.Time) time.Duration {
	if !k.Proof.BadFrom.IsZero() {
		return soakAgain
	}
	every := min(max(k.Until.Sub(k.Proof.From)/soakProbes, soakLeast), soakMost)
	if left := k.Until.Sub(at); left > 0 {
		return min(every, left)
	}
	return every
}

// soakProbed takes an answer during a soak. One that was asked for at its end,
// and is good, ends it.
func (s *State) soakProbed(do Probe, answer Probed, f Finished, at time.Time) {
	st := s.Stages[do.Stage]
	k := *st.Soak
	k.Proof.take(answer, at)
	k.Proof.Unasked = f.Fault
	k.Proof.NextAt = at.Add(k.interval(at))
	st.Soak = &k
	s.Stages[do.Stage] = st
	c := s.candidate(k.SHA)
	if c == nil {
		return // settled by settleProofs
	}
	pass := c.Progress[do.Stage]
	pass.Seen = &answer
	switch {
	case answer.OK && !f.Effect.At.Before(k.Until):
		pass.Soaked, st.Soak = true, nil
	case f.Fault, !k.Proof.BadFrom.IsZero() && at.Sub(k.Proof.BadFrom) >= soakBad:
		pass.State, pass.EndedAt = ProgressFailed, at
		pass.Reason = fmt.Sprintf("it did not stay healthy for %s: %s", took(k.Proof.From, k.Until), answer.text())
		st.Soak = nil
	}
	put(&c.Progress, do.Stage, pass)
	s.Stages[do.Stage] = st
	if pass.State == ProgressFailed {
		s.editPast(do.Stage, k.SHA, func(q *Past) { q.RolledBack = true })
		s.undo(do.Stage, c, k.Promotion, k.Proof.unseen(), at)
	}
}

// soaked reports whether a candidate has stayed healthy at a stage for as long as
// it has to, and else until when it is watched; zero: it is not watched any more.
func (d *view) soaked(c *Candidate, stage string) (done bool, until time.Time) {
	cfg, _ := d.s.Config.Stage(stage)
	p, k := c.Progress[stage], d.s.Stages[stage].Soak
	switch {
	case p.Soaked || c.FromPull || p.SoakUntil.IsZero() || cfg.Soak == 0:
		return true, time.Time{}
	case k == nil || k.SHA != c.SHA:
		return false, time.Time{}
	case cfg.Verify == nil:
		return d.due(k.Until), k.Until
	}
	return false, k.Until
}

// soakGates keeps a candidate before a stage while the stage that it comes from
// soaks in it; nothing where none has to.
func (d *view) soakGates(c *Candidate, i int) []Gate {
	before := d.provedOn(c, i)
	cfg, _ := d.s.Config.Stage(before)
	if cfg.Soak == 0 {
		return nil
	}
	g := Gate{Name: GateSoak, State: GateOpen}
	if p := c.Progress[before]; p.State == ProgressLive && !d.urgent(c, d.s.Config.Stages[i].Name) { // else the gate of the proof says it
		d.healthy(&g, c, before, p.EndedAt)
	}
	return []Gate{g}
}

// healthy closes a gate for as long as a stage has not stayed healthy with a
// candidate since it got there.
func (d *view) healthy(g *Gate, c *Candidate, stage string, since time.Time) {
	switch done, until := d.soaked(c, stage); {
	case done:
	case until.IsZero():
		g.State, g.Since, g.Next = GateClosed, since, "comment /promote "+d.s.qualified(stage)
		g.Text = Short(c.SHA) + " was not watched on " + stage + " for as long as it has to stay healthy there"
	default:
		g.State, g.Since, g.Until, g.Who = GateWaiting, since, until, "time"
		g.Text = fmt.Sprintf("%s has to stay healthy with %s until %s", stage, Short(c.SHA), moment(until))
	}
}

// soaking is the other candidate that a stage must not lose yet, because it soaks
// there on its way to the next one; nil: none.
func (d *view) soaking(c *Candidate, stage string) *Soak {
	k := d.s.Stages[stage].Soak
	if k == nil || k.SHA == c.SHA || stage == d.lastStage() || d.urgent(c, stage) {
		return nil
	}
	x := d.s.candidate(k.SHA)
	if x == nil || x.Cancelled != nil || d.settled(x) {
		return nil
	}
	if done, _ := d.soaked(x, stage); done {
		return nil
	}
	return k
}
