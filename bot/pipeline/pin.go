package pipeline

import (
	"fmt"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
)

// Pin is what the command depends on, at a time. Of a command about no stage or no commit that is known, the fields about
// it are empty.
func (t Subject) Pin(at time.Time) bot.Pin {
	var p bot.Pin
	c, _ := t.Named()
	if t.Command.SHA == "" || t.Command.Verb == command.VerbRollback {
		c = nil
	}
	if c != nil {
		p.Candidate, p.Built = c.SHA, t.State.ArtifactOf(c)
	}
	stage := t.stage()
	if stage == "" {
		return p
	}
	st := t.State.Stage(stage)
	p.Stage, p.Live, p.Promotion = stage, st.Live.SHA, st.Promotions
	if l := st.LockedAt(at); l != nil {
		p.Locked = l.At
	}
	if c != nil {
		p.Standing = string(c.Progress[stage].State)
	}
	if t.Command.Verb == command.VerbRollback {
		if past, ok := t.back(st); ok {
			p.Back = past.SHA
		}
	}
	return p
}

// stage is the stage that the command names; of a rollback without one, the last. Empty: none.
func (t Subject) stage() string {
	names := t.State.Config.StageNames()
	if t.Command.Stage == "" {
		if t.Command.Verb == command.VerbRollback && len(names) > 0 {
			return names[len(names)-1]
		}
		return ""
	}
	stage, _ := command.ResolveStage(t.Command.Stage, names)
	return stage
}

// back is what a rollback of the stage would go back to.
func (t Subject) back(st StageState) (Past, bool) {
	if t.Command.SHA != "" || t.Command.Version != 0 {
		return st.Named(t.Command.SHA, t.Command.Version)
	}
	return st.Target(RollbackOrder{From: st.Live.SHA})
}

// MovedSince says what is different now from what was seen; empty: nothing.
func MovedSince(seen, now bot.Pin) string {
	switch {
	case now.Live != seen.Live && now.Live != "":
		return fmt.Sprintf("%s runs %s now", now.Stage, bot.Short(now.Live))
	case now.Promotion != seen.Promotion:
		return fmt.Sprintf("another promotion to %s has begun", now.Stage)
	case !now.Locked.Equal(seen.Locked) && now.Locked.IsZero():
		return now.Stage + " is not locked any more"
	case !now.Locked.Equal(seen.Locked):
		return now.Stage + " was locked"
	case now.Back != seen.Back:
		return "it would go back to another commit now"
	case now.Standing != seen.Standing:
		return fmt.Sprintf("%s stands otherwise with %s now", bot.Short(now.Candidate), now.Stage)
	case now.Built != seen.Built:
		return bot.Short(now.Candidate) + " has another build now"
	case now.Live != seen.Live, now.Stage != seen.Stage, now.Candidate != seen.Candidate:
		return "the subject of the command has changed"
	}
	return ""
}
