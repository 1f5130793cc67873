package render

import (
	"fmt"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// The texts of headstart/STAGE.

// stageProgress is a candidate's headstart/STAGE; nil before the candidate is near the stage.
func stageProgress(v *gate.View, c *pipeline.Candidate, stage string) *Notice {
	switch pass, entered := c.Progress[stage]; {
	case entered && pass.State == pipeline.ProgressReleasing:
		return releasing(v, stage)
	case entered && pass.State == pipeline.ProgressRolledBack && pass.Promotion == 0:
		return NewNotice(bot.StatusFailure, words.Capital(pass.Reason)+" on "+stage, AppURL(v, stage)).InPhase(bot.PhaseUndone)
	case entered && pass.State == pipeline.ProgressRolledBack:
		return NewNotice(bot.StatusFailure, fmt.Sprintf("%s: %s runs %s", words.Capital(pass.Reason), stage, bot.Short(v.State.Stage(stage).Live.SHA)), AppURL(v, stage)).InPhase(bot.PhaseUndone)
	case entered && pass.State == pipeline.ProgressLive && v.Drifted(c, stage) != "":
		return NewNotice(bot.StatusSuccess, "Was live on "+stage+" until "+v.Drifted(c, stage), AppURL(v, stage)).InPhase(bot.PhaseDrift)
	case entered && pass.State == pipeline.ProgressLive && pass.RanBefore():
		return NewNotice(bot.StatusSuccess, "Already live on "+stage, AppURL(v, stage))
	case entered && pass.State == pipeline.ProgressLive && pass.Reason != "":
		return NewNotice(bot.StatusSuccess, fmt.Sprintf("Live on %s again %s, released in %s", stage, pass.Reason, words.Took(pass.StartedAt, pass.EndedAt)), AppURL(v, stage))
	case entered && pass.State == pipeline.ProgressLive && pass.EndedAt.Before(c.Pushed()):
		return NewNotice(bot.StatusSuccess, "Already live on "+stage, AppURL(v, stage))
	case entered && pass.State == pipeline.ProgressLive:
		return NewNotice(bot.StatusSuccess, warned(fmt.Sprintf("Live on %s %s after the push, %s in %s%s", stage,
			c.SincePush(pass.EndedAt), pass.Verb(), words.Took(pass.StartedAt, pass.EndedAt), stillSoaking(v, c, stage)), pass), AppURL(v, stage))
	case entered && pass.Consequence != "":
		return NewNotice(bot.StatusFailure, words.Capital(pass.Consequence)+": "+pass.Reason, pass.OutputURL)
	case entered && pass.State == pipeline.ProgressSkipped:
		return NewNotice(bot.StatusSuccess, "Skipped: "+pass.Reason, "")
	case entered:
		return NewNotice(bot.StatusFailure, "Not live: "+pass.Reason, pass.OutputURL)
	}
	if !v.State.Configured {
		return gone(v, c, bot.ContextOf(stage), "Not deployed: "+v.State.NoFile())
	}
	i := v.StageIndex(stage)
	if i < 0 {
		return gone(v, c, bot.ContextOf(stage), "Not released: the pipeline has no stage "+stage+" any more")
	}
	if _, published := c.Published[bot.ContextOf(stage)]; i > 0 && !published {
		if before := v.ProvedOn(c, i); c.Progress[before].State != pipeline.ProgressLive || v.State.Stage(before).Live.SHA != c.SHA {
			return nil
		}
	}
	if g := v.ConfigGate(c); g.State == gate.Waiting && configStatus(v, g) == nil && !v.Overtaken(c, stage) {
		return nil
	}
	return waiting(v, c, stage, i == 0)
}

// stillSoaking states until when the live commit is watched; empty: it is not.
func stillSoaking(v *gate.View, c *pipeline.Candidate, stage string) string {
	if done, until := v.Soaked(c, stage); !done && !until.IsZero() {
		return "; watched until " + words.Moment(until)
	}
	return ""
}

// releasing is the status while a promotion is in progress. A promotion that cannot begin is reported once, however
// often it is tried.
func releasing(v *gate.View, stage string) *Notice {
	st := v.State.Stage(stage)
	apps := pipeline.SortedKeys(st.Promoting.Apps)
	if cfg, ok := v.State.Config.Stage(stage); ok {
		apps = cfg.Apps
	}
	switch {
	case st.Trouble != "" && !v.State.MayHaveStarted(stage):
		return trouble(v, stage)
	case st.Promoting.Proof != nil && v.Now.Before(st.Promoting.Proof.From):
		return pendingNotice(bot.PhaseTakingOver, "Released; the new version takes over at "+words.Moment(st.Promoting.Proof.From), AppURL(v, stage))
	case st.Promoting.Proof != nil:
		return pendingNotice(bot.PhaseVerifying, "Released; verifying that it works", AppURL(v, stage))
	case st.Promoting.Building:
		return pendingNotice(bot.PhaseBuilding, "Building and releasing on "+words.Names(apps), AppURL(v, stage))
	}
	if copying := copying(v, stage); copying != "" {
		return pendingNotice(bot.PhaseCopying, words.Capital(copying), "")
	}
	if v.State.InMaintenance(stage) {
		return pendingNotice(bot.PhaseMaintenance, "Maintenance mode is on while it is released to "+words.Names(apps), AppURL(v, stage))
	}
	return pendingNotice(bot.PhaseReleasing, "Releasing to "+words.Names(apps), AppURL(v, stage))
}

func trouble(v *gate.View, stage string) *Notice {
	return pendingNotice(bot.PhaseTrouble, "Could not be released yet"+words.Because(v.State.Stage(stage).Trouble), "")
}

// waiting is the status of a candidate that has not entered a stage.
func waiting(v *gate.View, c *pipeline.Candidate, stage string, first bool) *Notice {
	g, no := gate.Blocked(v.Gates(c, stage))
	if m, waits := v.MaintenanceGate(c, stage); waits {
		return pendingNotice(bot.PhaseNoMaintenance, "Waiting: "+m.Text, "")
	}
	switch {
	case v.OnOtherBranch(c):
		return gone(v, c, bot.ContextOf(stage), "Not released: "+g.Text)
	case no && g.Name == gate.Order:
		if _, published := c.Published[bot.ContextOf(stage)]; !published && len(c.Published) > 0 && v.State.Pending[pipeline.StatusKey(c.SHA, bot.ContextOf(stage))].Attempt == 0 {
			return nil // the stage was added after the commit
		}
		by, _ := v.Overtaker(c, stage)
		if part := partOf(v, c, by, stage); part != "" {
			return NewNotice(bot.StatusSuccess, part+bot.Short(by.SHA), AppURL(v, stage)).InPhase(bot.PhaseOrder)
		}
		return NewNotice(bot.StatusError, fmt.Sprintf("Superseded by %s", bot.Short(by.SHA)), "").InPhase(bot.PhaseOrder)
	case no && g.Name == gate.Lock:
		return pendingNotice(g.Phase(), "Waiting: "+g.Text, "")
	case no && g.State == gate.Closed:
		return NewNotice(bot.StatusFailure, "Not released: "+g.Text, "")
	case no && g.Name == gate.Copy:
		return pendingNotice(bot.PhaseCopy, "Waiting: "+g.Text, "")
	case (!no || g.Name == gate.Slot) && v.State.Stage(stage).Trouble != "" && !v.State.MayHaveStarted(stage):
		return trouble(v, stage)
	case no && g.Name == gate.Slot && v.State.Stage(stage).Promoting != nil && !v.State.MayHaveStarted(stage):
		return nil // the stage may never be reached
	case no && g.Name == gate.Needs:
		return needsNotice(v, c, stage, g)
	case first && !no && c.Published[bot.ContextOf(stage)].State == bot.StatusPending:
		// The candidate enters as soon as its checks were freshly read.
		if fresh := v.FreshGate(c, stage); len(fresh) > 0 {
			return pendingNotice(fresh[0].Phase(), "Waiting: "+fresh[0].Text, "")
		}
		return nil
	case first && no && g.Name == gate.Build && v.Rebuilt(v.BuildOf(c).Run) != "":
		return pendingNotice(bot.PhaseBuildAgain, "Building again"+words.Because(v.Rebuilt(v.BuildOf(c).Run)), "")
	case first && (!no || g.BeforeBuilt()):
		return pendingNotice(bot.PhaseChecksAndBuild, "Waiting for the build and the checks", "")
	case !no:
		return nil // it enters now, or after a fresh reading
	}
	if g.Name == gate.Approval {
		return pendingNotice(g.Phase(), words.Capital(g.Text), "")
	}
	return pendingNotice(g.Phase(), "Waiting: "+g.Text, "")
}

// forcedBetween reports whether history was replaced after c, so that a later commit need not contain it.
func forcedBetween(v *gate.View, c, later *pipeline.Candidate) bool {
	for i := v.State.Position(c.SHA) + 1; i <= v.State.Position(later.SHA); i++ {
		if v.State.Candidates[i].Forced {
			return true
		}
	}
	return false
}

// partOf states how a later commit has brought an older one to a stage; empty: it has not.
func partOf(v *gate.View, c, by *pipeline.Candidate, stage string) string {
	if forcedBetween(v, c, by) {
		return ""
	}
	switch by.Progress[stage].State {
	case pipeline.ProgressLive:
		return "Live on " + stage + " as part of "
	case pipeline.ProgressSkipped:
		return "Skipped as part of "
	}
	if live := v.State.Stage(stage).Live; live.Adopted != nil && live.SHA == by.SHA {
		return "Live on " + stage + " as part of "
	}
	return ""
}
