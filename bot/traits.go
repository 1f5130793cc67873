package bot

import "time"

// Traits are what is known of an action without performing it: they route its effect,
// order it in the queue, end it at its deadline, and tell which apps it touches. Each
// action has them beside its type. To add an action takes the type with its traits, its
// name in the list of wire.go, what performs it, and the folding of its answer.
type Traits struct {
	To      Destination
	Answers []Fact // one of each kind that may answer it
	// Creates says that a second performance would make something once more, where
	// nobody finds the first.
	Creates bool
	// Deadline is how long after its first attempt it is given up.
	Deadline time.Duration
	Priority Priority
	Apps     []string // that it reads or changes, of a platform
	// Platform is where it ends what was begun there, whatever the pipeline's file
	// says by now; empty: on the platform of the file.
	Platform string
	About    About
}

// Destination is who performs an action.
type Destination string

// Where actions go.
const (
	ToGitHub    Destination = "GitHub"
	ToPlatform  Destination = "platform"
	ToWeb       Destination = "web"       // the address of a stage
	ToPipelines Destination = "pipelines" // of this server, in its store
)

// Priority says who waits for an action. Of two that are due, the urgent one goes first.
type Priority string

// From the most urgent to the least. See also Effect.Idle.
const (
	PriorityDeploy  Priority = "deploy"  // a deploy, or a person, waits for it
	PriorityWatch   Priority = "watch"   // looks how something goes that takes its time anyway
	PriorityPublish Priority = "publish" // publishes what people read
)

// TraitsOf are the traits of an action; of none, a deadline alone.
func TraitsOf(do Action) Traits {
	if do == nil {
		return Traits{Deadline: dayDeadline}
	}
	return do.traits()
}
