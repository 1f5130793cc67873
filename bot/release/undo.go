package release

import (
	"fmt"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// The automatic consequence when a stage's release failed, or did not stay healthy.

// undo rolls a stage back, or holds it, after a failure that has changed it. The candidate's progress contains the
// reason. A failed release that changed nothing left the old version running: nothing is to be done. A failed rollback
// is not followed by another one. unseen is why an app's outcome cannot be seen; empty: it can. If it cannot, the right
// action on the other apps is unknown too.
func undo(s *pipeline.State, stage string, c *pipeline.Candidate, promotion int, unseen string, at time.Time) {
	cfg, ok := s.Config.Stage(stage)
	st := s.StageRecord(stage)
	if !s.Configured || !ok || st.Rollback != nil {
		return // nobody configured what to do, or a person has ordered it already
	}
	pass := c.Progress[stage]
	order := pipeline.RollbackOrder{Order: pipeline.Order{At: at}, From: c.SHA, Promotion: promotion}
	failed := fmt.Sprintf("%s failed there", bot.Short(c.SHA))
	past, good := st.Target(order)
	switch same := good && past.Runs(pipeline.Live{Artifact: c.Artifact}); {
	case cfg.OnFailure == bot.FailureHold || cfg.Rehearse != nil: // a rehearsal serves nobody, and a rollback would need another copy
		pass.Consequence = "held until a person decides"
	case unseen != "":
		pass.Consequence = "held, because " + unseen
	case !good:
		pass.Consequence = "held, with nothing proved to go back to"
	case same:
		pass.Consequence = "held, because what ran before is the same build"
	default:
		pass.Consequence = "rolling back to " + bot.Short(past.SHA)
		st.Rollback = &order
	}
	if l := st.LockedAt(at); l != nil && !l.Rollback {
		kept := *l // a person's lock remains, now until /unlock
		kept.Until = time.Time{}
		st.Lock = &kept
	} else {
		st.Lock = &pipeline.Lock{Order: pipeline.Order{At: at}, Reason: failed, Rollback: true}
	}
	st.RetryAt, st.Tries = time.Time{}, 0
	pipeline.Put(&c.Progress, stage, pass)
	alert(s, stage, c, promotion)
}

// setAfter stores the consequence of a candidate's failure at a stage. If the branch came back to the commit meanwhile,
// it began anew, and the failure is forgotten.
func setAfter(s *pipeline.State, stage, sha, after string) {
	c := s.Candidate(sha)
	if c == nil {
		return
	}
	if pass, failed := c.Progress[stage]; failed {
		pass.Consequence = after
		pipeline.Put(&c.Progress, stage, pass)
	}
}

// rolledBack stores, at the failed candidate, how its automatic rollback ended.
func rolledBack(s *pipeline.State, stage string, o *pipeline.RollbackOrder, text string) {
	setAfter(s, stage, o.From, text)
	if c := s.Candidate(o.From); c != nil {
		alert(s, stage, c, o.Promotion)
	}
}
