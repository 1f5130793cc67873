package steer

import (
	"fmt"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/release"
)

// rollback orders a rollback of the stage and locks it, so that nothing undoes the rollback.
func (x Execution) rollback() pipeline.Answer {
	names := x.State.Config.StageNames()
	stage := names[len(names)-1]
	if x.Command.Stage != "" {
		var problem string
		if stage, problem = command.ResolveStage(x.Command.Stage, names); problem != "" {
			return Refuse("%s", problem)
		}
	}
	if no := x.mayNot(stage); no != "" {
		return Refuse("%s", no)
	}
	st := x.State.Stage(stage)
	if st.Rollback != nil {
		return Refuse("%s is being rolled back by %s already", stage, st.Rollback.Who())
	}
	if moved := x.moved(stage); moved != "" && (!x.exact() || x.late()) {
		return Refuse("%s", x.void(moved, x.rollbackExactly(stage)))
	}
	order := pipeline.RollbackOrder{Order: x.order(), Config: x.Command.Config, From: st.Live.SHA}
	if st.Promoting != nil {
		order.From = st.Promoting.SHA
	}
	verifying := st.Promoting != nil && st.Promoting.Proof != nil
	if x.Command.SHA != "" || x.Command.Version != 0 {
		past, ok := st.Named(x.Command.SHA, x.Command.Version)
		if !ok {
			return Refuse("%s; there are %s", x.unknownTarget(stage), st.PastNames())
		}
		if past.SHA == st.Live.SHA && st.Promoting == nil {
			return Refuse("%s is what %s runs", bot.Short(past.SHA), stage)
		}
		order.To = past.SHA
	} else if _, ok := st.Target(order); !ok && st.Promoting == nil {
		return Refuse("there is no proved release of %s to go back to", stage)
	}
	order.Further = order.To == "" && st.Promoting == nil && !st.Mixed() && st.LockedAt(x.At) != nil && st.Lock.Rollback
	record := x.State.StageRecord(stage)
	record.Rollback = &order
	record.Lock = &pipeline.Lock{Order: x.order(), Reason: "rolled back by @" + x.Request.User, Rollback: true}
	for _, c := range x.State.All() {
		if c.Progress[stage].State != pipeline.ProgressReleasing {
			delete(c.Ordered, stage) // earlier orders give way to this one
		}
	}
	if verifying { // its releases have ended: nothing to wait for
		release.ClosePromotion(x.State, stage, pipeline.ProgressFailed, "rolled back by @"+x.Request.User+" before it was verified", "", x.At)
	}
	text := "rolling " + stage + " back"
	switch target, ok := record.Target(order); {
	case record.Promoting != nil:
		text += " once the promotion of " + bot.Short(record.Promoting.SHA) + " has ended"
	case ok && order.Further:
		text += " one further, to " + bot.Short(target.SHA)
	case ok:
		text += " to " + bot.Short(target.SHA)
	}
	return pipeline.Answer{OK: true, Open: true, Rollback: true, Stage: stage, Text: text}
}

func (x Execution) unknownTarget(stage string) string {
	if x.Command.Version != 0 {
		return fmt.Sprintf("%s has no proved release v%d", stage, x.Command.Version)
	}
	return fmt.Sprintf("%s was never proved on %s", x.Command.SHA, stage)
}
