package bot

import "time"

// Traits are what is known of an action without performing it. They route its effect,
// order it in the queue, end it at its deadline and name its apps. Each action has them
// beside its type. A new action needs its type with traits, its name in wire.go, a
// performer, and the folding of its answer.
type Traits struct {
	To      Destination
	Answers []Fact // one of each kind of answer
	// Creates says that a second attempt makes a duplicate if it does not find what the
	// first one made.
	Creates bool
	// Reads says that the action changes nothing on the platform.
	Reads bool
	// Deadline is how long after its first attempt the action is given up.
	Deadline time.Duration
	Priority Priority
	Apps     []string // apps of a platform that it reads or changes
	// Platform is where the action ends what was begun there, whatever the pipeline's file
	// says now. Empty: the platform of the file.
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

// Priority says who waits for an action. Of two due actions, the more urgent goes first.
type Priority string

// From the most urgent to the least. See also Effect.Idle.
const (
	PriorityDeploy  Priority = "deploy"  // a deploy, or a person, waits for it
	PriorityWatch   Priority = "watch"   // looks at something that takes its time anyway
	PriorityPublish Priority = "publish" // publishes what people read
)

// TraitsOf returns the traits of an action; of nil, a deadline alone.
func TraitsOf(do Action) Traits {
	if do == nil {
		return Traits{Deadline: dayDeadline}
	}
	return do.traits()
}
