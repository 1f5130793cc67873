package bot

import (
	"strings"
	"time"
)

// What a stage requires before, during and after a promotion.

// Verify says how a release is proved to work: a URL is requested until enough answers in
// a row are good.
type Verify struct {
	URL      string
	Status   int    // of a good answer
	Contains string // what the body of a good answer contains; empty: anything
	// Revision is where the answer names its commit: "body" or "header NAME"; empty:
	// nowhere.
	Revision  string
	Successes int           // good answers in a row; at least one
	Within    time.Duration // from the end of the release
}

// OnFailure says what happens to a stage whose release or verification failed.
type OnFailure string

// Rollback releases the last good artifact again. Hold leaves the stage as it is until a
// person acts.
const (
	FailureRollback OnFailure = "rollback"
	FailureHold     OnFailure = "hold"
)

// Class is a class of change. A candidate has it if a changed file matches one of the
// paths.
type Class struct {
	Name  string
	Paths []string // globs: * within one folder's name, ** for any number of folders
}

// Hold is what a class of change needs to enter a stage: an approval, or one of
// the pipeline's windows.
type Hold struct {
	Class  string
	Window string // empty: an approval
}

// Need is a stage of another pipeline that must be as new as what is promoted.
type Need struct {
	Pipeline Key
	Stage    string
}

// Rehearse names the database on whose copy the release phase runs first.
type Rehearse struct {
	CopyFrom string // an app of another stage
	Command  string // makes the copy, on a platform without databases of its own; else empty
}

// String is "owner/name:stage", or "owner/name:pipeline:stage".
func (n Need) String() string { return n.Pipeline.String() + ":" + n.Stage }

// Same compares as GitHub does, which ignores case in repositories' names.
func (n Need) Same(other Need) bool { return strings.EqualFold(n.String(), other.String()) }
