package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// Check returns the invariants of [State] that do not hold, joined as one error: the
// formula, the pipeline, and the values that break it. nil: all hold. It changes nothing.
// It reads the whole state: tests call it after every event, a server does not.
func (s State) Check() error {
	c := &checking{state: &s}
	hold(c, ofPipeline, &thePipeline{State: &s})
	for name, st := range s.Stages {
		hold(c, ofStages, &aStage{StageState: *st, s: &s, name: name})
		for app, a := range st.Apps {
			hold(c, ofApps, &anApp{AppState: a, stage: name, app: app})
		}
		if p := st.Promoting; p != nil {
			hold(c, ofPromotions, &aPromotion{Promotion: p, s: &s, stage: name})
			for app, a := range p.Apps {
				hold(c, ofReleases, &aRelease{AppRelease: a, p: p, stage: name, app: app, newest: st.Apps[app].Newest})
			}
		}
	}
	for _, list := range [][]Candidate{s.Candidates, s.FromPulls, s.Adopted} {
		for i := range list {
			k := &list[i]
			hold(c, ofCandidates, &aCandidate{Candidate: k, s: &s})
			for stage, p := range k.Progress {
				hold(c, ofProgress, &aProgress{Progress: p, c: k, stage: stage, st: s.Stage(stage)})
			}
		}
	}
	for key, r := range s.Builds {
		hold(c, ofBuilds, &aBuild{BuildRun: r, s: &s, key: key})
	}
	for key, f := range s.Pending {
		hold(c, ofPending, &aPending{PendingEffect: f, s: &s, key: key})
	}
	for n, p := range s.Pulls {
		hold(c, ofPulls, &aPull{PullRequest: p, n: n})
	}
	for i := range s.Requests {
		hold(c, ofRequests, &aRequest{Request: &s.Requests[i]})
	}
	return errors.Join(c.broken...)
}

// An invariant is a formula, and the function that decides whether it holds of a T.
type invariant[T any] struct {
	formula string
	holds   func(of *T) bool
}

// checking collects the invariants that a state breaks.
type checking struct {
	state  *State
	broken []error
}

func hold[T any](c *checking, list []invariant[T], of *T) {
	for i := range list {
		if v := &list[i]; !v.holds(of) {
			c.broken = append(c.broken, fmt.Errorf("%s: %s does not hold of %v", c.state.Pipeline, v.formula, of))
		}
	}
}

// The subject of an invariant: a part of a state, and what contains it.
type (
	thePipeline struct{ *State }
	aStage      struct {
		StageState
		s    *State
		name string
	}
	anApp struct {
		AppState
		stage, app string
	}
	aPromotion struct {
		*Promotion
		s     *State
		stage string
	}
	aRelease struct {
		AppRelease
		p          *Promotion
		stage, app string
		newest     int
	}
	aCandidate struct {
		*Candidate
		s *State
	}
	aProgress struct {
		Progress
		c     *Candidate
		stage string
		st    StageState
	}
	aBuild struct {
		BuildRun
		s   *State
		key string
	}
	aPending struct {
		PendingEffect
		s   *State
		key string
	}
	aPull struct {
		PullRequest
		n int
	}
	aRequest struct{ *Request }
)

func (s *thePipeline) String() string {
	var order []string
	for i := range s.Candidates {
		c := &s.Candidates[i]
		order = append(order, c.SHA+" pushed "+c.PushedAt.Format(time.StampMilli))
	}
	return fmt.Sprintf("what is known at %s: swept %s, %s, read anew %s, its head read %s, %v", s.At, s.SweptAt, s.AppsSweptAt, s.RereadAt, s.HeadAt, order)
}

func (of *aStage) String() string {
	return fmt.Sprintf("the stage %s, which knows of %d promotions: live %+v past %+v lock %+v rollback %+v soak %+v in flight %+v trouble %q %s",
		of.name, of.Promotions, of.Live, of.Past, of.Lock, of.Rollback, of.Soak, of.Promoting, of.Trouble, of.TroubleAt)
}

func (of *anApp) String() string {
	return fmt.Sprintf("the app %s of %s: %+v", of.app, of.stage, of.AppState)
}

func (of *aPromotion) String() string {
	return fmt.Sprintf("the promotion to %s: %+v", of.stage, *of.Promotion)
}

func (of *aRelease) String() string {
	return fmt.Sprintf("the release on %s of %s, whose newest is %d: %+v", of.app, of.stage, of.newest, of.AppRelease)
}

func (of *aCandidate) String() string {
	return fmt.Sprintf("the candidate %s: %+v", of.SHA, *of.Candidate)
}

func (of *aProgress) String() string {
	return fmt.Sprintf("the progress of %s, artifact %q, through %s: %+v; in flight %+v", of.c.SHA, of.c.Artifact, of.stage, of.Progress, of.st.Promoting)
}

func (of *aBuild) String() string { return fmt.Sprintf("the build %s: %+v", of.key, of.BuildRun) }

func (of *aPending) String() string {
	return fmt.Sprintf("the effect %s: %+v", of.key, of.PendingEffect)
}

func (of *aPull) String() string {
	return fmt.Sprintf("the pull request %d: %+v", of.n, of.PullRequest)
}

func (of *aRequest) String() string {
	return fmt.Sprintf("the commands in the comment %d: %+v", of.Comment, *of.Request)
}

// once reports whether no two elements of a list have the same key.
func once[T any, K comparable](list []T, key func(*T) K) bool {
	for i := range list {
		for j := range i {
			if key(&list[i]) == key(&list[j]) {
				return false
			}
		}
	}
	return true
}

// counted reports: 0 ≤ Seen, Reading ≤ Hints.
func (r *Reports) counted() bool {
	return 0 <= r.Seen && r.Seen <= r.Hints && 0 <= r.Reading && r.Reading <= r.Hints
}

func shaOf(c *Candidate) string { return c.SHA }

var ofPipeline = []invariant[thePipeline]{
	{"a commit stands once in Candidates, in FromPulls and in Adopted", func(s *thePipeline) bool {
		return once(s.Candidates, shaOf) && once(s.FromPulls, shaOf) && once(s.Adopted, shaOf)
	}},
	{"i < j ⇒ Candidates[i].PushedAt ≤ Candidates[j].PushedAt + 30 s", func(s *thePipeline) bool {
		var latest time.Time
		for i := range s.Candidates {
			at := s.Candidates[i].PushedAt
			if latest.After(at.Add(Skew)) {
				return false
			}
			latest = bot.Later(latest, at)
		}
		return true
	}},
	{"a comment stands once in Requests", func(s *thePipeline) bool {
		return once(s.Requests, func(r *Request) int64 { return r.Comment })
	}},
	{"|EarlyReports| ≤ 64, |Alerts| ≤ 20, |Pushes| ≤ 300, |Elsewhere| ≤ 20, |Outsiders| ≤ 200", func(s *thePipeline) bool {
		return len(s.EarlyReports) <= MaxEarlyReports && len(s.Alerts) <= KeptAlerts && len(s.Pushes) <= MostPushes && len(s.Elsewhere) <= mostStrays && len(s.Outsiders) <= maxOutsiders
	}},
	{"g ∈ Groups ⇒ 0 ≤ g.Reports.Seen, g.Reports.Reading ≤ g.Reports.Hints", func(s *thePipeline) bool {
		return !slices.ContainsFunc(s.Groups, func(g MergeGroup) bool { return !g.Reports.counted() })
	}},
	{"SweptAt, AppsSweptAt, RereadAt, HeadAt ≤ At", func(s *thePipeline) bool {
		return !s.SweptAt.After(s.At) && !s.AppsSweptAt.After(s.At) && !s.RereadAt.After(s.At) && !s.HeadAt.After(s.At)
	}},
}

var ofStages = []invariant[aStage]{
	{"Promoting ≠ nil ⇒ Promoting.N = Promotions > 0", func(of *aStage) bool {
		return of.Promoting == nil || of.Promoting.N == of.Promotions && of.Promotions > 0
	}},
	{"Promoting.Rollback ≠ nil ⇒ Rollback ≠ nil", func(of *aStage) bool {
		return of.Promoting == nil || of.Promoting.Rollback == nil || of.Rollback != nil
	}},
	{"Rollback ≠ nil ⇒ (Rollback.By = \"\" ⇔ Rollback.Promotion ≠ 0) ∧ Rollback.Promotion ≤ Promotions", func(of *aStage) bool {
		o := of.Rollback
		return o == nil || (o.By == "") == (o.Promotion != 0) && o.Promotion <= of.Promotions
	}},
	{"Live.SHA = \"\" ⇔ Live.Since = 0 ⇔ Live.Artifact = \"\"", func(of *aStage) bool {
		none := of.Live.SHA == ""
		return none == of.Live.Since.IsZero() && none == (of.Live.Artifact == "")
	}},
	{"p ∈ Past ∧ p.SHA = Live.SHA ⇒ p.Artifact = Live.Artifact", func(of *aStage) bool {
		return !slices.ContainsFunc(of.Past, func(p Past) bool { return p.SHA == of.Live.SHA && p.Artifact != of.Live.Artifact })
	}},
	{"a commit stands once in Past, |Past| ≤ 10", func(of *aStage) bool {
		return len(of.Past) <= KeptPast && once(of.Past, func(p *Past) string { return p.SHA })
	}},
	{"p ∈ Past ⇒ p.Artifact ≠ \"\" ∧ p.From ≠ \"\"", func(of *aStage) bool {
		return !slices.ContainsFunc(of.Past, func(p Past) bool { return p.Artifact == "" || p.From == "" })
	}},
	{"Soak ≠ nil ⇒ Soak.SHA = Live.SHA ∧ Soak.Promotion ≤ Promotions", func(of *aStage) bool {
		return of.Soak == nil || of.Soak.SHA == of.Live.SHA && of.Soak.Promotion <= of.Promotions
	}},
	{"Lock ≠ nil ∧ Lock.Rollback ⇒ Lock.Until = 0", func(of *aStage) bool {
		return of.Lock == nil || !of.Lock.Rollback || of.Lock.Until.IsZero()
	}},
	{"Trouble ≠ \"\" ⇒ TroubleAt ≠ 0", func(of *aStage) bool { return of.Trouble == "" || !of.TroubleAt.IsZero() }},
}

var ofApps = []invariant[anApp]{
	{"Seen ⇒ SeenAt ≠ 0", func(of *anApp) bool { return !of.Seen || !of.SeenAt.IsZero() }},
	{"Artifact ≠ \"\" ∨ Newest ≠ 0 ∨ Foreign ≠ nil ∨ Ran ≠ nil ⇒ Seen", func(of *anApp) bool {
		return of.Seen || of.Artifact == "" && of.Newest == 0 && of.Foreign == nil && of.Ran == nil
	}},
	{"Foreign ≠ nil ⇒ Foreign.Version ≤ Newest", func(of *anApp) bool { return of.Foreign == nil || of.Foreign.Version <= of.Newest }},
}

var ofPromotions = []invariant[aPromotion]{
	{"SHA is of a candidate, whose progress at the stage is releasing by N", func(of *aPromotion) bool {
		c := of.s.Promoted(of.Promotion, of.SHA)
		return c != nil && c.Progress[of.stage].State == ProgressReleasing && c.Progress[of.stage].Promotion == of.N
	}},
	{"¬Building ∧ Rollback = nil ⇒ the candidate's Artifact ≠ \"\"", func(of *aPromotion) bool {
		c := of.s.Promoted(of.Promotion, of.SHA)
		return of.Building || of.Rollback != nil || c == nil || c.Artifact != ""
	}},
	{"Rollback ≠ nil ⇒ SHA ∈ the stage's Past ∧ Was.Promotion < N", func(of *aPromotion) bool {
		return of.Rollback == nil || of.Was.Promotion < of.N &&
			slices.ContainsFunc(of.s.Stage(of.stage).Past, func(p Past) bool { return p.SHA == of.SHA })
	}},
	{"Building ⇒ ¬Built ∧ Build ∈ Builds", func(of *aPromotion) bool {
		_, run := of.s.Builds[of.Build]
		return !of.Building || !of.Built && run
	}},
	{"Apps ≠ {}", func(of *aPromotion) bool { return len(of.Apps) > 0 }},
	{"StartedAt ≤ the pipeline's At", func(of *aPromotion) bool { return !of.StartedAt.After(of.s.At) }},
}

var ofReleases = []invariant[aRelease]{
	{"State ∉ {\"\", failed} ⇒ ID ≠ \"\"", func(of *aRelease) bool { return of.State == "" || of.State == bot.ReleaseFailed || of.ID != "" }},
	{"State ≠ \"\" ⇒ the promotion is not Building", func(of *aRelease) bool { return of.State == "" || !of.p.Building }},
	{"the promotion's Proof ≠ nil ⇒ State = succeeded", func(of *aRelease) bool { return of.p.Proof == nil || of.State == bot.ReleaseSucceeded }},
	{"Version ≤ the app's Newest", func(of *aRelease) bool { return of.Version <= of.newest }},
	{"Errors ≤ 3", func(of *aRelease) bool { return of.Errors <= MaxErrors }},
}

var ofCandidates = []invariant[aCandidate]{
	{"Artifact = \"\" ⇔ ArtifactApp = \"\"", func(of *aCandidate) bool { return (of.Artifact == "") == (of.ArtifactApp == "") }},
	{"¬(FromPull ∧ Adopted)", func(of *aCandidate) bool { return !of.FromPull || !of.Adopted }},
	{"Rebuilds ≤ 2", func(of *aCandidate) bool { return of.Rebuilds <= MaxRebuilds }},
	{"GreenAt ≠ 0 ⇒ the checks are green", func(of *aCandidate) bool {
		return of.GreenAt.IsZero() || of.s.Verdict(of.Candidate).State == bot.CheckPassed
	}},
	{"0 ≤ Reports.Seen, Reports.Reading ≤ Reports.Hints", func(of *aCandidate) bool {
		return of.Reports.counted()
	}},
	{"Reports.Seen ≠ 0 ⇒ Reports.Read", func(of *aCandidate) bool { return of.Reports.Seen == 0 || of.Reports.Read }},
	{"one of Deployments a promotion of a stage, which knows of that many", func(of *aCandidate) bool {
		for i, d := range of.Deployments {
			if d.Promotion < 1 || d.Promotion > of.s.Stage(d.Stage).Promotions ||
				slices.ContainsFunc(of.Deployments[:i], func(o Deployment) bool { return o.Stage == d.Stage && o.Promotion == d.Promotion }) {
				return false
			}
		}
		return true
	}},
	{"d ∈ Deployments ∧ d.ID ≠ 0 ⇒ ¬d.Asked", func(of *aCandidate) bool {
		return !slices.ContainsFunc(of.Deployments, func(d Deployment) bool { return d.ID != 0 && d.Asked })
	}},
	{"Way.Since = SeenAt + Σ Way.Left, unless nothing is recorded", func(of *aCandidate) bool {
		at := of.SeenAt
		for _, w := range of.Way.Left {
			at = at.Add(w.For)
		}
		return of.Way.Since.IsZero() || of.Way.Since.Equal(at)
	}},
}

var ofProgress = []invariant[aProgress]{
	{"State = releasing ⇔ the stage's Promoting is of the candidate and of Promotion", func(of *aProgress) bool {
		p := of.st.Promoting
		return (of.State == ProgressReleasing) == (p != nil && p.SHA == of.c.SHA && p.N == of.Promotion)
	}},
	{"State = releasing ⇔ EndedAt = 0", func(of *aProgress) bool { return (of.State == ProgressReleasing) == of.EndedAt.IsZero() }},
	{"EndedAt = 0 ∨ StartedAt ≤ EndedAt", func(of *aProgress) bool { return of.EndedAt.IsZero() || !of.EndedAt.Before(of.StartedAt) }},
	{"Promotion ≤ the stage's Promotions", func(of *aProgress) bool { return of.Promotion <= of.st.Promotions }},
	{"State = done ∧ ¬Adopted ⇒ Promotion > 0 ∧ the candidate's Artifact ≠ \"\"", func(of *aProgress) bool {
		return of.State != ProgressLive || of.Adopted || of.Promotion > 0 && of.c.Artifact != ""
	}},
}

var ofBuilds = []invariant[aBuild]{
	{"it runs ⇒ App ≠ \"\"", func(of *aBuild) bool { return !of.Active() || of.App != "" }},
	{"two run, neither Adopted ⇒ their Apps differ", func(of *aBuild) bool {
		if !of.Active() || of.BuildRun.Adopted {
			return true
		}
		for key, r := range of.s.Builds {
			if key != of.key && r.App == of.App && r.Active() && !r.Adopted {
				return false
			}
		}
		return true
	}},
	{"Status = running ⇒ ID ≠ \"\"", func(of *aBuild) bool { return of.Status != RunRunning || of.ID != "" }},
	{"Status = succeeded ⇒ Artifact ≠ \"\" ∧ App ≠ \"\"", func(of *aBuild) bool { return of.Status != RunSucceeded || of.Artifact != "" && of.App != "" }},
	{"it has ended ⇔ FinishedAt ≠ 0", func(of *aBuild) bool {
		return (of.Status == RunSucceeded || of.Status == RunFailed || of.Status == RunErrored) != of.FinishedAt.IsZero()
	}},
	{"RunningAt = 0 ∨ StartedAt ≤ RunningAt", func(of *aBuild) bool { return of.RunningAt.IsZero() || !of.RunningAt.Before(of.StartedAt) }},
	{"|Gone| ≤ 5", func(of *aBuild) bool { return len(of.Gone) <= keptGone }},
}

var ofPending = []invariant[aPending]{
	{"Attempt > 0", func(of *aPending) bool { return of.Attempt > 0 }},
	{"Since ≤ LastAt", func(of *aPending) bool { return !of.LastAt.Before(of.Since) }},
	{"Unsure ⇔ LostAt ≠ 0", func(of *aPending) bool { return of.Unsure == !of.LostAt.IsZero() }},
	{"¬Underway ⇒ NotBefore ≠ 0", func(of *aPending) bool { return of.Underway || !of.NotBefore.IsZero() }},
	{"Out ⇒ Reason = \"\"", func(of *aPending) bool { return !of.Underway || of.Reason == "" }},
	{"it releases on an app ⇒ the stage's Promoting has that app and that N", func(of *aPending) bool {
		stage, n, app, ok := readPromoteKey(of.key)
		if !ok {
			return true
		}
		p := of.s.Stage(stage).Promoting
		if p == nil || p.N != n {
			return false
		}
		_, releases := p.Apps[app]
		return releases
	}},
}

var ofPulls = []invariant[aPull]{
	{"Number is its key in Pulls", func(of *aPull) bool { return of.Number == of.n }},
	{"Published ≠ {} ⇒ PublishedHead ≠ \"\"", func(of *aPull) bool { return len(of.Published) == 0 || of.PublishedHead != "" }},
	{"TestMerge ≠ \"\" ⇒ ReadHead ≠ \"\"", func(of *aPull) bool { return of.TestMerge == "" || of.ReadHead != "" }},
}

var ofRequests = []invariant[aRequest]{
	{"|Answers| ≤ |Commands|", func(r *aRequest) bool { return len(r.Answers) <= len(r.Commands) }},
}
