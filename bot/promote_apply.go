package bot

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// How a promotion's events change the state.

// maxErrors is how often a release is made once more that ended through the
// platform's own fault.
const maxErrors = 3

// openPromotion marks a stage as being entered, once per promotion; build is the
// key of the build that the stage's own app makes, empty for none.
func (s *State) openPromotion(stage, sha string, at time.Time, build string) {
	st := s.Stages[stage]
	if st.Promoting != nil {
		return
	}
	cfg, ok := s.Config.Stage(stage)
	c := s.candidate(sha)
	if !ok || c == nil {
		return
	}
	st.Promotions++
	st.Promoting = &Promotion{N: st.Promotions, SHA: sha, FromPull: c.FromPull, StartedAt: at, Building: build != "", Build: build, Apps: map[string]AppRelease{}}
	for _, app := range cfg.Apps {
		st.Promoting.Apps[app] = AppRelease{}
	}
	if st.Rollback != nil {
		st.Promoting.Rollback, st.Promoting.Was = st.Rollback, c.Progress[stage]
	}
	put(&s.Stages, stage, st)
	put(&c.Progress, stage, Progress{State: ProgressReleasing, Promotion: st.Promotions, StartedAt: at, Urgent: c.urgentOrder(stage), Warnings: s.unpublishedWarnings(cfg.Apps, c)})
	s.noteMaintained(stage)
}

func (s *State) promotionStarted(do Promote, unsure bool, at time.Time) {
	s.openPromotion(do.Stage, do.SHA, at, "")
	if p := s.Stages[do.Stage].Promoting; p != nil && p.N == do.Promotion {
		if a := p.Apps[do.App]; !unsure || a.Base < 0 {
			a.Base = do.Base
			p.Apps[do.App] = a
		}
	}
	s.pin(do.Stage, do.SHA)
}

// pin gives a candidate that enters a stage the artifact of its build. A rollback
// releases what was proved there, which is the candidate's once it has ended.
func (s *State) pin(stage, sha string) {
	p := s.Stages[stage].Promoting
	if c := s.promoted(p, sha); c != nil && c.Artifact == "" && p.Rollback == nil {
		r, _ := s.runOf(c)
		c.Artifact, c.ArtifactApp, c.ArtifactSHA = r.Artifact, r.App, r.SHA
	}
}

// stageBuildMoved follows the build that runs on a stage's own app: a success
// goes on as a release, anything else ends the promotion.
func (s *State) stageBuildMoved(stage, sha string, at time.Time) {
	st, c := s.Stages[stage], s.candidate(sha)
	if c == nil || st.Promoting == nil || st.Promoting.SHA != sha || !st.Promoting.Building {
		return
	}
	r := s.Builds[st.Promoting.Build]
	switch r.Status {
	case RunSucceeded:
		c.Artifact, c.ArtifactApp, c.ArtifactSHA = r.Artifact, r.App, r.SHA
		st.Promoting.Building, st.Promoting.Built = false, true
		if a, ok := st.Promoting.Apps[r.App]; ok && r.Release != "" {
			a.State, a.ID, a.LookAt = ReleasePending, r.Release, at
			st.Promoting.Apps[r.App] = a
		}
		s.Stages[stage] = st
	case RunFailed, RunErrored:
		reason := "the build on " + r.App + " failed"
		if r.Reason != "" {
			reason += ": " + r.Reason
		}
		s.closePromotion(stage, ProgressFailed, reason, r.OutputURL, at)
		if pass := c.Progress[stage]; r.Status == RunFailed {
			pass.BuildFailed = true
			c.Progress[stage] = pass
		}
	}
}

// promoteAnswered takes the outcome of asking for one app's release.
func (s *State) promoteAnswered(do Promote, f Finished, at time.Time) {
	st := s.Stages[do.Stage]
	if seen, ok := f.Fact.(AppSeen); ok {
		s.appSeen(do.Stage, do.App, seen, at)
		st = s.Stages[do.Stage]
	}
	p := st.Promoting
	if p == nil || p.N != do.Promotion || p.SHA != do.SHA {
		return
	}
	a := p.Apps[do.App]
	if a.State != "" {
		return
	}
	switch f.Outcome {
	case Done:
		if seen, ok := f.Fact.(ReleaseSeen); ok {
			s.releaseSeen(do.Stage, do.App, seen, at)
			return
		}
	case Refuse:
		a.State, a.Reason, a.Gone = ReleaseFailed, f.Reason, f.Gone
		p.Apps[do.App] = a
		s.concludePromotion(do.Stage, at)
		return
	case Unsure:
		a.Unsure = true
		p.Apps[do.App] = a
		return
	}
	if f.Outcome == Done {
		a.Unsure = false // it was looked at, and there is nothing of ours
		p.Apps[do.App] = a
		s.yieldToManual(do.Stage, at)
		if s.Stages[do.Stage].Promoting == nil {
			return
		}
	}
	s.withdraw(do.Stage, f, at)
}

// yieldToManual ends a promotion that has begun, or that takes the stage back by itself, on
// the apps on which somebody has released something newer by hand meanwhile.
func (s *State) yieldToManual(stage string, at time.Time) {
	st := s.Stages[stage]
	p := st.Promoting
	if p == nil || p.Rollback != nil && p.Rollback.byPerson() || p.Rollback == nil && !p.started() {
		return // a person knows what is there, and of what has not begun the gates decide
	}
	c, gave := s.promoted(p, p.SHA), false
	for _, app := range sortedKeys(p.Apps) {
		a, by := p.Apps[app], st.Apps[app].Foreign
		if c == nil || by == nil || a.State != "" || a.Unsure || s.Pending[promoteKey(stage, p.N, app)].Underway || !s.newer(by, c, stage) {
			continue
		}
		a.State, a.Reason, gave = ReleaseFailed, by.name()+" was released there by hand meanwhile", true
		p.Apps[app] = a
	}
	if gave {
		s.concludePromotion(stage, at)
	}
}

// started reports whether there is a release on the app; one that was refused never was.
func (a AppRelease) started() bool {
	return a.State != "" && (a.State != ReleaseFailed || a.ID != "")
}

// mayHaveStarted reports whether a promotion has touched any app, or may have.
func (s *State) mayHaveStarted(stage string) bool {
	p := s.Stages[stage].Promoting
	if p == nil {
		return false
	}
	if p.Building {
		r := s.Builds[p.Build]
		return r.Status != RunStarting && r.Status != RunWaiting || s.Pending[buildEffect(r.App, p.Build)].Unsure
	}
	for app, a := range p.Apps {
		if a.started() || a.Unsure || s.Pending[promoteKey(stage, p.N, app)].Unsure {
			return true
		}
	}
	return p.Built || p.Copied
}

// withdraw takes back a promotion that could not begin, so that whether the
// stage may be entered is asked anew when the time has come.
func (s *State) withdraw(stage string, f Finished, at time.Time) {
	st := s.Stages[stage]
	p := st.Promoting
	if p == nil || s.mayHaveStarted(stage) {
		return
	}
	for app := range p.Apps {
		if s.Pending[promoteKey(stage, p.N, app)].Underway {
			return // what comes of this one is not known yet
		}
	}
	for app := range p.Apps {
		delete(s.Pending, promoteKey(stage, p.N, app))
	}
	c := s.promoted(p, p.SHA)
	if f.Outcome == Retry && (st.TroubleAt.IsZero() || at.Sub(st.RetryAt) > untried) {
		st.TroubleAt = at
		s.Stages[stage] = st
	}
	if f.Outcome == Retry && c != nil && at.Sub(later(st.TroubleAt, c.SeenAt)) >= beginDeadline {
		s.closePromotion(stage, ProgressFailed, fmt.Sprintf("it could not be released for %s%s", hours(beginDeadline), because(f.Reason)), "", at)
		return
	}
	st.Promoting = nil
	if f.Outcome == Retry {
		st.Tries++
		st.Trouble, st.RetryAt = f.Reason, at.Add(max(f.After, backoff(stage+p.SHA, st.Tries)))
	}
	s.Stages[stage] = st
	if c != nil {
		if p.errored() {
			c.leave(stage)
		}
		c.restore(stage, p.Was)
		if len(c.Progress) == 0 {
			c.Artifact, c.ArtifactApp, c.ArtifactSHA = "", "", ""
		}
	}
}

// errored reports whether a release of the promotion has ended through the
// platform's own fault, so that it may have done something before.
func (p *Promotion) errored() bool {
	for _, a := range p.Apps {
		if a.Errors > 0 {
			return true
		}
	}
	return false
}

// leave takes a candidate out of a stage that it got into, so that it may get in
// again. What it has done there is still not to be taken back by older ones.
func (c *Candidate) leave(stage string) {
	if !c.Progress[stage].BuildFailed && !slices.Contains(c.Entered, stage) {
		c.Entered = append(slices.Clone(c.Entered), stage)
	}
	delete(c.Progress, stage)
}

// restore puts back how a candidate stood at a stage before a promotion that came to
// nothing; zero: it had not been there.
func (c *Candidate) restore(stage string, was Progress) {
	if delete(c.Progress, stage); was.State != "" {
		put(&c.Progress, stage, was)
	}
}

func (s *State) releaseWatched(do WatchRelease, f Finished, at time.Time) {
	st := s.Stages[do.Stage]
	p := st.Promoting
	if p == nil || p.N != do.Promotion || p.Apps[do.App].State != ReleasePending {
		return
	}
	switch f.Outcome {
	case Done:
		if seen, ok := f.Fact.(ReleaseSeen); ok {
			s.releaseSeen(do.Stage, do.App, seen, at)
		}
	case Refuse:
		a := p.Apps[do.App]
		a.State, a.Reason, a.Unseen = ReleaseFailed, f.Reason, true
		p.Apps[do.App] = a
		s.concludePromotion(do.Stage, at)
	}
}

// releaseSeen folds what the platform says of an app's release.
func (s *State) releaseSeen(stage, app string, seen ReleaseSeen, at time.Time) {
	st := s.Stages[stage]
	a, r := st.Promoting.Apps[app], seen.Release
	a.State, a.ID, a.Version, a.OutputURL, a.Reason = r.Status, r.ID, max(a.Version, r.Version), r.OutputURL, r.Reason
	if a.Since.IsZero() {
		a.Since = at
	}
	a.Looks++
	a.LookAt = at.Add(lookInterval(a.Looks))
	switch {
	case a.State == ReleasePending && at.Sub(a.Since) >= ReleaseDeadline:
		a.State, a.Reason = ReleaseFailed, "the release did not end within "+hours(ReleaseDeadline)+"; look at the app"
	case a.State == ReleaseExpired:
		a.State, a.Gone = ReleaseFailed, true
	case a.State == ReleaseErrored && a.Errors < maxErrors:
		a = AppRelease{Errors: a.Errors + 1} // the platform's fault: once more, in a release of its own
	case a.State == ReleaseErrored:
		a.State = ReleaseFailed
	}
	st.Promoting.Apps[app] = a

	stand := st.Apps[app]
	stand.Seen, stand.SeenAt, stand.Moved, stand.Newest = true, at, false, max(stand.Newest, r.Version)
	if seen.App.URL != "" {
		stand.URL = seen.App.URL
	}
	if a.State == ReleaseSucceeded {
		stand.Artifact, stand.Foreign, stand.Ran = r.Artifact, nil, nil
	}
	put(&st.Apps, app, stand)
	s.Stages[stage] = st
	s.concludePromotion(stage, at)
	s.yieldToManual(stage, at)
}

// concludePromotion ends a promotion once every app has an outcome. It succeeded
// only if every app took it.
func (s *State) concludePromotion(stage string, at time.Time) {
	p := s.Stages[stage].Promoting
	var failed, took []string
	output := ""
	for _, app := range sortedKeys(p.Apps) {
		a := p.Apps[app]
		switch a.State {
		case ReleaseSucceeded:
			took = append(took, app)
		case ReleaseFailed:
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
		s.released(stage, at)
		return
	case p.Rollback != nil && len(took) == 0 && p.gone():
		s.pastGone(stage, p)
		if c := s.candidate(p.SHA); c != nil && !p.Rollback.Config {
			past, _ := s.Stages[stage].named(p.SHA, 0)
			s.forgetArtifact(past.Artifact, at)
		}
		return
	case p.Rollback == nil && len(took) == 0 && p.gone() && s.buildAnew(stage, p, at):
		return
	}
	reason := "the release failed on " + strings.Join(failed, "; ")
	if len(took) > 0 {
		reason = fmt.Sprintf("%s (it is live on %s)", reason, strings.Join(took, ", "))
	}
	gone := p.Rollback == nil && slices.ContainsFunc(slices.Collect(maps.Values(p.Apps)), func(a AppRelease) bool { return a.Gone })
	if c := s.promoted(p, p.SHA); gone && c != nil && c.Rebuilds >= maxRebuilds {
		reason = strings.TrimSuffix(reason, ".") + ", although it was built again twice"
	}
	s.closePromotion(stage, ProgressFailed, reason, output, at)
	if c := s.promoted(p, p.SHA); gone && c != nil {
		pass := c.Progress[stage]
		pass.Gone = true
		c.Progress[stage] = pass
	}
}

// gone reports whether the platform has nothing to release on any app.
func (p *Promotion) gone() bool {
	for _, a := range p.Apps {
		if !a.Gone {
			return false
		}
	}
	return true
}

func (s *State) closePromotion(stage string, end ProgressState, reason, output string, at time.Time) {
	st := s.Stages[stage]
	p := st.Promoting
	st.Promoting, st.Tries, st.RetryAt, st.Trouble, st.TroubleAt = nil, 0, time.Time{}, "", time.Time{}
	was := st.Live
	if c := s.promoted(p, p.SHA); c != nil {
		pass := c.Progress[stage]
		pass.State, pass.EndedAt, pass.Reason, pass.OutputURL = end, at, reason, output
		if p.Proof != nil {
			pass.Seen = p.Proof.Last
		}
		if past, ok := st.named(p.SHA, 0); ok && p.Rollback != nil && past.Ran != nil {
			pass.Adopted = true
		}
		put(&c.Progress, stage, pass)
		if _, ordered := c.Ordered[stage]; ordered && end == ProgressLive && p.Rollback == nil && st.lockedAt(at) != nil && st.Lock.Rollback {
			st.Lock = nil
		}
		delete(c.Ordered, stage)
		if past, ok := st.named(c.SHA, 0); ok && p.Rollback != nil {
			c.Artifact, c.ArtifactApp, c.ArtifactSHA = past.Artifact, past.From, past.Built
		}
		if end == ProgressLive {
			st.Live = Live{SHA: c.SHA, Artifact: c.Artifact, Since: at}
			if past, ok := st.named(c.SHA, 0); ok && p.Rollback != nil {
				st.Live = past.live(sortedKeys(p.Apps), at)
			}
			s.Stages[stage] = st
			if !c.FromPull { // what was never merged is nothing to go back to
				s.proved(stage, c, p, at)
			}
			st = s.Stages[stage]
		}
	}
	s.Stages[stage] = st
	s.forgetMaintenance(p)
	switch c := s.promoted(p, p.SHA); {
	case p.Rollback != nil:
		s.rollbackClosed(stage, p, was, end, reason, at)
	case end == ProgressLive:
		s.beginSoak(stage, p, at)
	case c != nil && p.anySucceeded():
		s.undo(stage, c, p.N, p.unseen(), at)
	}
}

// unseen says why nobody knows how the promotion ended; empty: it is known.
func (p *Promotion) unseen() string {
	for _, app := range sortedKeys(p.Apps) {
		if p.Apps[app].Unseen {
			return "it is unknown how the release on " + app + " ended"
		}
	}
	return p.Proof.unseen()
}

// anySucceeded reports whether some app runs what was promoted.
func (p *Promotion) anySucceeded() bool {
	for _, a := range p.Apps {
		if a.State == ReleaseSucceeded {
			return true
		}
	}
	return false
}
