package bot

import "time"

// Effect is one thing to do, decided once and performed at least once. The performer looks
// before it acts, and answers with a [Fact] or an error of one of three kinds.
type Effect struct {
	// Key names the effect within its pipeline. Two effects of the same key are never
	// under way at the same time.
	Key     string
	Attempt int // 1 at first
	// Unsure says that an earlier attempt may have taken effect. The performer must look
	// for traces made after Since.
	Unsure bool
	Since  time.Time // when the first attempt was decided
	LostAt time.Time // when the newest attempt that may still take effect was decided; zero: none
	At     time.Time // when this attempt was decided
	// Idle says that nobody waits for it: it looks for lost webhooks. Every other effect
	// goes first.
	Idle bool
	Do   Action
}

// Creates reports whether a second attempt makes a duplicate if it does not find what the
// first one made.
func (e Effect) Creates() bool { return TraitsOf(e.Do).Creates }

// Repeatable reports whether the effect may be performed once more by somebody who has
// forgotten that it was: it reads, or it publishes what would be published again.
func (e Effect) Repeatable() bool {
	t := TraitsOf(e.Do)
	switch t.To {
	case ToGitHub, ToWeb:
		return !t.Creates
	case ToPlatform:
		return !t.Creates && t.Reads
	}
	return false
}

// Action is what an [Effect] does. Its comment names the fact that answers it; its
// [Traits] say where it goes and how long it may take.
type Action interface{ traits() Traits }

// ReadConfig reads the pipeline's file as of a commit. Answer: ConfigRead.
type ReadConfig struct{ Ref string } // a full SHA, or a branch on first contact

// ReadChecks reads what was reported about a commit, what the branch requires,
// and where the branch's head is. Answer: ChecksRead.
type ReadChecks struct {
	SHA    string
	Branch string
	// Required also asks for what GitHub requires of the branch; without it the answer's
	// Required is nil. Suites also asks for the check suites.
	Required, Suites bool
	// Seen is the candidate's Reports.Hints when the reading began, as far as the
	// performer knows; 0: unknown. See State.Beginning.
	Seen int
}

// ReadHead reads where a branch's head is. Answer: HeadRead.
type ReadHead struct{ Branch string }

// ReadPullRequest reads a pull request with its test merge. Answer: PullRequestRead.
type ReadPullRequest struct{ Number int }

// FindPullRequest looks for the pull request that brought a commit to the branch. Answer:
// PullRequestFound.
type FindPullRequest struct{ SHA string }

// SetStatus sets a commit status. Answer: Acknowledged.
type SetStatus struct {
	SHA     string
	Context string
	Status  Status
	Phase   Phase // what a pending status waits for; remembered, not sent
	// Part is the part of the commit's page that tells more than Status.URL; empty: none.
	Part string
}

// Status is the content of a commit status.
type Status struct {
	State StatusState
	Text  string // at most 140 characters
	URL   string // may be empty
}

// StatusState is one of GitHub's four states of a commit status.
type StatusState string

// The states of a commit status, and of a deployment.
const (
	StatusPending StatusState = "pending"
	StatusSuccess StatusState = "success"
	StatusFailure StatusState = "failure"
	StatusError   StatusState = "error"

	DeploymentInProgress StatusState = "in_progress"
	DeploymentInactive   StatusState = "inactive"
)

// CreateDeployment makes a GitHub Deployment. Answer: DeploymentCreated.
type CreateDeployment struct {
	SHA        string
	Stage      string
	Promotion  int // number of the stage's promotion; identifies our deployment when looking
	Production bool
	Text       string
}

// SetDeploymentStatus sets the status of a deployment. Answer: Acknowledged.
type SetDeploymentStatus struct {
	SHA    string
	Stage  string
	ID     int64
	Status Status
	AppURL string // the stage's address; may be empty
	Part   string // as a commit status's
}

// WriteComment creates the bot's comment on a pull request, or edits it.
// Answer: CommentWritten.
type WriteComment struct {
	Number int
	ID     int64 // 0: look for it, and create it if there is none
	Body   string
	// NeverGreen says that Body warns of contexts that cannot be green before a merge;
	// remembered, not sent.
	NeverGreen bool
}

// StartBuild builds a commit on an app. If a build of that commit is pending there, or has
// succeeded, it is the answer. On a stage's own app, where a build releases, it acts only
// while the app's newest release is Base. If that moved, nothing is done and the answer is
// AppSeen. Answer: BuildSeen, or AppSeen.
type StartBuild struct {
	App     string
	SHA     string
	Tree    string // the tree of the commit
	Command string
	Stage   string // set when the build runs on a stage's own app, and so enters the stage
	Base    int    // with Stage: version of the app's newest release as last seen; -1: never looked
	// Look begins nothing: it finds out what became of an earlier attempt. The answer has
	// no ID if that attempt began no build.
	Look bool
	// Gone are artifacts that the platform no longer has, or that were built for others.
	// GoneAt is when that was found. A build from before GoneAt that left one of these
	// artifacts is no answer.
	Gone   []string
	GoneAt time.Time
}

// WatchBuild looks at a pending build. Answer: BuildSeen.
type WatchBuild struct {
	App   string
	ID    string
	Tree  string
	Stage string
}

// CancelBuild stops a pending build. Answer: BuildSeen.
type CancelBuild struct {
	App  string
	ID   string
	Tree string
}

// Promote releases an artifact on one app of a stage. It acts only while the app's newest
// release is Base. If that moved, nothing is done and the answer is AppSeen. Answer:
// ReleaseSeen, or AppSeen.
type Promote struct {
	Stage     string
	Promotion int // number of the stage's promotion
	App       string
	From      string // the app where the artifact was built or proved
	Artifact  string
	SHA       string
	Base      int // version of the app's newest release before any attempt that may have begun it; -1, in LookAtApp.Seeks: never looked
	// Restore is the release to go back to with its config vars, by the platform's own
	// rollback. Empty: only the artifact is released.
	Restore string
}

// WatchRelease looks at a pending release. Answer: ReleaseSeen.
type WatchRelease struct {
	Stage     string
	Promotion int
	App       string
	ID        string
}

// LookAtApp reads what an app of a stage runs, and changes nothing. Answer: AppSeen, or
// ReleaseSeen if the release that it seeks exists.
type LookAtApp struct {
	Stage, App string
	// Seeks is a promotion whose release may exist: an earlier attempt made it, or the app
	// runs its artifact anyway. It is not to be made now: the app was never looked at, or
	// a gate has closed since. Nil: nothing is sought.
	Seeks *Promote
}

func (do ReadConfig) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{ConfigRead{}}, Deadline: dayDeadline, Priority: PriorityDeploy, About: About{Commits: []string{do.Ref}}}
}

func (do ReadChecks) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{ChecksRead{}}, Deadline: dayDeadline, Priority: PriorityDeploy, About: About{Commits: []string{do.SHA}}}
}

func (do ReadHead) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{HeadRead{}}, Deadline: briefDeadline, Priority: PriorityWatch, About: About{Branch: do.Branch}}
}

func (do ReadPullRequest) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{PullRequestRead{}}, Deadline: hoursDeadline, Priority: PriorityWatch, About: About{Pull: do.Number}}
}

func (do FindPullRequest) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{PullRequestFound{}}, Deadline: hoursDeadline, Priority: PriorityWatch, About: About{Commits: []string{do.SHA}}}
}

func (do SetStatus) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{Acknowledged{}}, Deadline: dayDeadline, Priority: PriorityPublish, About: About{Commits: []string{do.SHA}}}
}

func (do CreateDeployment) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{DeploymentCreated{}}, Deadline: dayDeadline, Priority: PriorityPublish, About: About{Commits: []string{do.SHA}}, Creates: true}
}

func (SetDeploymentStatus) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{Acknowledged{}}, Deadline: dayDeadline, Priority: PriorityPublish}
}

func (do WriteComment) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{CommentWritten{}}, Deadline: dayDeadline, Priority: PriorityPublish, About: About{Pull: do.Number}, Creates: do.ID == 0}
}

func (do StartBuild) traits() Traits {
	return Traits{To: ToPlatform, Answers: []Fact{BuildSeen{}, AppSeen{}}, Deadline: platformDeadline, Priority: PriorityDeploy, About: About{Commits: []string{do.SHA}}, Creates: true, Apps: []string{do.App}}
}

func (do WatchBuild) traits() Traits {
	return Traits{To: ToPlatform, Answers: []Fact{BuildSeen{}}, Deadline: platformDeadline, Priority: PriorityWatch, Reads: true, Apps: []string{do.App}}
}

func (do CancelBuild) traits() Traits {
	return Traits{To: ToPlatform, Answers: []Fact{BuildSeen{}}, Deadline: hoursDeadline, Priority: PriorityWatch, Apps: []string{do.App}}
}

func (do Promote) traits() Traits {
	return Traits{To: ToPlatform, Answers: []Fact{ReleaseSeen{}, AppSeen{}}, Deadline: dayDeadline, Priority: PriorityDeploy, Creates: true, Apps: []string{do.App, do.From}}
}

func (do WatchRelease) traits() Traits {
	return Traits{To: ToPlatform, Answers: []Fact{ReleaseSeen{}}, Deadline: platformDeadline, Priority: PriorityWatch, Reads: true, Apps: []string{do.App}}
}

func (do LookAtApp) traits() Traits {
	t := Traits{To: ToPlatform, Answers: []Fact{AppSeen{}, ReleaseSeen{}}, Deadline: briefDeadline, Priority: PriorityWatch, Reads: true, Apps: []string{do.App}}
	if do.Seeks != nil { // a deploy waits for it, and Seeks names one more app
		t.Deadline, t.Priority, t.Apps = dayDeadline, PriorityDeploy, []string{do.App, do.Seeks.From}
	}
	return t
}

// WriteAlert writes an alert, or updates it with what followed. Answer: CommentWritten.
type WriteAlert struct {
	Number    int
	Stage     string
	Promotion int // with Stage: identifies the comment when looking for it
	ID        int64
	Body      string // Markdown, without the marker
}

func (do WriteAlert) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{CommentWritten{}}, Deadline: dayDeadline, Priority: PriorityPublish, Creates: do.ID == 0}
}

// Marker begins the bot's comment, so that the bot finds it again.
const Marker = "<!-- headstart -->"

// What people read is derived from the state and compared with what was published last.
// Only the difference becomes effects. So a failure in between loses nothing, and every
// text becomes correct in the end.

// MaxStatusText is GitHub's limit on the description of a status, in characters.
const MaxStatusText = 140

const (
	BuildContext  = "headstart/build"
	ConfigContext = "headstart/config"
)

func ContextOf(stage string) string { return "headstart/" + stage }
