package bot

import "time"

// What is done around a release.

// Probe requests a stage's address once, to see whether the release works. Answer: Probed.
type Probe struct {
	Stage     string
	Promotion int // number of the stage's promotion
	SHA       string
	// Built is the commit that the artifact was built of, if that is another one with the
	// same files. The app may name either. Empty: SHA.
	Built  string
	Verify Verify
}

// Probed is what an address answered.
type Probed struct {
	OK bool // the answer is good
	// Other says that the answer named another commit. It says nothing about this one.
	Other   bool
	Status  int           // of HTTP; 0: no answer
	Latency time.Duration // until the answer was read
	Excerpt string        // the first bytes of the body, one line
	Reason  string        // why the answer is not good, one sentence; empty if it is
}

// ReadFiles reads which files differ between two commits. Answer: FilesRead.
type ReadFiles struct {
	Base, Head string
	Affects    AffectedOf // whose push or pull request the files decide about; empty: the change's classes are asked for
}

// FilesRead lists the files that differ between two commits; a renamed file has both
// names.
type FilesRead struct {
	Base, Head string
	Files      []string
	Complete   bool     // no file is missing: GitHub lists only so many
	Relation   Relation // of Head to Base; empty: GitHub does not know one of the commits
	Same       bool     // both have the same tree
}

// Relation is how a commit relates to another, by GitHub's names.
type Relation string

// A commit that is ahead contains the other; a commit that is behind is contained in it.
const (
	RelationAhead     Relation = "ahead"
	RelationBehind    Relation = "behind"
	RelationDiverged  Relation = "diverged"
	RelationIdentical Relation = "identical"
)

// SetMaintenance turns an app's maintenance mode on or off, or only reads it. Answer:
// MaintenanceSet.
type SetMaintenance struct {
	Stage, App string
	Platform   string // where it was turned on before; empty: the pipeline's
	On         bool
	Look       bool // only read it
}

// MaintenanceSet says that an app's maintenance mode is as asked.
type MaintenanceSet struct{ Was bool } // with Look: whether it is on; else false

// Inspect reads what must be known of an app before a promotion, and compares it with the
// app that builds. Answer: Inspected.
type Inspect struct {
	Stage, App string
	Source     string // the app that artifacts come from; empty: the app builds its own
}

// Inspected is the result of an inspection.
type Inspected struct {
	App App
	// SwitchesAfter is how long the version before may still answer after a release
	// succeeded, by the platform's documentation; 0: not at all.
	SwitchesAfter time.Duration
	Warnings      []string // each one sentence; names only, never the values of config vars
	Problem       string   // why nothing can be promoted to the app, one sentence; empty if it can
}

// MakeCopy copies an app's database for a rehearsal, or finds the copy made before, and
// attaches it to the app. Answer: CopySeen.
type MakeCopy struct {
	Stage     string
	Promotion int    // number of the stage's promotion; identifies the copy when looking
	App       string // the app that gets the copy
	From      string // the app whose database is copied
	Command   string // as Rehearse.Command
	SHA       string // the commit that is rehearsed: asking for its copy enters the stage
}

// WatchCopy reads whether a copy is ready. Answer: CopySeen.
type WatchCopy struct {
	Stage     string
	Promotion int
	App, ID   string
	Platform  string // where the copy was asked for
}

// RemoveCopy detaches a copy from its app and deletes it. A missing copy is no error.
// Answer: Acknowledged.
type RemoveCopy struct {
	Stage     string
	Promotion int
	App       string
	ID        string // empty: any copy that MakeCopy made for this promotion
	Platform  string // where the copy was asked for
}

// CopySeen is a copy of a database.
type CopySeen struct {
	ID    string
	Ready bool
}

func (Probe) traits() Traits {
	return Traits{To: ToWeb, Answers: []Fact{Probed{}}, Deadline: briefDeadline, Priority: PriorityWatch}
}

func (do ReadFiles) traits() Traits {
	return Traits{To: ToGitHub, Answers: []Fact{FilesRead{}}, Deadline: hoursDeadline, Priority: PriorityDeploy, About: About{Commits: []string{do.Head, do.Base}}}
}

func (do SetMaintenance) traits() Traits {
	return Traits{To: ToPlatform, Answers: []Fact{MaintenanceSet{}}, Deadline: dayDeadline, Priority: PriorityDeploy, Apps: []string{do.App}, Platform: do.Platform}
}

func (do Inspect) traits() Traits {
	t := Traits{To: ToPlatform, Answers: []Fact{Inspected{}}, Deadline: briefDeadline, Priority: PriorityWatch, Reads: true, Apps: []string{do.App}}
	if do.Source != "" {
		t.Apps = append(t.Apps, do.Source)
	}
	return t
}

func (do MakeCopy) traits() Traits {
	return Traits{To: ToPlatform, Answers: []Fact{CopySeen{}}, Deadline: CopyDeadline, Priority: PriorityWatch, Creates: true, Apps: []string{do.App, do.From}}
}

func (do WatchCopy) traits() Traits {
	return Traits{To: ToPlatform, Answers: []Fact{CopySeen{}}, Deadline: CopyDeadline, Priority: PriorityWatch, Reads: true, Apps: []string{do.App}, Platform: do.Platform}
}

func (do RemoveCopy) traits() Traits {
	return Traits{To: ToPlatform, Answers: []Fact{Acknowledged{}}, Deadline: dayDeadline, Priority: PriorityWatch, Apps: []string{do.App}, Platform: do.Platform}
}

func (Probed) fact() {}

func (FilesRead) fact() {}

func (MaintenanceSet) fact() {}

func (Inspected) fact() {}

func (CopySeen) fact() {}
