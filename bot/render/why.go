package render

import (
	"time"

	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/bot/words"
)

// Why is what /why says of a candidate at one stage, in plain text.
type Why struct {
	Entered string    // how far it is there; empty: it has not entered
	Since   time.Time // when it entered
	Shut    []gate.Gate
	Open    []string // the gates that are open
}

// WhyAt explains a candidate at one stage.
func WhyAt(v *gate.View, c *pipeline.Candidate, stage string) (why Why) {
	if p, in := c.Progress[stage]; in {
		return Why{Entered: progressText(v, stage, p) + words.After("; ", urgencyOrAlone(c, stage)), Since: p.StartedAt}
	}
	for _, g := range append(v.Gates(c, stage), v.FreshGate(c, stage)...) {
		if g.State == gate.Open {
			why.Open = append(why.Open, g.Asked())
			continue
		}
		why.Shut = append(why.Shut, g)
	}
	return why
}
