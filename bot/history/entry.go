package history

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// Entry is a row that is worth keeping: a [Change], a [Promotion], a [Process] or an
// [Audit]. It replaces the row of the same key.
type Entry interface{ entry() }

// Change is a commit of the branch on its way through a pipeline. Its key is SHA. A commit that the branch comes back to
// begins anew. A failed or cancelled one goes on if a person takes it up again.
type Change struct {
	SHA           string
	PushedAt      time.Time // by GitHub's clock; where its webhook was lost, when the commit was found
	SeenAt        time.Time
	Title, Author string // the title is cut to 200 characters
	Pull          int    // the pull request that it was merged by; 0: none, as far as known
	Built         Built
	BuiltOf       string // the commit that its artifact was built of, if that is another one
	App           string // where the artifact was built
	BuildBegan    time.Time
	BuildEnded    time.Time     // zero: the build has not ended
	BuildFailed   string        // why it did not succeed; empty: it did, or has not ended
	GreenAt       time.Time     // since when the checks were green that let it in, or last were green; zero: they never were
	LastCheck     string        // with GreenAt: the check that was the last to finish; empty: unknown
	LastCheckBy   time.Duration // how long after the check before it, or after the push
	RedAt         time.Time     // when a check was first red, before the end; zero: none was
	Red           []string      // the checks that were red then
	Classes       []string      // of change, in any comparison with a live commit
	Waits         []Wait        // they sum up to EndedAt - PushedAt; none: it is on its way
	Outcome       Outcome
	By            string // superseded: by that commit; failed: at that stage, "build" or "checks"; cancelled: by that person
	EndedAt       time.Time
}

// What a state says of a change, too.
type (
	// Built is how a change came to its artifact; empty: there is none yet.
	Built = pipeline.Built
	// Outcome is how a change ended; empty: it is on its way.
	Outcome = pipeline.Outcome
	// Wait is how long a change spent in one part of its way. The same part is there once, in the order of the first time.
	Wait = pipeline.Wait
	// Part is what a change does at a moment: one of the constants, or the name of the gate that it waits for.
	Part = pipeline.Part
)

// The ways to an artifact.
const (
	BuiltAhead   = pipeline.BuiltAhead
	BuiltTree    = pipeline.BuiltTree
	BuiltPull    = pipeline.BuiltPull
	BuiltGroup   = pipeline.BuiltGroup
	BuiltOnStage = pipeline.BuiltOnStage
)

// The outcomes of a change.
const (
	OutcomeLive       = pipeline.OutcomeLive
	OutcomeSuperseded = pipeline.OutcomeSuperseded
	OutcomeFailed     = pipeline.OutcomeFailed
	OutcomeCancelled  = pipeline.OutcomeCancelled
	OutcomeUnaffected = pipeline.OutcomeUnaffected
)

// Parts of a change's way that are no gates.
const (
	PartBuild     = pipeline.PartBuild
	PartChecks    = pipeline.PartChecks
	PartBoth      = pipeline.PartBoth
	PartReleasing = pipeline.PartReleasing
	PartProving   = pipeline.PartProving
	PartStopped   = pipeline.PartStopped
	PartUnseen    = pipeline.PartUnseen
)

// Promotion is one promotion of a stage that began on the platform. Its key is Stage and N.
type Promotion struct {
	Stage         string
	N             int    // below 0 for KindByHand: it says which app and release
	SHA, Artifact string // an empty SHA: it is unknown which commit
	Pull          int    // the pull request whose head it is; 0: it is a commit of the branch
	Replaced      string // the commit that was live before; empty: none, or unknown
	Kind          Kind
	Who           string // who asked for it, or approved it; empty: nobody had to
	Why           string // the reason that this person gave, or the failure that it answers
	Urgent        bool   // that person asked for it despite windows, freezes and soak
	Began         time.Time
	Released      time.Time // on all apps; zero: not yet, or never
	Proved        time.Time // zero: not yet, or never
	Ended         time.Time // zero: it is under way
	Result        Result
	Reason        string         // why it did not succeed
	Apps          map[string]int // by app: the version of its release; 0: unknown
	Commits       int            // pushes that became live with it for the first time, itself included
}

// Kind is what a promotion is for.
type Kind string

// The kinds of promotions.
const (
	KindForward  Kind = "forward"
	KindRollback Kind = "rollback"  // a person's
	KindUndo     Kind = "automatic" // after a failed verification or soak
	KindByHand   Kind = "by hand"   // made on the platform by others, perhaps before Headstart came
)

// Result is how a promotion ended.
type Result string

// The results of a promotion. Empty: it is under way.
const (
	ResultProved     Result = "proved"
	ResultFailed     Result = "failed"     // before it was released on all apps
	ResultUnproved   Result = "not proved" // released, and its verification failed. If Proved is set, it did not stay healthy
	ResultUnverified Result = "unverified" // KindByHand
	ResultGivenUp    Result = "given up"   // it changed nothing, and may be tried again as another promotion
)

// Process is a version of the pipeline's file. Its key is At.
type Process struct {
	At     time.Time // when it came into force
	SHA    string    // the commit, or the branch, from which it was read
	Config bot.Config
}

// Audit is one command of a person, with its answer. Its key is ID. A second row of it has a later answer.
type Audit struct {
	ID      string // the comment, and the command's place in it from 0: "123/0"
	At      time.Time
	Who     string
	Role    string // what the platform of the repository says they may; empty: unknown
	Via     string // "comment", "page" or "api"
	Pull    int
	Command string // the line
	Answer  string // empty: a question, which is answered in a comment
	OK      bool
	// Of an /incident that was noted: what it is about.
	Stage, SHA string
}

func (Change) entry()    {}
func (Promotion) entry() {}
func (Process) entry()   {}
func (Audit) entry()     {}
