package bot

import "fmt"

// What headstart/STAGE says of a candidate.

// stageProgress is what headstart/STAGE says of a candidate; nil before the stage
// is any of its concern.
func (d *view) stageProgress(c *Candidate, stage string) *notice {
	switch pass, entered := c.Progress[stage]; {
	case entered && pass.State == ProgressReleasing:
		return d.releasing(stage)
	case entered && pass.State == ProgressRolledBack && pass.Promotion == 0:
		return newNotice(StatusFailure, capital(pass.Reason)+" on "+stage, d.appURL(stage)).inPhase(PhaseUndone)
	case entered && pass.State == ProgressRolledBack:
		return newNotice(StatusFailure, fmt.Sprintf("%s: %s runs %s", capital(pass.Reason), stage, Short(d.s.Stages[stage].Live.SHA)), d.appURL(stage)).inPhase(PhaseUndone)
	case entered && pass.State == ProgressLive && d.drifted(c, stage) != "":
		return newNotice(StatusSuccess, "Was live on "+stage+" until "+d.drifted(c, stage), d.appURL(stage)).inPhase(PhaseDrift)
	case entered && pass.State == ProgressLive && pass.ranBefore():
		return newNotice(StatusSuccess, "Already live on "+stage, d.appURL(stage))
	case entered && pass.State == ProgressLive && pass.Reason != "":
		return newNotice(StatusSuccess, fmt.Sprintf("Live on %s again %s, released in %s", stage, pass.Reason, took(pass.StartedAt, pass.EndedAt)), d.appURL(stage))
	case entered && pass.State == ProgressLive && pass.EndedAt.Before(c.Pushed()):
		return newNotice(StatusSuccess, "Already live on "+stage, d.appURL(stage))
	case entered && pass.State == ProgressLive:
		return newNotice(StatusSuccess, warned(fmt.Sprintf("Live on %s %s after the push, %s in %s%s", stage,
			c.sincePush(pass.EndedAt), pass.verb(), took(pass.StartedAt, pass.EndedAt), d.stillSoaking(c, stage)), pass), d.appURL(stage))
	case entered && pass.Consequence != "":
		return newNotice(StatusFailure, capital(pass.Consequence)+": "+pass.Reason, pass.OutputURL)
	case entered && pass.State == ProgressSkipped:
		return newNotice(StatusSuccess, "Skipped: "+pass.Reason, "")
	case entered:
		return newNotice(StatusFailure, "Not live: "+pass.Reason, pass.OutputURL)
	}
	if !d.s.Configured {
		return d.gone(c, contextOf(stage), "Not deployed: "+d.s.noFile())
	}
	i := d.stageIndex(stage)
	if i < 0 {
		return d.gone(c, contextOf(stage), "Not released: the pipeline has no stage "+stage+" any more")
	}
	if _, published := c.Published[contextOf(stage)]; i > 0 && !published {
		if before := d.provedOn(c, i); c.Progress[before].State != ProgressLive || d.s.Stages[before].Live.SHA != c.SHA {
			return nil
		}
	}
	if g := d.configGate(c); g.State == GateWaiting && d.configStatus(g) == nil && !d.overtaken(c, stage) {
		return nil
	}
	return d.waiting(c, stage, i == 0)
}

// verb is what was done with a candidate that is live.
func (p Progress) verb() string {
	if p.Seen != nil {
		return "released and verified"
	}
	return "released"
}

// stillSoaking says until when what is live is watched; empty: it is not.
func (d *view) stillSoaking(c *Candidate, stage string) string {
	if done, until := d.soaked(c, stage); !done && !until.IsZero() {
		return "; watched until " + moment(until)
	}
	return ""
}

// drifted says what was released by hand over a candidate that is live, for all
// that Headstart released; empty: nothing.
func (d *view) drifted(c *Candidate, stage string) string {
	st := d.s.Stages[stage]
	f, app := st.foreign()
	if f == nil || st.Live.SHA != c.SHA {
		return ""
	}
	return fmt.Sprintf("%s was released to %s by hand", f.name(), app)
}

// releasing is what is said while a promotion is in flight. One that cannot
// begin says so once, however often it is tried.
func (d *view) releasing(stage string) *notice {
	st := d.s.Stages[stage]
	apps := sortedKeys(st.Promoting.Apps)
	if cfg, ok := d.s.Config.Stage(stage); ok {
		apps = cfg.Apps
	}
	switch {
	case st.Trouble != "" && !d.s.mayHaveStarted(stage):
		return d.trouble(stage)
	case st.Promoting.Proof != nil && d.now.Before(st.Promoting.Proof.From):
		return pendingNotice(PhaseTakingOver, "Released; the new version takes over at "+moment(st.Promoting.Proof.From), d.appURL(stage))
	case st.Promoting.Proof != nil:
		return pendingNotice(PhaseVerifying, "Released; verifying that it works", d.appURL(stage))
	case st.Promoting.Building:
		return pendingNotice(PhaseBuilding, "Building and releasing on "+names(apps), d.appURL(stage))
	}
	if copying := d.copying(stage); copying != "" {
		return pendingNotice(PhaseCopying, capital(copying), "")
	}
	if d.s.inMaintenance(stage) {
		return pendingNotice(PhaseMaintenance, "Maintenance mode is on while it is released to "+names(apps), d.appURL(stage))
	}
	return pendingNotice(PhaseReleasing, "Releasing to "+names(apps), d.appURL(stage))
}

func (d *view) trouble(stage string) *notice {
	return pendingNotice(PhaseTrouble, "Could not be released yet"+because(d.s.Stages[stage].Trouble), "")
}

// waiting is what is said of a candidate that has not entered a stage.
func (d *view) waiting(c *Candidate, stage string, first bool) *notice {
	g, no := blocked(d.gates(c, stage))
	if m, waits := d.maintenanceGate(c, stage); waits {
		return pendingNotice(PhaseNoMaintenance, "Waiting: "+m.Text, "")
	}
	switch {
	case d.onOtherBranch(c):
		return d.gone(c, contextOf(stage), "Not released: "+g.Text)
	case no && g.Name == GateOrder:
		if _, published := c.Published[contextOf(stage)]; !published && len(c.Published) > 0 && d.s.Pending[statusKey(c.SHA, contextOf(stage))].Attempt == 0 {
			return nil // the stage is younger than the commit
		}
		by, _ := d.overtaker(c, stage)
		if part := d.partOf(c, by, stage); part != "" {
			return newNotice(StatusSuccess, part+Short(by.SHA), d.appURL(stage)).inPhase(PhaseOrder)
		}
		return newNotice(StatusError, fmt.Sprintf("Superseded by %s", Short(by.SHA)), "").inPhase(PhaseOrder)
	case no && g.Name == GateLock:
		return pendingNotice(g.phase(), "Waiting: "+g.Text, "")
	case no && g.State == GateClosed:
		return newNotice(StatusFailure, "Not released: "+g.Text, "")
	case no && g.Name == GateCopy:
		return pendingNotice(PhaseCopy, "Waiting: "+g.Text, "")
	case (!no || g.Name == GateSlot) && d.s.Stages[stage].Trouble != "" && !d.s.mayHaveStarted(stage):
		return d.trouble(stage)
	case no && g.Name == GateSlot && d.s.Stages[stage].Promoting != nil && !d.s.mayHaveStarted(stage):
		return nil // it may not come to that
	case no && g.Name == GateNeeds:
		return d.needsNotice(c, stage, g)
	case first && !no && c.Published[contextOf(stage)].State == StatusPending:
		// It is let in as soon as its checks were looked at freshly.
		if fresh := d.freshGate(c, stage); len(fresh) > 0 {
			return pendingNotice(fresh[0].phase(), "Waiting: "+fresh[0].Text, "")
		}
		return nil
	case first && no && g.Name == GateBuild && d.rebuilt(d.buildOf(c).run) != "":
		return pendingNotice(PhaseBuildAgain, "Building again"+because(d.rebuilt(d.buildOf(c).run)), "")
	case first && (!no || g.beforeBuilt()):
		return pendingNotice(PhaseChecksAndBuild, "Waiting for the build and the checks", "")
	case !no:
		return nil // it is let in now, or as soon as it was looked at freshly
	}
	if g.Name == GateApproval {
		return pendingNotice(g.phase(), capital(g.Text), "")
	}
	return pendingNotice(g.phase(), "Waiting: "+g.Text, "")
}

// forcedBetween reports whether history was replaced after c, so that a later
// commit need not contain it.
func (d *view) forcedBetween(c, later *Candidate) bool {
	for i := d.s.position(c.SHA) + 1; i <= d.s.position(later.SHA); i++ {
		if d.s.Candidates[i].Forced {
			return true
		}
	}
	return false
}
