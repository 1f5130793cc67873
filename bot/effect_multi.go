package bot

import (
	"encoding/json"
	"time"

	"github.com/headstart-cd/headstart/bot/command"
)

// What pipelines do to one another: none of it leaves Headstart. The engine
// performs it, from what it remembers.

// OpenPipelines begins the named pipelines of the repository that nothing is
// known of yet, and tells them what they need to begin: every later delivery of
// the repository reaches them by itself. Telling it twice is telling it once.
// Answer: Acknowledged.
type OpenPipelines struct {
	Names     []string
	Installed Installed
	Pushed    *Pushed  // the newest push; nil: none was seen
	Elsewhere []Pushed // the newest pushes to other branches, which one of them may follow
	Checks    []CheckReported
	Pulls     []PullRequestChanged // those that are open
	Groups    []MergeGroupChanged  // those in the merge queue
}

// Facts are what a pipeline is told that begins.
func (o OpenPipelines) Facts() []Fact {
	facts := []Fact{o.Installed}
	if o.Pushed != nil {
		facts = append(facts, *o.Pushed)
	}
	for _, p := range o.Elsewhere {
		facts = append(facts, p)
	}
	for _, k := range o.Checks {
		facts = append(facts, k)
	}
	for _, p := range o.Pulls {
		facts = append(facts, p)
	}
	for _, g := range o.Groups {
		facts = append(facts, g)
	}
	return facts
}

// AskAffected asks which of the repository's pipelines a pull request affects.
// One that is still finding out is worth another try. Answer: PipelinesAffected.
type AskAffected struct {
	Number   int
	Names    []string // of the pipelines
	Deadline bool     // whoever does not know yet counts as concerned
}

// PipelinesAffected are the pipelines that a pull request affects, in the order of the
// question.
type PipelinesAffected struct {
	Number int
	Names  []string
}

// RouteCommands hands the commands of a comment to the pipeline that they are for.
// Answer: Acknowledged.
type RouteCommands struct {
	Pipeline string // its name
	Commands CommandsRouted
}

// CommandsRouted is a comment whose commands are for this pipeline. The one without a
// name gets every comment of a repository with several and routes them.
type CommandsRouted struct {
	Commented
	Commands []command.Command
}

// AskStage asks what a stage of another pipeline runs, and whether that is as new
// as a push to this one. Pipelines that another installation of the App speaks
// for are none that may be asked about. Answer: StageRuns.
type AskStage struct {
	SHA      string // the candidate that needs it
	PushedAt time.Time
	Need     Need
}

// StageRuns is what a stage of another pipeline runs.
type StageRuns struct {
	Found  bool // there is such a stage, and it may be asked about
	Public bool // everybody may look at its repository
	SHA    string
	Since  time.Time // when it was released; zero: it runs nothing that is known
	// Missing is the newest commit that was pushed there no later than the candidate
	// and that the stage does not run yet; empty: it runs all of them.
	Missing string
	Hold    string // why Missing has not come there, one sentence; empty if nobody knows
	Waits   []Need // with Missing: whom it waits for in turn
}

// StageMoved is a stage of another pipeline that runs something else now.
type StageMoved struct{ Stage Need }

func (OpenPipelines) traits() Traits {
	return Traits{To: ToPipelines, Answers: []Fact{Acknowledged{}}, Deadline: dayDeadline, Priority: PriorityDeploy}
}

func (AskAffected) traits() Traits {
	return Traits{To: ToPipelines, Answers: []Fact{PipelinesAffected{}}, Deadline: dayDeadline, Priority: PriorityDeploy}
}

func (RouteCommands) traits() Traits {
	return Traits{To: ToPipelines, Answers: []Fact{Acknowledged{}}, Deadline: dayDeadline, Priority: PriorityDeploy}
}

func (AskStage) traits() Traits {
	return Traits{To: ToPipelines, Answers: []Fact{StageRuns{}}, Deadline: dayDeadline, Priority: PriorityDeploy}
}

func (PipelinesAffected) fact() {}

func (CommandsRouted) fact() {}

func (StageRuns) fact() {}

func (StageMoved) fact() {}

// Covers reports whether two openings tell the same. Checks are read again by
// whoever waits for them.
func (o OpenPipelines) Covers(other OpenPipelines) bool {
	o.Checks, other.Checks = nil, nil
	a, errA := json.Marshal(o)
	b, errB := json.Marshal(other)
	return errA == nil && errB == nil && string(a) == string(b)
}
