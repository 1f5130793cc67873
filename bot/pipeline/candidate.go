package pipeline

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// Candidate is one pushed commit on its way through the pipeline.
type Candidate struct {
	SHA, Tree, Before string
	Branch            string // the branch that it was pushed to
	Title, Author     string
	Forced            bool      // the push that brought it replaced history
	PushedAt          time.Time // by GitHub's clock, if a push brought it
	SeenAt            time.Time
	QueuedAt          time.Time // since when it was known as a merge group; zero: it was none
	Pull              int       // the pull request that it was merged by; 0: unknown
	PullSought        bool      // the pull request was looked for

	ConfigRead    bool       // the pipeline's file was read as of this commit
	ConfigProblem string     // why that file is not valid; empty: it is
	ConfigHold    string     // why that file forbids to do anything with this commit; empty: it does not
	ConfigUnread  string     // why GitHub does not show that file; empty: it does, or was not asked yet
	ConfigAskedAt time.Time  // with ConfigUnread: when that was found out
	Recipe        bot.Recipe // how its own file builds it

	Reports Reports
	GreenAt time.Time // since when the checks are green; zero: they are not
	RedAt   time.Time // when a check was first red before it ended; zero: none was
	Red     []string  // the checks that were red then

	// Artifact is what this candidate promotes. It is pinned when the candidate enters the
	// first stage, so every later stage gets the same one.
	Artifact    string
	ArtifactApp string // where Artifact was built
	ArtifactSHA string // the commit that it was built of: this one, or one with the same files
	Rebuilds    int    // how often it was rebuilt because the artifact was gone

	Ordered   map[string]Order // promotions that people asked for, by stage
	FromPull  bool             // the head of an open pull request, not a commit of the branch
	Adopted   bool             // a stage ran it before Headstart came; SHA is a stand-in if the commit is unknown
	Cancelled *Order           // by whom it was cancelled; nil: it was not

	Diffs         map[string]Difference // what it changes, by the commit that it was compared with
	Approvals     map[string]Approval   // the newest approvals, by stage
	Rights        map[string]Rights     // of the people whose word lets it in, by stage
	Affected      bot.Affected          // whether its files affect the pipeline; empty: unknown yet
	AffectedSince string                // with Affected: the push that it was compared with; empty: none
	Needs         map[string]NeedSeen   // what stages of other pipelines ran when they were asked, by need

	Progress    map[string]Progress  // by stage
	Entered     []string             // stages that it entered and left, and may enter again: older candidates stay out
	Deployments []Deployment         // one for each promotion that began, oldest first
	Published   map[string]Published // by status context

	// For those who look back. No decision depends on them.
	Way      Way      // where its time went
	Build    Build    // how it was built
	Classes  []string // of its changes in any comparison with a live commit, sorted
	Delivery string   // the webhook that brought it; empty: it was found without one
}

// Reports is what is known of a commit's checks. Reports of webhooks are merged into the
// last reading. They only decide when to read again.
type Reports struct {
	Checks         []bot.Check
	Suites         []bot.Suite
	Read           bool
	ReadAt         time.Time // when the last reading began
	Hints          int       // how often something moved
	Reading        int       // Hints when the running reading began
	Seen           int       // Hints that the last reading has covered
	Look           bool      // only a reading can tell what moved
	Prompt         bool      // with Look: a suite was completed, so read at once
	Looks          int       // recent readings because of Look
	Done           []int64   // completed suites that no reading has shown as completed
	Lags           int       // readings in a row that did not show them
	Contradictions int       // readings in a row that contradicted what webhooks said
	Refused        string    // why GitHub does not show them; empty if it does
}

// ProgressState says how far a candidate is at one stage.
type ProgressState string

// A candidate that has not entered a stage has no Progress there. Undone: it was live, and
// was rolled back. Skipped: the stage was skipped.
const (
	ProgressReleasing  ProgressState = "releasing"
	ProgressLive       ProgressState = "done"
	ProgressFailed     ProgressState = "failed"
	ProgressRolledBack ProgressState = "undone"
	ProgressSkipped    ProgressState = "skipped"
)

// Progress is a candidate's progress at one stage.
type Progress struct {
	State       ProgressState
	Promotion   int
	StartedAt   time.Time
	EndedAt     time.Time   // zero while releasing
	Reason      string      // why it failed, naming each app; who rolled it back; or why the stage was skipped
	OutputURL   string      // of the failed release; may be empty
	BuildFailed bool        // the code does not build, so the stage was not touched
	Gone        bool        // it failed because the platform no longer has the artifact
	Consequence string      // what was done about a failure; empty: nothing
	Seen        *bot.Probed // the newest answer of its verification; nil: none
	SoakUntil   time.Time   // how long it must stay healthy; zero: no soak
	Soaked      bool        // it stayed healthy
	Urgent      *Order      // who let it in despite windows, freezes and soak; nil: nobody. Never changed in place
	SkippedOver string      // of a skipped stage: the commit that was live there
	Warnings    []string    // found on the stage's apps since the promotion before
	Absent      *bot.Absent // what its source lacks, if no promotion has shown that yet; nil: nothing
	Adopted     bool        // it ran there before Headstart came, unproved; Promotion 0: it was not rolled back to since
}
