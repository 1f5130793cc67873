package bot

import (
	"maps"
	"slices"
	"time"
)

// State is everything that is known of one pipeline. It is a value: [Apply]
// returns a new one and leaves the old one as it is. It is stored as JSON.
//
// What holds after every event. [State.Check] reports what does not; it has the same list.
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
	Pipeline      Key
	RepoID        int64     // GitHub's number of the repository; 0: not known yet. Never changed
	At            time.Time // of the newest event
	Installation  int64
	DefaultBranch string
	Visibility    Visibility // of the repository

	Configured bool   // a valid file was read, and the newest reading did not find it gone
	Config     Config // the last good one
	ConfigRef  string // the commit, or the branch, that Config was read from
	Trunk      Trunk  // the file on the default branch, which says which branch is followed
	Elsewhere  Strays // pushes to other branches that may turn out to matter

	Names  []string // of the pipelines that the newest good file names, in its order; none: it has a single one
	Opened []string // those of them that know of themselves

	SweptAt     time.Time // when it was last time to look for what webhooks have not told
	AppsSweptAt time.Time // the same, with leave to ask the platform
	RereadAt    time.Time // what was read before this is to be read again
	HeadAt      time.Time // when the branch's head was last read; zero: never

	Required               Required    // what GitHub requires of the branch; zero ReadAt: not read yet
	RulesAt                time.Time   // when that was last asked for by itself; zero: never
	Candidates             []Candidate // in the branch's order, oldest first
	Horizon                time.Time   // pushes up to here have been forgotten: a late one is too late
	Builds                 map[string]BuildRun
	Queues                 map[string]BuildQueue // by prepare app: its queue as last seen, where other pipelines stand in it, whom not everybody may know of; never changed in place
	Stages                 map[string]StageState
	Pulls                  map[int]PullRequest
	EarlyReports           []EarlyReport // of commits that are not known yet, the newest last
	Groups                 []MergeGroup  // in the merge queue, or gone a moment ago, in the order in which they were seen
	Pending                map[string]PendingEffect
	FromPulls              []Candidate    // heads of open pull requests that somebody asked to promote
	Adopted                []Candidate    // what stages ran before Headstart came, where it is none of Candidates
	PullsListed            time.Time      // when pull requests that are older than the pipeline were listed; zero: they were not
	Alerts                 []Alert        // failures that people were told of, or are to be, oldest first
	Requests               []Request      // comments with commands, oldest first; answered ones are remembered for a while
	CommentsForgottenUntil time.Time      // comments up to here, by GitHub's clock, have been forgotten by an older Headstart: a late one is too late
	OutsiderLimits         OutsiderLimits // of people without write, together

	Outsiders map[string]Outsider // people without write who have commented, by account. Replaced, never changed
	Freeze    OperatorFreeze      // the operator's word

	Inspections map[string]Inspection // by app: what was found of it before it was promoted to

	Copies map[string]Copy // by app: copies of databases that are to be removed again

	Maintenance map[string]Maintenance // by app: maintenance modes that Headstart has looked at, or turned on

	Pushes []Push                // to any branch, where a stage has four eyes: in the order in which they were seen
	Origin string                // what the branch was before the first push that was seen; zeros: nothing; empty: not known
	People map[string]PeopleSeen // who made what lies between two commits, by both, while it is needed
}

// Candidate is one pushed commit on its way through the pipeline.
type Candidate struct {
	SHA, Tree, Before string
	Branch            string // that it was pushed to
	Title, Author     string
	Forced            bool      // the push that brought it replaced history
	PushedAt          time.Time // by GitHub's clock where a push told it
	SeenAt            time.Time
	QueuedAt          time.Time // since when it was known as a merge group; zero: it was none
	Pull              int       // the pull request it was merged by; 0: none known
	PullSought        bool      // it was looked for

	ConfigRead    bool      // the pipeline's file was read as of this commit
	ConfigProblem string    // why that file was refused; empty if it was not
	ConfigHold    string    // why nothing may be done with this commit by that file; empty: it may
	ConfigUnread  string    // why GitHub does not show that file; empty: it does, or was not asked yet
	ConfigAskedAt time.Time // with ConfigUnread: when that was found out
	Recipe        Recipe    // how its own file says that it is built

	Reports Reports
	GreenAt time.Time // since when the checks are green; zero while they are not

	// Artifact is what this candidate promotes. It is pinned when the candidate
	// enters the first stage, so that every later stage gets the very same one.
	Artifact    string
	ArtifactApp string // where Artifact was built
	ArtifactSHA string // the commit it was built of: this one, or one with the same files
	Rebuilds    int    // how often it was built again by itself, because the artifact was gone

	Ordered   map[string]Order // promotions that people asked for, by stage
	FromPull  bool             // the head of an open pull request, not a commit of the branch
	Adopted   bool             // what a stage ran before Headstart came; SHA may stand for it where nobody knows its commit
	Cancelled *Order           // somebody took it out of the pipeline; nil: nobody

	Diffs         map[string]Difference // what it changes, by the commit it was compared with
	Approvals     map[string]Approval   // the newest that people gave, by stage
	Rights        map[string]Rights     // of those whose word lets it in, by stage
	Affected      Affected              // whether its files affect the pipeline; empty: not known yet
	AffectedSince string                // with Affected: the push that it was compared with; empty: it was not
	Needs         map[string]NeedSeen   // what stages of other pipelines ran when they were asked, by need

	Progress    map[string]Progress  // by stage
	Entered     []string             // stages that it got into before and may get into again: older ones stay out
	Deployments []Deployment         // one for each promotion that began, oldest first
	Published   map[string]Published // by status context
}

// Reports is what is known of a commit's checks. What webhooks bring is merged
// into the last reading; it decides when to read again, and never more.
type Reports struct {
	Checks         []Check
	Suites         []Suite
	Read           bool
	ReadAt         time.Time // when the last reading began
	Hints          int       // how often something moved
	Reading        int       // Hints when the reading under way began
	Seen           int       // Hints that the last reading has taken in
	Look           bool      // something moved that only a reading can tell
	Prompt         bool      // and a suite was completed, which is worth a reading at once
	Looks          int       // readings that such hints have asked for lately
	Done           []int64   // suites that were completed, and that no reading has shown so yet
	Lags           int       // readings in a row that did not
	Contradictions int       // readings in a row that contradicted what webhooks said
	Refused        string    // why GitHub does not show them; empty if it does
}

// ProgressState says how a candidate fares at one stage.
type ProgressState string

// A candidate that has not entered a stage has no passage there. One that was
// undone was live, and somebody rolled back from it. One that was skipped has passed
// the stage by.
const (
	ProgressReleasing  ProgressState = "releasing"
	ProgressLive       ProgressState = "done"
	ProgressFailed     ProgressState = "failed"
	ProgressRolledBack ProgressState = "undone"
	ProgressSkipped    ProgressState = "skipped"
)

// Progress is a candidate's way through one stage.
type Progress struct {
	State       ProgressState
	Promotion   int
	StartedAt   time.Time
	EndedAt     time.Time // zero while releasing
	Reason      string    // why it failed, naming each app; who undid it; or why it passed the stage by
	OutputURL   string    // of the release that failed; may be empty
	BuildFailed bool      // it failed because the code does not build: the stage was not touched
	Gone        bool      // it failed because the platform no longer has the artifact
	Consequence string    // what was done about a failure; empty: nothing had to be
	Seen        *Probed   // the newest answer of its verification; nil: there was none
	SoakUntil   time.Time // how long it has to stay healthy; zero: that is not asked for
	Soaked      bool      // and it did
	Urgent      *Order    // who let it pass windows, freezes and soak; nil: nobody. Never changed in place
	SkippedOver string    // of one that passed the stage by: the commit that was live there
	Warnings    []string  // what was found of the stage's apps since the promotion before
	Adopted     bool      // it ran there when Headstart came, and nothing has proved it; Promotion 0: it was not brought back since
}

// Deployment is the GitHub Deployment of one promotion of a candidate.
type Deployment struct {
	ID        int64 // 0: GitHub refused to make it, or it is asked for
	Asked     bool  // nobody knows yet whether GitHub has made it
	Stage     string
	Promotion int
	Published Published
	Refusal   // that it was made
}

// Published is what people can read in one place, so that nothing is published
// twice and nothing is left untold.
type Published struct {
	State     StatusState
	Phase     Phase // what a pending status waits for; its text may grow stale within one phase
	Text      string
	Uncertain bool // something else was sent since, and nobody knows whether it arrived
	// RepeatAt is when to say it once more, because until then something else that
	// was sent before may still land; zero: not.
	RepeatAt time.Time
	Refusal
}

// RunStatus says how the build of a tree stands.
type RunStatus string

// A run that waits has been tried and is to be tried again.
const (
	RunWaiting   RunStatus = "waiting"
	RunStarting  RunStatus = "starting"
	RunRunning   RunStatus = "running"
	RunSucceeded RunStatus = "succeeded"
	RunFailed    RunStatus = "failed"
	RunErrored   RunStatus = "errored"
)

// BuildRun is the build of one tree (or of one commit, where artifacts are not
// shared), whoever needs it.
type BuildRun struct {
	SHA, Tree  string
	Command    string // that builds it; empty where a platform has buildpacks
	Pull       int    // the pull request that it was begun for; 0: the branch itself, or Group
	Group      string // the merge group that it was begun for; empty: none
	App        string // where it runs or ran; empty while waiting
	Stage      string // set where it runs on a stage's own app
	ID         string
	Status     RunStatus
	Adopted    bool
	StartedAt  time.Time
	RunningAt  time.Time // since when it is known to run; zero: it is not
	FinishedAt time.Time
	LookAt     time.Time // when to look at it next
	Looks      int
	Refused    map[string]string // prepare apps that cannot build it, with the reason
	TroubleAt  time.Time         // since when the platform has not taken it; zero: no trouble
	UnknownAt  time.Time         // since when GitHub does not know its source yet; zero: it does, for all that is known
	Reason     string            // why it did not succeed, or what the trouble is
	Cancelling bool
	Artifact   string
	Source     SourceOf  // what it is made of; of a tree: it serves every commit with that
	Gone       []string  // artifacts of earlier builds of it that the platform no longer has, the newest last
	GoneAt     time.Time // when the newest of them was found to be gone; zero: none was
	Earlier    *BuildRun // that failed before this one, for those it was the build of; nil: none. Never changed in place
	Release    string    // that the platform made on App by itself
	OutputURL  string
}

// sourceless reports whether the run waits for GitHub to know what is to be built.
func (r BuildRun) sourceless() bool {
	return !r.UnknownAt.IsZero() && (r.Status == RunWaiting || r.Status == RunStarting)
}

// Active reports whether the run occupies its app.
func (r BuildRun) Active() bool { return r.Status == RunStarting || r.Status == RunRunning }

// StageState is how a stage stands: what is live there, and the promotion in flight.
type StageState struct {
	Live       Live
	Barrier    time.Time      // what was pushed before has been overtaken here, by a commit that the branch returned to later
	Past       []Past         // what was proved here, the newest first; the live one is among it
	Lock       *Lock          // nil: promotions may enter
	Rollback   *RollbackOrder // that has not ended yet; nil: none
	Promoting  *Promotion     // nil: none
	Soak       *Soak          // of what is live; nil: it is over, or was not asked for
	Promotions int            // counts them
	Apps       map[string]AppState
	RetryAt    time.Time // after a promotion that could not begin
	Tries      int
	Trouble    string    // why it could not; empty once one has begun
	TroubleAt  time.Time // since when; zero: no trouble

	Maintained []string // commits that were released in maintenance mode, the newest last
}

// Live is what a stage was last proved to run on all of its apps.
type Live struct {
	SHA, Artifact string // empty: nothing yet
	Since         time.Time
	Adopted       map[string]Ran // by app: what each ran before Headstart came; nil: Headstart brought it
}

// Past is a release of a stage that was proved good on all of its apps, or ran there
// before Headstart came.
type Past struct {
	SHA, Artifact, From string // From: the app where the artifact was built
	Built               string // the commit that the artifact was built of
	Title               string
	At                  time.Time
	Releases            map[string]PastRelease // by app, as it was proved the first time
	Versions            []int                  // every number that an app gave a release of it
	RolledBack          bool                   // it was rolled back from
	Gone                string                 // why the platform cannot bring it back; empty: it can, for all that is known
	Ran                 map[string]Ran         // by app: what each ran before Headstart came; nil: it was proved
}

// PastRelease is the platform's release of a Past on one app.
type PastRelease struct {
	ID      string
	Version int
}

// Order is something that a person asked for, or that a failure did.
type Order struct {
	By      string // login; empty: a failure
	ByID    int64  // of the account; 0: not known
	At      time.Time
	Comment int64
	Urgent  bool   // of a promotion: it passes windows, freezes and soak
	Reason  string // of what is urgent
}

// Lock keeps promotions out of a stage until somebody unlocks it.
type Lock struct {
	Order
	Reason   string    // may be empty
	Rollback bool      // it came with a rollback or a failure; an explicit promotion opens it
	Until    time.Time // when it ends by itself; zero: it does not. One with a rollback never does
}

// RollbackOrder asks for a stage to be taken back.
type RollbackOrder struct {
	Order
	To      string   // commit; empty: the last good one before what is live when it begins
	Config  bool     // with the config vars of the release
	From    string   // what was live, or on its way, when it was asked for
	Further bool     // what is live was rolled back to already: it goes one further back
	Skips   []string // what could not be brought back, and why
	// Promotion is the one whose failure asked for it; 0: a person did.
	Promotion int
}

// AppState is what is known of one app of a stage.
type AppState struct {
	Seen     bool      // it was looked at at least once
	SeenAt   time.Time // when it was last looked at, also where that was refused
	Moved    bool      // the platform has said since that something changed
	Newest   int       // version of its newest release
	Artifact string
	URL      string
	// SwitchesAfter is how long after a release the version before it may still
	// answer, as the platform documents it.
	SwitchesAfter time.Duration
	Foreign       *Foreign // what somebody else released there; nil: it runs what Headstart released, for all that is known
	Ran           *Ran     // what it ran when it was first looked at, until the stage adopts it; nil: Headstart has released there
}

// Promotion is an artifact being put on all apps of a stage.
type Promotion struct {
	N         int
	SHA       string
	FromPull  bool // of a pull request's head that somebody asked for
	StartedAt time.Time
	Building  bool   // the stage's own app builds it first
	Build     string // with Building: the key of that build's run
	Built     bool   // and has done so
	Apps      map[string]AppRelease
	Proof     *Proof         // its releases have ended, and it is verified; nil: not yet
	Rollback  *RollbackOrder // it takes the stage back; nil: it is on the way forward
	Was       Progress       // with Rollback: the commit's passage before it
	Copied    bool           // a copy of a database was asked for, so that it has begun
}

// AppRelease is a promotion's release on one app.
type AppRelease struct {
	State     ReleaseStatus // empty: not begun
	ID        string
	Version   int       // 0: not numbered yet
	Since     time.Time // when it was first seen; zero: not yet
	Unsure    bool      // an attempt may have begun it
	Base      int       // newest release of the app before the first attempt that may have begun it
	Gone      bool      // with a failure: the platform no longer has what was to be released
	Unseen    bool      // with a failure: it began, and nobody can see how it ended
	Errors    int       // releases before this one that ended through the platform's own fault
	Looks     int
	LookAt    time.Time
	Reason    string
	OutputURL string
}

// PullRequest is an open or merged pull request into the pipeline's branch.
type PullRequest struct {
	PullRequestChanged
	SeenAt     time.Time
	Listed     bool      // it was found in a list, and nothing was seen it since
	HeadAt     time.Time // when it got its head, by GitHub's clock, at the latest; zero: before anybody looked
	HeadSeenAt time.Time // when Head was first seen; zero: with the pull request

	// MergedWith is the commit that the branch moved to when it was merged, where that is
	// another pull request's; empty: it was merged by itself, or not yet.
	MergedWith string

	ReadHead      string    // the head that TestMerge belongs to; empty: not read yet
	Asked         int       // how often GitHub had no test merge of the head, nor a conflict
	AskAt         time.Time // when the head is to be read once more; zero: as soon as it differs from ReadHead
	Unmade        bool      // GitHub never got to a test merge of the head, though nothing says that it conflicts
	TestMerge     string
	TestTree      string
	Published     map[string]Published // by status context, on the head
	PublishedHead string               // the head that Acknowledged is about
	Comment       Comment
	Sections      []Section   // of the comment, which other pipelines of the repository keep
	Changes       ChangesRead // what it would bring, compared with what was live when that was read
	ChangesOf     string      // the head that Changes is about; empty: not read yet
	Answer        int64       // the comment that answers the last question; 0: none
	Earlier       []string    // lines of Comment about commands that are forgotten, the newest last
	Affected      Affected    // whether its files affect the pipeline; empty: not known yet
	AffectedOf    string      // the head that Affected is about
}

// Comment is the bot's one comment on a pull request, or a pipeline's section of it.
type Comment struct {
	ID        int64
	URL       string
	Body      string // as last written
	WrittenAt time.Time
	// NeverGreen says that it warns of contexts that cannot be green before a merge.
	NeverGreen bool
	Refused    bool      // GitHub does not take it, for now
	Refusal              // with Refused
	Uncertain  bool      // something else was written since, and nobody knows whether it was taken
	RepeatAt   time.Time // when to write it once more, as a Published's
}

// written reports whether people can read anything there.
func (c Comment) written() bool { return c.Body != "" }

// PendingEffect is an effect that is under way, or waits to be tried again.
type PendingEffect struct {
	Underway  bool // somebody is performing it
	Attempt   int
	Since     time.Time // of the first attempt
	LostAt    time.Time // of the newest attempt whose answer was lost
	LastAt    time.Time // of the newest attempt
	NotBefore time.Time // of the next attempt, while not Underway
	Unsure    bool
	Reason    string // why the last attempt was not it
	Limit     bool   // a rate limit was why
}

// Apps lists the apps that the pipeline uses, and their platform, for whoever
// must find the pipeline by an app. Nothing before the file was read.
func (s State) Apps() (platform string, apps []string) {
	return s.Config.Platform, s.Config.Apps()
}

// Target is where the pipeline's effects happen.
func (s State) Target() Target {
	return Target{Pipeline: s.Pipeline, RepoID: s.RepoID, Installation: s.Installation, Platform: s.Config.Platform}
}

// clone copies everything that Apply changes in place. Checks, suites and the
// configuration are replaced as wholes and may stay shared.
func (s State) clone() State {
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
		st.Apps = maps.Clone(st.Apps)
		if st.Promoting != nil {
			p := *st.Promoting
			p.Apps = maps.Clone(p.Apps)
			st.Promoting = &p
		}
		s.Stages[k] = st
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

// cloneMap never returns nil, so that its result can be written to.
func cloneMap[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return maps.Clone(m)
}

// candidate finds a candidate by its commit; nil if there is none.
func (s *State) candidate(sha string) *Candidate {
	if i := s.position(sha); i >= 0 {
		return &s.Candidates[i]
	}
	for _, list := range [][]Candidate{s.FromPulls, s.Adopted} {
		if i := slices.IndexFunc(list, func(c Candidate) bool { return c.SHA == sha }); i >= 0 {
			return &list[i]
		}
	}
	return nil
}

// position is a commit's place in the branch's order; -1 for one that is not
// (or no longer) among the candidates, which makes it older than all of them.
func (s *State) position(sha string) int {
	for i := range s.Candidates {
		if s.Candidates[i].SHA == sha {
			return i
		}
	}
	return -1
}
