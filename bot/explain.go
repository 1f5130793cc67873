package bot

import "time"

// Explanation says why things are as they are: every candidate that is not
// settled yet, newest first, with its gates. Statuses, comments and pages are
// rendered from the same gates.
type Explanation struct {
	Config     string // why the newest file is not in force; empty if it is
	Candidates []CandidateExplained
}

// CandidateExplained is where a candidate stands.
type CandidateExplained struct {
	SHA    string
	Title  string
	Stages []StageExplained
}

// StageExplained is where a candidate stands at one stage.
type StageExplained struct {
	Stage   string
	State   ProgressState // empty: not entered
	Since   time.Time
	Reason  string // why it failed
	Gates   []Gate // what is between the candidate and the stage; nil once it entered
	Blocked Gate   // the one to look at; zero if every gate is open
}

func (d *view) explain() Explanation {
	var e Explanation
	if n := len(d.s.Candidates); n > 0 {
		e.Config = d.s.Candidates[n-1].ConfigProblem
	}
	if !d.s.Configured {
		return e
	}
	for i := len(d.s.Candidates) - 1; i >= 0; i-- {
		c := &d.s.Candidates[i]
		if d.settled(c) {
			continue
		}
		x := CandidateExplained{SHA: c.SHA, Title: c.Title}
		for _, stage := range d.s.Config.Stages {
			x.Stages = append(x.Stages, d.explainStage(c, stage.Name))
		}
		e.Candidates = append(e.Candidates, x)
	}
	return e
}

func (d *view) explainStage(c *Candidate, stage string) StageExplained {
	x := StageExplained{Stage: stage}
	if p, ok := c.Progress[stage]; ok {
		x.State, x.Since, x.Reason = p.State, p.StartedAt, p.Reason
		return x
	}
	x.Gates = append(d.gates(c, stage), d.freshGate(c, stage)...)
	x.Blocked, _ = blocked(x.Gates)
	return x
}

// settled reports whether nothing more will happen to the candidate by itself:
// it passed or failed somewhere, or newer commits have taken its place.
func (d *view) settled(c *Candidate) bool {
	for _, stage := range d.s.Config.Stages {
		switch p := c.Progress[stage.Name]; p.State {
		case ProgressLive, ProgressSkipped:
		case ProgressFailed, ProgressRolledBack:
			return true
		case ProgressReleasing:
			return false
		default:
			return c.Cancelled != nil || d.overtaken(c, stage.Name)
		}
	}
	return true
}
