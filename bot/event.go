package bot

import "time"

// Event is a fact with the time at which Headstart learned it.
type Event struct {
	At   time.Time
	Fact Fact
}

// Fact is something that happened or was read. Facts may arrive late, twice and in any
// order; [apply.Apply] folds them to the same state.
type Fact interface{ fact() }

// Installed names the repository's installation, default branch and visibility. It comes
// with every delivery of the repository.
type Installed struct {
	RepoID        int64 // GitHub's permanent number of the repository; 0: unknown
	Installation  int64
	DefaultBranch string
	Visibility    Visibility
}

// Visibility says who may look at a repository.
type Visibility string

// Public: everybody may look at it. Private: only members of an organization or an
// enterprise may. The zero value is unknown, and counts as the one that reveals less.
const (
	Public  Visibility = "public"
	Private Visibility = "private"
)

// Pushed is a branch that moved.
type Pushed struct {
	Branch   string // without refs/heads/
	Before   string // full SHA; zeros for a new branch
	After    string // full SHA; zeros for a deleted branch
	Tree     string // git tree of After; empty: unknown, and so are the next two
	Title    string // first line of the commit's message
	Author   string // login, else name
	PushedAt time.Time
	Forced   bool
	By       Account // who pushed; zero: unknown
	Nothing  bool    // no commit in it was new to GitHub
	Delivery string  // the webhook that told of it, for logs; empty: a reading did
}

// PullRequestChanged is a pull request, as its event describes it.
type PullRequestChanged struct {
	Number    int
	Title     string
	Author    string // login
	AuthorID  int64  // of the author's account; 0: unknown
	Head      string // full SHA
	Branch    string // of the head; empty: unknown
	Base      string // branch
	Fork      bool   // its head is in another repository
	Open      bool
	Merged    bool
	MergeSHA  string // the commit it was merged as; empty unless Merged
	UpdatedAt time.Time
}

// CheckReported is a check run or a commit status that changed.
type CheckReported struct {
	SHA   string
	Check Check
}

// ChecksMoved says that something about the checks of a commit changed: read them again.
type ChecksMoved struct {
	SHA string
	// Completed says that a whole suite was completed: the one numbered Suite; 0: unknown.
	Completed bool
	Suite     int64
}

// PlatformMoved says that a build or a release of an app changed: look again.
type PlatformMoved struct{ Platform, App string }

// Swept says that it is time to look for what webhooks have not brought. Apps: the
// platform may be asked too. Reread: Headstart was down for a while, so everything under
// way is read again, however recent.
type Swept struct{ Apps, Reread bool }

// Started is recorded with the effects of a plan: they are under way.
type Started struct{ Effect Effect }

// AttemptBegun says that an attempt of an effect begins only now. It has waited so long
// that it might have been given up.
type AttemptBegun struct {
	Key     string
	Attempt int
	Since   time.Time // as in Effect
}

// Finished is the outcome of one attempt of an effect.
type Finished struct {
	Effect  Effect
	Outcome Outcome
	Reason  string        // why it is not done, one sentence
	After   time.Duration // with Retry: how long the other side asked to wait
	Limit   bool          // with Retry: a rate limit is exhausted
	Fault   bool          // with Refuse: the platform's fault, not the code's
	Gone    bool          // with Refuse: what was named no longer exists, such as an old artifact
	Missing bool          // with Refuse: GitHub does not know what was named; it may be too new
	Fact    Fact          // with Done: what was learned; nil if nothing
}

// Outcome is how an attempt of an effect ended.
type Outcome string

// Done and Refuse are final. Retry certainly had no effect. Unsure may have had
// one.
const (
	Done   Outcome = "done"
	Refuse Outcome = "refused"
	Retry  Outcome = "retry"
	Unsure Outcome = "unknown"
)

// ConfigRead is the pipeline's file as of a commit.
type ConfigRead struct {
	Ref     string
	Found   bool
	Unclear bool   // with Found false: it may be too early to know
	Config  Config // if Found and without a Problem
	Problem string // why the file is not valid, one sentence with its position
	// Names lists the file's pipelines in alphabetical order; none if the file has a
	// single one, without a name. Found says whether this pipeline is among them.
	Names []string
}

// ChecksRead is every report about a commit at one moment.
type ChecksRead struct {
	SHA      string
	Checks   []Check
	Required *Required // what GitHub requires of the branch; nil if not asked for
	Suites   []Suite   // nil if not asked for
	Head     Head      // of the branch at that moment; zero if not asked for
}

// HeadRead is the head of a branch.
type HeadRead struct {
	Branch string
	Head   Head
}

// Head is the newest commit of a branch, as GitHub reports it.
type Head struct {
	SHA, Tree, Title, Author string
}

// Suite is a check suite: one app's runs for a commit.
type Suite struct {
	App       string // the app's name
	Runs      int    // 0 for suites that no app fills
	Completed bool
}

// PullRequestRead is a pull request with its test merge.
type PullRequestRead struct {
	PullRequestChanged
	// TestMerge is the commit by which GitHub tried the merge, TestTree its tree. A merge
	// or a squash has the same tree while the base does not move. Both are empty on a
	// conflict, and until GitHub has made the commit.
	TestMerge, TestTree string
	Unmade              bool // GitHub has not made the test merge yet, or does not know whether there is a conflict
}

// PullRequestFound is the pull request that a commit came from; Number is 0 if there is
// none.
type PullRequestFound struct {
	SHA    string
	Number int
	Title  string
	Author string
}

// Acknowledged confirms an action whose answer carries nothing, such as a status.
type Acknowledged struct{}

// DeploymentCreated is a GitHub Deployment.
type DeploymentCreated struct{ ID int64 }

// CommentWritten is the bot's comment on a pull request.
type CommentWritten struct {
	ID  int64
	URL string
}

// BuildSeen is a build, as the platform reports it.
type BuildSeen struct {
	Build Build
	// Adopted says that the build was found, not started.
	Adopted bool
}

// AppSeen is what an app runs: asked for, or found where something else was expected.
type AppSeen struct {
	App     App
	Newest  int     // version of the newest release, 0 if there is none
	Current Release // the release that brought what it runs; zero if it runs nothing
	// Runs is the release that it runs, perhaps a later change of its configuration; zero:
	// it is Current.
	Runs PastRelease
}

// ReleaseSeen is a release, as the platform reports it.
type ReleaseSeen struct {
	Release Release
	App     App // with the URL, if it was asked for
}

func (Installed) fact() {}

func (Pushed) fact() {}

func (PullRequestChanged) fact() {}

func (CheckReported) fact() {}

func (ChecksMoved) fact() {}

func (PlatformMoved) fact() {}

func (Swept) fact() {}

func (Started) fact() {}

func (AttemptBegun) fact() {}

func (Finished) fact() {}

func (ConfigRead) fact() {}

func (ChecksRead) fact() {}

func (HeadRead) fact() {}

func (PullRequestRead) fact() {}

func (PullRequestFound) fact() {}

func (Acknowledged) fact() {}

func (DeploymentCreated) fact() {}

func (CommentWritten) fact() {}

func (BuildSeen) fact() {}

func (AppSeen) fact() {}

func (ReleaseSeen) fact() {}

// PastRelease is the platform's release of a Past on one app.
type PastRelease struct {
	ID      string
	Version int
}
