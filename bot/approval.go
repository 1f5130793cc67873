package bot

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A stage may ask for an approval: of everybody with `promote: approval`, of some
// classes of change with `hold:`. Whoever approves says yes to one artifact in the
// place of what is live at that moment. If either moves, the approval lapses.

// Approval is somebody's yes to a candidate at a stage.
type Approval struct {
	Order
	Artifact string // that was approved; empty: the stage's own app builds it
	Unbuilt  bool   // it was given to the commit, before anything was built of it: the first build is meant
	Live     string // the commit that the stage ran; empty: none
	Alone    string // why it is good in spite of four eyes; empty: it is not meant to be
	// Promotion is the one that it let in; 0: none yet. Used says that the candidate
	// has been live by it.
	Promotion int
	Used      bool
	Lapsed    string // why it is not good any more; empty: it is
	LapsedAt  time.Time
}

// good reports whether the approval lets the candidate in.
func (a Approval) good() bool { return a.By != "" && !a.Used && a.Lapsed == "" }

// artifactOf is what a candidate would promote; empty: nothing is built yet.
func (s *State) artifactOf(c *Candidate) string {
	if c.Artifact != "" {
		return c.Artifact
	}
	r, _ := s.runOf(c)
	return r.Artifact
}

// lapse ends the approvals whose artifact, or whose stage, is not what it was when
// they were given, and says so where they were given.
func (s *State) lapse(at time.Time) {
	for _, c := range s.all() {
		for _, stage := range sortedKeys(c.Approvals) {
			a := c.Approvals[stage]
			if !a.good() {
				continue
			}
			if built := s.artifactOf(c); a.Unbuilt && built != "" {
				a.Artifact, a.Unbuilt = built, false
				c.Approvals[stage] = a
			}
			st := s.Stages[stage]
			f, app := st.foreign()
			switch p, in := c.Progress[stage]; {
			case p.State == ProgressLive || p.State == ProgressRolledBack:
				a.Used = true
			case p.State == ProgressReleasing:
				a.Promotion = p.Promotion
			case in:
				continue // its release failed: the stage is as it was
			case c.Cancelled != nil:
				a.Lapsed = "it was cancelled by @" + c.Cancelled.By
			case st.Live.SHA != a.Live:
				a.Lapsed = fmt.Sprintf("%s runs %s now", stage, Short(st.Live.SHA))
			case s.failedSince(stage, a.At) != "":
				a.Lapsed = fmt.Sprintf("%s failed on %s, and was not taken back", Short(s.failedSince(stage, a.At)), stage)
			case s.artifactOf(c) != a.Artifact:
				a.Lapsed = "it was built anew"
			case f != nil && f.SeenAt.After(a.At):
				a.Lapsed = fmt.Sprintf("%s was released to %s by hand", f.name(), app)
			default:
				if a.Lapsed = s.approvedByMaker(c, stage, a); a.Lapsed == "" {
					continue
				}
			}
			if a.Lapsed != "" {
				a.LapsedAt = at
				s.correctLapsed(c.SHA, stage, a)
			}
			c.Approvals[stage] = a
		}
	}
}

// failedSince is the commit whose release to a stage has failed since a time, though
// some app runs it, and nothing is about to take its place; empty: none.
func (s *State) failedSince(stage string, since time.Time) string {
	st := s.Stages[stage]
	if st.Promoting != nil || st.Rollback != nil {
		return ""
	}
	for _, c := range s.all() {
		p := c.Progress[stage]
		if p.State != ProgressFailed || !p.EndedAt.After(since) {
			continue
		}
		for _, app := range st.Apps {
			if app.Seen && app.Artifact != "" && app.Artifact == c.Artifact {
				return c.SHA
			}
		}
	}
	return ""
}

// needsApproval reports whether a candidate needs an approval to enter a stage, as
// far as is known.
func (d *view) needsApproval(c *Candidate, stage Stage) bool {
	return stage.Approval || len(d.classesNeedingApproval(c, stage)) > 0
}

// approvalGate waits for somebody's approval; none where the stage never asks for
// one.
func (d *view) approvalGate(c *Candidate, stage Stage) []Gate {
	if !stage.Approval && !slices.ContainsFunc(stage.Hold, func(h Hold) bool { return h.Window == "" }) {
		return nil
	}
	g := Gate{Name: GateApproval, State: GateOpen}
	a := c.Approvals[stage.Name]
	switch {
	case !d.needsApproval(c, stage):
		g.Text = "no class of change that it has needs one"
	case a.good():
		g.Since, g.Text = a.At, cmp.Or(aloneOf(c, stage.Name), "approved by @"+a.By)
		if stage.FourEyes && a.Alone == "" && d.s.makersOf(c, stage.Name).unread {
			g.State, g.Who = GateWaiting, "GitHub"
			g.Text += "; reading who made what would go live"
		}
	default:
		g.State, g.Since = GateWaiting, d.arrivedAt(c, stage.Name)
		g.Text = fmt.Sprintf("waiting for /approve %s by %s", d.s.qualified(stage.Name), approvers(stage))
		if a.Lapsed != "" {
			g.Since, g.lapsed = a.LapsedAt, true
			g.Text = fmt.Sprintf("the approval by @%s lapsed: %s; %s", a.By, a.Lapsed, g.Text)
		} else if held := d.classesNeedingApproval(c, stage); !stage.Approval {
			g.Text += ": " + d.changesText(c, stage.Name, held)
		}
	}
	return []Gate{g}
}

// approvers says who may approve at a stage.
func approvers(stage Stage) string {
	allow := stage.Allow
	if len(allow) == 0 {
		allow = []string{string(RoleWrite)}
	}
	who := make([]string, len(allow))
	for i, entry := range allow {
		if who[i] = entry; rank[Role(entry)] > 0 {
			who[i] = "anyone with " + entry
		}
	}
	text := strings.Join(who, " or ")
	if stage.FourEyes {
		text += " who made none of it"
	}
	return text
}

// arrivedAt is since when only gates keep a candidate from a stage: since it passed
// the stage before.
func (d *view) arrivedAt(c *Candidate, stage string) time.Time {
	if i := d.stageIndex(stage); i > 0 {
		return c.Progress[d.s.Config.Stages[i-1].Name].EndedAt
	}
	return c.SeenAt
}

// phaseOfApproval is as Gate.phase: a lapse is told.
func (g Gate) phaseOfApproval() Phase {
	if g.lapsed {
		return Phase(string(g.Name) + ": " + g.Text)
	}
	return Phase(g.Name)
}

// approve lets a candidate into a stage that asks for an approval.
func (x execution) approve() Answer {
	c, problem := x.approved()
	if problem != "" {
		return refuse("%s", problem)
	}
	name, problem := x.stageToApprove(c)
	if problem != "" {
		return refuse("%s", problem)
	}
	if no := x.mayNot(name); no != "" {
		return refuse("%s", no)
	}
	stage, _ := x.s.Config.Stage(name)
	if x.hasApproved(c, name) {
		return Answer{OK: true, Stage: name, SHA: c.SHA, Text: fmt.Sprintf("%s is approved for %s already", Short(c.SHA), name)}
	}
	if no := cmp.Or(x.mayNotApprove(c, stage), x.approvesOther(c, name)); no != "" {
		return refuse("%s", no)
	}
	if no := cmp.Or(x.mayNotAlone(stage), x.refusedToMaker(c, stage)); no != "" {
		return refuse("%s", no)
	}
	a := Approval{Order: x.order(), Artifact: x.s.artifactOf(c), Live: x.s.Stages[name].Live.SHA}
	if x.command.Alone {
		a.Alone = x.command.Reason
	}
	put(&c.Approvals, name, a)
	x.noteRight(c, name)
	text := fmt.Sprintf("%s is approved for %s%s", Short(c.SHA), name, after(", ", aloneOf(c, name)))
	if g, no := blocked(newView(x.s, x.at).gates(c, name)); no {
		text += "; it goes there as soon as it may: " + g.Text
	}
	return Answer{OK: true, Stage: name, SHA: c.SHA, Text: text}
}

// approvesOther says what has become another since the approval was written: the build,
// what the stage runs, or which stage waits where none is named. Empty: nothing.
func (x execution) approvesOther(c *Candidate, stage string) string {
	moved := x.moved(stage)
	if moved == "" && x.command.Stage == "" {
		moved = x.advanced(c, stage)
	}
	x.ties = true // it has to be built to be approved: that is what people wait for
	if run, _ := x.s.runOf(c); moved == "" && x.since(run.FinishedAt) {
		moved = Short(c.SHA) + " was built"
	}
	if moved == "" {
		return ""
	}
	return x.void(moved, fmt.Sprintf("/approve %s %s", x.s.qualified(stage), Short(c.SHA)))
}

// approved is the candidate that the approval is about. On an open pull request it
// is its head, where somebody asked to promote that.
func (x execution) approved() (*Candidate, string) {
	pull := x.request.Actor.Pull
	if !pull.Open || x.command.SHA != "" && !strings.HasPrefix(pull.Head, x.command.SHA) {
		return x.subject()
	}
	if problem := x.headOrOther(); problem != "" {
		return nil, problem
	}
	if c := x.s.candidate(pull.Head); c != nil && c.FromPull {
		return c, x.headMoved("/approve", x.command.Stage)
	}
	for _, stage := range x.s.Config.Stages {
		if stage.PullRequests && (stage.Approval || len(stage.Hold) > 0) {
			return nil, fmt.Sprintf("this pull request is not merged yet; /promote %s releases its head there", x.s.qualified(stage.Name))
		}
	}
	return nil, "this pull request is not merged yet"
}

// stageToApprove is the stage that is named, else the one that waits for an
// approval of the candidate: of several the one that waits for nothing else.
func (x execution) stageToApprove(c *Candidate) (stage, problem string) {
	if x.command.Stage != "" {
		return resolveStage(x.command.Stage, x.s.Config.StageNames())
	}
	var waiting, next []string
	own := ""
	for _, s := range x.s.Config.Stages {
		gates := x.d.gates(c, s.Name)
		asks := slices.ContainsFunc(gates, func(g Gate) bool { return g.Name == GateApproval && g.State == GateWaiting })
		if _, in := c.Progress[s.Name]; in || !asks {
			if x.hasApproved(c, s.Name) {
				own = s.Name
			}
			continue
		}
		waiting = append(waiting, s.Name)
		if g, _ := blocked(gates); g.Name == GateApproval {
			next = append(next, s.Name)
		}
	}
	switch {
	case len(next) == 1:
		return next[0], ""
	case len(waiting) == 1:
		return waiting[0], ""
	case len(waiting) > 1:
		return "", fmt.Sprintf("several stages wait for an approval of %s: %s; name one", Short(c.SHA), strings.Join(waiting, ", "))
	case own != "":
		return own, "" // as with /promote before it
	}
	return "", "no stage waits for an approval of " + Short(c.SHA)
}

// mayNotApprove says why there is nothing to approve; empty if there is.
func (x execution) mayNotApprove(c *Candidate, stage Stage) string {
	sha := Short(c.SHA)
	build := x.d.buildOf(c)
	// What the first stage's own app builds has no artifact before it is there.
	own := build.fallback && stage.Name == x.d.firstStage() && !x.d.mayNotFallBack(c)
	switch p := c.Progress[stage.Name]; {
	case p.State == ProgressLive:
		return fmt.Sprintf("%s has been released to %s already", sha, stage.Name)
	case p.State == ProgressReleasing:
		return fmt.Sprintf("%s is being released to %s already", sha, stage.Name)
	case p.State == ProgressSkipped:
		return fmt.Sprintf("%s has passed %s by: %s", sha, stage.Name, p.Reason)
	case p.State != "":
		return fmt.Sprintf("%s is not on its way to %s: %s; /promote %s comes first", sha, stage.Name, p.Reason, x.s.qualified(stage.Name))
	case c.Cancelled != nil:
		return fmt.Sprintf("%s was cancelled by @%s", sha, c.Cancelled.By)
	case x.d.overtaken(c, stage.Name):
		return fmt.Sprintf("%s does not go to %s any more: %s", sha, stage.Name, x.d.orderGate(c, stage.Name).Text)
	case !x.d.needsApproval(c, stage):
		return fmt.Sprintf("%s needs no approval for %s", sha, stage.Name)
	case c.Approvals[stage.Name].good():
		return fmt.Sprintf("@%s has approved %s for %s already", c.Approvals[stage.Name].By, sha, stage.Name)
	case x.s.artifactOf(c) == "" && !own:
		return fmt.Sprintf("%s is not built yet%s; approve what is there", sha, because(x.d.buildGate(c).Text))
	}
	return ""
}

// deploymentText is the text of a promotion's deployment: what it is, and who
// approved it.
func (c *Candidate) deploymentText(stage string, promotion int) string {
	a := c.Approvals[stage]
	if a.Promotion == 0 || a.Promotion != promotion {
		return cut(withUrgency(c, stage), maxStatusText)
	}
	if a.Alone != "" {
		return cut(withUrgency(c, stage), maxStatusText)
	}
	by := " (approved by @" + a.By + ")"
	return cut(withUrgency(c, stage), maxStatusText-len(by)) + by
}
