package bot

import (
	"strings"
	"time"
)

// What a stage asks for before, while and after it is entered.

// Verify says how a release is proved to work: a URL that is asked until it has
// answered well often enough.
type Verify struct {
	URL      string
	Status   int    // that the answer must have
	Contains string // that the body must contain; empty: anything
	// Revision is where the answer names the commit that it runs: "body", or
	// "header NAME"; empty: nowhere.
	Revision  string
	Successes int           // good answers in a row; at least one
	Within    time.Duration // from the end of the release
}

// OnFailure says what becomes of a stage whose release or verification failed.
type OnFailure string

// The last good artifact goes back, or everything stays as it is until a person
// does something.
const (
	FailureRollback OnFailure = "rollback"
	FailureHold     OnFailure = "hold"
)

// Class is a class of change: that of every candidate in which a file differs
// that one of the paths stands for.
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

// Need is a stage of another pipeline that has to be as new as what is promoted.
type Need struct {
	Pipeline Key
	Stage    string
}

// Rehearse says whose database the release phase is tried on first.
type Rehearse struct {
	CopyFrom string // an app of another stage
	Command  string // that makes the copy, on a platform that has no databases of its own; else empty
}

// String is "owner/name:stage", or "owner/name:pipeline:stage".
func (n Need) String() string { return n.Pipeline.String() + ":" + n.Stage }

// Same compares as GitHub does, which tells no capitals apart in repositories.
func (n Need) Same(other Need) bool { return strings.EqualFold(n.String(), other.String()) }
