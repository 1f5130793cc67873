package steer

import (
	"cmp"
	"fmt"
	"maps"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// promotePull orders the head of an open pull request for a stage. The head is the one at the time when the command was
// read.
func (x Execution) promotePull(pull bot.PullRequestChanged) pipeline.Answer {
	stage := ""
	for _, cfg := range x.State.Config.Stages {
		if cfg.PullRequests && stage == "" {
			stage = cfg.Name
		}
	}
	if x.Command.Stage != "" {
		var problem string
		if stage, problem = command.ResolveStage(x.Command.Stage, x.State.Config.StageNames()); problem != "" {
			return Refuse("%s", problem)
		}
	}
	cfg, _ := x.State.Config.Stage(stage)
	switch {
	case pull.Fork:
		return Refuse("this pull request comes from a fork, and code of forks is never released")
	case stage == "":
		return Refuse("no stage takes open pull requests; `pull_requests: true` at a stage in %s allows it, and merging goes the usual way", "`.github/headstart.yml`")
	case !cfg.PullRequests:
		return Refuse("%s takes no open pull requests; merging goes the usual way", stage)
	}
	if no := cmp.Or(x.mayNot(stage), x.mayNotHurry()); no != "" {
		return Refuse("%s", no)
	}
	if no := x.headMoved("/promote", stage); no != "" {
		return Refuse("%s", no)
	}
	moved := x.releasedByHand(stage)
	if !x.exact() {
		moved = x.moved(stage)
	}
	if moved != "" {
		return Refuse("%s", x.void(moved, fmt.Sprintf("/promote %s %s", x.State.Qualified(stage), bot.Short(pull.Head))))
	}
	if l := x.State.Stage(stage).LockedAt(x.At); l != nil {
		return Refuse("%s is locked %s; /unlock %s first", stage, l.Whose(), x.State.Qualified(stage))
	}
	if i := x.View.StageIndex(stage); i > 0 && !x.State.Config.Stages[i-1].PullRequests {
		return Refuse("%s comes after %s, which takes no open pull requests", stage, x.State.Config.Stages[i-1].Name)
	}
	if c := x.State.Candidate(pull.Head); c != nil && c.Progress[stage].State == pipeline.ProgressLive && x.State.Stage(stage).Live.SHA == c.SHA {
		return Refuse("%s is live on %s already", bot.Short(c.SHA), stage)
	}
	// Tried on a copy: a refusal by a gate must leave nothing behind.
	trial := x.State.Clone()
	addFromPull(&trial, x, pull, stage)
	text := fmt.Sprintf("%s goes to %s", bot.Short(pull.Head), stage)
	d, tried := gate.NewView(&trial, x.At), trial.Candidate(pull.Head)
	yes := x.approvedBy(d, tried, cfg)
	yes.give(tried, stage)
	if g, no := gate.Blocked(d.Gates(tried, stage)); no && g.State == gate.Closed {
		return Refuse("%s cannot be released to %s: %s", bot.Short(pull.Head), stage, g.Text)
	} else if yes.problem != "" {
		return Refuse("%s", yes.problem)
	} else if no {
		text += " as soon as it may: " + g.Text
	}
	addFromPull(x.State, x, pull, stage)
	yes.give(x.State.Candidate(pull.Head), stage)
	x.noteRight(x.State.Candidate(pull.Head), stage)
	return pipeline.Answer{OK: true, Open: true, Stage: stage, SHA: pull.Head, Text: text + yes.note}
}

// addFromPull adds the ordered head of a pull request as a candidate.
func addFromPull(s *pipeline.State, x Execution, pull bot.PullRequestChanged, stage string) {
	c := s.Candidate(pull.Head)
	if c == nil {
		s.FromPulls = append(s.FromPulls, pipeline.Candidate{
			SHA: pull.Head, Tree: x.Request.Actor.HeadTree, Title: pull.Title, Author: pull.Author,
			PushedAt: x.At, SeenAt: x.At, Pull: pull.Number, PullSought: true, ConfigRead: true, FromPull: true,
		})
		c = s.Candidate(pull.Head)
		if p := s.Pulls[pull.Number]; p.PublishedHead == pull.Head {
			c.Published = maps.Clone(p.Published) // its statuses must end, whatever happens to the pull request
		}
	}
	if c.Progress[stage].State != pipeline.ProgressReleasing {
		reopen(s, c.SHA, stage, x.order())
	}
	s.UpdateGreen(x.At)
}
