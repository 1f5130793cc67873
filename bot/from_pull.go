package bot

import (
	"cmp"
	"fmt"
	"maps"
)

// A candidate may also be the head of an open pull request that somebody asked to
// promote, into a stage that takes pull requests: Candidate.FromPull. It passes every
// gate that a commit of the branch passes, but is not part of the branch's order: the
// next commit of the branch takes the stage back.

// all lists every candidate: those of the branch, and those from pull requests.
func (s *State) all() []*Candidate {
	list := make([]*Candidate, 0, len(s.Candidates)+len(s.FromPulls))
	for i := range s.Candidates {
		list = append(list, &s.Candidates[i])
	}
	for i := range s.FromPulls {
		list = append(list, &s.FromPulls[i])
	}
	return list
}

// promotePull asks for the head of an open pull request at a stage. The head is
// the one of the moment at which the command was read.
func (x execution) promotePull(pull PullRequestChanged) Answer {
	stage := ""
	for _, cfg := range x.s.Config.Stages {
		if cfg.PullRequests && stage == "" {
			stage = cfg.Name
		}
	}
	if x.command.Stage != "" {
		var problem string
		if stage, problem = resolveStage(x.command.Stage, x.s.Config.StageNames()); problem != "" {
			return refuse("%s", problem)
		}
	}
	cfg, _ := x.s.Config.Stage(stage)
	switch {
	case pull.Fork:
		return refuse("this pull request comes from a fork, and code of forks is never released")
	case stage == "":
		return refuse("no stage takes open pull requests; `pull_requests: true` at a stage in %s allows it, and merging goes the usual way", "`.github/headstart.yml`")
	case !cfg.PullRequests:
		return refuse("%s takes no open pull requests; merging goes the usual way", stage)
	}
	if no := cmp.Or(x.mayNot(stage), x.mayNotHurry()); no != "" {
		return refuse("%s", no)
	}
	if no := x.headMoved("/promote", stage); no != "" {
		return refuse("%s", no)
	}
	moved := x.releasedByHand(stage)
	if !x.exact() {
		moved = x.moved(stage)
	}
	if moved != "" {
		return refuse("%s", x.void(moved, fmt.Sprintf("/promote %s %s", x.s.qualified(stage), Short(pull.Head))))
	}
	if l := x.s.Stages[stage].lockedAt(x.at); l != nil {
		return refuse("%s is locked %s; /unlock %s first", stage, l.whose(), x.s.qualified(stage))
	}
	if i := x.d.stageIndex(stage); i > 0 && !x.s.Config.Stages[i-1].PullRequests {
		return refuse("%s comes after %s, which takes no open pull requests", stage, x.s.Config.Stages[i-1].Name)
	}
	if c := x.s.candidate(pull.Head); c != nil && c.Progress[stage].State == ProgressLive && x.s.Stages[stage].Live.SHA == c.SHA {
		return refuse("%s is live on %s already", Short(c.SHA), stage)
	}
	// Tried on a copy: where the gates refuse, nothing may be left behind.
	trial := x.s.clone()
	trial.addFromPull(x, pull, stage)
	text := fmt.Sprintf("%s goes to %s", Short(pull.Head), stage)
	d, tried := newView(&trial, x.at), trial.candidate(pull.Head)
	yes := x.approvedBy(d, tried, cfg)
	yes.give(tried, stage)
	if g, no := blocked(d.gates(tried, stage)); no && g.State == GateClosed {
		return refuse("%s cannot be released to %s: %s", Short(pull.Head), stage, g.Text)
	} else if yes.problem != "" {
		return refuse("%s", yes.problem)
	} else if no {
		text += " as soon as it may: " + g.Text
	}
	x.s.addFromPull(x, pull, stage)
	yes.give(x.s.candidate(pull.Head), stage)
	x.noteRight(x.s.candidate(pull.Head), stage)
	return Answer{OK: true, Open: true, Stage: stage, SHA: pull.Head, Text: text + yes.note}
}

// addFromPull takes note of the head of a pull request that was asked for.
func (s *State) addFromPull(x execution, pull PullRequestChanged, stage string) {
	c := s.candidate(pull.Head)
	if c == nil {
		s.FromPulls = append(s.FromPulls, Candidate{
			SHA: pull.Head, Tree: x.request.Actor.HeadTree, Title: pull.Title, Author: pull.Author,
			PushedAt: x.at, SeenAt: x.at, Pull: pull.Number, PullSought: true, ConfigRead: true, FromPull: true,
		})
		c = s.candidate(pull.Head)
		if p := s.Pulls[pull.Number]; p.PublishedHead == pull.Head {
			c.Published = maps.Clone(p.Published) // it has to end, whatever becomes of the pull request
		}
	}
	if c.Progress[stage].State != ProgressReleasing {
		s.reopen(c.SHA, stage, x.order())
	}
	s.updateGreen(x.at)
}

// pullGate is closed once the pull request is no longer what it was when the
// command was read.
func (d *view) pullGate(c *Candidate) Gate {
	g := Gate{Name: GatePullRequest, State: GateOpen}
	p := d.s.Pulls[c.Pull]
	switch {
	case p.Head != c.SHA:
		g.State, g.Text, g.Next = GateClosed, Short(p.Head)+" was pushed after the command", "give the command again"
	case !p.Open:
		g.State, g.Text, g.Next = GateClosed, "the pull request is not open any more", "nothing to do: it cannot be released any more"
	}
	return g
}

// enterFromPull lets a pull request's head into a stage that is free, where nothing of
// the branch has just been let in.
func (d *decision) enterFromPull(stage Stage) {
	for i := range d.s.FromPulls {
		c := &d.s.FromPulls[i]
		if d.s.landed(c) {
			continue
		}
		if _, asked := c.Ordered[stage.Name]; !asked || d.wanted[promoteKey(stage.Name, d.s.Stages[stage.Name].Promotions+1, stage.Apps[0])] {
			continue
		}
		if _, was := c.Progress[stage.Name]; was || !d.open(c, stage.Name) {
			continue
		}
		if !d.freshlyGreen(c) {
			d.readChecksOf(c, true)
			continue
		}
		if !d.rightsFresh(c, stage.Name) {
			continue
		}
		if r, _ := d.s.runOf(c); c.Artifact == "" && r.Status != RunSucceeded {
			continue // it is built where pull requests are built, and nowhere else
		}
		d.begin(c, stage)
		return
	}
}

// fromPullsToBuild lists the candidates from pull requests that have no build yet. The
// build of their test merge serves them where it has the same tree.
func (d *decision) fromPullsToBuild() []*Candidate {
	var list []*Candidate
	for i := range d.s.FromPulls {
		c := &d.s.FromPulls[i]
		if r, ok := d.s.runOf(c); !d.s.landed(c) && (!ok || r.Status == RunWaiting) && d.pullGate(c).State == GateOpen && c.Artifact == "" {
			list = append(list, c)
		}
	}
	return list
}

// publishFromPulls shows on a pull request's head how it fares at the stages that were
// asked for.
func (d *decision) publishFromPulls() {
	for i := range d.s.FromPulls {
		c := &d.s.FromPulls[i]
		if d.s.landed(c) {
			continue // the branch's candidate owns its statuses
		}
		if last := c.Published[buildContext]; d.s.Pulls[c.Pull].Head != c.SHA && (last.State == StatusPending || last.Uncertain) {
			d.publishStatus(c.SHA, buildContext, c.Published, newNotice(StatusSuccess, "Not built here: newer commits were pushed", ""))
		}
		for _, stage := range d.stagesOf(c) {
			_, asked := c.Ordered[stage]
			_, entered := c.Progress[stage]
			_, published := c.Published[contextOf(stage)]
			if asked || entered || published {
				d.publishStatus(c.SHA, contextOf(stage), c.Published, d.fromPullStatus(c, stage, asked || entered))
				d.publishDeployment(c, stage)
			}
		}
		d.endDeployments(c)
	}
}

func (d *view) fromPullStatus(c *Candidate, stage string, wanted bool) *notice {
	if g := d.pullGate(c); g.State == GateClosed && c.Progress[stage].State == "" || !wanted {
		if shut, no := blocked(d.gates(c, stage)); no && g.State != GateClosed {
			g = shut
		}
		return d.gone(c, contextOf(stage), "Not released"+because(g.Text))
	}
	return d.stageStatus(c, stage)
}

// forgetFromPulls drops candidates from pull requests of which nothing is left to do or
// to publish.
func (s *State) forgetFromPulls() {
	d := newView(s, s.Horizon)
	var keep []Candidate
	for i := range s.FromPulls {
		c := &s.FromPulls[i]
		if landed := s.landed(c); landed && s.promoting(c) || !landed && (d.pullGate(c).State == GateOpen || !s.forgettable(c)) {
			keep = append(keep, *c)
		}
	}
	s.FromPulls = keep
}
