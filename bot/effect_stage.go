package bot

import "time"

// What is done around a release, besides releasing.

// Probe asks a stage's address once whether what was released works there.
// Answer: Probed.
type Probe struct {
	Stage     string
	Promotion int // counts the promotions of the stage
	SHA       string
	// Built is the commit that the artifact was built of, where that is another one
	// with the same files: what runs may know itself by that name. Empty: SHA.
	Built  string
	Verify Verify
}

// Probed is what an address answered.
type Probed struct {
	OK bool // it answered as it should
	// Other says that the answer named another commit: it says nothing about this one.
	Other   bool
	Status  int           // of HTTP; 0: there was no answer
	Latency time.Duration // until the answer was read
	Excerpt string        // the first bytes of the body, one line
	Reason  string        // why it is not as it should be, one sentence; empty if it is
}

// ReadFiles reads which files differ between two commits. Answer: FilesRead.
type ReadFiles struct {
	Base, Head string
	Affects    AffectedOf // whose concern they decide about; empty: the classes of the change are asked for
}

// FilesRead is the files that differ between two commits, those that were
// renamed by both names.
type FilesRead struct {
	Base, Head string
	Files      []string
	Complete   bool     // there are no others: GitHub lists only so many
	Relation   Relation // of Head to Base; empty: GitHub does not know one of them
	Same       bool     // both have the same tree
}

// Relation is how a commit stands to another one, by GitHub's names.
type Relation string

// One that is ahead contains the other one; one that is behind is contained in it.
const (
	RelationAhead     Relation = "ahead"
	RelationBehind    Relation = "behind"
	RelationDiverged  Relation = "diverged"
	RelationIdentical Relation = "identical"
)

// SetMaintenance turns an app's maintenance mode on or off, or only looks
// whether it is on. Answer: MaintenanceSet.
type SetMaintenance struct {
	Stage, App string
	Platform   string // that it was turned on at before; empty: the pipeline's
	On         bool
	Look       bool // nothing is changed
}

// MaintenanceSet is an app whose maintenance mode is as it should be.
type MaintenanceSet struct{ Was bool } // with Look: whether it is on; nothing otherwise

// Inspect looks what should be known of an app before anything is promoted to
// it, beside the app that builds for it. Answer: Inspected.
type Inspect struct {
	Stage, App string
	Source     string // the app that artifacts come from; empty: the app itself builds
}

// Inspected is what is to be known of an app.
type Inspected struct {
	App App
	// SwitchesAfter is how long after a release has succeeded the version before it
	// may still answer, as the platform documents it; 0: not at all.
	SwitchesAfter time.Duration
	Warnings      []string // each one sentence; names only, never the values of config vars
	Problem       string   // why nothing can be promoted there, one sentence; empty if it can
}

// MakeCopy makes a copy of an app's database for a rehearsal, or finds the one
// that it made before, and gives it to the app. Answer: CopySeen.
type MakeCopy struct {
	Stage     string
	Promotion int    // counts the promotions of the stage; identifies the copy when looking
	App       string // that gets the copy
	From      string // whose database is copied
	Command   string // as Rehearse.Command
	SHA       string // the commit that is rehearsed: asking for its copy enters the stage
}

// WatchCopy looks whether a copy is ready. Answer: CopySeen.
type WatchCopy struct {
	Stage     string
	Promotion int
	App, ID   string
	Platform  string // that it was asked for at
}

// RemoveCopy takes a copy away from its app and deletes it. One that is not there
// any more is no error. Answer: Acknowledged.
type RemoveCopy struct {
	Stage     string
	Promotion int
	App       string
	ID        string // empty: whatever MakeCopy may have made for this promotion
	Platform  string // that it was asked for at
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
	t := Traits{To: ToPlatform, Answers: []Fact{Inspected{}}, Deadline: briefDeadline, Priority: PriorityWatch, Apps: []string{do.App}}
	if do.Source != "" {
		t.Apps = append(t.Apps, do.Source)
	}
	return t
}

func (do MakeCopy) traits() Traits {
	return Traits{To: ToPlatform, Answers: []Fact{CopySeen{}}, Deadline: CopyDeadline, Priority: PriorityWatch, Creates: true, Apps: []string{do.App, do.From}}
}

func (do WatchCopy) traits() Traits {
	return Traits{To: ToPlatform, Answers: []Fact{CopySeen{}}, Deadline: CopyDeadline, Priority: PriorityWatch, Apps: []string{do.App}, Platform: do.Platform}
}

func (do RemoveCopy) traits() Traits {
	return Traits{To: ToPlatform, Answers: []Fact{Acknowledged{}}, Deadline: dayDeadline, Priority: PriorityWatch, Apps: []string{do.App}, Platform: do.Platform}
}

func (Probed) fact() {}

func (FilesRead) fact() {}

func (MaintenanceSet) fact() {}

func (Inspected) fact() {}

func (CopySeen) fact() {}
