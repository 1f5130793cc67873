package gate

import (
	"time"

	"github.com/headstart-cd/headstart/bot/pipeline"
)

// Explanation lists every unsettled candidate with its gates, newest first. Statuses, comments and pages are rendered
// from the same gates.
type Explanation struct {
	Config     string // why the newest file is not in force; empty if it is
	Candidates []CandidateExplained
}

// CandidateExplained is the state of a candidate.
type CandidateExplained struct {
	SHA    string
	Title  string
	Stages []StageExplained
}

// StageExplained is the state of a candidate at one stage.
type StageExplained struct {
	Stage   string
	State   pipeline.ProgressState // empty: not entered
	Since   time.Time
	Reason  string // why it failed
	Gates   []Gate // what is between the candidate and the stage; nil once it entered
	Blocked Gate   // the gate to show; zero if every gate is open
}

func (v *View) Explain() Explanation {
	var e Explanation
	if n := len(v.State.Candidates); n > 0 {
		e.Config = v.State.Candidates[n-1].ConfigProblem
	}
	if !v.State.Configured {
		return e
	}
	for i := len(v.State.Candidates) - 1; i >= 0; i-- {
		c := &v.State.Candidates[i]
		if v.Settled(c) {
			continue
		}
		x := CandidateExplained{SHA: c.SHA, Title: c.Title}
		for _, stage := range v.State.Config.Stages {
			x.Stages = append(x.Stages, v.explainStage(c, stage.Name))
		}
		e.Candidates = append(e.Candidates, x)
	}
	return e
}

func (v *View) explainStage(c *pipeline.Candidate, stage string) StageExplained {
	x := StageExplained{Stage: stage}
	if p, ok := c.Progress[stage]; ok {
		x.State, x.Since, x.Reason = p.State, p.StartedAt, p.Reason
		return x
	}
	x.Gates = append(v.Gates(c, stage), v.FreshGate(c, stage)...)
	x.Blocked, _ = Blocked(x.Gates)
	return x
}

// Settled reports whether nothing more will happen to the candidate without a person: it passed, failed, or was
// superseded.
func (v *View) Settled(c *pipeline.Candidate) bool {
	for _, stage := range v.State.Config.Stages {
		switch p := c.Progress[stage.Name]; p.State {
		case pipeline.ProgressLive, pipeline.ProgressSkipped:
		case pipeline.ProgressFailed, pipeline.ProgressRolledBack:
			return true
		case pipeline.ProgressReleasing:
			return false
		default:
			return c.Cancelled != nil || v.Overtaken(c, stage.Name)
		}
	}
	return true
}
