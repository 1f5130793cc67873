package decide

import (
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/gate"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

const (
	// inspectAgain is how long an inspection of an app is valid.
	inspectAgain = 24 * time.Hour
	// inspectSoon is how long it is valid where it keeps a candidate waiting, or where a promotion has failed since.
	inspectSoon = 10 * time.Minute
	// inspectResting is how long it is valid at rest, so that the daily inspection keeps nobody waiting. inspectWhile
	// is for how long after its last commit a pipeline is inspected at rest.
	inspectResting = 20 * time.Hour
	inspectWhile   = 7 * 24 * time.Hour
)

// inspect inspects the apps of every stage: while a candidate is on its way, and at rest before the last inspection
// expires.
func (d *decision) inspect() {
	busy := slices.ContainsFunc(d.State.All(), func(c *pipeline.Candidate) bool { return !d.Settled(c) && d.BuildGate(c).State != gate.Closed })
	if !busy && !d.used() {
		return
	}
	for _, stage := range d.State.Config.Stages {
		for _, do := range d.inspections(stage) {
			app := do.App
			switch ins, known := d.Inspection(app, do.Source); {
			case !busy:
				if known && d.Due(ins.At.Add(inspectResting)) {
					d.wantIdle(pipeline.InspectKey(do), do)
				}
			case !known:
				d.want(pipeline.InspectKey(do), do)
			case d.Due(d.inspectAt(stage.Name, ins)):
				d.wantIdle(pipeline.InspectKey(do), do)
			}
		}
	}
}

// inspections lists the inspections of a stage's apps. Each app is compared with the app that builds for it. Where the
// stage takes pull requests, it is also compared with their prepare app.
func (d *decision) inspections(stage bot.Stage) (list []bot.Inspect) {
	for _, app := range stage.Apps {
		list = append(list, bot.Inspect{Stage: stage.Name, App: app, Source: d.State.Config.SourceOf(app, false)})
		if stage.PullRequests && d.State.Config.Prepare.Apart() {
			list = append(list, bot.Inspect{Stage: stage.Name, App: app, Source: d.State.Config.SourceOf(app, true)})
		}
	}
	return list
}

// used reports whether the pipeline got a commit within inspectWhile.
func (d *decision) used() bool {
	return slices.ContainsFunc(d.State.All(), func(c *pipeline.Candidate) bool { return d.Now.Sub(c.SeenAt) < inspectWhile })
}

// inspectAt returns when an app is to be inspected again.
func (d *decision) inspectAt(stage string, ins pipeline.Inspection) time.Time {
	soon := ins.At.Add(inspectSoon)
	if ins.Problem != "" {
		return soon
	}
	for _, c := range d.State.All() {
		if p := c.Progress[stage]; p.State == pipeline.ProgressFailed && p.EndedAt.After(ins.At) {
			return bot.Later(soon, p.EndedAt)
		}
	}
	return ins.At.Add(inspectAgain)
}
