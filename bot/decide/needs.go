package decide

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// How often a stage of another pipeline is asked. An answer older than fresh lets nothing enter.
const (
	needAgain   = 15 * time.Second // while a candidate waits for it
	needUnknown = time.Minute      // while there is no such stage
)

// askStages asks the stages of other pipelines that candidates need, where every other gate is open.
func (d *decision) askStages() {
	for _, stage := range d.State.Config.Stages {
		if len(stage.Needs) == 0 || d.State.Stage(stage.Name).Promoting != nil {
			continue
		}
		for _, c := range d.State.All() {
			if _, entered := c.Progress[stage.Name]; entered || d.blockedElsewhere(c, stage.Name) {
				continue
			}
			for _, need := range stage.Needs {
				d.askStage(c, need)
			}
		}
	}
}

// blockedElsewhere reports whether a gate other than needs keeps a candidate out of a stage.
func (d *decision) blockedElsewhere(c *pipeline.Candidate, stage string) bool {
	_, no := gate.Blocked(gate.Without(d.Gates(c, stage), gate.Needs, gate.Right))
	return no
}

func (d *decision) askStage(c *pipeline.Candidate, need bot.Need) {
	seen, asked := c.Needs[need.String()]
	at := seen.At.Add(needAgain)
	switch {
	case !asked:
		at = d.Now
	case !seen.Found:
		at = seen.At.Add(needUnknown)
	case seen.Missing == "" && seen.SHA != "":
		at = seen.At.Add(bot.Fresh)
	}
	if !d.Due(at) {
		return
	}
	do := bot.AskStage{SHA: c.SHA, PushedAt: c.PushedAt, Need: need}
	if key := pipeline.NeedKey(c.SHA, need); asked && seen.Missing != "" && !seen.At.IsZero() {
		d.wantIdle(key, do)
	} else {
		d.want(key, do)
	}
}
