package decide

import (
	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// heldBy returns what has changed about the gates that hold the candidates: see [bot.Held]. It reads the gates off the
// decision's explanation, which lists the unsettled candidates, newest first.
func heldBy(s *pipeline.State, plan Plan) (facts []bot.Fact) {
	if !s.Configured {
		return nil
	}
	list := plan.Explain.Candidates
	for i := len(s.Candidates) - 1; i >= 0; i-- {
		c := &s.Candidates[i]
		var x *gate.CandidateExplained
		if len(list) > 0 && list[0].SHA == c.SHA {
			x, list = &list[0], list[1:]
		}
		if c.Way.Since.IsZero() || c.Way.Ending.Outcome == pipeline.OutcomeLive {
			continue
		}
		if f := heldNow(s, c, x); f != nil {
			facts = append(facts, *f)
		}
	}
	return facts
}

// heldNow returns what has changed for one candidate; nil: nothing. x is nil if it is settled.
func heldNow(s *pipeline.State, c *pipeline.Candidate, x *gate.CandidateExplained) *bot.Held {
	w := &c.Way
	if x == nil {
		if w.Ending.Outcome != "" {
			return nil
		}
		f := &bot.Held{SHA: c.SHA, Gate: string(gate.Order)}
		if e, _ := gate.NewView(s, s.At).Ended(c); e.Outcome == pipeline.OutcomeSuperseded {
			f.By = e.By
		}
		return f
	}
	stage, name := nextGate(x)
	known := w.Gate
	if w.Before != stage {
		known = ""
	}
	_, _, held := s.Doing(c)
	if w.Superseded() || held && name != known {
		return &bot.Held{SHA: c.SHA, Stage: stage, Gate: name}
	}
	return nil
}

// nextGate returns the stage that a candidate is to enter next, and the gate that holds it; empty: it is being released,
// or all gates are open.
func nextGate(x *gate.CandidateExplained) (stage, name string) {
	for _, at := range x.Stages {
		switch at.State {
		case pipeline.ProgressLive, pipeline.ProgressSkipped:
			continue
		case "":
			if at.Blocked.Name != gate.Freshness {
				name = string(at.Blocked.Name)
			}
			return at.Stage, name
		}
		break
	}
	return "", ""
}
