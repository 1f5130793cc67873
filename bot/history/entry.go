package history

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// Entry is a row that is worth keeping: a [Change], a [Promotion], a [Process] or an
// [Audit]. It replaces the row of the same key.
type Entry interface{ entry() }

// Change is a commit on its way through a pipeline. Its key is SHA.
type Change struct {
	SHA           string
	PushedAt      time.Time // to the branch, by GitHub's clock; zero: no push brought it
	SeenAt        time.Time
	Title, Author string // the title is cut to 200 characters
	Pull          int    // the pull request that it was merged by; 0: none, as far as known
	Built         Built
	BuiltOf       string // the commit that its artifact was built of, if that is another one
	App           string // where the artifact was built
	BuildBegan    time.Time
	BuildEnded    time.Time // zero: the build has not ended
	BuildFailed   string    // why it did not succeed; empty: it did, or has not ended
	GreenAt       time.Time // since when the checks are green; zero: they never were
	RedAt         time.Time // when a check was first red; zero: none was
	Red           []string  // the checks that were red then
	Classes       []string  // of change
	Waits         []Wait    // every moment from the push to the end belongs to exactly one of them
	Outcome       Outcome
	By            string // with OutcomeSuperseded the commit, with OutcomeFailed the stage, build or checks
	EndedAt       time.Time
}

// Built is how a change came to its artifact.
type Built string

// The ways to an artifact. Empty: there is none yet.
const (
	BuiltAhead     Built = "prepare"      // on a prepare app, of this commit
	BuiltTree      Built = "tree"         // another commit of the branch with the same files
	BuiltPull      Built = "pull request" // ahead of the merge
	BuiltGroup     Built = "merge group"
	BuiltOnStage   Built = "stage" // on the first stage's own app
	BuiltElsewhere Built = "elsewhere"
)

// Outcome is how a change ended.
type Outcome string

// The outcomes of a change. Empty: it is on its way.
const (
	OutcomeLive       Outcome = "live" // in the last stage
	OutcomeSuperseded Outcome = "superseded"
	OutcomeFailed     Outcome = "failed"
	OutcomeCancelled  Outcome = "cancelled"
	OutcomeUnaffected Outcome = "unaffected" // its files are none of the pipeline's business
)

// Wait is how long a change spent in one part of its way.
type Wait struct {
	Part  Part
	Stage string // before or in which it was; empty: before the first stage
	For   time.Duration
}

// Part is what a change is doing at a moment: one of the constants, or the name of the gate
// that it waits for.
type Part string

// Parts of a change's way that are no gates.
const (
	PartBuild     Part = "build alone"
	PartChecks    Part = "checks alone"
	PartBoth      Part = "build and checks"
	PartReleasing Part = "releasing"
	PartProving   Part = "proving" // the verification
)

// Promotion is one promotion of a stage. Its key is Stage and N.
type Promotion struct {
	Stage         string
	N             int
	SHA, Artifact string
	Replaced      string // the commit that was live before; empty: none
	Kind          Kind
	Who           string // who asked for it, or approved it; empty: nobody had to
	Why           string // the words of the one who asked, or the failure that it answers
	Began         time.Time
	Released      time.Time // on all apps; zero: not yet, or never
	Proved        time.Time // zero: not yet, or never
	Ended         time.Time // zero: it is under way
	Result        Result
	Reason        string         // why it did not succeed
	Apps          map[string]int // by app: the version of its release
	Commits       int            // that became live with it for the first time, itself included
}

// Kind is what a promotion is for.
type Kind string

// The kinds of promotions.
const (
	KindForward  Kind = "forward"
	KindRollback Kind = "rollback"  // a person's
	KindUndo     Kind = "automatic" // after a failed verification
	KindByHand   Kind = "by hand"   // made on the platform, and adopted
)

// Result is how a promotion ended.
type Result string

// The results of a promotion. Empty: it is under way.
const (
	ResultProved Result = "proved"
	ResultFailed Result = "failed"
	ResultBack   Result = "rolled back" // it was released, and its verification failed
)

// Process is a version of the pipeline's file. Its key is At.
type Process struct {
	At     time.Time
	SHA    string // from which it was read
	Config bot.Config
}

// Audit is one command of a person, with its answer. Its key is ID.
type Audit struct {
	ID      string // the comment, and the command's place in it
	At      time.Time
	Who     string
	Role    string // what the platform of the repository says they may; empty: unknown
	Via     string // "comment"
	Pull    int
	Command string // as understood
	Answer  string
	OK      bool
}

func (Change) entry()    {}
func (Promotion) entry() {}
func (Process) entry()   {}
func (Audit) entry()     {}
