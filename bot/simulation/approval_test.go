package simulation

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
	"github.com/headstart-cd/headstart/bot/command"
)

// Approvals: who gave them, for what, and in the place of what.

// asksForYes reports whether production asks for approvals.
func (s *sim) asksForYes() bool { return s.asks.approval || s.asks.yes }

// noteCommand notes when the bot has run what somebody said, and what stages ran then.
func (s *sim) noteCommand(f bot.Finished) {
	do, ok := f.Effect.Do.(bot.ReadActor)
	if !ok {
		return
	}
	for _, o := range s.people.orders {
		if o.written.ID != do.Comment || !o.run.IsZero() {
			continue
		}
		o.run, o.stood = s.Now, map[string][]string{}
		for app := range stageOf {
			o.stood[app] = s.stood(app)
		}
	}
}

// stood is what an app runs, and what it ran before that: the bot may see the
// newest release a little later. "" stands for nothing.
func (s *sim) stood(app string) (list []string) {
	for _, r := range slices.Backward(s.App(app).Releases) {
		if r.Status != bot.ReleaseSucceeded || slices.Contains(list, s.runs(r)) {
			continue
		}
		if list = append(list, s.runs(r)); len(list) == 2 {
			return list
		}
	}
	return append(list, "")
}

// runs is what a release runs: the tree that it was built from, or else its
// artifact.
func (s *sim) runs(r *bot.Release) string {
	if r == nil {
		return ""
	}
	if tree := s.builtFrom(r.Artifact); tree != "" {
		return tree
	}
	return r.Artifact
}

// isApproved is the part of [gatesOpen] about approvals: what needs one has it, by
// somebody who may and did not make it, for this artifact, and in the place of what
// the stage runs.
func (s *sim) isApproved(sha, artifact string, stage bot.Stage, decided time.Time) {
	held := slices.ContainsFunc(stage.Hold, func(h bot.Hold) bool {
		return h.Window == "" && s.counts(h.Class, sha, stage.Name, stage.Apps)
	})
	if !stage.Approval && !held {
		return
	}
	why := "nobody who may has approved it"
	for _, o := range s.people.orders {
		if o.verb != command.VerbApprove && o.verb != command.VerbPromote || !slices.Contains(o.stages, stage.Name) || o.sha != "" && o.sha != sha || o.run.IsZero() || o.run.After(decided) {
			continue
		}
		if why = s.lapsed(o, sha, artifact, stage); why == "" {
			why = s.rightless(o, decided)
		}
		if why == "" {
			return
		}
	}
	s.breaks(gatesOpen, "%s enters %s as %s, and %s", sha, stage.Name, artifact, why)
}

// lapsed says why somebody's approval is not good for what is about to enter a
// stage; empty if it is.
func (s *sim) lapsed(o *order, sha, artifact string, stage bot.Stage) string {
	c := s.Commits[sha]
	if stage.FourEyes && !o.alone {
		if what := s.madeBy(o.written.User, sha, stage); what != "" {
			return "it was approved by @" + o.written.User + ", who " + what
		}
	}
	for _, app := range stage.Apps {
		now := s.App(app).Current()
		if (now == nil || !s.truth.byHand[now]) && !slices.Contains(o.stood[app], s.runs(now)) {
			return "@" + o.written.User + " has approved it in the place of something else than what " + app + " runs now"
		}
	}
	if artifact == "" || artifact == copying {
		return ""
	}
	for _, a := range s.Apps {
		for _, b := range a.Builds {
			if b.Artifact == artifact && b.FinishedAt.After(o.run) && (o.verb == command.VerbApprove || s.hadBuild(c.Tree, o.run)) {
				return "it was built after @" + o.written.User + " had approved it"
			}
		}
	}
	return ""
}

// hadBuild reports whether something was built of a tree by a time.
func (s *sim) hadBuild(tree string, by time.Time) bool {
	for _, a := range s.Apps {
		for _, b := range a.Builds {
			if b.Artifact != "" && s.builtFrom(b.Artifact) == tree && !b.FinishedAt.After(by) {
				return true
			}
		}
	}
	return false
}

// approveSome has somebody approve a commit, who may or may not.
func (s *sim) approveSome() {
	sha := s.any()
	if sha == "" {
		return
	}
	s.needPull()
	approve := func(sha string) {
		user, alone := among(s, "zoe", "zoe", "walter", "walter", "rita"), ""
		if s.asks.fourEyes && s.once(2) {
			alone = " --alone nobody else is here"
		}
		s.addComment(1+s.pick(len(s.Pulls)), user, "/approve production "+sha+alone)
	}
	if before := s.Commits[sha].Parent; before != "" && s.once(1) {
		approve(before)
		s.waitFor(2 * time.Second) // it is about to take the place that the other one is approved for
	}
	approve(sha)
}

// hurry has somebody find a commit urgent, who may or may not.
func (s *sim) hurry() {
	if sha := s.any(); sha != "" {
		s.needPull()
		s.addComment(1+s.pick(len(s.Pulls)), among(s, "zoe", "walter"), "/promote "+among(s, "production", "production", "staging")+" "+sha+" --urgent the shop is down")
	}
}

// approveAll has somebody approve a commit wherever it needs that.
func (s *sim) approveAll(sha string) {
	alone := ""
	if s.asks.fourEyes { // who knows who made it
		alone = " --alone the day is over"
	}
	for range 2 {
		if s.asksForYes() {
			s.needPull()
			s.addComment(1, "zoe", "/approve production "+sha+alone)
			s.waitFor(10 * time.Minute)
		}
	}
}

// needPull opens a pull request to say something on, if there is none.
func (s *sim) needPull() {
	if len(s.Pulls) == 0 {
		p := &bottest.Pull{PullRequestChanged: bot.PullRequestChanged{Number: 1, Author: "bob", Title: "pull 1", Base: "main", Open: true, Fork: true}}
		s.Pulls[1] = p
		s.opened(p)
		s.moveHead(p)
	}
}

// hasFailed reports whether something may have failed on a stage in a way that
// locks it.
func (s *sim) hasFailed(stage string) bool {
	return s.halfTaken(stage, 0) || slices.ContainsFunc(s.truth.probes, func(p probe) bool { return p.stage == stage && !p.ok }) ||
		slices.ContainsFunc(s.truth.requests, func(r *request) bool {
			made := s.made(r)
			return r.stage == stage && (r.never || made == nil || made.Status != bot.ReleaseSucceeded)
		})
}

// onlyBrief reports whether whatever is locked was locked for a time only, by
// somebody who said for how long.
func (s *sim) onlyBrief() bool {
	return s.asks.brief && s.may.people && len(s.truth.byHand) == 0 && len(s.truth.published) == 0 && !slices.ContainsFunc([]string{"staging", "canary", "production"}, s.hasFailed) &&
		!slices.ContainsFunc(s.people.orders, func(o *order) bool {
			return o.verb == command.VerbRollback || o.verb == command.VerbLock && o.lasts == 0
		})
}
