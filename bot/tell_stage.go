package bot

import "fmt"

// What headstart/STAGE says of a candidate.

// stageStanding is what headstart/STAGE says of a candidate; nil before the stage
// is any of its concern.
func (d *view) stageStanding(c *Candidate, stage string) *saying {
	switch pass, entered := c.Passages[stage]; {
	case entered && pass.State == PassageReleasing:
		return d.releasing(stage)
	case entered && pass.State == PassageUndone && pass.Promotion == 0:
		return say(StatusFailure, capital(pass.Reason)+" on "+stage, d.appURL(stage)).in(PhaseUndone)
	case entered && pass.State == PassageUndone:
		return say(StatusFailure, fmt.Sprintf("%s: %s runs %s", capital(pass.Reason), stage, Short(d.s.Stages[stage].Live.SHA)), d.appURL(stage)).in(PhaseUndone)
	case entered && pass.State == PassageDone && d.drifted(c, stage) != "":
		return say(StatusSuccess, "Was live on "+stage+" until "+d.drifted(c, stage), d.appURL(stage)).in(PhaseDrift)
	case entered && pass.State == PassageDone && pass.was():
		return say(StatusSuccess, "Already live on "+stage, d.appURL(stage))
	case entered && pass.State == PassageDone && pass.Reason != "":
		return say(StatusSuccess, fmt.Sprintf("Live on %s again %s, released in %s", stage, pass.Reason, took(pass.StartedAt, pass.EndedAt)), d.appURL(stage))
	case entered && pass.State == PassageDone && pass.EndedAt.Before(c.Pushed()):
		return say(StatusSuccess, "Already live on "+stage, d.appURL(stage))
	case entered && pass.State == PassageDone:
		return say(StatusSuccess, warned(fmt.Sprintf("Live on %s %s after the push, %s in %s%s", stage,
			c.sincePush(pass.EndedAt), pass.verb(), took(pass.StartedAt, pass.EndedAt), d.stillSoaking(c, stage)), pass), d.appURL(stage))
	case entered && pass.After != "":
		return say(StatusFailure, capital(pass.After)+": "+pass.Reason, pass.OutputURL)
	case entered && pass.State == PassageSkipped:
		return say(StatusSuccess, "Skipped: "+pass.Reason, "")
	case entered:
		return say(StatusFailure, "Not live: "+pass.Reason, pass.OutputURL)
	}
	if !d.s.Configured {
		return d.gone(c, contextOf(stage), "Not deployed: "+d.s.noFile())
	}
	i := d.stageIndex(stage)
	if i < 0 {
		return d.gone(c, contextOf(stage), "Not released: the pipeline has no stage "+stage+" any more")
	}
	if _, told := c.Told[contextOf(stage)]; i > 0 && !told {
		if before := d.provedOn(c, i); c.Passages[before].State != PassageDone || d.s.Stages[before].Live.SHA != c.SHA {
			return nil
		}
	}
	if g := d.configGate(c); g.State == GateWaiting && d.configStatus(g) == nil && !d.overtaken(c, stage) {
		return nil
	}
	return d.waiting(c, stage, i == 0)
}

// verb is what was done with a candidate that is live.
func (p Passage) verb() string {
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
func (d *view) releasing(stage string) *saying {
	st := d.s.Stages[stage]
	apps := sortedKeys(st.InFlight.Apps)
	if cfg, ok := d.s.Config.Stage(stage); ok {
		apps = cfg.Apps
	}
	switch {
	case st.Trouble != "" && !d.s.begun(stage):
		return d.trouble(stage)
	case st.InFlight.Proof != nil && d.now.Before(st.InFlight.Proof.From):
		return sayPending(PhaseTakingOver, "Released; the new version takes over at "+moment(st.InFlight.Proof.From), d.appURL(stage))
	case st.InFlight.Proof != nil:
		return sayPending(PhaseVerifying, "Released; verifying that it works", d.appURL(stage))
	case st.InFlight.Building:
		return sayPending(PhaseBuilding, "Building and releasing on "+names(apps), d.appURL(stage))
	}
	if copying := d.copying(stage); copying != "" {
		return sayPending(PhaseCopying, capital(copying), "")
	}
	if d.s.held(stage) {
		return sayPending(PhaseMaintenance, "Maintenance mode is on while it is released to "+names(apps), d.appURL(stage))
	}
	return sayPending(PhaseReleasing, "Releasing to "+names(apps), d.appURL(stage))
}

func (d *view) trouble(stage string) *saying {
	return sayPending(PhaseTrouble, "Could not be released yet"+because(d.s.Stages[stage].Trouble), "")
}

// waiting is what is said of a candidate that has not entered a stage.
func (d *view) waiting(c *Candidate, stage string, first bool) *saying {
	g, no := blocked(d.gates(c, stage))
	if m, waits := d.maintenanceGate(c, stage); waits {
		return sayPending(PhaseNoMaintenance, "Waiting: "+m.Text, "")
	}
	switch {
	case d.astray(c):
		return d.gone(c, contextOf(stage), "Not released: "+g.Text)
	case no && g.Name == GateOrder:
		if _, told := c.Told[contextOf(stage)]; !told && len(c.Told) > 0 && d.s.Flights[statusKey(c.SHA, contextOf(stage))].Attempt == 0 {
			return nil // the stage is younger than the commit
		}
		by, _ := d.overtaker(c, stage)
		if part := d.partOf(c, by, stage); part != "" {
			return say(StatusSuccess, part+Short(by.SHA), d.appURL(stage)).in(PhaseOrder)
		}
		return say(StatusError, fmt.Sprintf("Superseded by %s", Short(by.SHA)), "").in(PhaseOrder)
	case no && g.Name == GateLock:
		return sayPending(g.phase(), "Waiting: "+g.Text, "")
	case no && g.State == GateClosed:
		return say(StatusFailure, "Not released: "+g.Text, "")
	case no && g.Name == GateCopy:
		return sayPending(PhaseCopy, "Waiting: "+g.Text, "")
	case (!no || g.Name == GatePlace) && d.s.Stages[stage].Trouble != "" && !d.s.begun(stage):
		return d.trouble(stage)
	case no && g.Name == GatePlace && d.s.Stages[stage].InFlight != nil && !d.s.begun(stage):
		return nil // it may not come to that
	case no && g.Name == GateNeeds:
		return d.needsSaying(c, stage, g)
	case first && !no && c.Told[contextOf(stage)].State == StatusPending:
		// It is let in as soon as its checks were looked at freshly.
		if fresh := d.freshGate(c, stage); len(fresh) > 0 {
			return sayPending(fresh[0].phase(), "Waiting: "+fresh[0].Text, "")
		}
		return nil
	case first && no && g.Name == GateBuild && d.rebuilt(d.buildOf(c).run) != "":
		return sayPending(PhaseBuildAgain, "Building again"+because(d.rebuilt(d.buildOf(c).run)), "")
	case first && (!no || g.beforeBuilt()):
		return sayPending(PhaseChecksAndBuild, "Waiting for the build and the checks", "")
	case !no:
		return nil // it is let in now, or as soon as it was looked at freshly
	}
	if g.Name == GateApproval {
		return sayPending(g.phase(), capital(g.Text), "")
	}
	return sayPending(g.phase(), "Waiting: "+g.Text, "")
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
