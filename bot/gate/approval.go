package gate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// NeedsApproval reports whether a candidate needs an approval to enter a stage, as far as is known.
func (v *View) NeedsApproval(c *pipeline.Candidate, stage bot.Stage) bool {
	return stage.Approval || len(v.classesNeedingApproval(c, stage)) > 0
}

// ApprovalGate waits for an approval; none where the stage never requires one.
func (v *View) ApprovalGate(c *pipeline.Candidate, stage bot.Stage) []Gate {
	if !stage.Approval && !slices.ContainsFunc(stage.Hold, func(h bot.Hold) bool { return h.Window == "" }) {
		return nil
	}
	g := Gate{Name: Approval, State: Open}
	a := c.Approvals[stage.Name]
	switch {
	case !v.NeedsApproval(c, stage):
		g.Text = "no class of change that it has needs one"
	case a.Good():
		g.Since, g.Text = a.At, cmp.Or(pipeline.AloneOf(c, stage.Name), "approved by @"+a.By)
		if stage.FourEyes && a.Alone == "" && v.State.MakersOf(c, stage.Name).Unread {
			g.State, g.Who = Waiting, "GitHub"
			g.Text += "; reading who made what would go live"
		}
	default:
		g.State, g.Since = Waiting, v.arrivedAt(c, stage.Name)
		g.Text = fmt.Sprintf("waiting for /approve %s by %s", v.State.Qualified(stage.Name), Approvers(stage))
		if a.Lapsed != "" {
			g.Since, g.lapsed = a.LapsedAt, true
			g.Text = fmt.Sprintf("the approval by @%s lapsed: %s; %s", a.By, a.Lapsed, g.Text)
		} else if held := v.classesNeedingApproval(c, stage); !stage.Approval {
			g.Text += ": " + v.changesText(c, stage.Name, held)
		}
	}
	return []Gate{g}
}

// Approvers names the people who may approve at a stage.
func Approvers(stage bot.Stage) string {
	allow := stage.Allow
	if len(allow) == 0 {
		allow = []string{string(bot.RoleWrite)}
	}
	who := make([]string, len(allow))
	for i, entry := range allow {
		if who[i] = entry; bot.RoleRank[bot.Role(entry)] > 0 {
			who[i] = "anyone with " + entry
		}
	}
	text := strings.Join(who, " or ")
	if stage.FourEyes {
		text += " who made none of it"
	}
	return text
}

// arrivedAt returns when a candidate passed the stage before, since when only gates keep it from this one.
func (v *View) arrivedAt(c *pipeline.Candidate, stage string) time.Time {
	if i := v.StageIndex(stage); i > 0 {
		return c.Progress[v.State.Config.Stages[i-1].Name].EndedAt
	}
	return c.SeenAt
}

// phaseOfApproval is Gate.Phase of an approval: a lapse is a phase of its own.
func (g Gate) phaseOfApproval() bot.Phase {
	if g.lapsed {
		return bot.Phase(string(g.Name) + ": " + g.Text)
	}
	return bot.Phase(g.Name)
}

// ReadingFiles reports whether a candidate's classes of change, compared with a stage's live commit, are still being
// read.
func (v *View) ReadingFiles(c *pipeline.Candidate, stage bot.Stage) bool {
	gates := v.changesGate(c, stage)
	return len(gates) > 0 && gates[0].State == Waiting
}
