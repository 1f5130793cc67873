package gate

import (
	"fmt"

	"github.com/headstart-cd/headstart/bot/pipeline"
)

// driftGate is closed where a newer manual release was made.
func (v *View) driftGate(c *pipeline.Candidate, stage string) Gate {
	g := Gate{Name: Drift, State: Open}
	cfg, _ := v.State.Config.Stage(stage)
	for _, app := range cfg.Apps {
		if f := v.State.Stage(stage).Apps[app].Foreign; f != nil && v.State.Newer(f, c, stage) {
			g.State, g.Since = Closed, f.At
			g.Text = fmt.Sprintf("%s was released to %s by hand after this was pushed", f.Name(), app)
			g.Next = "comment /promote " + v.State.Qualified(stage) + ", or push again"
		}
	}
	if r, app, newer := v.State.NewerAdopted(c, stage); newer && g.State == Open {
		g.State, g.Since = Closed, r.At
		g.Text = fmt.Sprintf("%s was released to %s after this was pushed, before Headstart came", r.Name(), app)
		g.Next = "comment /promote " + v.State.Qualified(stage) + ", or push again"
	}
	return g
}

// Drifted names the manual release that has replaced a live candidate; empty: none.
func (v *View) Drifted(c *pipeline.Candidate, stage string) string {
	st := v.State.Stage(stage)
	f, app := st.Foreign()
	if f == nil || st.Live.SHA != c.SHA {
		return ""
	}
	return fmt.Sprintf("%s was released to %s by hand", f.Name(), app)
}
