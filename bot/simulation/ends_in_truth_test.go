package simulation

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// publishes holds what is about to be told to people against
// [nothingTwice], [endsInTruth] and [noSecretOut].
func (s *sim) publishes(j *job, e bot.Effect) {
	switch do := e.Do.(type) {
	case bot.SetStatus:
		s.leaks(do.Status.Text+do.Status.URL, "a status of "+do.SHA)
		if do.Context != configContext && !notBuilt(do) {
			s.affected(do.SHA, "gets the status "+do.Context)
		}
	case bot.CreateDeployment:
		s.leaks(do.Text, "a deployment")
		s.publishedOnce(deploymentOf(do), j)
	case bot.SetDeploymentStatus:
		s.leaks(do.Status.Text+do.Status.URL+do.AppURL, "a deployment status")
	case bot.WriteComment:
		s.leaks(do.Body, "a comment")
		if do.ID == 0 {
			s.publishedOnce(commentOn(do), j)
		}
	case bot.Reply:
		s.leaks(do.Body, "an answer")
		s.publishedOnce(answerTo(do), j)
	}
}

// publishedOnce is [nothingTwice] for what people read: what was made, and is known to
// have been made, is not made again.
func (s *sim) publishedOnce(what string, j *job) {
	if since, ok := s.store.publishedAt[what]; ok && j.decided.After(since) {
		s.breaks(nothingTwice, "%s is made again by %s (attempt %d), though its outcome was known", what, j.effect.Key, j.effect.Attempt)
	}
}

// known notes what was made for people once the outcome of that is recorded.
func (s *sim) known(f bot.Finished) {
	what := ""
	switch do := f.Effect.Do.(type) {
	case bot.CreateDeployment:
		what = deploymentOf(do)
	case bot.WriteComment:
		what = commentOn(do)
	case bot.Reply:
		what = answerTo(do)
	}
	if _, before := s.store.publishedAt[what]; what != "" && !before {
		s.store.publishedAt[what] = s.Now
	}
}

func deploymentOf(do bot.CreateDeployment) string {
	return fmt.Sprintf("the deployment of promotion %d to %s", do.Promotion, do.Stage)
}
func commentOn(do bot.WriteComment) string { return fmt.Sprintf("the comment on #%d", do.Number) }
func answerTo(do bot.Reply) string         { return fmt.Sprintf("the answer to comment %d", do.Comment) }

// publishedTruly is [endsInTruth] at the moment of telling: what is said to be live was
// released everywhere, and what is said to be built was built.
func (s *sim) publishedTruly(e bot.Effect) {
	switch do := e.Do.(type) {
	case bot.React:
		s.reacted(do)
	case bot.SetStatus:
		c := s.Commits[do.SHA]
		s.failurePublished(e, do)
		s.taken(do)
		if do.Status.State != bot.StatusSuccess || c == nil {
			return
		}
		if stage, ok := strings.CutPrefix(do.Context, "headstart/"); ok && strings.HasPrefix(do.Status.Text, "Live on ") && !strings.Contains(do.Status.Text, "as part of") {
			s.wasReleased(stage, do.SHA, "the status says: "+do.Status.Text)
		}
		if strings.HasPrefix(do.Status.Text, "Built in") {
			for _, a := range s.Apps {
				for _, b := range a.Builds {
					if k := s.Commits[b.Commit]; b.Status == bot.BuildSucceeded && k != nil && k.Tree == c.Tree {
						return
					}
				}
			}
			s.breaks(endsInTruth, "the status of %s says %q, and nothing was built of its tree", do.SHA, do.Status.Text)
		}
	case bot.SetDeploymentStatus:
		if do.Status.State == bot.StatusSuccess {
			s.wasReleased(do.Stage, do.SHA, "its deployment says: "+do.Status.Text)
		}
	}
}

// wasReleased checks that some app of a stage really got a commit's tree.
func (s *sim) wasReleased(stage, sha, says string) {
	c := s.Commits[sha]
	for app, of := range stageOf {
		if of != stage || c == nil {
			continue
		}
		for _, r := range s.App(app).Releases {
			if r.Status == bot.ReleaseSucceeded && s.builtFrom(r.Artifact) == c.Tree {
				return
			}
		}
	}
	s.breaks(endsInTruth, "%s was never released to %s, and %s", sha, stage, says)
}

// held reports whether a lock, or what somebody has released by hand, keeps
// everything out of some stage: then commits wait, and their statuses with them.
func (s *sim) held() bool {
	if s.awaitsPeople() {
		return true
	}
	for _, st := range s.store.state.Stages {
		if st.Lock != nil || s.releasedSince(st.Live) || slices.ContainsFunc(slices.Collect(maps.Values(st.Apps)), func(a pipeline.AppState) bool { return a.Foreign != nil }) {
			return true
		}
	}
	return false
}

// awaitsPeople reports whether commits may wait for something that does not come by
// itself: an approval, or the end of the file's freeze.
func (s *sim) awaitsPeople() bool { return s.asksForYes() && !s.last || s.frozenDays() }

// publishedEndsInTruth is [endsInTruth] at the end.
func (s *sim) publishedEndsInTruth() {
	held := s.held()
	s.groupsEnd()
	for _, sha := range sorted(s.Statuses) {
		for _, context := range sorted(s.Statuses[sha]) {
			v := s.Statuses[sha][context]
			if v.State == bot.StatusPending && !held {
				s.breaks(endsInTruth, "%s of %s is pending at the end: %s", context, sha, v.Text)
			}
		}
	}
	active := map[string]*bottest.Deployment{}
	for _, d := range s.Deployments {
		switch d.Status.State {
		case bot.StatusSuccess:
			if o := active[d.Do.Stage]; o != nil {
				s.breaks(endsInTruth, "the deployments of %s and of %s to %s are both active at the end", o.Do.SHA, d.Do.SHA, d.Do.Stage)
			}
			active[d.Do.Stage] = d
		case bot.DeploymentInactive, bot.StatusFailure:
		default:
			s.breaks(endsInTruth, "the deployment of %s to %s ends as %q", d.Do.SHA, d.Do.Stage, d.Status.State)
		}
	}
	for _, c := range s.UserComments {
		if !slices.ContainsFunc(s.store.state.Requests, func(r pipeline.Request) bool { return r.Comment == c.ID }) {
			continue // it asked for nothing, or there was no pipeline then
		}
		n := len(c.Reactions)
		if n == 1 && s.awaitsPeople() {
			continue // and so does what was asked for
		}
		if n == 3 && c.Reactions[1] == "rocket" && c.Reactions[2] == "-1" && strings.Contains(c.Body, "/approve") {
			continue // it lapsed while nobody knew whether the rocket had been seen
		}
		if n != 2 || c.Reactions[0] != "eyes" || c.Reactions[1] != "rocket" && c.Reactions[1] != "-1" {
			s.breaks(endsInTruth, "%q by %s ends with the reactions %v", c.Body, c.User, c.Reactions)
		}
		asks := slices.Contains([]string{"/why", "/status", "/plan", "/help"}, c.Body)
		if !mayCommand(c.User) && c.Reactions[1] == "rocket" && !asks {
			s.breaks(gatesOpen, "%q was done for %s, who may not", c.Body, c.User)
		}
		if strings.Contains(c.Body, "--urgent") && roles[c.User] != bot.RoleAdmin && c.Reactions[1] == "rocket" {
			s.breaks(gatesOpen, "%q was done for %s, who may not pass windows and freezes", c.Body, c.User)
		}
		answers := 0
		for _, r := range s.Replies {
			if r.Do.Comment == c.ID {
				answers++
			}
		}
		if answers > 1 {
			s.breaks(nothingTwice, "%q by %s was answered %d times", c.Body, c.User, answers)
		}
	}
}
