package apply

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/release"
)

const slowAfter = 5 * time.Minute

func start(s *pipeline.State, e bot.Effect, at time.Time) {
	f := s.Pending[e.Key]
	f.Since, f.LostAt, f.Unsure = e.Since, e.LostAt, e.Unsure
	f.Underway, f.LastAt, f.Attempt, f.Reason, f.Limit = true, at, f.Attempt+1, "", false
	s.Pending[e.Key] = f

	switch do := e.Do.(type) {
	case bot.ReadChecks:
		if c := s.Candidate(do.SHA); c != nil {
			c.Reports.BeginReading(at)
		}
	case bot.SetStatus:
		editPublished(s, do, func(last *pipeline.Published) { last.Uncertain = true })
	case bot.CreateDeployment:
		c := s.Candidate(do.SHA)
		if c == nil {
			break
		}
		if d := c.Deployment(do.Stage, do.Promotion); d == nil {
			c.Deployments = append(c.Deployments, pipeline.Deployment{Stage: do.Stage, Promotion: do.Promotion, Asked: true})
		} else if d.ID == 0 {
			d.Asked = true
		}
	case bot.SetDeploymentStatus:
		editDeployment(s, do, func(last *pipeline.Published) { last.Uncertain = true })
	case bot.WriteComment:
		if p, ok := s.Pulls[do.Number]; ok {
			p.Comment.Uncertain = true
			s.Pulls[do.Number] = p
		}
	case bot.StartBuild:
		release.BuildStarted(s, do, at)
	case bot.CancelBuild:
		release.EditRun(s, do.Tree, func(r *pipeline.BuildRun) { r.Cancelling = true })
	case bot.Promote:
		release.PromotionStarted(s, do, e.Unsure, at)
	case bot.LookAtApp:
		if do.Seeks != nil {
			release.PromotionStarted(s, *do.Seeks, e.Unsure, at)
		}
	case bot.SetMaintenance:
		release.MaintenanceStarted(s, do)
	case bot.MakeCopy:
		release.CopyStarted(s, do, at)
	}
}

// delayed postpones when an attempt counts as lost, unless it was given up.
func delayed(s *pipeline.State, f bot.AttemptBegun, at time.Time) {
	if s.Underway(bot.Effect{Key: f.Key, Attempt: f.Attempt, Since: f.Since}) {
		pending := s.Pending[f.Key]
		pending.LastAt = at
		s.Pending[f.Key] = pending
	}
}

// finish folds the outcome of an attempt.
func finish(s *pipeline.State, f bot.Finished, at time.Time) {
	pending, counts := pendingOf(s, f, at)
	if !counts {
		return
	}
	f, hurry := believed(s, f, pending, at)
	pending = endAttempt(s, f, pending, hurry, at)
	foldOutcome(s, f, pending, at)
	forget(s, at)
}

// pendingOf returns the pending effect of an outcome, updated with what the outcome reveals of lost requests. false:
// the outcome does not count.
func pendingOf(s *pipeline.State, f bot.Finished, at time.Time) (pipeline.PendingEffect, bool) {
	e := f.Effect
	pending, ok := s.Pending[e.Key]
	if !ok || !pipeline.AttemptOf(e, pending) {
		return pipeline.PendingEffect{}, false // recorded before, or no longer pending
	}
	if pending.Underway && e.Attempt < pending.Attempt {
		// The attempt was given up, and a later one is performed in any case. The later one's result counts; nothing
		// else may begin before.
		if f.Outcome == bot.Unsure {
			pending.Unsure, pending.LostAt = true, at
			s.Pending[e.Key] = pending
		}
		return pipeline.PendingEffect{}, false
	}
	if e.Unsure && e.LostAt.After(pending.LostAt) {
		// The first performer died, and another has looked. What the first one did is as unknown as before.
		pending.Unsure, pending.LostAt = true, e.LostAt
		s.Pending[e.Key] = pending
	}
	return pending, true
}

// believed returns the outcome as it counts. An answer that came too early becomes a retry, soon if hurry. An effect
// that was tried for too long is refused.
func believed(s *pipeline.State, f bot.Finished, pending pipeline.PendingEffect, at time.Time) (counts bot.Finished, hurry bool) {
	switch {
	case notYet(s, f, at):
		_, file := f.Fact.(bot.ConfigRead)
		hurry = !file || expectsFile(s)
		f.Outcome, f.Reason, f.Fact = bot.Retry, notYetReason(f), nil
	case f.Outcome == bot.Done && settlesNothing(s, f, pending, at):
		f.Outcome = bot.Retry
	}
	return pipeline.Overtime(f, pending, at), hurry
}

// endAttempt ends the pending effect, or sets the time of its next attempt.
func endAttempt(s *pipeline.State, f bot.Finished, pending pipeline.PendingEffect, hurry bool, at time.Time) pipeline.PendingEffect {
	e := f.Effect
	switch f.Outcome {
	case bot.Done, bot.Refuse:
		delete(s.Pending, e.Key)
	case bot.Retry, bot.Unsure:
		if f.Outcome == bot.Unsure {
			pending.LostAt = at // the request left some time before
		}
		pending.Underway, pending.Reason, pending.Limit = false, f.Reason, f.Limit
		pending.Unsure = pending.Unsure || f.Outcome == bot.Unsure
		attempt := pending.Attempt
		if at.Sub(pending.Since) < slowAfter {
			attempt = min(attempt, pipeline.ManyAttempts) // attempts that only looked followed one another quickly
		}
		pause := pipeline.Backoff(e.Key, attempt)
		if hurry {
			pause = min(pause, pipeline.NotYetPause)
		}
		pending.NotBefore = at.Add(max(f.After, pause))
		if sure := pending.LostAt.Add(bot.DoubtOf(e.Do)); pending.Unsure && f.After == 0 && at.Before(sure) && pending.NotBefore.After(sure) {
			pending.NotBefore = sure // the outcome is known then
		}
		s.Pending[e.Key] = pending
	}
	return pending
}

// foldOutcome folds the outcome of an effect by its action.
func foldOutcome(s *pipeline.State, f bot.Finished, pending pipeline.PendingEffect, at time.Time) {
	e := f.Effect
	switch do := e.Do.(type) {
	case bot.ReadConfig:
		configAnswered(s, do, f, at)
	case bot.ReadChecks:
		if fact, ok := f.Fact.(bot.ChecksRead); ok {
			checksRead(s, fact, do, e.At, at)
		} else if f.Outcome == bot.Refuse {
			checksRefused(s, do.SHA, f.Reason, e.At)
		}
	case bot.ReadHead:
		headRead(s, do, f, e.At, at)
	case bot.ReadRules:
		rulesRead(s, do, f, e.At, at)
	case bot.ListPullRequests:
		pullsListed(s, f, at)
	case bot.ReadSource:
		sourceRead(s, do, f, pending, at)
	case bot.LookAtApp:
		if do.Seeks != nil {
			release.PromoteAnswered(s, *do.Seeks, f, at)
		} else {
			release.AppLooked(s, do, f, at)
		}
	case bot.ReadPullRequest:
		pullReadEnded(s, do, f, at)
	case bot.FindPullRequest:
		if fact, ok := f.Fact.(bot.PullRequestFound); ok {
			pullFound(s, fact, at)
		} else if f.Outcome == bot.Refuse {
			pullFound(s, bot.PullRequestFound{SHA: do.SHA}, at)
		}
	case bot.SetStatus:
		statusPublished(s, do, f, pending, at)
	case bot.CreateDeployment:
		deploymentCreated(s, do, f, pending, at)
	case bot.SetDeploymentStatus:
		deploymentPublished(s, do, f, pending, at)
	case bot.WriteComment:
		commentWritten(s, do, f, pending, at)
	case bot.SendSection:
		sectionSent(s, do, f, at)
	case bot.StartBuild:
		release.BuildAnswered(s, do, f, pending, at)
	case bot.WatchBuild:
		release.BuildWatched(s, do, f, at)
	case bot.CancelBuild:
		release.BuildCancelled(s, do, f, at)
	case bot.Promote:
		release.PromoteAnswered(s, do, f, at)
	case bot.WatchRelease:
		release.ReleaseWatched(s, do, f, at)
	case bot.SetMaintenance:
		release.MaintenanceAnswered(s, do, f, pending, at)
	case bot.Inspect:
		release.Inspected(s, do, f, at)
	case bot.MakeCopy:
		release.CopySeen(s, do.Stage, do.Promotion, do.App, f, pending, at)
	case bot.WatchCopy:
		release.CopySeen(s, do.Stage, do.Promotion, do.App, f, pending, at)
	case bot.RemoveCopy:
		release.CopyRemoved(s, do, f, at)
	case bot.ReadActor:
		actorRead(s, do, f, at)
	case bot.ReadRights:
		rightsRead(s, do, f, at)
	case bot.React:
		reacted(s, do, f)
	case bot.Reply:
		replied(s, do, f)
	case bot.ReadChanges:
		changesRead(s, do, f)
	case bot.ReadPeople:
		s.PeopleRead(do, f)
	case bot.Probe:
		release.Probed(s, do, f, at)
	case bot.WriteAlert:
		alertWritten(s, do, f, at)
	case bot.ReadFiles:
		if do.Affects == "" {
			filesRead(s, do, f, at)
		}
	case bot.OpenPipelines:
		opened(s, do, f)
	case bot.AskAffected:
		affectedAnswered(s, do, f)
	case bot.RouteCommands:
		routed(s, do, f)
	case bot.AskStage:
		stageAsked(s, do, f, e.At)
	}
	affectedRead(s, f)
}

// settlesNothing reports whether an answer settles nothing yet. It was given while a lost request may still take
// effect, or it is older than what is known.
func settlesNothing(s *pipeline.State, f bot.Finished, pending pipeline.PendingEffect, at time.Time) bool {
	switch fact := f.Fact.(type) {
	case bot.AppSeen:
		return pending.Unsure && at.Sub(pending.LostAt) < bot.PlatformDoubt
	case bot.BuildSeen:
		return fact.Build.ID == "" && pending.Unsure && at.Sub(pending.LostAt) < bot.PlatformDoubt
	case bot.PullRequestRead:
		p, ok := s.Pulls[fact.Number]
		return ok && p.Open && fact.Head != p.Head && !fact.UpdatedAt.After(p.UpdatedAt)
	}
	return false
}

// checksRefused keeps a commit waiting whose checks GitHub refuses to show. They are read again later, not at once.
func checksRefused(s *pipeline.State, sha, reason string, began time.Time) {
	if c := s.Candidate(sha); c != nil {
		c.Reports.ReadAt, c.Reports.Refused = began, reason
	}
}

func pullReadEnded(s *pipeline.State, do bot.ReadPullRequest, f bot.Finished, at time.Time) {
	if fact, ok := f.Fact.(bot.PullRequestRead); ok {
		pullRead(s, fact, at)
	}
	if p, ok := s.Pulls[do.Number]; ok && f.Outcome == bot.Refuse {
		p.ReadHead, p.TestMerge, p.TestTree, p.AskAt, p.Unmade = p.Head, "", "", time.Time{}, true
		s.Pulls[do.Number] = p
	}
}

// A refused publication counts as published. It is retried later if it is still true. A publication that GitHub may
// have received makes the one before it uncertain.

// mayStillLand returns until when an earlier attempt, whose answer was lost, may still overwrite the one just made;
// zero: it cannot.
func mayStillLand(f bot.Finished, pending pipeline.PendingEffect, at time.Time) time.Time {
	if sure := pending.LostAt.Add(bot.GitHubOverwrite); f.Outcome == bot.Done && pending.Unsure && at.Before(sure) {
		return sure
	}
	return time.Time{}
}

// settlePublished updates the last publication by the outcome of a newer one.
func settlePublished(last *pipeline.Published, now pipeline.Published, f bot.Finished, pending pipeline.PendingEffect, at time.Time) {
	switch {
	case f.Outcome == bot.Done || f.Outcome == bot.Refuse:
		now.RepeatAt = bot.Later(last.RepeatAt, mayStillLand(f, pending, at)) // an earlier attempt may still land, too
		if !now.RepeatAt.After(at) {
			now.RepeatAt = time.Time{}
		}
		if f.Outcome == bot.Refuse {
			if now.State == last.State && now.Phase == last.Phase && now.Text == last.Text {
				now.Refusal = last.Refusal
			}
			now.Refusal = again(now.Refusal, at)
		}
		*last = now
	case f.Outcome == bot.Retry && !pending.Unsure:
		last.Uncertain = false
	}
}

func statusPublished(s *pipeline.State, do bot.SetStatus, f bot.Finished, pending pipeline.PendingEffect, at time.Time) {
	now := pipeline.Published{State: do.Status.State, Phase: do.Phase, Text: do.Status.Text}
	editPublished(s, do, func(last *pipeline.Published) { settlePublished(last, now, f, pending, at) })
}

// editPublished changes what is remembered of a status: at the candidate, and at the pull requests with the commit as
// their head.
func editPublished(s *pipeline.State, do bot.SetStatus, edit func(*pipeline.Published)) {
	change := func(published *map[string]pipeline.Published) {
		context := s.ShortContext(do.Context)
		last := (*published)[context]
		edit(&last)
		pipeline.Put(published, context, last)
	}
	build := s.ShortContext(do.Context) == bot.BuildContext
	if c := s.Candidate(do.SHA); c != nil && (!build || c.FromPull || s.Affects(c) == bot.AffectedYes) {
		change(&c.Published) // nothing is published for a push that does not affect the pipeline; a pull request or a merge group has its own status
	}
	if g := s.GroupOf(do.SHA); g != nil && build {
		change(&g.Published)
	}
	if i := s.Elsewhere.Find(do.SHA); i >= 0 {
		change(&s.Elsewhere[i].Published)
	}
	for n, p := range s.Pulls {
		if p.PublishedHead != do.SHA && p.Head != do.SHA {
			continue
		}
		if p.PublishedHead != do.SHA {
			p.Published, p.PublishedHead = nil, do.SHA
		}
		change(&p.Published)
		s.Pulls[n] = p
	}
}

func deploymentCreated(s *pipeline.State, do bot.CreateDeployment, f bot.Finished, pending pipeline.PendingEffect, at time.Time) {
	c := s.Candidate(do.SHA)
	if c == nil {
		return
	}
	d := c.Deployment(do.Stage, do.Promotion)
	switch {
	case d == nil || !d.Asked:
	case f.Outcome == bot.Refuse:
		d.Asked, d.Refusal = false, again(d.Refusal, at)
	case f.Outcome == bot.Done:
		d.Asked, d.Refusal = false, pipeline.Refusal{}
		if fact, ok := f.Fact.(bot.DeploymentCreated); ok {
			d.ID = fact.ID
		}
	case f.Outcome == bot.Retry && !pending.Unsure && d.Refusals > 0:
		d.Asked = false
	case f.Outcome == bot.Retry && !pending.Unsure: // it certainly does not exist
		c.Deployments = slices.DeleteFunc(c.Deployments, func(o pipeline.Deployment) bool { return o.Stage == do.Stage && o.Promotion == do.Promotion })
	}
}

func deploymentPublished(s *pipeline.State, do bot.SetDeploymentStatus, f bot.Finished, pending pipeline.PendingEffect, at time.Time) {
	now := pipeline.Published{State: do.Status.State, Text: do.Status.Text}
	editDeployment(s, do, func(last *pipeline.Published) { settlePublished(last, now, f, pending, at) })
}

func editDeployment(s *pipeline.State, do bot.SetDeploymentStatus, edit func(*pipeline.Published)) {
	if c := s.Candidate(do.SHA); c != nil {
		for i := range c.Deployments {
			if d := &c.Deployments[i]; d.ID == do.ID {
				edit(&d.Published)
			}
		}
	}
}

func commentWritten(s *pipeline.State, do bot.WriteComment, f bot.Finished, pending pipeline.PendingEffect, at time.Time) {
	p, ok := s.Pulls[do.Number]
	switch {
	case !ok || f.Outcome == bot.Unsure || f.Outcome == bot.Retry && pending.Unsure:
		return
	case f.Outcome == bot.Refuse:
		p.Comment.Refused, p.Comment.Refusal = true, again(p.Comment.Refusal, at)
	case f.Outcome == bot.Done:
		p.Comment.Body, p.Comment.NeverGreen = do.Body, do.NeverGreen
		p.Comment.WrittenAt, p.Comment.Refused, p.Comment.Refusal = at, false, pipeline.Refusal{}
		if p.Comment.RepeatAt = bot.Later(p.Comment.RepeatAt, mayStillLand(f, pending, at)); !p.Comment.RepeatAt.After(at) {
			p.Comment.RepeatAt = time.Time{}
		}
	}
	p.Comment.Uncertain = false
	if fact, ok := f.Fact.(bot.CommentWritten); ok {
		p.Comment.ID, p.Comment.URL = fact.ID, fact.URL
	}
	s.Pulls[do.Number] = p
}

const (
	firstRefusal   = 5 * time.Second
	longestRefusal = time.Hour
	// mostRefusals bounds how often one publication is refused: after pauses of 5 s, 20 s, 80 s, 5 min and 21 min, then
	// every hour for a day.
	mostRefusals = 30
)

// again counts one more refusal and sets the time of the retry.
func again(u pipeline.Refusal, at time.Time) pipeline.Refusal {
	u.Refusals, u.RetryAt = u.Refusals+1, time.Time{}
	if u.Refusals < mostRefusals {
		u.RetryAt = at.Add(min(firstRefusal<<(2*(u.Refusals-1)), longestRefusal))
	}
	return u
}
