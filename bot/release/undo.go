package release

import (
	"fmt"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// What happens by itself when a stage did not take a release, or did not stay
// healthy with it.

// undo takes a stage back, or holds it, after something failed that has changed
// it; the candidate's passage says why. A failed release that changed nothing has
// left the old version running, and nothing is to be done. A rollback that failed
// is not followed by another one. Where nobody can see how it ended on some app,
// what is right on the others is not known either: unseen says why, and is empty
// where it is known.
func undo(s *pipeline.State, stage string, c *pipeline.Candidate, promotion int, unseen string, at time.Time) {
	cfg, ok := s.Config.Stage(stage)
	st := s.StageRecord(stage)
	if !s.Configured || !ok || st.Rollback != nil {
		return // nobody says what to do, or somebody has said it already
	}
	pass := c.Progress[stage]
	order := pipeline.RollbackOrder{Order: pipeline.Order{At: at}, From: c.SHA, Promotion: promotion}
	failed := fmt.Sprintf("%s failed there", bot.Short(c.SHA))
	past, good := st.Target(order)
	switch same := good && past.Runs(pipeline.Live{Artifact: c.Artifact}); {
	case cfg.OnFailure == bot.FailureHold || cfg.Rehearse != nil: // a rehearsal serves nobody, and going back would take another copy
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
		kept := *l // what a person has locked stays so, now until somebody unlocks it
		kept.Until = time.Time{}
		st.Lock = &kept
	} else {
		st.Lock = &pipeline.Lock{Order: pipeline.Order{At: at}, Reason: failed, Rollback: true}
	}
	st.RetryAt, st.Tries = time.Time{}, 0
	pipeline.Put(&c.Progress, stage, pass)
	alert(s, stage, c, promotion)
}

// setAfter notes what was done about a candidate's failure at a stage.
func setAfter(s *pipeline.State, stage, sha, after string) {
	if c := s.Candidate(sha); c != nil {
		pass := c.Progress[stage]
		pass.Consequence = after
		pipeline.Put(&c.Progress, stage, pass)
	}
}

// rolledBack tells the candidate that an automatic rollback was for how it ended.
func rolledBack(s *pipeline.State, stage string, o *pipeline.RollbackOrder, text string) {
	setAfter(s, stage, o.From, text)
	if c := s.Candidate(o.From); c != nil {
		alert(s, stage, c, o.Promotion)
	}
}
