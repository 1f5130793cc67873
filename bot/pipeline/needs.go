package pipeline

import (
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// A stage may need a stage of another pipeline to go first: `needs:`. The needed stage
// must run everything pushed there up to the candidate's push; in one repository that may
// be the same push. Later pushes there are not waited for. So any two pushes have an
// order, and an idle pipeline blocks nobody.

// NeedSeen is what a stage of another pipeline ran when it was asked.
type NeedSeen struct {
	bot.StageRuns
	At time.Time // when it was asked
}

// Awaited lists the stages of other pipelines that this pipeline needs: as
// [bot.Need.String], in lower case. When one moves, this pipeline must be notified.
func (s State) Awaited() (list []string) {
	for _, stage := range s.Config.Stages {
		for _, need := range stage.Needs {
			list = append(list, strings.ToLower(need.String()))
		}
	}
	return list
}

// StagesMoved lists the stages of a pipeline that run something else after a change, as
// other pipelines' needs name them.
func StagesMoved(before, after State) (list []bot.Need) {
	for _, stage := range SortedKeys(after.Stages) {
		if now := after.Stage(stage).Live.SHA; now != "" && now != before.Stage(stage).Live.SHA {
			list = append(list, bot.Need{Pipeline: after.Pipeline, Stage: stage})
		}
	}
	return list
}
