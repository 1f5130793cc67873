package gate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// needsGates returns one gate per needed stage. It opens once that stage is as new as the candidate.
func (v *View) needsGates(c *pipeline.Candidate, stage string) []Gate {
	cfg, _ := v.State.Config.Stage(stage)
	var gates []Gate
	for _, need := range cfg.Needs {
		gates = append(gates, v.needGate(c, stage, need))
	}
	return gates
}

func (v *View) needGate(c *pipeline.Candidate, stage string, need bot.Need) Gate {
	seen, asked := c.Needs[need.String()]
	name, who := need.String(), "the pipeline "+need.Pipeline.String()
	hidden := keepsSecret(v.State, need, seen)
	if hidden {
		name, who = "another pipeline", "the other pipeline"
	}
	g := Gate{Name: Needs, State: Waiting, Since: c.SeenAt, Who: who}
	runs := fmt.Sprintf("%s runs %s", name, bot.Short(seen.SHA))
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
		g.State, g.Next = Closed, "edit the pipeline's file, or install the GitHub App there"
		g.Text = fmt.Sprintf("it needs %s, and there is no such stage among those of this installation", name)
	case seen.Missing == "" && seen.SHA == "":
		g.Text = runs
	case seen.Missing == "" && v.Now.Sub(seen.At) >= bot.Fresh:
		g.Text = runs + "; it is asked once more"
	case seen.Missing == "":
		g.State, g.Since = Open, seen.Since
	case slices.ContainsFunc(seen.Waits, func(w bot.Need) bool { return w.Same(bot.Need{Pipeline: v.State.Pipeline, Stage: stage}) }):
		g.State, g.Next = Closed, "take one of the two needs out of its file"
		if g.Text = "it needs another pipeline, which needs this one in turn: neither can go first"; !hidden {
			g.Text = fmt.Sprintf("it needs %s, where %s needs %s:%s in turn: neither can go first", need, bot.Short(seen.Missing), v.State.Pipeline, stage)
		}
	case hidden:
		g.Text = "another pipeline has not released yet what was pushed there before"
	default:
		g.Text = fmt.Sprintf("%s and still lacks %s%s", runs, bot.Short(seen.Missing), words.Because(seen.Hold))
	}
	return g
}

// keepsSecret reports whether the needed stage, its state and the reason must be hidden. That is so where its
// repository is private and the texts here are public. Unknown visibility counts as the one that reveals less.
func keepsSecret(s *pipeline.State, need bot.Need, seen pipeline.NeedSeen) bool {
	same := strings.EqualFold(need.Pipeline.Repo.String(), s.Pipeline.Repo.String())
	return !same && s.Visibility != bot.Private && !seen.Public
}

// StageRuns answers another pipeline: what a stage of this pipeline runs, for a candidate pushed at ask.PushedAt.
func StageRuns(s pipeline.State, ask bot.AskStage, now time.Time) bot.StageRuns {
	if _, ok := s.Config.Stage(ask.Need.Stage); !ok || !s.Configured {
		return bot.StageRuns{}
	}
	live := s.Stage(ask.Need.Stage).Live
	runs := bot.StageRuns{Found: true, Public: s.Visibility == bot.Public, SHA: live.SHA, Since: live.Since}
	for i := len(s.Candidates) - 1; i > s.Position(live.SHA); i-- {
		c := &s.Candidates[i]
		if c.PushedAt.After(ask.PushedAt) || s.Affects(c) == bot.AffectedNo || behindAdopted(&s, c, ask.Need.Stage) {
			continue
		}
		runs.Missing = c.SHA
		runs.Hold, runs.Waits = NewView(&s, now).holdOf(c, ask.Need.Stage)
		break
	}
	return runs
}

// holdOf returns why a candidate is neither live on a stage nor on its way there.
func (v *View) holdOf(c *pipeline.Candidate, last string) (hold string, waits []bot.Need) {
	for _, stage := range v.State.Config.Stages {
		switch p := c.Progress[stage.Name]; p.State {
		case pipeline.ProgressReleasing:
			return "it is being released to " + stage.Name, nil
		case pipeline.ProgressFailed:
			return stage.Name + " failed: " + p.Reason, nil
		case pipeline.ProgressRolledBack:
			return "on " + stage.Name + " it was " + p.Reason, nil
		case "":
			g, no := Blocked(v.Gates(c, stage.Name))
			if !no {
				return "it is about to be released to " + stage.Name, nil
			}
			if g.Name == Needs {
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
