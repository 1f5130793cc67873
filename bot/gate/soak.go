package gate

import (
	"fmt"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// Soaked reports whether a candidate has stayed healthy at a stage for long enough. If not, until is the end of its
// soak; zero: it is no longer watched.
func (v *View) Soaked(c *pipeline.Candidate, stage string) (done bool, until time.Time) {
	cfg, _ := v.State.Config.Stage(stage)
	p, k := c.Progress[stage], v.State.Stage(stage).Soak
	switch {
	case p.Soaked || c.FromPull || p.SoakUntil.IsZero() || cfg.Soak == 0:
		return true, time.Time{}
	case k == nil || k.SHA != c.SHA:
		return false, time.Time{}
	case cfg.Verify == nil:
		return v.Due(k.Until), k.Until
	}
	return false, k.Until
}

// soakGates keeps a candidate waiting while the stage that it comes from soaks; none where no soak is required.
func (v *View) soakGates(c *pipeline.Candidate, i int) []Gate {
	before := v.ProvedOn(c, i)
	cfg, _ := v.State.Config.Stage(before)
	if cfg.Soak == 0 {
		return nil
	}
	g := Gate{Name: Soak, State: Open}
	if p := c.Progress[before]; p.State == pipeline.ProgressLive && !v.urgent(c, v.State.Config.Stages[i].Name) { // otherwise the gate of the proof says it
		v.healthy(&g, c, before, p.EndedAt)
	}
	return []Gate{g}
}

// healthy closes a gate, or lets it wait, until a stage has soaked with a candidate since then.
func (v *View) healthy(g *Gate, c *pipeline.Candidate, stage string, since time.Time) {
	switch done, until := v.Soaked(c, stage); {
	case done:
	case until.IsZero():
		g.State, g.Since, g.Next = Closed, since, "comment /promote "+v.State.Qualified(stage)
		g.Text = bot.Short(c.SHA) + " was not watched on " + stage + " for as long as it has to stay healthy there"
	default:
		g.State, g.Since, g.Until, g.Who = Waiting, since, until, "time"
		g.Text = fmt.Sprintf("%s has to stay healthy with %s until %s", stage, bot.Short(c.SHA), words.Moment(until))
	}
}

// soaking returns another candidate that the stage must keep, because it soaks there on its way to the next stage; nil:
// none.
func (v *View) soaking(c *pipeline.Candidate, stage string) *pipeline.Soak {
	k := v.State.Stage(stage).Soak
	if k == nil || k.SHA == c.SHA || stage == v.LastStage() || v.urgent(c, stage) {
		return nil
	}
	x := v.State.Candidate(k.SHA)
	if x == nil || x.Cancelled != nil || v.Settled(x) {
		return nil
	}
	if done, _ := v.Soaked(x, stage); done {
		return nil
	}
	return k
}

// skippedGate is the proof of a candidate that has skipped the stage before. Two proofs are required: the candidate's
// last stage before, and the skipped stage's live commit, which must have soaked.
func (v *View) skippedGate(c *pipeline.Candidate, i int) Gate {
	before := v.State.Config.Stages[i-1]
	p := c.Progress[before.Name]
	g := Gate{Name: Proof, State: Open, Since: p.EndedAt}
	if i < 2 { // the stages before are gone from the pipeline's file
		g.State, g.Text, g.Next = Closed, "no stage has proved it", "comment /promote "+v.State.Qualified(before.Name)
		return g
	}
	if proof := v.proofGate(c, i-1); proof.State != Open {
		return proof
	}
	if was := v.State.Candidate(p.SkippedOver); was != nil && before.Soak > 0 && !v.urgent(c, v.State.Config.Stages[i].Name) {
		v.healthy(&g, was, before.Name, was.Progress[before.Name].EndedAt)
	}
	return g
}

// ProvedOn returns the last stage before i that the candidate has not skipped; empty: none.
func (v *View) ProvedOn(c *pipeline.Candidate, i int) string {
	for i--; i >= 0; i-- {
		if name := v.State.Config.Stages[i].Name; c.Progress[name].State != pipeline.ProgressSkipped {
			return name
		}
	}
	return ""
}
