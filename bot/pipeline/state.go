package pipeline

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// State is all that is known of one pipeline. It is a value: [apply.Apply] returns a new
// State and leaves the old one unchanged. It is stored as JSON.
//
// These invariants hold after every event. [State.Check] reports those that do not, from
// the same list.
//
//	the pipeline:
//	    a commit stands once in Candidates, in FromPulls and in Adopted
//	    i < j ⇒ Candidates[i].PushedAt ≤ Candidates[j].PushedAt + 30 s
//	    a comment stands once in Requests
//	    |EarlyReports| ≤ 64, |Alerts| ≤ 20, |Pushes| ≤ 300, |Elsewhere| ≤ 20, |Outsiders| ≤ 200
//	    g ∈ Groups ⇒ 0 ≤ g.Reports.Seen, g.Reports.Reading ≤ g.Reports.Hints
//	    SweptAt, AppsSweptAt, RereadAt, HeadAt ≤ At
//	a stage:
//	    Promoting ≠ nil ⇒ Promoting.N = Promotions > 0
//	    Promoting.Rollback ≠ nil ⇒ Rollback ≠ nil
//	    Rollback ≠ nil ⇒ (Rollback.By = "" ⇔ Rollback.Promotion ≠ 0) ∧ Rollback.Promotion ≤ Promotions
//	    Live.SHA = "" ⇔ Live.Since = 0 ⇔ Live.Artifact = ""
//	    p ∈ Past ∧ p.SHA = Live.SHA ⇒ p.Artifact = Live.Artifact
//	    a commit stands once in Past, |Past| ≤ 10
//	    p ∈ Past ⇒ p.Artifact ≠ "" ∧ p.From ≠ ""
//	    Soak ≠ nil ⇒ Soak.SHA = Live.SHA ∧ Soak.Promotion ≤ Promotions
//	    Lock ≠ nil ∧ Lock.Rollback ⇒ Lock.Until = 0
//	    Trouble ≠ "" ⇒ TroubleAt ≠ 0
//	an app of a stage:
//	    Seen ⇒ SeenAt ≠ 0
//	    Artifact ≠ "" ∨ Newest ≠ 0 ∨ Foreign ≠ nil ∨ Ran ≠ nil ⇒ Seen
//	    Foreign ≠ nil ⇒ Foreign.Version ≤ Newest
//	a stage's promotion in flight:
//	    SHA is of a candidate, whose progress at the stage is releasing by N
//	    ¬Building ∧ Rollback = nil ⇒ the candidate's Artifact ≠ ""
//	    Rollback ≠ nil ⇒ SHA ∈ the stage's Past ∧ Was.Promotion < N
//	    Building ⇒ ¬Built ∧ Build ∈ Builds
//	    Apps ≠ {}
//	    StartedAt ≤ the pipeline's At
//	a promotion's release on an app:
//	    State ∉ {"", failed} ⇒ ID ≠ ""
//	    State ≠ "" ⇒ the promotion is not Building
//	    the promotion's Proof ≠ nil ⇒ State = succeeded
//	    Version ≤ the app's Newest
//	    Errors ≤ 3
//	a candidate:
//	    Artifact = "" ⇔ ArtifactApp = ""
//	    ¬(FromPull ∧ Adopted)
//	    Rebuilds ≤ 2
//	    GreenAt ≠ 0 ⇒ the checks are green
//	    0 ≤ Reports.Seen, Reports.Reading ≤ Reports.Hints
//	    Reports.Seen ≠ 0 ⇒ Reports.Read
//	    one of Deployments a promotion of a stage, which knows of that many
//	    d ∈ Deployments ∧ d.ID ≠ 0 ⇒ ¬d.Asked
//	    Way.Since = SeenAt + Σ Way.Left, unless nothing is recorded
//	a candidate's progress at a stage:
//	    State = releasing ⇔ the stage's Promoting is of the candidate and of Promotion
//	    State = releasing ⇔ EndedAt = 0
//	    EndedAt = 0 ∨ StartedAt ≤ EndedAt
//	    Promotion ≤ the stage's Promotions
//	    State = done ∧ ¬Adopted ⇒ Promotion > 0 ∧ the candidate's Artifact ≠ ""
//	a build:
//	    it runs ⇒ App ≠ ""
//	    two run, neither Adopted ⇒ their Apps differ
//	    Status = running ⇒ ID ≠ ""
//	    Status = succeeded ⇒ Artifact ≠ "" ∧ App ≠ ""
//	    it has ended ⇔ FinishedAt ≠ 0
//	    RunningAt = 0 ∨ StartedAt ≤ RunningAt
//	    |Gone| ≤ 5
//	an effect in Pending:
//	    Attempt > 0
//	    Since ≤ LastAt
//	    Unsure ⇔ LostAt ≠ 0
//	    ¬Underway ⇒ NotBefore ≠ 0
//	    Out ⇒ Reason = ""
//	    it releases on an app ⇒ the stage's Promoting has that app and that N
//	a pull request:
//	    Number is its key in Pulls
//	    Published ≠ {} ⇒ PublishedHead ≠ ""
//	    TestMerge ≠ "" ⇒ ReadHead ≠ ""
//	a comment in Requests:
//	    |Answers| ≤ |Commands|
type State struct {
	Pipeline      bot.Key
	RepoID        int64     // GitHub's number of the repository; 0: unknown. Never changed
	At            time.Time // of the newest event
	Installation  int64
	DefaultBranch string
	Visibility    bot.Visibility // of the repository

	Configured  bool       // a valid file was read, and the newest reading did not find it gone
	Config      bot.Config // the last valid one
	ConfigRef   string     // the commit, or the branch, from which Config was read
	ConfigSince time.Time  // when Config was first in force, or again; zero: before that was recorded
	ConfigFrom  string     // the commit, or the branch, from which it was read then
	Trunk       Trunk      // the file on the default branch, which names the followed branch
	Elsewhere   Strays     // pushes to other branches, which may turn out to matter

	Names  []string // the pipelines in the newest valid file, in order; none: it has a single one
	Opened []string // those of Names that were begun

	SweptAt     time.Time // the last time to look for what webhooks have not brought
	AppsSweptAt time.Time // the same, when the platform might be asked
	RereadAt    time.Time // anything read before is to be read again
	HeadAt      time.Time // when the branch's head was last read; zero: never

	Required               bot.Required // what GitHub requires of the branch; zero ReadAt: not read yet
	RulesAt                time.Time    // when ReadRules was last performed; zero: never
	Candidates             []Candidate  // in the branch's order, oldest first
	Horizon                time.Time    // pushes up to here are forgotten: a later delivery of one is ignored
	Builds                 map[string]BuildRun
	Queues                 map[string]bot.BuildQueue // by prepare app: its queue as last seen, if other pipelines stand in it; not everybody may know of these. Never changed in place
	Stages                 map[string]*StageState
	Pulls                  map[int]PullRequest
	EarlyReports           []EarlyReport // of commits that are unknown yet, the newest last
	Groups                 []MergeGroup  // in the merge queue, or gone a moment ago, in the order of arrival
	Pending                map[string]PendingEffect
	FromPulls              []Candidate    // heads of open pull requests that people promoted
	Adopted                []Candidate    // what stages ran before Headstart came, if it is none of Candidates
	PullsListed            time.Time      // when pull requests older than the pipeline were listed; zero: not yet
	Alerts                 []Alert        // failures that people were notified of, or will be, oldest first
	Requests               []Request      // comments with commands, oldest first; answered ones are kept for a while
	CommentsForgottenUntil time.Time      // an older Headstart forgot comments up to here, by GitHub's clock: a later delivery of one is ignored
	OutsiderLimits         OutsiderLimits // of people without write, together

	Outsiders map[string]Outsider // people without write who have commented, by account. Replaced, never changed
	Freeze    bot.OperatorFreeze  // of the operator

	Inspections map[string]Inspection // by app: its inspection before a promotion
	Sources     Sources               // what is known of the branch's sources

	Copies map[string]Copy // by app: copies of databases that are to be removed

	Maintenance map[string]Maintenance // by app: maintenance modes that Headstart has read or turned on

	Pushes []Push                // to any branch, if a stage has four eyes, in the order of arrival
	Origin string                // the branch before the first push that was seen; zeros: nothing; empty: unknown
	People map[string]PeopleSeen // who made the commits between two others, by both, while it is needed
}

// StageState is the state of a stage: what is live there, and the promotion in flight.
type StageState struct {
	Live       Live
	Barrier    time.Time      // what was pushed before is superseded here, by a commit that the branch returned to
	Past       []Past         // what was proved here, the newest first, including the live one
	Lock       *Lock          // nil: promotions may enter
	Rollback   *RollbackOrder // still to be done; nil: none
	Promoting  *Promotion     // nil: none
	Ended      *Ended         // the promotion that ended last; nil: none. Replaced, never changed
	Soak       *Soak          // of what is live; nil: over, or not asked for
	Promotions int            // number of the newest promotion
	Apps       map[string]AppState
	RetryAt    time.Time // after a promotion that could not begin
	Tries      int
	Trouble    string    // why a promotion could not begin; empty once one has
	TroubleAt  time.Time // since when; zero: no trouble

	Maintained []string // commits released in maintenance mode, the newest last
}

// Live is what a stage was last proved to run on all of its apps.
type Live struct {
	SHA, Artifact string // empty: nothing yet
	Since         time.Time
	Adopted       map[string]Ran // by app: what each ran before Headstart came; nil: Headstart released it
}

// Past is a release of a stage: proved good on all of its apps, or running there before
// Headstart came.
type Past struct {
	SHA, Artifact, From string // From: the app where the artifact was built
	Built               string // the commit that the artifact was built of
	Title               string
	At                  time.Time
	Releases            map[string]bot.PastRelease // by app, as first proved
	Versions            []int                      // all versions that the apps gave to releases of it
	RolledBack          bool                       // it was rolled back from
	Gone                string                     // why the platform cannot restore it; empty: it can, as far as known
	Ran                 map[string]Ran             // by app: what each ran before Headstart came; nil: it was proved
}

// AppState is what is known of one app of a stage.
type AppState struct {
	Seen     bool      // it was read at least once
	SeenAt   time.Time // when it was last read, even if that was refused
	Moved    bool      // the platform has reported a change since
	Newest   int       // version of its newest release
	Artifact string
	URL      string
	// SwitchesAfter is how long after a release the version before it may still answer, by
	// the platform's documentation.
	SwitchesAfter time.Duration
	Foreign       *Foreign // what others released there; nil: it runs what Headstart released, as far as known
	Ran           *Ran     // what it ran at the first look, until the stage adopts it; nil: Headstart has released there
}

// Apps returns the pipeline's apps and their platform, by which others find the pipeline.
// Empty before the file was read.
func (s State) Apps() (platform string, apps []string) {
	return s.Config.Platform, s.Config.Apps()
}

// Target is where the pipeline's effects happen.
func (s State) Target() bot.Target {
	return bot.Target{Pipeline: s.Pipeline, RepoID: s.RepoID, Installation: s.Installation, Platform: s.Config.Platform}
}

// Clone copies everything that Apply changes in place. Checks, suites and the
// configuration are replaced as wholes and may stay shared.
func (s State) Clone() State {
	s.Candidates = cloneCandidates(s.Candidates)
	s.FromPulls = cloneCandidates(s.FromPulls)
	s.Groups = cloneGroups(s.Groups)
	s.Adopted = cloneCandidates(s.Adopted)
	s.Builds = cloneMap(s.Builds)
	for k, r := range s.Builds {
		r.Refused = maps.Clone(r.Refused)
		s.Builds[k] = r
	}
	s.Stages = cloneMap(s.Stages)
	for k, st := range s.Stages {
		s.Stages[k] = st.clone()
	}
	s.Elsewhere = s.Elsewhere.clone()
	s.Pulls = cloneMap(s.Pulls)
	for k, p := range s.Pulls {
		p.Published = maps.Clone(p.Published)
		s.Pulls[k] = p
	}
	s.Pending = cloneMap(s.Pending)
	s.Inspections = maps.Clone(s.Inspections)
	s.Copies = maps.Clone(s.Copies)
	s.Maintenance = maps.Clone(s.Maintenance)
	s.People = maps.Clone(s.People)
	return s
}

// clone copies what Apply changes in place. Past, Lock, Rollback, Soak, the promotion's
// Proof and Maintained are replaced as wholes.
func (st StageState) clone() *StageState {
	st.Apps = maps.Clone(st.Apps)
	if st.Promoting != nil {
		p := *st.Promoting
		p.Apps = maps.Clone(p.Apps)
		st.Promoting = &p
	}
	return &st
}

func cloneCandidates(list []Candidate) []Candidate {
	list = slices.Clone(list)
	for i := range list {
		c := &list[i]
		c.Progress = maps.Clone(c.Progress)
		c.Ordered = maps.Clone(c.Ordered)
		c.Diffs = maps.Clone(c.Diffs)
		c.Approvals = maps.Clone(c.Approvals)
		c.Rights = maps.Clone(c.Rights)
		c.Deployments = slices.Clone(c.Deployments)
		c.Published = maps.Clone(c.Published)
		c.Needs = maps.Clone(c.Needs)
	}
	return list
}

// cloneMap never returns nil, so the result can be written to.
func cloneMap[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return maps.Clone(m)
}

// Stage is how a stage stands: a copy, which is no way to change it. A stage of which
// nothing is known yet has the zero value.
func (s *State) Stage(name string) StageState {
	if st := s.Stages[name]; st != nil {
		return *st
	}
	return StageState{}
}

// StageRecord is a stage's record, for who changes it. A stage without one gets an empty
// one: to look whether something is to be changed, see Stage.
func (s *State) StageRecord(name string) *StageState {
	st := s.Stages[name]
	if st == nil {
		st = &StageState{}
		Put(&s.Stages, name, st)
	}
	return st
}

// Candidate finds a candidate by its commit; nil: there is none.
func (s *State) Candidate(sha string) *Candidate {
	if i := s.Position(sha); i >= 0 {
		return &s.Candidates[i]
	}
	for _, list := range [][]Candidate{s.FromPulls, s.Adopted} {
		if i := slices.IndexFunc(list, func(c Candidate) bool { return c.SHA == sha }); i >= 0 {
			return &list[i]
		}
	}
	return nil
}

// Position is a commit's place in the branch's order; -1: it is no candidate (any more),
// and counts as older than all.
func (s *State) Position(sha string) int {
	for i := range s.Candidates {
		if s.Candidates[i].SHA == sha {
			return i
		}
	}
	return -1
}

// KeptCandidates is how many candidates are remembered. A candidate that waits behind so many newer
// ones is superseded, so nothing is kept forever.
const KeptCandidates = 30

// ForgetOldest shrinks m to n entries by deleting the oldest idle ones.
func ForgetOldest[K cmp.Ordered, V any](m map[K]V, n int, of func(K, V) (at time.Time, idle bool)) {
	for len(m) > n {
		var oldest K
		var when time.Time
		found := false
		for _, k := range SortedKeys(m) {
			if at, idle := of(k, m[k]); idle && (!found || at.Before(when)) {
				oldest, when, found = k, at, true
			}
		}
		if !found {
			return
		}
		delete(m, oldest)
	}
}
