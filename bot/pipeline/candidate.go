package pipeline

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
)

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

	ConfigRead    bool       // the pipeline's file was read as of this commit
	ConfigProblem string     // why that file was refused; empty if it was not
	ConfigHold    string     // why nothing may be done with this commit by that file; empty: it may
	ConfigUnread  string     // why GitHub does not show that file; empty: it does, or was not asked yet
	ConfigAskedAt time.Time  // with ConfigUnread: when that was found out
	Recipe        bot.Recipe // how its own file says that it is built

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
	Affected      bot.Affected          // whether its files affect the pipeline; empty: not known yet
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
	Checks         []bot.Check
	Suites         []bot.Suite
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
	EndedAt     time.Time   // zero while releasing
	Reason      string      // why it failed, naming each app; who undid it; or why it passed the stage by
	OutputURL   string      // of the release that failed; may be empty
	BuildFailed bool        // it failed because the code does not build: the stage was not touched
	Gone        bool        // it failed because the platform no longer has the artifact
	Consequence string      // what was done about a failure; empty: nothing had to be
	Seen        *bot.Probed // the newest answer of its verification; nil: there was none
	SoakUntil   time.Time   // how long it has to stay healthy; zero: that is not asked for
	Soaked      bool        // and it did
	Urgent      *Order      // who let it pass windows, freezes and soak; nil: nobody. Never changed in place
	SkippedOver string      // of one that passed the stage by: the commit that was live there
	Warnings    []string    // what was found of the stage's apps since the promotion before
	Adopted     bool        // it ran there when Headstart came, and nothing has proved it; Promotion 0: it was not brought back since
}
