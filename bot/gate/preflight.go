package gate

import (
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// inspectPatience is how long a promotion waits for the first inspection of an app. A platform that does not answer
// blocks no deploy.
const inspectPatience = 20 * time.Second

// Inspection returns what is known of an app compared with the app that builds for it.
func (v *View) Inspection(app, source string) (pipeline.Inspection, bool) {
	ins, ok := v.State.Inspections[v.State.InspectedAs(app, source)]
	return ins, ok && ins.Source == source
}

// preflightGate is closed where a promotion to an app of the stage is bound to fail. It waits at most inspectPatience
// for the first inspection.
func (v *View) preflightGate(c *pipeline.Candidate, stage string) Gate {
	g := Gate{Name: Preflight, State: Open}
	cfg, _ := v.State.Config.Stage(stage)
	if copied, no := v.copyGate(cfg); no {
		return copied
	}
	for _, app := range cfg.Apps {
		source := v.State.Config.SourceOf(app, c.FromPull)
		ins, known := v.Inspection(app, source)
		if known && ins.Problem != "" {
			return Gate{Name: g.Name, State: Closed, Since: ins.ProblemAt, Text: ins.Problem, Next: "ask the owner of " + app}
		}
		f := v.State.Pending[pipeline.InspectKey(bot.Inspect{App: app, Source: source})]
		if known || f.Attempt == 0 || f.Attempt > pipeline.InspectAttempts || f.Attempt == pipeline.InspectAttempts && !f.Underway {
			continue // never requested: no candidate is to enter its stage
		}
		if until := f.Since.Add(inspectPatience); !v.Due(until) {
			g.State, g.Since, g.Until, g.Who = Waiting, f.Since, until, "the platform"
			g.Text = "looking whether " + app + " can take it"
		}
	}
	return g
}
