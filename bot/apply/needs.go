package apply

import (
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// stageAsked stores what a stage of another pipeline runs.
func stageAsked(s *pipeline.State, do bot.AskStage, f bot.Finished, asked time.Time) {
	c := s.Candidate(do.SHA)
	if c == nil || f.Outcome != bot.Done && f.Outcome != bot.Refuse {
		return
	}
	runs, _ := f.Fact.(bot.StageRuns)
	pipeline.Put(&c.Needs, do.Need.String(), pipeline.NeedSeen{StageRuns: runs, At: asked})
}

// stageMoved makes candidates that wait for a stage of another pipeline ask it again at once.
func stageMoved(s *pipeline.State, f bot.StageMoved) {
	for _, c := range s.All() {
		for _, need := range pipeline.SortedKeys(c.Needs) {
			if seen := c.Needs[need]; strings.EqualFold(need, f.Stage.String()) && (seen.Missing != "" || seen.SHA == "") {
				seen.At = time.Time{}
				c.Needs[need] = seen
			}
		}
	}
}
