package bot

import (
	"hash/fnv"
	"slices"
	"time"
)

// Started adds a pending effect, in the same commit that hands the effect to whoever
// performs it. Finished removes it, or says when to try again.

// How long a request whose answer was lost may still come true.
const (
	// GitHubDoubt is GitHub's: it ends what takes longer than ten seconds
	// (docs.github.com, "Troubleshooting the REST API", timeouts), and the request may
	// have been on its way for some.
	GitHubDoubt = 15 * time.Second
	// PlatformDoubt is a platform's: Heroku's router gives up on a request after 30
	// seconds (devcenter.heroku.com, "Request Timeout"). The embedded one answers sooner.
	PlatformDoubt = 30 * time.Second
)

// doubtOf is how long an effect may still come true whose answer was lost.
func doubtOf(do Action) time.Duration {
	if TraitsOf(do).To == ToGitHub {
		return GitHubDoubt
	}
	return PlatformDoubt
}

// lost is how long an effect may be out without an outcome before it counts as
// unknown: longer than anybody performing one is allowed to take.
const lost = 5 * time.Minute

// maxBackoff bounds the time between two attempts at first; an effect that has
// failed for minutes is tried less often.
const (
	firstBackoff = 500 * time.Millisecond
	maxBackoff   = 14 * time.Second
	slowBackoff  = 2 * time.Minute
	slowAfter    = 5 * time.Minute
	manyAttempts = 25
)

// backoff is how long to wait after the given attempt (1 for the first) of what
// is named by key: it doubles from half a second, is spread by a fifth either
// way so that many pipelines do not knock at once, and stays under 15 seconds
// for the first minutes.
func backoff(key string, attempt int) time.Duration {
	d := firstBackoff
	for i := 1; i < attempt && d < maxBackoff; i++ {
		d *= 2
	}
	d = min(d, maxBackoff*5/6)
	if attempt > manyAttempts {
		d = slowBackoff
	}
	h := fnv.New32a()
	h.Write([]byte(key))
	h.Write([]byte{byte(attempt)})
	spread := int64(h.Sum32()%401) - 200 // thousandths
	return d + d*time.Duration(spread)/1000
}

// lookInterval is how long to wait before looking again at a release that was
// looked at so many times: a second at first, at most 15.
func lookInterval(looks int) time.Duration {
	if looks > 4 {
		return 15 * time.Second
	}
	return min(time.Second<<max(looks-1, 0), 15*time.Second)
}

// buildInterval is how long to wait before looking again at a build that has run
// for so long and was looked at so many times, where builds usually take so long
// (0: not known). Requests are few: they are spent where the end is expected.
func buildInterval(ran, usual time.Duration, looks int) time.Duration {
	const short = time.Minute
	soon := usual * 9 / 10
	switch {
	case looks <= 4 && usual < short:
		return time.Second << max(looks-1, 0)
	case usual < short:
		return min(max(ran, 8*time.Second), 30*time.Second)
	case looks <= 1:
		return 15 * time.Second // it may fail at once
	case ran < soon:
		return min(max(soon-ran, time.Second), max(ran, 30*time.Second))
	case ran < usual*6/5:
		return min(usual/30, 15*time.Second)
	}
	return min(ran/8, 30*time.Second)
}

// Beginning returns an effect as it is performed now, by what is known at this
// moment: a reading that waited for its turn takes in what has moved since it was
// decided on. What s has seen must have been seen before the first request.
func (s State) Beginning(e Effect) Effect {
	if do, ok := e.Do.(ReadChecks); ok {
		if c := s.candidate(do.SHA); c != nil {
			do.Seen = c.Reports.Hints
			e.Do = do
		}
	}
	return e
}

// Of reports whether the effect is an attempt of this pending one, rather than of an
// earlier one with the same key.
func (e Effect) Of(f PendingEffect) bool { return e.Since.Equal(f.Since) }

func (s *State) start(e Effect, at time.Time) {
	f := s.Pending[e.Key]
	f.Since, f.LostAt, f.Unsure = e.Since, e.LostAt, e.Unsure
	f.Underway, f.LastAt, f.Attempt, f.Reason, f.Limit = true, at, f.Attempt+1, "", false
	s.Pending[e.Key] = f

	switch do := e.Do.(type) {
	case ReadChecks:
		if c := s.candidate(do.SHA); c != nil {
			c.Reports.look(at)
		}
	case SetStatus:
		s.editPublished(do, func(last *Published) { last.Uncertain = true })
	case CreateDeployment:
		c := s.candidate(do.SHA)
		if c == nil {
			break
		}
		if d := c.deployment(do.Stage, do.Promotion); d == nil {
			c.Deployments = append(c.Deployments, Deployment{Stage: do.Stage, Promotion: do.Promotion, Asked: true})
		} else if d.ID == 0 {
			d.Asked = true
		}
	case SetDeploymentStatus:
		s.editDeployment(do, func(last *Published) { last.Uncertain = true })
	case WriteComment:
		if p, ok := s.Pulls[do.Number]; ok {
			p.Comment.Uncertain = true
			s.Pulls[do.Number] = p
		}
	case StartBuild:
		s.buildStarted(do, at)
	case CancelBuild:
		s.editRun(do.Tree, func(r *BuildRun) { r.Cancelling = true })
	case Promote:
		s.promotionStarted(do, e.Unsure, at)
	case LookAtApp:
		if do.Seeks != nil {
			s.promotionStarted(*do.Seeks, e.Unsure, at)
		}
	case SetMaintenance:
		s.maintenanceStarted(do)
	case MakeCopy:
		s.copyStarted(do, at)
	}
}

// Underway reports whether an attempt of an effect is the one that is under way: it was
// not given up, and its outcome is not recorded.
func (s State) Underway(e Effect) bool {
	f, ok := s.Pending[e.Key]
	return ok && f.Underway && f.Attempt == e.Attempt && e.Of(f)
}

// delayed puts off when an attempt counts as lost, unless it has been given up.
func (s *State) delayed(f AttemptBegun, at time.Time) {
	if s.Underway(Effect{Key: f.Key, Attempt: f.Attempt, Since: f.Since}) {
		pending := s.Pending[f.Key]
		pending.LastAt = at
		s.Pending[f.Key] = pending
	}
}

// finish takes the outcome of an attempt.
func (s *State) finish(f Finished, at time.Time) {
	pending, counts := s.pendingOf(f, at)
	if !counts {
		return
	}
	f, hurry := s.believed(f, pending, at)
	pending = s.endAttempt(f, pending, hurry, at)
	s.foldOutcome(f, pending, at)
	s.forget(at)
}

// pendingOf finds the flight that an outcome is of, with what it tells of lost requests;
// false: the outcome does not count.
func (s *State) pendingOf(f Finished, at time.Time) (PendingEffect, bool) {
	e := f.Effect
	pending, ok := s.Pending[e.Key]
	if !ok || !e.Of(pending) {
		return PendingEffect{}, false // it was recorded before, or the flight is over
	}
	if pending.Underway && e.Attempt < pending.Attempt {
		// It was given up, and the one that took its place will be performed whatever
		// came of it: what that one finds counts, and nothing else may begin before.
		if f.Outcome == Unsure {
			pending.Unsure, pending.LostAt = true, at
			s.Pending[e.Key] = pending
		}
		return PendingEffect{}, false
	}
	if e.Unsure && e.LostAt.After(pending.LostAt) {
		// Whoever performed it died, and somebody else has looked: what the first
		// one did is as unknown as before.
		pending.Unsure, pending.LostAt = true, e.LostAt
		s.Pending[e.Key] = pending
	}
	return pending, true
}

// believed is the outcome as it counts: an answer that came too early is asked for again,
// soon where it is in a hurry, and what has been tried for too long is refused.
func (s *State) believed(f Finished, pending PendingEffect, at time.Time) (counts Finished, hurry bool) {
	switch {
	case s.notYet(f, at):
		_, file := f.Fact.(ConfigRead)
		hurry = !file || s.expectsFile()
		f.Outcome, f.Reason, f.Fact = Retry, notYetReason(f), nil
	case f.Outcome == Done && s.settlesNothing(f, pending, at):
		f.Outcome = Retry
	}
	return f.overtime(pending, at), hurry
}

// endAttempt closes the flight, or says when the next attempt may be.
func (s *State) endAttempt(f Finished, pending PendingEffect, hurry bool, at time.Time) PendingEffect {
	e := f.Effect
	switch f.Outcome {
	case Done, Refuse:
		delete(s.Pending, e.Key)
	case Retry, Unsure:
		if f.Outcome == Unsure {
			pending.LostAt = at // the request left some time before
		}
		pending.Underway, pending.Reason, pending.Limit = false, f.Reason, f.Limit
		pending.Unsure = pending.Unsure || f.Outcome == Unsure
		attempt := pending.Attempt
		if at.Sub(pending.Since) < slowAfter {
			attempt = min(attempt, manyAttempts) // those that only looked came soon after one another
		}
		pause := backoff(e.Key, attempt)
		if hurry {
			pause = min(pause, notYetPause)
		}
		pending.NotBefore = at.Add(max(f.After, pause))
		if sure := pending.LostAt.Add(doubtOf(e.Do)); pending.Unsure && f.After == 0 && at.Before(sure) && pending.NotBefore.After(sure) {
			pending.NotBefore = sure // then it is known what came of it
		}
		s.Pending[e.Key] = pending
	}
	return pending
}

// foldOutcome folds in what is known by the outcome of an effect.
func (s *State) foldOutcome(f Finished, pending PendingEffect, at time.Time) {
	e := f.Effect
	switch do := e.Do.(type) {
	case ReadConfig:
		s.configAnswered(do, f, at)
	case ReadChecks:
		if fact, ok := f.Fact.(ChecksRead); ok {
			s.checksRead(fact, do, e.At, at)
		} else if f.Outcome == Refuse {
			s.checksRefused(do.SHA, f.Reason, e.At)
		}
	case ReadHead:
		s.headRead(do, f, e.At, at)
	case ReadRules:
		s.rulesRead(do, f, e.At)
	case ListPullRequests:
		s.pullsListed(f, at)
	case ReadSource:
		s.sourceRead(do, f, pending)
	case LookAtApp:
		if do.Seeks != nil {
			s.promoteAnswered(*do.Seeks, f, at)
		} else {
			s.appLooked(do, f, at)
		}
	case ReadPullRequest:
		s.pullReadEnded(do, f, at)
	case FindPullRequest:
		if fact, ok := f.Fact.(PullRequestFound); ok {
			s.pullFound(fact, at)
		} else if f.Outcome == Refuse {
			s.pullFound(PullRequestFound{SHA: do.SHA}, at)
		}
	case SetStatus:
		s.statusPublished(do, f, pending, at)
	case CreateDeployment:
		s.deploymentCreated(do, f, pending, at)
	case SetDeploymentStatus:
		s.deploymentPublished(do, f, pending, at)
	case WriteComment:
		s.commentWritten(do, f, pending, at)
	case SendSection:
		s.sectionSent(do, f, at)
	case StartBuild:
		s.buildAnswered(do, f, pending, at)
	case WatchBuild:
		s.buildWatched(do, f, at)
	case CancelBuild:
		s.buildCancelled(do, f, at)
	case Promote:
		s.promoteAnswered(do, f, at)
	case WatchRelease:
		s.releaseWatched(do, f, at)
	case SetMaintenance:
		s.maintenanceAnswered(do, f, pending, at)
	case Inspect:
		s.inspected(do, f, at)
	case MakeCopy:
		s.copySeen(do.Stage, do.Promotion, do.App, f, pending, at)
	case WatchCopy:
		s.copySeen(do.Stage, do.Promotion, do.App, f, pending, at)
	case RemoveCopy:
		s.copyRemoved(do, f, at)
	case ReadActor:
		s.actorRead(do, f, at)
	case ReadRights:
		s.rightsRead(do, f, at)
	case React:
		s.reacted(do, f)
	case Reply:
		s.replied(do, f)
	case ReadChanges:
		s.changesRead(do, f)
	case ReadPeople:
		s.peopleRead(do, f)
	case Probe:
		s.probed(do, f, at)
	case WriteAlert:
		s.alertWritten(do, f, at)
	case ReadFiles:
		if do.Affects == "" {
			s.filesRead(do, f, at)
		}
	case OpenPipelines:
		s.opened(do, f)
	case AskAffected:
		s.affectedAnswered(do, f)
	case RouteCommands:
		s.routed(do, f)
	case AskStage:
		s.stageAsked(do, f, e.At)
	}
	s.affectedRead(f)
}

// settlesNothing reports whether an answer settles nothing yet: it was given while a
// lost request may still come true, or it is older than what is known.
func (s *State) settlesNothing(f Finished, pending PendingEffect, at time.Time) bool {
	switch fact := f.Fact.(type) {
	case AppSeen:
		return pending.Unsure && at.Sub(pending.LostAt) < PlatformDoubt
	case BuildSeen:
		return fact.Build.ID == "" && pending.Unsure && at.Sub(pending.LostAt) < PlatformDoubt
	case PullRequestRead:
		p, ok := s.Pulls[fact.Number]
		return ok && p.Open && fact.Head != p.Head && !fact.UpdatedAt.After(p.UpdatedAt)
	}
	return false
}

// checksRefused keeps a commit waiting whose checks GitHub will not show. It is
// asked again later, not at once.
func (s *State) checksRefused(sha, reason string, began time.Time) {
	if c := s.candidate(sha); c != nil {
		c.Reports.ReadAt, c.Reports.Refused = began, reason
	}
}

func (s *State) pullReadEnded(do ReadPullRequest, f Finished, at time.Time) {
	if fact, ok := f.Fact.(PullRequestRead); ok {
		s.pullRead(fact, at)
	}
	if p, ok := s.Pulls[do.Number]; ok && f.Outcome == Refuse {
		p.ReadHead, p.TestMerge, p.TestTree, p.AskAt, p.Unmade = p.Head, "", "", time.Time{}, true
		s.Pulls[do.Number] = p
	}
}

// What was refused counts as published until it is time to publish it once more, if it
// is still true then. What may have been received makes uncertain what was published
// before it.

// mayStillLand is until when an earlier attempt, whose answer was lost, may still
// overwrite the one that has just been made; zero: it cannot.
func mayStillLand(f Finished, pending PendingEffect, at time.Time) time.Time {
	if sure := pending.LostAt.Add(GitHubDoubt); f.Outcome == Done && pending.Unsure && at.Before(sure) {
		return sure
	}
	return time.Time{}
}

// settlePublished is what becomes of what was published last by the outcome of
// publishing something else.
func settlePublished(last *Published, now Published, f Finished, pending PendingEffect, at time.Time) {
	switch {
	case f.Outcome == Done || f.Outcome == Refuse:
		now.RepeatAt = later(last.RepeatAt, mayStillLand(f, pending, at)) // an earlier attempt may still land, too
		if !now.RepeatAt.After(at) {
			now.RepeatAt = time.Time{}
		}
		if f.Outcome == Refuse {
			if now.State == last.State && now.Phase == last.Phase && now.Text == last.Text {
				now.Refusal = last.Refusal
			}
			now.Refusal = now.again(at)
		}
		*last = now
	case f.Outcome == Retry && !pending.Unsure:
		last.Uncertain = false
	}
}

func (s *State) statusPublished(do SetStatus, f Finished, pending PendingEffect, at time.Time) {
	now := Published{State: do.Status.State, Phase: do.Phase, Text: do.Status.Text}
	s.editPublished(do, func(last *Published) { settlePublished(last, now, f, pending, at) })
}

// editPublished changes what is remembered of a status, at the candidate and at the
// pull requests whose head the commit is.
func (s *State) editPublished(do SetStatus, edit func(*Published)) {
	change := func(published *map[string]Published) {
		context := s.shortContext(do.Context)
		last := (*published)[context]
		edit(&last)
		put(published, context, last)
	}
	build := s.shortContext(do.Context) == buildContext
	if c := s.candidate(do.SHA); c != nil && (!build || c.FromPull || s.affects(c) == AffectedYes) {
		change(&c.Published) // nothing is published of a push that does not affect the pipeline: a pull request or a merge group has its own
	}
	if g := s.groupOf(do.SHA); g != nil && build {
		change(&g.Published)
	}
	if i := s.Elsewhere.find(do.SHA); i >= 0 {
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

func (s *State) deploymentCreated(do CreateDeployment, f Finished, pending PendingEffect, at time.Time) {
	c := s.candidate(do.SHA)
	if c == nil {
		return
	}
	d := c.deployment(do.Stage, do.Promotion)
	switch {
	case d == nil || !d.Asked:
	case f.Outcome == Refuse:
		d.Asked, d.Refusal = false, d.again(at)
	case f.Outcome == Done:
		d.Asked, d.Refusal = false, Refusal{}
		if fact, ok := f.Fact.(DeploymentCreated); ok {
			d.ID = fact.ID
		}
	case f.Outcome == Retry && !pending.Unsure && d.Refusals > 0:
		d.Asked = false
	case f.Outcome == Retry && !pending.Unsure: // it is certainly not there
		c.Deployments = slices.DeleteFunc(c.Deployments, func(o Deployment) bool { return o.Stage == do.Stage && o.Promotion == do.Promotion })
	}
}

// deployment finds the deployment of a promotion; nil if there is none.
func (c *Candidate) deployment(stage string, promotion int) *Deployment {
	for i := range c.Deployments {
		if d := &c.Deployments[i]; d.Stage == stage && d.Promotion == promotion {
			return d
		}
	}
	return nil
}

func (s *State) deploymentPublished(do SetDeploymentStatus, f Finished, pending PendingEffect, at time.Time) {
	now := Published{State: do.Status.State, Text: do.Status.Text}
	s.editDeployment(do, func(last *Published) { settlePublished(last, now, f, pending, at) })
}

func (s *State) editDeployment(do SetDeploymentStatus, edit func(*Published)) {
	if c := s.candidate(do.SHA); c != nil {
		for i := range c.Deployments {
			if d := &c.Deployments[i]; d.ID == do.ID {
				edit(&d.Published)
			}
		}
	}
}

func (s *State) commentWritten(do WriteComment, f Finished, pending PendingEffect, at time.Time) {
	p, ok := s.Pulls[do.Number]
	switch {
	case !ok || f.Outcome == Unsure || f.Outcome == Retry && pending.Unsure:
		return
	case f.Outcome == Refuse:
		p.Comment.Refused, p.Comment.Refusal = true, p.Comment.again(at)
	case f.Outcome == Done:
		p.Comment.Body, p.Comment.NeverGreen = do.Body, do.NeverGreen
		p.Comment.WrittenAt, p.Comment.Refused, p.Comment.Refusal = at, false, Refusal{}
		if p.Comment.RepeatAt = later(p.Comment.RepeatAt, mayStillLand(f, pending, at)); !p.Comment.RepeatAt.After(at) {
			p.Comment.RepeatAt = time.Time{}
		}
	}
	p.Comment.Uncertain = false
	if fact, ok := f.Fact.(CommentWritten); ok {
		p.Comment.ID, p.Comment.URL = fact.ID, fact.URL
	}
	s.Pulls[do.Number] = p
}
