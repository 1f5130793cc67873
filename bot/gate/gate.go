package gate

import (
	"fmt"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// State is whether a gate lets a candidate pass.
type State string

// A waiting gate opens without anyone's action. A closed one stays closed until a person acts.
const (
	Open    State = "open"
	Waiting State = "waiting"
	Closed  State = "closed"
)

// Name is a gate's name, as people read it.
type Name string

// The gates, in about the order of their explanation.
const (
	Stage         Name = "stage"
	Paths         Name = "paths"
	Order         Name = pipeline.GateOrder
	PullRequest   Name = "pull request"
	Configuration Name = pipeline.GateConfiguration
	Checks        Name = "checks"
	Build         Name = "build"
	Proof         Name = "proof" // by the stage before
	Soak          Name = "soak"
	NotCancelled  Name = "cancelled"
	Lock          Name = "lock"
	Drift         Name = "drift"
	Changes       Name = "changes"
	Class         Name = "class" // of change, that a stage holds
	Window        Name = "window"
	Freeze        Name = "freeze"
	Approval      Name = "approval"
	Needs         Name = "needs"
	Adoption      Name = "adoption"
	Slot          Name = "slot"
	Preflight     Name = "preflight"
	Right         Name = "right"
	Freshness     Name = pipeline.GateFreshness
	Maintenance   Name = "maintenance"
	Copy          Name = "copy"
)

// Gate is a named condition that must hold before a candidate enters a stage.
type Gate struct {
	Name  Name
	State State
	Since time.Time // when it got to this state; zero: unknown
	Text  string    // what it waits for, or why it is closed, one sentence for people
	Who   string    // the person or event that opens it; empty where Next says more
	Next  string    // what a person can do about it, as an instruction without a capital; empty: wait
	Until time.Time // when it opens at the latest without anyone's action; zero: unknown

	lapsed bool // an approval: one was given that is no longer good
}

// entry is a candidate before a stage.
type entry struct {
	c     *pipeline.Candidate
	stage string
}

// Gates returns the gates between a candidate and a stage, in the order of their explanation. The list is shared: copy
// it before changing it.
func (v *View) Gates(c *pipeline.Candidate, stage string) []Gate {
	at := entry{c, stage}
	known, ok := v.known[at]
	if !ok {
		known = slices.Clip(v.findGates(c, stage))
		if v.known != nil {
			v.known[at] = known
		}
	}
	return known
}

func (v *View) findGates(c *pipeline.Candidate, stage string) []Gate {
	i := v.StageIndex(stage)
	if i < 0 {
		return []Gate{{Name: Stage, State: Closed, Text: "the pipeline has no stage " + stage + " any more", Next: "edit the pipeline's file"}}
	}
	const most = 16 // usual number of gates of a stage, so that the list need not grow
	gates := append(make([]Gate, 0, most), v.affectedGates(c)...)
	gates = append(gates, v.OrderGate(c, stage))
	if file := v.ConfigGate(c); i == 0 || file.State != Open {
		gates = append(gates, file)
	}
	if i == 0 {
		gates = append(gates, v.ChecksGate(c), v.BuildGate(c))
	} else {
		gates = append(gates, v.proofGate(c, i))
		gates = append(gates, v.soakGates(c, i)...)
	}
	gates = append(gates, v.cancelGate(c), v.lockGateFor(c, stage), v.driftGate(c, stage))
	gates = append(gates, v.classGates(c, stage)...)
	gates = append(gates, v.TimeGates(c, stage)...)
	gates = append(gates, v.needsGates(c, stage)...)
	gates = append(gates, v.adoptionGates(c, i)...)
	gates = append(gates, v.slotGate(c, stage), v.preflightGate(c, stage))
	return append(gates, v.rightGates(c, stage)...)
}

// OrderGate is closed for a candidate that would take the stage back to an older commit.
func (v *View) OrderGate(c *pipeline.Candidate, stage string) Gate {
	if c.FromPull {
		return v.PullGate(c)
	}
	g := Gate{Name: Order, State: Open}
	if v.OnOtherBranch(c) {
		g.State, g.Text, g.Next = Closed, "it was pushed to "+c.Branch+", and the pipeline follows "+v.State.Branch(), "edit the pipeline's file"
	} else if by, ok := v.Overtaker(c, stage); ok {
		g.State, g.Since, g.Next = Closed, by.Progress[stage].StartedAt, "nothing to do: a stage never moves to an older commit"
		g.Text = "superseded by " + bot.Short(by.SHA)
	}
	return g
}

func (view *View) ChecksGate(c *pipeline.Candidate) Gate {
	v := view.State.Verdict(c)
	g := Gate{Name: Checks, State: Waiting, Since: c.SeenAt, Who: "CI"}
	switch {
	case c.Reports.Refused != "" && !view.State.Config.Checks.None:
		g.Text, g.Next = "GitHub does not show the checks: "+c.Reports.Refused, "ask the owner of the GitHub App"
	case v.State == bot.CheckFailed:
		g.State, g.Text, g.Next = Closed, words.Names(v.Failed)+" failed", "re-run the failed check, or push a fix"
	case v.Unread:
		g.Text, g.Who = v.Reason+words.Because(view.State.Pending[pipeline.ChecksKey(c.SHA)].Reason), "GitHub"
	case v.State == bot.CheckPending && v.Reason != "":
		g.Text = v.Reason
	case v.State == bot.CheckPending:
		g.Text = "waiting for " + words.Names(v.Waiting)
	case v.Settling && !view.Due(c.KnownSince().Add(settle)):
		g.Text, g.Until = "waiting for further checks to report", c.KnownSince().Add(settle)
	default:
		g.State, g.Since = Open, c.GreenAt
	}
	return g
}

// FreshGate is the last reading of the checks before the first stage is entered, while it does not succeed. It is not
// among the gates that cause this reading.
func (v *View) FreshGate(c *pipeline.Candidate, stage string) []Gate {
	if g, waits := v.MaintenanceGate(c, stage); waits {
		return []Gate{g}
	}
	f := v.State.Pending[pipeline.ChecksKey(c.SHA)]
	if stage != v.FirstStage() || f.Reason == "" || f.Underway || v.FreshlyGreen(c) || !v.Open(c, stage) {
		return nil
	}
	return []Gate{{Name: Freshness, State: Waiting, Since: f.Since, Until: f.NotBefore, Who: "GitHub",
		Text: "the checks cannot be read once more: " + f.Reason}}
}

// BuildGate is open once there is an artifact to promote, or once the first stage's own app may build it.
func (v *View) BuildGate(c *pipeline.Candidate) Gate {
	a := v.BuildOf(c)
	g := Gate{Name: Build, State: Waiting, Since: a.Run.StartedAt, Who: "the build"}
	switch {
	case a.Run.Status == pipeline.RunSucceeded || c.Artifact != "":
		g.State, g.Since = Open, a.Run.FinishedAt
	case v.TreeUnread(c):
		return v.treeGate(c)
	case a.Run.Status == pipeline.RunUnread:
		g.Text, g.Since, g.Who = "reading .gitattributes: "+bot.Short(a.Run.SHA)+" has the same files, and its build may serve", c.SeenAt, "GitHub"
	case a.Run.Status == pipeline.RunFailed:
		g.State, g.Since, g.Next = Closed, a.Run.FinishedAt, "push a fix"
		g.Text = "the build failed" + words.Because(a.Run.Reason)
	case a.Run.Stage != "" && a.Run.Status == pipeline.RunErrored:
		g.State, g.Since, g.Next = Closed, a.Run.FinishedAt, "ask the owner of "+a.Run.App
		g.Text = "it could not be built on " + a.Run.App + words.Because(a.Run.Reason)
	case a.Fallback && v.MayNotFallBack(c):
		g.State, g.Next, g.Text = Closed, "ask the owner of the prepare apps", "no prepare app can build it"+words.Because(a.Why)
	case a.Fallback:
		g.State = Open
	case a.Run.Active() && v.Rebuilt(a.Run) != "":
		g.Text = "building again on " + a.Run.App + words.Because(v.Rebuilt(a.Run))
	case a.Run.Active():
		g.Text = "building on " + a.Run.App
	case a.Run.Sourceless():
		g.Text, g.Since, g.Who = "GitHub does not know the source of the commit yet"+words.Because(a.Run.Reason), a.Run.UnknownAt, "GitHub"
	case !a.Run.TroubleAt.IsZero():
		g.Text, g.Since = "the build could not be started"+words.Because(a.Run.Reason), a.Run.TroubleAt
	case !v.NewestViable(c) && len(c.Ordered) == 0:
		g.Text, g.Since, g.Who = "a newer commit goes first", c.SeenAt, "the newer commit"
	case v.Rebuilt(a.Run) != "":
		g.Text, g.Since = "building again as soon as a prepare app is free"+words.Because(v.Rebuilt(a.Run)), a.Run.GoneAt
	case v.QueueText(v.RankOf(c)) != "":
		g.Text, g.Since, g.Who = "waiting for a free prepare app"+v.queuedText(v.RankOf(c)), c.SeenAt, "the builds before it"
	default:
		g.Text, g.Since = "waiting for a free prepare app", c.SeenAt
	}
	return g
}

// proofGate is open once the stage before has passed.
func (v *View) proofGate(c *pipeline.Candidate, i int) Gate {
	before := v.State.Config.Stages[i-1].Name
	g := Gate{Name: Proof, State: Waiting, Who: "the stage " + before}
	if p := c.Progress[before]; p.State == pipeline.ProgressLive && p.Adopted {
		g.State, g.Since, g.Text, g.Next = Closed, p.EndedAt, before+" ran it before Headstart came: no stage has proved it", "push again"
		return g
	}
	switch p := c.Progress[before]; p.State {
	case pipeline.ProgressLive:
		g.State, g.Since = Open, p.EndedAt
	case pipeline.ProgressSkipped:
		return v.skippedGate(c, i)
	case pipeline.ProgressFailed:
		g.State, g.Since, g.Text, g.Next = Closed, p.EndedAt, before+" failed: "+p.Reason, "push a fix"
	case pipeline.ProgressRolledBack:
		g.State, g.Since, g.Text, g.Next = Closed, p.EndedAt, before+": "+p.Reason, "comment /promote "+v.State.Qualified(before)
	case pipeline.ProgressReleasing:
		g.Text, g.Since = "waiting for "+before, p.StartedAt
	default:
		g.Text = "waiting for " + before
		if closed, no := Blocked(v.Gates(c, before)); no && closed.State == Closed {
			g.State, g.Since, g.Text, g.Who, g.Next = Closed, closed.Since, before+": "+closed.Text, closed.Who, closed.Next
		}
	}
	return g
}

// cancelGate is closed for a cancelled candidate.
func (v *View) cancelGate(c *pipeline.Candidate) Gate {
	if c.Cancelled != nil {
		return Gate{Name: NotCancelled, State: Closed, Since: c.Cancelled.At, Text: "cancelled by @" + c.Cancelled.By, Next: "push again"}
	}
	return Gate{Name: NotCancelled, State: Open}
}

// LockGate is closed while the stage is locked.
func (v *View) LockGate(stage string) Gate {
	l := v.State.Stage(stage).LockedAt(v.Now)
	if l == nil {
		return Gate{Name: Lock, State: Open}
	}
	if !l.Until.IsZero() {
		v.Wake(l.Until)
	}
	g := Gate{Name: Lock, State: Closed, Since: l.At, Until: l.Until, Next: "comment /unlock " + v.State.Qualified(stage), Text: stage + " is locked"}
	switch {
	case l.Rollback:
		g.Text += ": " + l.Reason
	default:
		g.Text += " " + l.Whose()
	}
	return g
}

// lockGateFor lets a candidate ordered after a rollback pass the lock of that rollback. Nothing else enters before.
func (v *View) lockGateFor(c *pipeline.Candidate, stage string) Gate {
	g := v.LockGate(stage)
	if l := v.State.Stage(stage).LockedAt(v.Now); l != nil && l.Rollback && c.HasOrder(stage) {
		g = Gate{Name: Lock, State: Open}
	}
	return g
}

// slotGate lets one promotion at a time into a stage.
func (v *View) slotGate(c *pipeline.Candidate, stage string) Gate {
	g := Gate{Name: Slot, State: Open}
	st := v.State.Stage(stage)
	switch {
	case st.Promoting != nil && (st.Promoting.SHA != c.SHA || st.Promoting.FromPull && !c.FromPull && v.State.Config.Prepare.Apart()):
		g.State, g.Since, g.Who = Waiting, st.Promoting.StartedAt, "the promotion of "+bot.Short(st.Promoting.SHA)
		g.Text = bot.Short(st.Promoting.SHA) + " is being promoted to " + stage
	case st.Promoting == nil && v.soaking(c, stage) != nil:
		k := st.Soak
		g.State, g.Since, g.Until, g.Who = Waiting, k.Proof.From, k.Until, "time"
		g.Text = fmt.Sprintf("%s has to stay healthy on %s until %s", bot.Short(k.SHA), stage, words.Moment(k.Until))
	case st.Promoting == nil && !v.Due(st.RetryAt):
		g.State, g.Until, g.Who = Waiting, st.RetryAt, "the platform"
		g.Text = "the last attempt could not begin" + words.Because(st.Trouble)
	}
	cfg, _ := v.State.Config.Stage(stage)
	for _, other := range pipeline.SortedKeys(v.State.Stages) {
		p := v.State.Stage(other).Promoting
		if p == nil || other == stage {
			continue
		}
		for _, app := range cfg.Apps {
			if _, busy := p.Apps[app]; busy {
				g.State, g.Since, g.Who = Waiting, p.StartedAt, "the promotion of "+bot.Short(p.SHA)
				g.Text = bot.Short(p.SHA) + " is being promoted to " + other + ", which has the same app"
			}
		}
	}
	return g
}

// Overtaker returns the later commit that closes a stage for c: c would undo it. It is the one live on the stage or a
// later stage, else the newest that has entered, with any result. c is also given up behind very many newer commits.
func (v *View) Overtaker(c *pipeline.Candidate, stage string) (*pipeline.Candidate, bool) {
	if p, ok := c.Progress[stage]; c.FromPull || ok && p.State != pipeline.ProgressFailed {
		return nil, false
	}
	at := v.State.Position(c.SHA)
	for _, later := range v.State.Config.Stages[max(v.StageIndex(stage), 0):] {
		live := v.State.Stage(later.Name).Live
		if i := v.State.Position(live.SHA); i > at {
			return &v.State.Candidates[i], true
		}
		if behindAdopted(v.State, c, later.Name) || slices.ContainsFunc(live.Commits(), func(sha string) bool { return v.State.Position(sha) > at }) {
			if by := v.State.Candidate(live.SHA); by != nil {
				return by, true
			}
		}
	}
	for i := len(v.State.Candidates) - 1; i > at; i-- {
		newer := &v.State.Candidates[i]
		p, in := newer.Progress[stage]
		if in && !p.BuildFailed && (p.State != pipeline.ProgressReleasing || v.State.MayHaveStarted(stage)) || slices.Contains(newer.Entered, stage) {
			return newer, true
		}
	}
	if by := NewestAffecting(v.State, c); by != nil && (c.ConfigUnread != "" || manyAffecting(v.State, c, pipeline.KeptCandidates) || c.PushedAt.Before(v.State.Stage(stage).Barrier)) {
		return by, true
	}
	return nil, false
}

// Overtaken reports whether a stage is closed to c for good.
func (v *View) Overtaken(c *pipeline.Candidate, stage string) bool {
	if c.FromPull {
		return v.PullGate(c).State == Closed
	}
	_, ok := v.Overtaker(c, stage)
	return ok || v.OnOtherBranch(c) || v.State.Affects(c) == bot.AffectedNo
}

// OnOtherBranch reports whether c was pushed to a branch that the pipeline no longer follows.
func (v *View) OnOtherBranch(c *pipeline.Candidate) bool {
	return c.Branch != "" && c.Branch != v.State.Branch()
}

func (v *View) StageIndex(stage string) int {
	for i, s := range v.State.Config.Stages {
		if s.Name == stage {
			return i
		}
	}
	return -1
}

// Blocked returns the gate to show: the first closed one, else the first that waits.
func Blocked(gates []Gate) (Gate, bool) {
	for _, state := range []State{Closed, Waiting} {
		for _, g := range gates {
			if g.State == state {
				return g, true
			}
		}
	}
	return Gate{}, false
}

// An urgent order passes windows, freezes and soak, because a person with the right to do so gives a reason. It never
// passes checks, locks or an approval.

// urgent reports whether a candidate was urgently ordered for a stage.
func (v *View) urgent(c *pipeline.Candidate, stage string) bool { return c.Ordered[stage].Urgent }

// settle is how long after a push the checks are not believed complete where nothing defines the required ones. CI
// systems take some seconds to report at all.
const settle = 15 * time.Second
