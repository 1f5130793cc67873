package release

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

const (
	// beginDeadline is how long a promotion is tried that cannot begin. The time starts anew after a pause without
	// tries, e.g. because a window was closed.
	beginDeadline = 24 * time.Hour
	untried       = time.Hour
)

// LookInterval returns the pause before a release is looked at again after that many looks: a second at first, at most
// 15.
func LookInterval(looks int) time.Duration {
	if looks > 4 {
		return 15 * time.Second
	}
	return min(time.Second<<max(looks-1, 0), 15*time.Second)
}

// buildInterval returns the pause before a running build is looked at again. It depends on how long the build has run,
// how long builds usually take (0: unknown), and the looks so far. Requests are scarce: most are spent around the
// expected end.
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

// openPromotion marks a stage as being entered, once per promotion. build is the key of the build on the stage's own
// app; empty: none.
func openPromotion(s *pipeline.State, stage, sha string, at time.Time, build string) {
	if s.Stage(stage).Promoting != nil {
		return
	}
	cfg, ok := s.Config.Stage(stage)
	c := s.Candidate(sha)
	if !ok || c == nil {
		return
	}
	st := s.StageRecord(stage)
	st.Promotions++
	st.Promoting = &pipeline.Promotion{N: st.Promotions, SHA: sha, FromPull: c.FromPull, StartedAt: at, Building: build != "", Build: build, Apps: map[string]pipeline.AppRelease{}}
	for _, app := range cfg.Apps {
		st.Promoting.Apps[app] = pipeline.AppRelease{}
	}
	st.Promoting.By, st.Promoting.Why = asked(c, stage)
	st.Promoting.Urgent = st.Rollback == nil && c.UrgentOrder(stage) != nil
	if o := st.Rollback; o != nil {
		st.Promoting.Rollback, st.Promoting.Was = o, c.Progress[stage]
		st.Promoting.By, st.Promoting.Why = o.By, o.Reason
		if from := s.Candidate(o.From); from != nil && !o.ByPerson() {
			st.Promoting.Why = from.Progress[stage].Reason
		}
	}
	pipeline.Put(&c.Progress, stage, pipeline.Progress{State: pipeline.ProgressReleasing, Promotion: st.Promotions, StartedAt: at, Urgent: c.UrgentOrder(stage), Warnings: unpublishedWarnings(s, cfg.Apps, c),
		Absent: unpublishedAbsent(s, stage, c)})
	noteMaintained(s, stage)
}

// asked returns who lets a candidate into a stage, and why; empty: nobody has to.
func asked(c *pipeline.Candidate, stage string) (by, why string) {
	if o, ordered := c.Ordered[stage]; ordered {
		return o.By, o.Reason
	}
	if a := c.Approvals[stage]; a.Good() {
		return a.By, a.Reason
	}
	return "", ""
}

func PromotionStarted(s *pipeline.State, do bot.Promote, unsure bool, at time.Time) {
	openPromotion(s, do.Stage, do.SHA, at, "")
	if p := s.Stage(do.Stage).Promoting; p != nil && p.N == do.Promotion {
		if a := p.Apps[do.App]; !unsure || a.Base < 0 {
			a.Base = do.Base
			p.Apps[do.App] = a
		}
	}
	pin(s, do.Stage, do.SHA)
}

// pin gives a candidate that enters a stage the artifact of its build. A rollback releases what was proved there, which
// becomes the candidate's when it has ended.
func pin(s *pipeline.State, stage, sha string) {
	p := s.Stage(stage).Promoting
	if c := s.Promoted(p, sha); c != nil && c.Artifact == "" && p.Rollback == nil {
		r, _ := s.RunOf(c)
		c.Artifact, c.ArtifactApp, c.ArtifactSHA = r.Artifact, r.App, r.SHA
	}
}

// stageBuildMoved follows the build on a stage's own app. After a success the release follows; anything else ends the
// promotion.
func stageBuildMoved(s *pipeline.State, stage, sha string, at time.Time) {
	p, c := s.Stage(stage).Promoting, s.Candidate(sha)
	if c == nil || p == nil || p.SHA != sha || !p.Building {
		return
	}
	r := s.Builds[p.Build]
	switch r.Status {
	case pipeline.RunSucceeded:
		c.Artifact, c.ArtifactApp, c.ArtifactSHA = r.Artifact, r.App, r.SHA
		p.Building, p.Built = false, true
		if a, ok := p.Apps[r.App]; ok && r.Release != "" {
			a.State, a.ID, a.LookAt = bot.ReleasePending, r.Release, at
			p.Apps[r.App] = a
		}
	case pipeline.RunFailed, pipeline.RunErrored:
		reason := "the build on " + r.App + " failed"
		if r.Reason != "" {
			reason += ": " + r.Reason
		}
		ClosePromotion(s, stage, pipeline.ProgressFailed, reason, r.OutputURL, at)
		if pass := c.Progress[stage]; r.Status == pipeline.RunFailed {
			pass.BuildFailed = true
			c.Progress[stage] = pass
		}
	}
}

// PromoteAnswered folds the outcome of requesting one app's release.
func PromoteAnswered(s *pipeline.State, do bot.Promote, f bot.Finished, at time.Time) {
	if seen, ok := f.Fact.(bot.AppSeen); ok {
		appSeen(s, do.Stage, do.App, seen, at)
	}
	p := s.Stage(do.Stage).Promoting
	if p == nil || p.N != do.Promotion || p.SHA != do.SHA {
		return
	}
	a := p.Apps[do.App]
	if a.State != "" {
		return
	}
	switch f.Outcome {
	case bot.Done:
		if seen, ok := f.Fact.(bot.ReleaseSeen); ok {
			releaseSeen(s, do.Stage, do.App, seen, at)
			return
		}
	case bot.Refuse:
		a.State, a.Reason, a.Gone = bot.ReleaseFailed, f.Reason, f.Gone
		p.Apps[do.App] = a
		concludePromotion(s, do.Stage, at)
		return
	case bot.Unsure:
		a.Unsure = true
		p.Apps[do.App] = a
		return
	}
	if f.Outcome == bot.Done {
		a.Unsure = false // it was looked for, and no release of ours exists
		p.Apps[do.App] = a
		yieldToManual(s, do.Stage, at)
		if s.Stage(do.Stage).Promoting == nil {
			return
		}
	}
	withdraw(s, do.Stage, f, at)
}

// yieldToManual ends a started promotion, or an automatic rollback, on the apps with a newer manual release.
func yieldToManual(s *pipeline.State, stage string, at time.Time) {
	st := s.Stage(stage)
	p := st.Promoting
	if p == nil || p.Rollback != nil && p.Rollback.ByPerson() || p.Rollback == nil && !p.Started() {
		return // a person who rolls back knows what is there; before the start, the gates decide
	}
	c, gave := s.Promoted(p, p.SHA), false
	for _, app := range pipeline.SortedKeys(p.Apps) {
		a, by := p.Apps[app], st.Apps[app].Foreign
		if c == nil || by == nil || a.State != "" || a.Unsure || s.Pending[pipeline.PromoteKey(stage, p.N, app)].Underway || !s.Newer(by, c, stage) {
			continue
		}
		a.State, a.Reason, gave = bot.ReleaseFailed, by.Name()+" was released there by hand meanwhile", true
		p.Apps[app] = a
	}
	if gave {
		concludePromotion(s, stage, at)
	}
}

// withdraw cancels a promotion that could not begin. The gates are asked again when its next try is due.
func withdraw(s *pipeline.State, stage string, f bot.Finished, at time.Time) {
	st := s.StageRecord(stage)
	p := st.Promoting
	if p == nil || s.MayHaveStarted(stage) {
		return
	}
	for app := range p.Apps {
		if s.Pending[pipeline.PromoteKey(stage, p.N, app)].Underway {
			return // the outcome of this attempt is unknown
		}
	}
	for app := range p.Apps {
		delete(s.Pending, pipeline.PromoteKey(stage, p.N, app))
	}
	c := s.Promoted(p, p.SHA)
	if f.Outcome == bot.Retry && (st.TroubleAt.IsZero() || at.Sub(st.RetryAt) > untried) {
		st.TroubleAt = at
	}
	if f.Outcome == bot.Retry && c != nil && at.Sub(bot.Later(st.TroubleAt, c.SeenAt)) >= beginDeadline {
		ClosePromotion(s, stage, pipeline.ProgressFailed, fmt.Sprintf("it could not be released for %s%s", words.Hours(beginDeadline), words.Because(f.Reason)), "", at)
		return
	}
	noteGivenUp(s, stage, f.Reason, at)
	st.Promoting = nil
	if f.Outcome == bot.Retry {
		st.Tries++
		st.Trouble, st.RetryAt = f.Reason, at.Add(max(f.After, pipeline.Backoff(stage+p.SHA, st.Tries)))
	}
	if c != nil {
		if p.Errored() {
			c.Leave(stage)
		}
		c.Restore(stage, p.Was)
		if len(c.Progress) == 0 {
			c.Artifact, c.ArtifactApp, c.ArtifactSHA = "", "", ""
		}
	}
}

func ReleaseWatched(s *pipeline.State, do bot.WatchRelease, f bot.Finished, at time.Time) {
	st := s.Stage(do.Stage)
	p := st.Promoting
	if p == nil || p.N != do.Promotion || p.Apps[do.App].State != bot.ReleasePending {
		return
	}
	switch f.Outcome {
	case bot.Done:
		if seen, ok := f.Fact.(bot.ReleaseSeen); ok {
			releaseSeen(s, do.Stage, do.App, seen, at)
		}
	case bot.Refuse:
		a := p.Apps[do.App]
		a.State, a.Reason, a.Unseen = bot.ReleaseFailed, f.Reason, true
		p.Apps[do.App] = a
		concludePromotion(s, do.Stage, at)
	}
}

// releaseSeen folds the platform's report of an app's release.
func releaseSeen(s *pipeline.State, stage, app string, seen bot.ReleaseSeen, at time.Time) {
	st := s.StageRecord(stage)
	a, r := st.Promoting.Apps[app], seen.Release
	a.State, a.ID, a.Version, a.OutputURL, a.Reason = r.Status, r.ID, max(a.Version, r.Version), r.OutputURL, r.Reason
	if a.Since.IsZero() {
		a.Since = at
	}
	a.Looks++
	a.LookAt = at.Add(LookInterval(a.Looks))
	switch {
	case a.State == bot.ReleasePending && at.Sub(a.Since) >= bot.ReleaseDeadline:
		a.State, a.Reason = bot.ReleaseFailed, "the release did not end within "+words.Hours(bot.ReleaseDeadline)+"; look at the app"
	case a.State == bot.ReleaseExpired:
		a.State, a.Gone = bot.ReleaseFailed, true
	case a.State == bot.ReleaseErrored && a.Errors < pipeline.MaxErrors:
		a = pipeline.AppRelease{Errors: a.Errors + 1} // the platform's fault: try again with a new release
	case a.State == bot.ReleaseErrored:
		a.State = bot.ReleaseFailed
	}
	st.Promoting.Apps[app] = a

	stand := st.Apps[app]
	stand.Seen, stand.SeenAt, stand.Moved, stand.Newest = true, at, false, max(stand.Newest, r.Version)
	if seen.App.URL != "" {
		stand.URL = seen.App.URL
	}
	if a.State == bot.ReleaseSucceeded {
		stand.Artifact, stand.Foreign, stand.Ran = r.Artifact, nil, nil
	}
	pipeline.Put(&st.Apps, app, stand)
	concludePromotion(s, stage, at)
	yieldToManual(s, stage, at)
}

// concludePromotion ends a promotion once every app has an outcome. It succeeded only if every app did.
func concludePromotion(s *pipeline.State, stage string, at time.Time) {
	p := s.Stage(stage).Promoting
	var failed, took []string
	output := ""
	for _, app := range pipeline.SortedKeys(p.Apps) {
		a := p.Apps[app]
		switch a.State {
		case bot.ReleaseSucceeded:
			took = append(took, app)
		case bot.ReleaseFailed:
			reason := app
			if a.Reason != "" {
				reason += ": " + a.Reason
			}
			failed = append(failed, reason)
			output = a.OutputURL
		default:
			return
		}
	}
	switch {
	case len(failed) == 0:
		released(s, stage, at)
		return
	case p.Rollback != nil && len(took) == 0 && p.Gone():
		pastGone(s, stage, p)
		if c := s.Candidate(p.SHA); c != nil && !p.Rollback.Config {
			past, _ := s.Stage(stage).Named(p.SHA, 0)
			s.ForgetArtifact(past.Artifact, at)
		}
		return
	case p.Rollback == nil && len(took) == 0 && p.Gone() && buildAnew(s, stage, p, at):
		return
	}
	reason := "the release failed on " + strings.Join(failed, "; ")
	if len(took) > 0 {
		reason = fmt.Sprintf("%s (it is live on %s)", reason, strings.Join(took, ", "))
	}
	gone := p.Rollback == nil && slices.ContainsFunc(slices.Collect(maps.Values(p.Apps)), func(a pipeline.AppRelease) bool { return a.Gone })
	if c := s.Promoted(p, p.SHA); gone && c != nil && c.Rebuilds >= pipeline.MaxRebuilds {
		reason = strings.TrimSuffix(reason, ".") + ", although it was built again twice"
	}
	ClosePromotion(s, stage, pipeline.ProgressFailed, reason, output, at)
	if c := s.Promoted(p, p.SHA); gone && c != nil {
		pass := c.Progress[stage]
		pass.Gone = true
		c.Progress[stage] = pass
	}
}

func ClosePromotion(s *pipeline.State, stage string, end pipeline.ProgressState, reason, output string, at time.Time) {
	noteEnd(s, stage, end, reason, at)
	st := s.StageRecord(stage)
	p := st.Promoting
	st.Promoting, st.Tries, st.RetryAt, st.Trouble, st.TroubleAt = nil, 0, time.Time{}, "", time.Time{}
	was := st.Live
	if c := s.Promoted(p, p.SHA); c != nil {
		pass := c.Progress[stage]
		pass.State, pass.EndedAt, pass.Reason, pass.OutputURL = end, at, reason, output
		if p.Proof != nil {
			pass.Seen = p.Proof.Last
		}
		if past, ok := st.Named(p.SHA, 0); ok && p.Rollback != nil && past.Ran != nil {
			pass.Adopted = true
		}
		pipeline.Put(&c.Progress, stage, pass)
		if _, ordered := c.Ordered[stage]; ordered && end == pipeline.ProgressLive && p.Rollback == nil && st.LockedAt(at) != nil && st.Lock.Rollback {
			st.Lock = nil
		}
		delete(c.Ordered, stage)
		if past, ok := st.Named(c.SHA, 0); ok && p.Rollback != nil {
			c.Artifact, c.ArtifactApp, c.ArtifactSHA = past.Artifact, past.From, past.Built
		}
		if end == pipeline.ProgressLive {
			st.Live = pipeline.Live{SHA: c.SHA, Artifact: c.Artifact, Since: at}
			if past, ok := st.Named(c.SHA, 0); ok && p.Rollback != nil {
				st.Live = past.Live(pipeline.SortedKeys(p.Apps), at)
			}
			if !c.FromPull { // an unmerged commit is no target of a rollback
				proved(s, stage, c, p, at)
			}
		}
	}
	forgetMaintenance(s, p)
	switch c := s.Promoted(p, p.SHA); {
	case p.Rollback != nil:
		rollbackClosed(s, stage, p, was, end, reason, at)
	case end == pipeline.ProgressLive:
		beginSoak(s, stage, p, at)
	case c != nil && p.AnySucceeded():
		undo(s, stage, c, p.N, p.Unseen(), at)
	}
}

// noteEnd keeps a promotion that is about to be closed, for those who look back.
func noteEnd(s *pipeline.State, stage string, end pipeline.ProgressState, reason string, at time.Time) {
	st := s.StageRecord(stage)
	e := &pipeline.Ended{Promotion: *st.Promoting, At: at, State: end, Reason: reason, Replaced: st.Live.SHA}
	e.Proof, e.Was = nil, pipeline.Progress{}
	e.Artifact, e.Pull = s.Releases(stage, &e.Promotion)
	if end == pipeline.ProgressLive {
		e.Proved = at
		if e.Rollback == nil {
			e.Commits = s.NewOn(stage, e.SHA)
		}
	}
	st.Ended = e
}

// noteGivenUp keeps a promotion that is about to be given up, if it had begun.
func noteGivenUp(s *pipeline.State, stage, reason string, at time.Time) {
	if s.Stage(stage).Promoting.Begun() {
		noteEnd(s, stage, "", reason, at)
	}
}
