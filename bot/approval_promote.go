package bot

import (
	"cmp"
	"fmt"
	"strings"
)

// Whoever may approve at a stage and writes /promote there has approved: the order
// is the approval that the stage asks for, and lapses as one.

// promoted is what a /promote comes to beside the order itself.
type promoted struct {
	approval *Approval // that it gives; nil: none is needed, or there is one already
	note     string    // for the answer; may be empty
	problem  string    // why it is refused; empty if it is not
}

// approvedBy finds out whether a /promote counts as the approval of a candidate at a
// stage. The decision d sees the candidate with the order. An author under four eyes
// gives none: where the stage surely asks for one, the command is refused.
func (x execution) approvedBy(d *view, c *Candidate, stage Stage) promoted {
	if x.command.Verb != VerbPromote || !d.needsApproval(c, stage) || c.Approvals[stage.Name].good() {
		return promoted{}
	}
	if moved := x.moved(stage.Name); moved != "" {
		return promoted{problem: x.void(moved, x.promoteExactly(c, stage.Name))}
	}
	if problem := x.refusedToMakerIn(d, c, stage); problem != "" {
		if !stage.Approval && d.readingFiles(c, stage) {
			return promoted{note: "; if it turns out to need an approval, another person has to give it"}
		}
		return promoted{problem: problem}
	}
	artifact := d.s.artifactOf(c)
	return promoted{
		approval: &Approval{Order: x.order(), Artifact: artifact, Unbuilt: artifact == "", Live: d.s.Stages[stage.Name].Live.SHA},
		note:     "; this counts as the approval",
	}
}

// give puts the approval on the candidate, if there is one.
func (p promoted) give(c *Candidate, stage string) {
	if p.approval != nil {
		put(&c.Approvals, stage, *p.approval)
	}
}

// readingFiles reports whether it is still being read which classes of change a
// candidate has, compared with what is live on a stage.
func (d *view) readingFiles(c *Candidate, stage Stage) bool {
	gates := d.changesGate(c, stage)
	return len(gates) > 0 && gates[0].State == GateWaiting
}

// correctLapsed corrects the answer to the command that approved. A /promote that
// approved is over with its approval.
func (s *State) correctLapsed(sha, stage string, a Approval) {
	if c := s.candidate(sha); c != nil && c.ordered(stage) && c.Ordered[stage].Comment == a.Comment {
		delete(c.Ordered, stage)
	}
	s.editRequest(a.Comment, func(r *Request) {
		for i, answer := range r.Answers {
			gave := r.Commands[i].Verb == VerbApprove && answer.OK || r.Commands[i].Verb == VerbPromote && answer.Open
			if gave && answer.SHA == sha && answer.Stage == stage {
				r.Answers[i] = Answer{Stage: stage, SHA: sha, Text: fmt.Sprintf("the approval of %s for %s lapsed: %s", Short(sha), stage, a.Lapsed)}
			}
		}
	})
}

// approvedText says who approved what is live on a stage by a promotion; empty:
// nobody had to.
func (c *Candidate) approvedText(stage string, promotion int) string {
	if a := c.Approvals[stage]; a.Promotion != 0 && a.Promotion == promotion {
		return ", " + cmp.Or(aloneOf(c, stage), "approved by @"+a.By)
	}
	return ""
}

// hasApproved reports whether the author of the command has approved a candidate at a stage
// already, which is still on its way there.
func (x execution) hasApproved(c *Candidate, stage string) bool {
	_, in := c.Progress[stage]
	a := c.Approvals[stage]
	if a.ByID != 0 && x.request.UserID != 0 {
		return !in && a.good() && a.ByID == x.request.UserID
	}
	return !in && a.good() && strings.EqualFold(a.By, x.request.User)
}
