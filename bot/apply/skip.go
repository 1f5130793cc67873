package apply

import (
	"fmt"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// skipStages lets candidates skip the stages that their changes do not affect. The stage before must have passed, and
// no promotion may be about to change what is live.
func skipStages(s *pipeline.State, at time.Time) {
	if !s.Configured {
		return
	}
	d := gate.NewView(s, at)
	for i, stage := range s.Config.Stages {
		for j := range s.Candidates {
			c := &s.Candidates[j]
			revokeSkips(s, c, stage.Name, at)
			st := s.Stage(stage.Name)
			if i == 0 || len(stage.Skip) == 0 || st.Promoting != nil || st.Rollback != nil || !d.MayEnter(c, stage.Name) {
				continue
			}
			if _, asked := c.Ordered[stage.Name]; asked || d.OnOtherBranch(c) || !c.Progress[s.Config.Stages[i-1].Name].Passed() {
				continue
			}
			if live := s.Candidate(st.Live.SHA); live != nil && live.Progress[stage.Name].State == pipeline.ProgressFailed {
				continue // it did not stay healthy, and nothing has replaced it yet
			}
			if classes, only := onlyOf(d, c, stage.Name, stage.Skip); only {
				pipeline.Put(&c.Progress, stage.Name, pipeline.Progress{
					State: pipeline.ProgressSkipped, StartedAt: at, EndedAt: at, Reason: "only " + words.Names(classes) + " changed", SkippedOver: st.Live.SHA,
				})
			}
		}
	}
}

// revokeSkips marks a skipped stage as rolled back where the commit live at that time has failed or was rolled back.
// The candidate contains that commit.
func revokeSkips(s *pipeline.State, c *pipeline.Candidate, stage string, at time.Time) {
	p := c.Progress[stage]
	if p.State != pipeline.ProgressSkipped {
		return
	}
	was := s.Candidate(p.SkippedOver)
	if was == nil {
		return
	}
	if q := was.Progress[stage]; q.State == pipeline.ProgressRolledBack || q.State == pipeline.ProgressFailed {
		p.State, p.Reason, p.EndedAt = pipeline.ProgressRolledBack, q.Reason, at
		if q.State == pipeline.ProgressFailed {
			p.Reason = fmt.Sprintf("taken back with %s, which failed", bot.Short(was.SHA))
		}
		pipeline.Put(&c.Progress, stage, p)
	}
}
