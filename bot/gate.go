package bot

import (
	"fmt"
	"strings"
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

// Gate is a named condition that must hold before a candidate enters a stage.
type Gate struct {
	Name  string
	State GateState
	Since time.Time // when it got to this state; zero if that is not known
	Text  string    // what it waits for, or why it is closed, one sentence for people
	Who   string    // who or what can change it
	Until time.Time // when it opens by itself at the latest; zero if that is not known
}

// gates lists the gates between a candidate and a stage, in the order in which
// they are explained.
func (d *decision) gates(c *Candidate, stage string) []Gate {
	i := d.stageIndex(stage)
	gates := []Gate{d.orderGate(c, stage)}
	if i == 0 {
		gates = append(gates, d.checksGate(c), d.buildGate(c))
	} else {
		gates = append(gates, d.proofGate(c, i))
	}
	return append(gates, d.placeGate(c, stage))
}

// orderGate is closed for whoever would take the stage back to an older commit.
func (d *decision) orderGate(c *Candidate, stage string) Gate {
	g := Gate{Name: "order", State: GateOpen}
	if by, ok := d.overtaker(c, stage); ok {
		g.State, g.Since, g.Who = GateClosed, by.Passages[stage].StartedAt, "nobody: a stage never moves to an older commit"
		g.Text = "superseded by " + Short(by.SHA)
	}
	return g
}

func (d *decision) checksGate(c *Candidate) Gate {
	v := d.s.verdict(c)
	g := Gate{Name: "checks", State: GateWaiting, Since: c.SeenAt, Who: "CI"}
	switch {
	case v.State == CheckFailed:
		g.State, g.Text, g.Who = GateClosed, names(v.Failed)+" failed", "whoever runs the check again, or pushes a fix"
	case v.State == CheckPending && v.Reason != "":
		g.Text = v.Reason
	case v.State == CheckPending:
		g.Text = "waiting for " + names(v.Waiting)
	case v.Settling && !d.due(c.SeenAt.Add(settle)):
		g.Text, g.Until = "waiting for further checks to report", c.SeenAt.Add(settle)
	case !c.Reports.Read && !d.s.Config.Checks.None:
		g.Text = "reading the checks"
	default:
		g.State, g.Since = GateOpen, c.GreenAt
	}
	return g
}

// buildGate is open once there is something to promote, or once the first
// stage's own app may build it.
func (d *decision) buildGate(c *Candidate) Gate {
	a := d.buildOf(c)
	g := Gate{Name: "build", State: GateWaiting, Since: a.run.StartedAt, Who: "the build"}
	switch {
	case a.run.Status == RunSucceeded:
		g.State, g.Since = GateOpen, a.run.FinishedAt
	case a.run.Status == RunFailed:
		g.State, g.Since, g.Who = GateClosed, a.run.FinishedAt, "whoever pushes a fix"
		g.Text = "the build failed" + because(a.run.Reason)
	case a.run.Stage != "" && a.run.Status == RunErrored:
		g.State, g.Since, g.Who = GateClosed, a.run.FinishedAt, "whoever looks after "+a.run.App
		g.Text = "it could not be built on " + a.run.App + because(a.run.Reason)
	case a.fallback:
		g.State = GateOpen
	case a.run.Active():
		g.Text = "building on " + a.run.App
	case !a.run.TroubleAt.IsZero():
		g.Text, g.Since = "the build could not be started"+because(a.run.Reason), a.run.TroubleAt
	default:
		g.Text, g.Since = "waiting for a free prepare app", c.SeenAt
	}
	return g
}

// proofGate is open once the stage before was passed.
func (d *decision) proofGate(c *Candidate, i int) Gate {
	before := d.s.Config.Stages[i-1].Name
	g := Gate{Name: "proof", State: GateWaiting, Who: "the stage " + before}
	switch p := c.Passages[before]; p.State {
	case PassageDone:
		g.State, g.Since = GateOpen, p.EndedAt
	case PassageFailed:
		g.State, g.Since, g.Text, g.Who = GateClosed, p.EndedAt, before+" failed: "+p.Reason, "whoever pushes a fix"
	default:
		g.Text, g.Since = "waiting for "+before, p.StartedAt
	}
	return g
}

// placeGate lets one promotion at a time into a stage.
func (d *decision) placeGate(c *Candidate, stage string) Gate {
	g := Gate{Name: "place", State: GateOpen}
	st := d.s.Stages[stage]
	switch {
	case st.InFlight != nil && st.InFlight.SHA != c.SHA:
		g.State, g.Since, g.Who = GateWaiting, st.InFlight.StartedAt, "the promotion of "+Short(st.InFlight.SHA)
		g.Text = Short(st.InFlight.SHA) + " is being promoted to " + stage
	case d.now.Before(st.RetryAt):
		d.wake(st.RetryAt)
		g.State, g.Until, g.Who = GateWaiting, st.RetryAt, "the platform"
		g.Text = "the last attempt could not begin; trying again"
	}
	return g
}

// overtaker is the newest later commit that has got into the stage, which closes
// it for c.
func (d *decision) overtaker(c *Candidate, stage string) (*Candidate, bool) {
	if p, ok := c.Passages[stage]; ok && p.State != PassageFailed {
		return nil, false
	}
	st := d.s.Stages[stage]
	at := d.s.position(c.SHA)
	if p := st.InFlight; p != nil {
		if i := d.s.position(p.SHA); i > at {
			return &d.s.Candidates[i], true
		}
	}
	if i := d.s.position(st.Live.SHA); i > at {
		return &d.s.Candidates[i], true
	}
	return nil, false
}

func (d *decision) overtaken(c *Candidate, stage string) bool {
	_, ok := d.overtaker(c, stage)
	return ok
}

func (d *decision) stageIndex(stage string) int {
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

// names joins up to three names for a sentence.
func names(list []string) string {
	const most = 3
	if len(list) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
	}
	return strings.Join(list, ", ")
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}
