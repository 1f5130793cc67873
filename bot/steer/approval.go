package steer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/command"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// approve lets a candidate into a stage that requires an approval.
func (x Execution) approve() pipeline.Answer {
	c, problem := x.approved()
	if problem != "" {
		return Refuse("%s", problem)
	}
	name, problem := x.stageToApprove(c)
	if problem != "" {
		return Refuse("%s", problem)
	}
	if no := x.mayNot(name); no != "" {
		return Refuse("%s", no)
	}
	stage, _ := x.State.Config.Stage(name)
	if x.hasApproved(c, name) {
		return pipeline.Answer{OK: true, Stage: name, SHA: c.SHA, Text: fmt.Sprintf("%s is approved for %s already", bot.Short(c.SHA), name)}
	}
	if no := cmp.Or(x.mayNotApprove(c, stage), x.approvesOther(c, name)); no != "" {
		return Refuse("%s", no)
	}
	if no := cmp.Or(x.mayNotAlone(stage), x.refusedToMaker(c, stage)); no != "" {
		return Refuse("%s", no)
	}
	live := x.State.Stage(name).Live
	a := pipeline.Approval{Order: x.order(), Artifact: x.State.ArtifactOf(c), Live: live.SHA, Ran: live.AdoptedArtifacts()}
	if x.Command.Alone {
		a.Alone = x.Command.Reason
	}
	pipeline.Put(&c.Approvals, name, a)
	x.noteRight(c, name)
	text := fmt.Sprintf("%s is approved for %s%s", bot.Short(c.SHA), name, words.After(", ", pipeline.AloneOf(c, name)))
	if g, no := gate.Blocked(gate.NewView(x.State, x.At).Gates(c, name)); no {
		text += "; it goes there as soon as it may: " + g.Text
	}
	return pipeline.Answer{OK: true, Stage: name, SHA: c.SHA, Text: text}
}

// approvesOther states what has changed since the approval was written; empty: nothing. It compares the build, the
// stage's live commit and, if no stage is named, the waiting stage.
func (x Execution) approvesOther(c *pipeline.Candidate, stage string) string {
	moved := x.moved(stage)
	if moved == "" && x.Command.Stage == "" {
		moved = x.advanced(c, stage)
	}
	x.ties = true // it has to be built to be approved: people wait for that
	if run, _ := x.State.RunOf(c); moved == "" && x.since(run.FinishedAt) {
		moved = bot.Short(c.SHA) + " was built"
	}
	if moved == "" {
		return ""
	}
	return x.void(moved, fmt.Sprintf("/approve %s %s", x.State.Qualified(stage), bot.Short(c.SHA)))
}

// approved returns the candidate to approve. On an open pull request it is the head, if that was promoted.
func (x Execution) approved() (*pipeline.Candidate, string) {
	pull := x.Request.Actor.Pull
	if !pull.Open || x.Command.SHA != "" && !strings.HasPrefix(pull.Head, x.Command.SHA) {
		return x.subject()
	}
	if problem := x.headOrOther(); problem != "" {
		return nil, problem
	}
	if c := x.State.Candidate(pull.Head); c != nil && c.FromPull {
		return c, x.headMoved("/approve", x.Command.Stage)
	}
	for _, stage := range x.State.Config.Stages {
		if stage.PullRequests && (stage.Approval || len(stage.Hold) > 0) {
			return nil, fmt.Sprintf("this pull request is not merged yet; /promote %s releases its head there", x.State.Qualified(stage.Name))
		}
	}
	return nil, "this pull request is not merged yet"
}

// stageToApprove returns the named stage, else the one that waits for an approval of the candidate. Of several it is
// the one where only the approval is missing.
func (x Execution) stageToApprove(c *pipeline.Candidate) (stage, problem string) {
	if x.Command.Stage != "" {
		return command.ResolveStage(x.Command.Stage, x.State.Config.StageNames())
	}
	var waiting, next []string
	own := ""
	for _, s := range x.State.Config.Stages {
		gates := x.View.Gates(c, s.Name)
		asks := slices.ContainsFunc(gates, func(g gate.Gate) bool { return g.Name == gate.Approval && g.State == gate.Waiting })
		if _, in := c.Progress[s.Name]; in || !asks {
			if x.hasApproved(c, s.Name) {
				own = s.Name
			}
			continue
		}
		waiting = append(waiting, s.Name)
		if g, _ := gate.Blocked(gates); g.Name == gate.Approval {
			next = append(next, s.Name)
		}
	}
	switch {
	case len(next) == 1:
		return next[0], ""
	case len(waiting) == 1:
		return waiting[0], ""
	case len(waiting) > 1:
		return "", fmt.Sprintf("several stages wait for an approval of %s: %s; name one", bot.Short(c.SHA), strings.Join(waiting, ", "))
	case own != "":
		return own, "" // as with /promote before it
	}
	return "", "no stage waits for an approval of " + bot.Short(c.SHA)
}

// mayNotApprove returns why there is nothing to approve; empty: there is.
func (x Execution) mayNotApprove(c *pipeline.Candidate, stage bot.Stage) string {
	sha := bot.Short(c.SHA)
	build := x.View.BuildOf(c)
	// A build on the first stage's own app has no artifact before it is released there.
	own := build.Fallback && stage.Name == x.View.FirstStage() && !x.View.MayNotFallBack(c)
	switch p := c.Progress[stage.Name]; {
	case p.State == pipeline.ProgressLive:
		return fmt.Sprintf("%s has been released to %s already", sha, stage.Name)
	case p.State == pipeline.ProgressReleasing:
		return fmt.Sprintf("%s is being released to %s already", sha, stage.Name)
	case p.State == pipeline.ProgressSkipped:
		return fmt.Sprintf("%s has passed %s by: %s", sha, stage.Name, p.Reason)
	case p.State != "":
		return fmt.Sprintf("%s is not on its way to %s: %s; /promote %s comes first", sha, stage.Name, p.Reason, x.State.Qualified(stage.Name))
	case c.Cancelled != nil:
		return fmt.Sprintf("%s was cancelled by @%s", sha, c.Cancelled.By)
	case x.View.Overtaken(c, stage.Name):
		return fmt.Sprintf("%s does not go to %s any more: %s", sha, stage.Name, x.View.OrderGate(c, stage.Name).Text)
	case !x.View.NeedsApproval(c, stage):
		return fmt.Sprintf("%s needs no approval for %s", sha, stage.Name)
	case c.Approvals[stage.Name].Good():
		return fmt.Sprintf("@%s has approved %s for %s already", c.Approvals[stage.Name].By, sha, stage.Name)
	case x.State.ArtifactOf(c) == "" && !own:
		return fmt.Sprintf("%s is not built yet%s; approve what is there", sha, words.Because(x.View.BuildGate(c).Text))
	}
	return ""
}

// A /promote by a person who may approve at the stage is an approval: the order is the approval that the stage
// requires, and lapses like one.

// promoted is the effect of a /promote besides the order itself.
type promoted struct {
	approval *pipeline.Approval // nil: none is needed, or there is one already
	note     string             // for the answer; may be empty
	problem  string             // why it is refused; empty if it is not
}

// approvedBy decides whether a /promote counts as the approval of a candidate at a stage. d sees the candidate with the
// order. An author under four eyes gives no approval: where the stage certainly requires one, the command is refused.
func (x Execution) approvedBy(d *gate.View, c *pipeline.Candidate, stage bot.Stage) promoted {
	if x.Command.Verb != command.VerbPromote || !d.NeedsApproval(c, stage) || c.Approvals[stage.Name].Good() {
		return promoted{}
	}
	if moved := x.moved(stage.Name); moved != "" {
		return promoted{problem: x.void(moved, x.promoteExactly(c, stage.Name))}
	}
	if problem := x.refusedToMakerIn(d, c, stage); problem != "" {
		if !stage.Approval && d.ReadingFiles(c, stage) {
			return promoted{note: "; if it turns out to need an approval, another person has to give it"}
		}
		return promoted{problem: problem}
	}
	artifact := d.State.ArtifactOf(c)
	run, _ := d.State.RunOf(c)
	live := d.State.Stage(stage.Name).Live
	return promoted{
		// What is built again because its artifact is gone was built before the approval: that lapses with the new build.
		approval: &pipeline.Approval{Order: x.order(), Artifact: artifact, Unbuilt: artifact == "" && len(run.Gone) == 0, Live: live.SHA, Ran: live.AdoptedArtifacts()},
		note:     "; this counts as the approval",
	}
}

// give stores the approval at the candidate, if there is one.
func (p promoted) give(c *pipeline.Candidate, stage string) {
	if p.approval != nil {
		pipeline.Put(&c.Approvals, stage, *p.approval)
	}
}

// hasApproved reports whether the command's author has already approved a candidate that is still on its way to the
// stage.
func (x Execution) hasApproved(c *pipeline.Candidate, stage string) bool {
	_, in := c.Progress[stage]
	a := c.Approvals[stage]
	if a.ByID != 0 && x.Request.UserID != 0 {
		return !in && a.Good() && a.ByID == x.Request.UserID
	}
	return !in && a.Good() && strings.EqualFold(a.By, x.Request.User)
}

// noteRight notes that a command's author had the right when the command ran. That is enough for an entry at once.
func (x Execution) noteRight(c *pipeline.Candidate, stage string) {
	cfg, _ := x.State.Config.Stage(stage)
	for _, o := range gate.NewView(x.State, x.At).Orders(c, cfg) {
		if o.Comment != x.Request.Comment {
			return
		}
	}
	pipeline.Put(&c.Rights, stage, pipeline.Rights{Until: x.At})
}
