package apply

import (
	"slices"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// mostDone bounds how many completed suites are remembered until a reading shows them completed.
const mostDone = 32

// checksMoved notes that a candidate's checks have changed in an unknown way.
func checksMoved(c *pipeline.Candidate, f bot.ChecksMoved) {
	r := &c.Reports
	r.Hints++
	r.Look = true
	if !f.Completed {
		return
	}
	r.Prompt, r.Lags = true, 0
	if f.Suite != 0 && !slices.Contains(r.Done, f.Suite) {
		r.Done = append(slices.Clone(r.Done), f.Suite)
		r.Done = r.Done[max(0, len(r.Done)-mostDone):]
	}
}
