package bot

// What is urgent passes windows, freezes and soak, because somebody who may says
// so and why. It never passes checks, locks or an approval.

// urgent reports whether somebody asked urgently for a candidate at a stage.
func (d *view) urgent(c *Candidate, stage string) bool { return c.Ordered[stage].Urgent }

// ordered reports whether somebody asked for a candidate at a stage.
func (c *Candidate) ordered(stage string) bool {
	_, ordered := c.Ordered[stage]
	return ordered
}

// urgency says who found it urgent, and why.
func (o Order) urgency() string { return "urgent, by @" + o.By + because(o.Reason) }

// urgentOrder is the order that a promotion is about to begin on, if it is urgent:
// it is remembered with the passage when the order itself is over.
func (c *Candidate) urgentOrder(stage string) *Order {
	if o := c.Ordered[stage]; o.Urgent {
		return &o
	}
	return nil
}

// urgencyOrAlone says who found a candidate's way into a stage urgent, or approved it alone,
// and why, also after it got there; empty: nobody.
func urgencyOrAlone(c *Candidate, stage string) string {
	urgent, alone := urgencyText(c, stage), aloneOf(c, stage)
	if urgent == "" {
		return alone
	}
	return urgent + after("; ", alone)
}

// urgencyText is urgencyOrAlone without who approved it alone.
func urgencyText(c *Candidate, stage string) string {
	if o := c.Progress[stage].Urgent; o != nil {
		return o.urgency()
	}
	if _, in := c.Progress[stage]; in {
		return ""
	}
	if o := c.urgentOrder(stage); o != nil {
		return o.urgency()
	}
	return ""
}

// stageStatus is what headstart/STAGE says of a candidate, with whoever found it
// urgent; nil before the stage is any of its concern.
func (d *view) stageStatus(c *Candidate, stage string) *notice {
	w := d.stageProgress(c, stage)
	if why := urgencyOrAlone(c, stage); w != nil && why != "" {
		w.Text = cut(w.Text+"; "+why, maxStatusText)
	}
	return w
}

// withUrgency is a commit's title, after who found it urgent and why.
func withUrgency(c *Candidate, stage string) string {
	if why := urgencyOrAlone(c, stage); why != "" {
		return capital(why) + " – " + c.Title
	}
	return c.Title
}

// urgentText is who found the commit urgent that is in a stage, for a table;
// empty: nobody.
func (d *view) urgentText(sha, stage string) string {
	if c := d.s.candidate(sha); c != nil {
		return text(after("; ", urgencyOrAlone(c, stage)))
	}
	return ""
}

// mayNotHurry says what somebody lacks who may not pass windows, freezes and soak;
// empty if they may.
func (x execution) mayNotHurry() string {
	if who := x.request.Actor.Role; x.command.Urgent && rank[who] < rank[RoleMaintain] {
		return "--urgent takes maintain or admin, and @" + x.request.User + " has the role " + string(who)
	}
	return ""
}
