package bot

import (
	"encoding/json"
	"time"

	"github.com/headstart-cd/headstart/bot/command"
)

// Actions between pipelines. None leaves Headstart: the engine performs them from its own
// store.

// OpenPipelines begins the named pipelines of the repository that have no state yet, with
// the facts that they need. Every later delivery of the repository reaches them without
// it. Repeating it changes nothing. Answer: Acknowledged.
type OpenPipelines struct {
	Names     []string
	Installed Installed
	Pushed    *Pushed  // the newest push; nil: none was seen
	Elsewhere []Pushed // the newest pushes to other branches, which a pipeline may follow
	Checks    []CheckReported
	Pulls     []PullRequestChanged // the open ones
	Groups    []MergeGroupChanged  // those in the merge queue
}

// Facts are the first facts of a pipeline.
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

// AskAffected asks which of the repository's pipelines a pull request affects. While one
// of them does not know yet, the question is worth another try. Answer: PipelinesAffected.
type AskAffected struct {
	Number   int
	Names    []string // of the pipelines
	Deadline bool     // a pipeline that does not know yet counts as affected
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

// CommandsRouted is a comment whose commands are for this pipeline. In a repository with
// several, the pipeline without a name gets every comment and routes it.
type CommandsRouted struct {
	Commented
	Commands []command.Command
}

// AskStage asks what a stage of another pipeline runs, and whether that is as new as a
// push to this one. Pipelines of another installation of the App may not be asked about.
// Answer: StageRuns.
type AskStage struct {
	SHA      string // the candidate that needs the stage
	PushedAt time.Time
	Need     Need
}

// StageRuns is what a stage of another pipeline runs.
type StageRuns struct {
	Found  bool // the stage exists, and may be asked about
	Public bool // its repository is public
	SHA    string
	Since  time.Time // when it was released; zero: nothing known runs there
	// Missing is the newest commit pushed there no later than the candidate that the stage
	// does not run yet. Empty: the stage runs all of them.
	Missing string
	Hold    string // why Missing is not live there, one sentence; empty if unknown
	Waits   []Need // with Missing: the stages that it waits for in turn
}

// StageMoved says that a stage of another pipeline now runs something else.
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

// Covers reports whether two openings carry the same facts. Checks do not count: a
// pipeline that waits for checks reads them again.
func (o OpenPipelines) Covers(other OpenPipelines) bool {
	o.Checks, other.Checks = nil, nil
	a, errA := json.Marshal(o)
	b, errB := json.Marshal(other)
	return errA == nil && errB == nil && string(a) == string(b)
}
