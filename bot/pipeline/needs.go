package pipeline

import (
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// A stage may need a stage of another pipeline to go first: `needs:`. That one is
// as new as a candidate once it runs everything that was pushed there up to the
// candidate's own push, which in one repository may be the very same. What is pushed
// there afterwards is not waited for; so there is an order for any two pushes, and a
// pipeline in which nothing happens holds nobody up.

// NeedSeen is what a stage of another pipeline ran when it was asked.
type NeedSeen struct {
	bot.StageRuns
	At time.Time // when it was asked
}

// Awaited lists the stages of other pipelines that this one needs, for whoever must
// tell it that they moved: as [bot.Need.String], without capitals.
func (s State) Awaited() (list []string) {
	for _, stage := range s.Config.Stages {
		for _, need := range stage.Needs {
			list = append(list, strings.ToLower(need.String()))
		}
	}
	return list
}

// StagesMoved lists the stages of a pipeline that run something else after a change
// than before, as whoever needs them knows them.
func StagesMoved(before, after State) (list []bot.Need) {
	for _, stage := range SortedKeys(after.Stages) {
		if now := after.Stage(stage).Live.SHA; now != "" && now != before.Stage(stage).Live.SHA {
			list = append(list, bot.Need{Pipeline: after.Pipeline, Stage: stage})
		}
	}
	return list
}
