package bot

import (
	"fmt"
	"slices"
	"time"
)

// GateState says whether a gate lets a candidate pass.
type GateState string

// A waiting gate opens by itself once what it waits for happens. A closed one
// stays closed unless somebody does something.
const (
	GateOpen    GateState = "open"
	GateWaiting GateState = "waiting"
	GateClosed  GateState = "closed"
)

// GateName names a gate, as people read it.
type GateName string

// The gates, in about the order in which they are explained.
const (
	GateStage         GateName = "stage"
	GatePaths         GateName = "paths"
	GateOrder         GateName = "order"
	GatePullRequest   GateName = "pull request"
	GateConfiguration GateName = "configuration"
	GateChecks        GateName = "checks"
	GateBuild         GateName = "build"
	GateProof         GateName = "proof" // by the stage before
	GateSoak          GateName = "soak"
	GateNotCancelled  GateName = "cancelled"
	GateLock          GateName = "lock"
	GateDrift         GateName = "drift"
	GateChanges       GateName = "changes"
	GateClass         GateName = "class" // of change, that a stage holds
	GateWindow        GateName = "window"
	GateFreeze        GateName = "freeze"
	GateApproval      GateName = "approval"
	GateNeeds         GateName = "needs"
	GateAdoption      GateName = "adoption"
	GateSlot          GateName = "slot"
	GatePreflight     GateName = "preflight"
	GateRight         GateName = "right"
	GateFreshness     GateName = "freshness"
	GateMaintenance   GateName = "maintenance"
	GateCopy          GateName = "copy"
)

// Gate is a named condition that must hold before a candidate enters a stage.
type Gate struct {
	Name  GateName
	State GateState
	Since time.Time // when it got to this state; zero if that is not known
	Text  string    // what it waits for, or why it is closed, one sentence for people
	Who   string    // who or what opens it without anybody's doing; empty where Next says more
	Next  string    // what a person can do about it, as an instruction without a capital; empty: wait
	Until time.Time // when it opens by itself at the latest; zero if that is not known

	lapsed bool // an approval: one was given that is no longer good
}

// entry is a candidate before a stage.
type entry struct {
	c     *Candidate
	stage string
}

// gates lists the gates between a candidate and a stage, in the order in which
// they are explained. The list is shared: whoever changes it takes a copy.
func (d *view) gates(c *Candidate, stage string) []Gate {
	at := entry{c, stage}
	known, ok := d.known[at]
	if !ok {
		known = slices.Clip(d.findGates(c, stage))
		if d.known != nil {
			d.known[at] = known
		}
	}
	return known
}

func (d *view) findGates(c *Candidate, stage string) []Gate {
	i := d.stageIndex(stage)
	if i < 0 {
		return []Gate{{Name: GateStage, State: GateClosed, Text: "the pipeline has no stage " + stage + " any more", Next: "edit the pipeline's file"}}
	}
	const most = 16 // gates that a stage usually has, so that the list need not grow
	gates := append(make([]Gate, 0, most), d.affectedGates(c)...)
	gates = append(gates, d.orderGate(c, stage))
	if file := d.configGate(c); i == 0 || file.State != GateOpen {
		gates = append(gates, file)
	}
	if i == 0 {
		gates = append(gates, d.checksGate(c), d.buildGate(c))
	} else {
		gates = append(gates, d.proofGate(c, i))
		gates = append(gates, d.soakGates(c, i)...)
	}
	gates = append(gates, d.cancelGate(c), d.lockGateFor(c, stage), d.driftGate(c, stage))
	gates = append(gates, d.classGates(c, stage)...)
	gates = append(gates, d.timeGates(c, stage)...)
	gates = append(gates, d.needsGates(c, stage)...)
	gates = append(gates, d.adoptionGates(c, i)...)
	gates = append(gates, d.slotGate(c, stage), d.preflightGate(c, stage))
	return append(gates, d.rightGates(c, stage)...)
}

// orderGate is closed for whoever would take the stage back to an older commit.
func (d *view) orderGate(c *Candidate, stage string) Gate {
	if c.FromPull {
		return d.pullGate(c)
	}
	g := Gate{Name: GateOrder, State: GateOpen}
	if d.onOtherBranch(c) {
		g.State, g.Text, g.Next = GateClosed, "it was pushed to "+c.Branch+", and the pipeline follows "+d.s.Branch(), "edit the pipeline's file"
	} else if by, ok := d.overtaker(c, stage); ok {
		g.State, g.Since, g.Next = GateClosed, by.Progress[stage].StartedAt, "nothing to do: a stage never moves to an older commit"
		g.Text = "superseded by " + Short(by.SHA)
	}
	return g
}

func (d *view) checksGate(c *Candidate) Gate {
	v := d.s.verdict(c)
	g := Gate{Name: GateChecks, State: GateWaiting, Since: c.SeenAt, Who: "CI"}
	switch {
	case c.Reports.Refused != "" && !d.s.Config.Checks.None:
		g.Text, g.Next = "GitHub does not show the checks: "+c.Reports.Refused, "ask the owner of the GitHub App"
	case v.State == CheckFailed:
		g.State, g.Text, g.Next = GateClosed, names(v.Failed)+" failed", "re-run the failed check, or push a fix"
	case v.Unread:
		g.Text, g.Who = v.Reason+because(d.s.Pending[checksKey(c.SHA)].Reason), "GitHub"
	case v.State == CheckPending && v.Reason != "":
		g.Text = v.Reason
	case v.State == CheckPending:
		g.Text = "waiting for " + names(v.Waiting)
	case v.Settling && !d.due(c.knownSince().Add(settle)):
		g.Text, g.Until = "waiting for further checks to report", c.knownSince().Add(settle)
	default:
		g.State, g.Since = GateOpen, c.GreenAt
	}
	return g
}

// freshGate tells of the last look at the checks before the first stage is
// entered, while it does not come about; it is none of the gates that ask for it.
func (d *view) freshGate(c *Candidate, stage string) []Gate {
	if g, waits := d.maintenanceGate(c, stage); waits {
		return []Gate{g}
	}
	f := d.s.Pending[checksKey(c.SHA)]
	if stage != d.firstStage() || f.Reason == "" || f.Underway || d.freshlyGreen(c) || !d.open(c, stage) {
		return nil
	}
	return []Gate{{Name: GateFreshness, State: GateWaiting, Since: f.Since, Until: f.NotBefore, Who: "GitHub",
		Text: "the checks cannot be read once more: " + f.Reason}}
}

// buildGate is open once there is something to promote, or once the first
// stage's own app may build it.
func (d *view) buildGate(c *Candidate) Gate {
	a := d.buildOf(c)
	g := Gate{Name: GateBuild, State: GateWaiting, Since: a.run.StartedAt, Who: "the build"}
	switch {
	case a.run.Status == RunSucceeded || c.Artifact != "":
		g.State, g.Since = GateOpen, a.run.FinishedAt
	case d.treeUnread(c):
		return d.treeGate(c)
	case a.run.Status == RunUnread:
		g.Text, g.Since, g.Who = "reading .gitattributes: "+Short(a.run.SHA)+" has the same files, and its build may serve", c.SeenAt, "GitHub"
	case a.run.Status == RunFailed:
		g.State, g.Since, g.Next = GateClosed, a.run.FinishedAt, "push a fix"
		g.Text = "the build failed" + because(a.run.Reason)
	case a.run.Stage != "" && a.run.Status == RunErrored:
		g.State, g.Since, g.Next = GateClosed, a.run.FinishedAt, "ask the owner of "+a.run.App
		g.Text = "it could not be built on " + a.run.App + because(a.run.Reason)
	case a.fallback && d.mayNotFallBack(c):
		g.State, g.Next, g.Text = GateClosed, "ask the owner of the prepare apps", "no prepare app can build it"+because(a.why)
	case a.fallback:
		g.State = GateOpen
	case a.run.Active() && d.rebuilt(a.run) != "":
		g.Text = "building again on " + a.run.App + because(d.rebuilt(a.run))
	case a.run.Active():
		g.Text = "building on " + a.run.App
	case a.run.sourceless():
		g.Text, g.Since, g.Who = "GitHub does not know the source of the commit yet"+because(a.run.Reason), a.run.UnknownAt, "GitHub"
	case !a.run.TroubleAt.IsZero():
		g.Text, g.Since = "the build could not be started"+because(a.run.Reason), a.run.TroubleAt
	case !d.newestViable(c) && len(c.Ordered) == 0:
		g.Text, g.Since, g.Who = "a newer commit goes first", c.SeenAt, "the newer commit"
	case d.rebuilt(a.run) != "":
		g.Text, g.Since = "building again as soon as a prepare app is free"+because(d.rebuilt(a.run)), a.run.GoneAt
	case d.queueText(d.rankOf(c)) != "":
		g.Text, g.Since, g.Who = "waiting for a free prepare app"+d.queuedText(d.rankOf(c)), c.SeenAt, "the builds before it"
	default:
		g.Text, g.Since = "waiting for a free prepare app", c.SeenAt
	}
	return g
}

// proofGate is open once the stage before was passed.
func (d *view) proofGate(c *Candidate, i int) Gate {
	before := d.s.Config.Stages[i-1].Name
	g := Gate{Name: GateProof, State: GateWaiting, Who: "the stage " + before}
	if p := c.Progress[before]; p.State == ProgressLive && p.Adopted {
		g.State, g.Since, g.Text, g.Next = GateClosed, p.EndedAt, before+" ran it before Headstart came: no stage has proved it", "push again"
		return g
	}
	switch p := c.Progress[before]; p.State {
	case ProgressLive:
		g.State, g.Since = GateOpen, p.EndedAt
	case ProgressSkipped:
		return d.skippedGate(c, i)
	case ProgressFailed:
		g.State, g.Since, g.Text, g.Next = GateClosed, p.EndedAt, before+" failed: "+p.Reason, "push a fix"
	case ProgressRolledBack:
		g.State, g.Since, g.Text, g.Next = GateClosed, p.EndedAt, before+": "+p.Reason, "comment /promote "+d.s.qualified(before)
	case ProgressReleasing:
		g.Text, g.Since = "waiting for "+before, p.StartedAt
	default:
		g.Text = "waiting for " + before
		if closed, no := blocked(d.gates(c, before)); no && closed.State == GateClosed {
			g.State, g.Since, g.Text, g.Who, g.Next = GateClosed, closed.Since, before+": "+closed.Text, closed.Who, closed.Next
		}
	}
	return g
}

// cancelGate is closed for what somebody took out of the pipeline.
func (d *view) cancelGate(c *Candidate) Gate {
	if c.Cancelled != nil {
		return Gate{Name: GateNotCancelled, State: GateClosed, Since: c.Cancelled.At, Text: "cancelled by @" + c.Cancelled.By, Next: "push again"}
	}
	return Gate{Name: GateNotCancelled, State: GateOpen}
}

// lockGate is closed while somebody has locked the stage.
func (d *view) lockGate(stage string) Gate {
	l := d.s.Stages[stage].lockedAt(d.now)
	if l == nil {
		return Gate{Name: GateLock, State: GateOpen}
	}
	if !l.Until.IsZero() {
		d.wake(l.Until)
	}
	g := Gate{Name: GateLock, State: GateClosed, Since: l.At, Until: l.Until, Next: "comment /unlock " + d.s.qualified(stage), Text: stage + " is locked"}
	switch {
	case l.Rollback:
		g.Text += ": " + l.Reason
	default:
		g.Text += " " + l.whose()
	}
	return g
}

// lockGateFor lets what somebody asked for after a rollback pass the lock that
// came with it: nothing else gets in before.
func (d *view) lockGateFor(c *Candidate, stage string) Gate {
	g := d.lockGate(stage)
	if l := d.s.Stages[stage].lockedAt(d.now); l != nil && l.Rollback && c.ordered(stage) {
		g = Gate{Name: GateLock, State: GateOpen}
	}
	return g
}

// slotGate lets one promotion at a time into a stage.
func (d *view) slotGate(c *Candidate, stage string) Gate {
	g := Gate{Name: GateSlot, State: GateOpen}
	st := d.s.Stages[stage]
	switch {
	case st.Promoting != nil && (st.Promoting.SHA != c.SHA || st.Promoting.FromPull && !c.FromPull && d.s.Config.Prepare.apart()):
		g.State, g.Since, g.Who = GateWaiting, st.Promoting.StartedAt, "the promotion of "+Short(st.Promoting.SHA)
		g.Text = Short(st.Promoting.SHA) + " is being promoted to " + stage
	case st.Promoting == nil && d.soaking(c, stage) != nil:
		k := st.Soak
		g.State, g.Since, g.Until, g.Who = GateWaiting, k.Proof.From, k.Until, "time"
		g.Text = fmt.Sprintf("%s has to stay healthy on %s until %s", Short(k.SHA), stage, moment(k.Until))
	case st.Promoting == nil && !d.due(st.RetryAt):
		g.State, g.Until, g.Who = GateWaiting, st.RetryAt, "the platform"
		g.Text = "the last attempt could not begin" + because(st.Trouble)
	}
	cfg, _ := d.s.Config.Stage(stage)
	for _, other := range sortedKeys(d.s.Stages) {
		p := d.s.Stages[other].Promoting
		if p == nil || other == stage {
			continue
		}
		for _, app := range cfg.Apps {
			if _, busy := p.Apps[app]; busy {
				g.State, g.Since, g.Who = GateWaiting, p.StartedAt, "the promotion of "+Short(p.SHA)
				g.Text = Short(p.SHA) + " is being promoted to " + other + ", which has the same app"
			}
		}
	}
	return g
}

// overtaker is the later commit that closes a stage for c: the one that is live
// there, or even further, else the newest that has got in, however it fared: c would take back
// what that one has done. Behind very many newer commits c is given up.
func (d *view) overtaker(c *Candidate, stage string) (*Candidate, bool) {
	if p, ok := c.Progress[stage]; c.FromPull || ok && p.State != ProgressFailed {
		return nil, false
	}
	at := d.s.position(c.SHA)
	for _, later := range d.s.Config.Stages[max(d.stageIndex(stage), 0):] {
		live := d.s.Stages[later.Name].Live
		if i := d.s.position(live.SHA); i > at {
			return &d.s.Candidates[i], true
		}
		if d.s.behindAdopted(c, later.Name) || slices.ContainsFunc(live.commits(), func(sha string) bool { return d.s.position(sha) > at }) {
			if by := d.s.candidate(live.SHA); by != nil {
				return by, true
			}
		}
	}
	for i := len(d.s.Candidates) - 1; i > at; i-- {
		newer := &d.s.Candidates[i]
		p, in := newer.Progress[stage]
		if in && !p.BuildFailed && (p.State != ProgressReleasing || d.s.mayHaveStarted(stage)) || slices.Contains(newer.Entered, stage) {
			return newer, true
		}
	}
	if by := d.s.newestAffecting(c); by != nil && (c.ConfigUnread != "" || d.s.manyAffecting(c, kept) || c.PushedAt.Before(d.s.Stages[stage].Barrier)) {
		return by, true
	}
	return nil, false
}

// overtaken reports whether a stage is closed to c for good.
func (d *view) overtaken(c *Candidate, stage string) bool {
	if c.FromPull {
		return d.pullGate(c).State == GateClosed
	}
	_, ok := d.overtaker(c, stage)
	return ok || d.onOtherBranch(c) || d.s.affects(c) == AffectedNo
}

// onOtherBranch reports whether c was pushed to a branch that the pipeline no longer
// follows.
func (d *view) onOtherBranch(c *Candidate) bool { return c.Branch != "" && c.Branch != d.s.Branch() }

func (d *view) stageIndex(stage string) int {
	for i, s := range d.s.Config.Stages {
		if s.Name == stage {
			return i
		}
	}
	return -1
}

// blocked is the gate to tell people about: the first closed one, else the first
// that waits.
func blocked(gates []Gate) (Gate, bool) {
	for _, state := range []GateState{GateClosed, GateWaiting} {
		for _, g := range gates {
			if g.State == state {
				return g, true
			}
		}
	}
	return Gate{}, false
}
