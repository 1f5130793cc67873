package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A stage may need a stage of another pipeline to go first: `needs:`. That one is
// as new as a candidate once it runs everything that was pushed there up to the
// candidate's own push, which in one repository may be the very same. What is pushed
// there afterwards is not waited for; so there is an order for any two pushes, and a
// pipeline in which nothing happens holds nobody up.

// NeedSeen is what a stage of another pipeline ran when it was asked.
type NeedSeen struct {
	StageRuns
	At time.Time // when it was asked
}

// How often a stage of another pipeline is asked. Nothing is entered on an answer
// that is older than fresh.
const (
	needAgain   = 15 * time.Second // while it is waited for
	needUnknown = time.Minute      // while there is no such stage
)

// String is "owner/name:stage", or "owner/name:pipeline:stage".
func (n Need) String() string { return n.Pipeline.String() + ":" + n.Stage }

// same compares as GitHub does, which tells no capitals apart in repositories.
func (n Need) same(other Need) bool { return strings.EqualFold(n.String(), other.String()) }

// needsGates lets a candidate into a stage once the stages that it needs are as
// new: a gate for each of them.
func (d *view) needsGates(c *Candidate, stage string) []Gate {
	cfg, _ := d.s.Config.Stage(stage)
	var gates []Gate
	for _, need := range cfg.Needs {
		gates = append(gates, d.needGate(c, stage, need))
	}
	return gates
}

func (d *view) needGate(c *Candidate, stage string, need Need) Gate {
	seen, asked := c.Needs[need.String()]
	name, who := need.String(), "the pipeline "+need.Pipeline.String()
	hidden := d.s.keepsSecret(need, seen)
	if hidden {
		name, who = "another pipeline", "the other pipeline"
	}
	g := Gate{Name: GateNeeds, State: GateWaiting, Since: c.SeenAt, Who: who}
	runs := fmt.Sprintf("%s runs %s", name, Short(seen.SHA))
	switch {
	case seen.SHA == "":
		runs = name + " runs nothing yet"
	case hidden:
		runs = name + " is new enough"
	}
	switch {
	case !asked:
		g.Text = "finding out what " + name + " runs"
	case !seen.Found:
		g.State, g.Next = GateClosed, "edit the pipeline's file, or install the GitHub App there"
		g.Text = fmt.Sprintf("it needs %s, and there is no such stage among those of this installation", name)
	case seen.Missing == "" && seen.SHA == "":
		g.Text = runs
	case seen.Missing == "" && d.now.Sub(seen.At) >= fresh:
		g.Text = runs + "; it is asked once more"
	case seen.Missing == "":
		g.State, g.Since = GateOpen, seen.Since
	case slices.ContainsFunc(seen.Waits, func(w Need) bool { return w.same(Need{Pipeline: d.s.Pipeline, Stage: stage}) }):
		g.State, g.Next = GateClosed, "take one of the two needs out of its file"
		if g.Text = "it needs another pipeline, which needs this one in turn: neither can go first"; !hidden {
			g.Text = fmt.Sprintf("it needs %s, where %s needs %s:%s in turn: neither can go first", need, Short(seen.Missing), d.s.Pipeline, stage)
		}
	case hidden:
		g.Text = "another pipeline has not released yet what was pushed there before"
	default:
		g.Text = fmt.Sprintf("%s and still lacks %s%s", runs, Short(seen.Missing), because(seen.Hold))
	}
	return g
}

// keepsSecret reports whether people must not be told which stage is needed, what it runs and
// why: it belongs to a repository that not everybody may look at, and everybody may read
// what is said here. What is not known is taken for whichever tells less.
func (s *State) keepsSecret(need Need, seen NeedSeen) bool {
	same := strings.EqualFold(need.Pipeline.Repo.String(), s.Pipeline.Repo.String())
	return !same && s.Visibility != Private && !seen.Public
}

// askStages asks the stages of other pipelines that candidates need, where
// everything else is ready.
func (d *decision) askStages() {
	for _, stage := range d.s.Config.Stages {
		if len(stage.Needs) == 0 || d.s.Stages[stage.Name].Promoting != nil {
			continue
		}
		for _, c := range d.s.all() {
			if _, entered := c.Progress[stage.Name]; entered || d.blockedElsewhere(c, stage.Name) {
				continue
			}
			for _, need := range stage.Needs {
				d.askStage(c, need)
			}
		}
	}
}

// blockedElsewhere reports whether another gate keeps a candidate out of a stage.
func (d *decision) blockedElsewhere(c *Candidate, stage string) bool {
	_, no := blocked(but(d.gates(c, stage), GateNeeds, GateRight))
	return no
}

func (d *decision) askStage(c *Candidate, need Need) {
	seen, asked := c.Needs[need.String()]
	at := seen.At.Add(needAgain)
	switch {
	case !asked:
		at = d.now
	case !seen.Found:
		at = seen.At.Add(needUnknown)
	case seen.Missing == "" && seen.SHA != "":
		at = seen.At.Add(fresh)
	}
	if !d.due(at) {
		return
	}
	do := AskStage{SHA: c.SHA, PushedAt: c.PushedAt, Need: need}
	if key := needKey(c.SHA, need); asked && seen.Missing != "" && !seen.At.IsZero() {
		d.wantIdle(key, do)
	} else {
		d.want(key, do)
	}
}

// stageAsked takes what a stage of another pipeline runs.
func (s *State) stageAsked(do AskStage, f Finished, asked time.Time) {
	c := s.candidate(do.SHA)
	if c == nil || f.Outcome != Done && f.Outcome != Refuse {
		return
	}
	runs, _ := f.Fact.(StageRuns)
	put(&c.Needs, do.Need.String(), NeedSeen{StageRuns: runs, At: asked})
}

// stageMoved has a stage of another pipeline asked again at once by whoever waits
// for it.
func (s *State) stageMoved(f StageMoved) {
	for _, c := range s.all() {
		for _, need := range sortedKeys(c.Needs) {
			if seen := c.Needs[need]; strings.EqualFold(need, f.Stage.String()) && (seen.Missing != "" || seen.SHA == "") {
				seen.At = time.Time{}
				c.Needs[need] = seen
			}
		}
	}
}

// Awaited lists the stages of other pipelines that this one needs, for whoever must
// tell it that they moved: as [Need.String], without capitals.
func (s State) Awaited() (list []string) {
	for _, stage := range s.Config.Stages {
		for _, need := range stage.Needs {
			list = append(list, strings.ToLower(need.String()))
		}
	}
	return list
}

// StagesMoved lists the stages of a pipeline that run something else after a change
// than before, as whoever needs them knows them.
func StagesMoved(before, after State) (list []Need) {
	for _, stage := range sortedKeys(after.Stages) {
		if now := after.Stages[stage].Live.SHA; now != "" && now != before.Stages[stage].Live.SHA {
			list = append(list, Need{Pipeline: after.Pipeline, Stage: stage})
		}
	}
	return list
}

// StageRuns answers what a stage of this pipeline runs, for a candidate of another
// one that was pushed at a time.
func (s State) StageRuns(ask AskStage, now time.Time) StageRuns {
	if _, ok := s.Config.Stage(ask.Need.Stage); !ok || !s.Configured {
		return StageRuns{}
	}
	live := s.Stages[ask.Need.Stage].Live
	runs := StageRuns{Found: true, Public: s.Visibility == Public, SHA: live.SHA, Since: live.Since}
	for i := len(s.Candidates) - 1; i > s.position(live.SHA); i-- {
		c := &s.Candidates[i]
		if c.PushedAt.After(ask.PushedAt) || s.affects(c) == AffectedNo || s.behindAdopted(c, ask.Need.Stage) {
			continue
		}
		runs.Missing = c.SHA
		runs.Hold, runs.Waits = newView(&s, now).holdOf(c, ask.Need.Stage)
		break
	}
	return runs
}

// holdOf says why a candidate is not live on a stage, or on its way there.
func (d *view) holdOf(c *Candidate, last string) (hold string, waits []Need) {
	for _, stage := range d.s.Config.Stages {
		switch p := c.Progress[stage.Name]; p.State {
		case ProgressReleasing:
			return "it is being released to " + stage.Name, nil
		case ProgressFailed:
			return stage.Name + " failed: " + p.Reason, nil
		case ProgressRolledBack:
			return "on " + stage.Name + " it was " + p.Reason, nil
		case "":
			g, no := blocked(d.gates(c, stage.Name))
			if !no {
				return "it is about to be released to " + stage.Name, nil
			}
			if g.Name == GateNeeds {
				return "it is waiting for " + stage.Name + " for other pipelines", stage.Needs
			}
			return "it is waiting for " + stage.Name + ": " + g.Text, nil
		}
		if stage.Name == last {
			break
		}
	}
	return "", nil
}

// needsNotice is what is said of a candidate that waits for other pipelines: it is
// renewed when it waits for something else there.
func (d *view) needsNotice(c *Candidate, stage string, g Gate) *notice {
	phase := string(GateNeeds)
	cfg, _ := d.s.Config.Stage(stage)
	for _, need := range cfg.Needs {
		seen, asked := c.Needs[need.String()]
		if !asked {
			return nil // the answer comes at once
		}
		phase += " " + seen.SHA + " " + seen.Missing
	}
	return pendingNotice(Phase(phase), "Waiting: "+g.Text, "")
}
