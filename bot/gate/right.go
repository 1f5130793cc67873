package gate

import (
	"fmt"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// Orders lists the orders by which a candidate would enter a stage; none: it enters without an order.
func (v *View) Orders(c *pipeline.Candidate, stage bot.Stage) (list []pipeline.Order) {
	if a := c.Approvals[stage.Name]; a.Good() && v.NeedsApproval(c, stage) {
		list = append(list, a.Order)
	}
	o, ordered := c.Ordered[stage.Name]
	l := v.State.Stage(stage.Name).LockedAt(v.Now)
	if ordered && (c.FromPull || o.Urgent || l != nil && l.Rollback) {
		list = append(list, o)
	}
	return list
}

// rightGates waits while GitHub does not tell whether people still have the right to let a candidate in; none
// otherwise. The question is asked once all other gates are open.
func (v *View) rightGates(c *pipeline.Candidate, stage string) []Gate {
	r, f := c.Rights[stage], v.State.Pending[pipeline.RightsKey(c.SHA, stage)]
	reason, since, until := r.Unread, r.Since, r.AskAt
	if reason == "" {
		reason, since, until = f.Reason, f.Since, f.NotBefore
	}
	if reason == "" {
		return nil
	}
	cfg, _ := v.State.Config.Stage(stage)
	list := v.Orders(c, cfg)
	if len(list) == 0 || !v.Now.After(r.Until) {
		return nil
	}
	g := Gate{Name: Right, State: Waiting, Since: since, Until: until, Who: "GitHub"}
	g.Text = fmt.Sprintf("GitHub does not tell whether @%s may still let it into %s%s", list[0].By, stage, words.Because(reason))
	return []Gate{g}
}
