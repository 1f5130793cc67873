package simulation

import (
	"context"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
)

// What is done around a release: maintenance mode, and copies of databases.

// around draws whether production is released in maintenance mode and staging is a
// rehearsal.
func (s *sim) around(c *bot.Config) {
	if s.once(1) {
		c.Changes = []bot.Class{{Name: "any", Paths: []string{"**"}}}
		c.Stages[len(c.Stages)-1].Maintenance = []string{"any"}
	}
	if s.once(2) && len(c.Stages) > 1 && len(c.Prepare.Apps) > 0 {
		c.Stages[0].Rehearse = &bot.Rehearse{CopyFrom: "us"}
	}
}

// leftNothing is what must hold once everything has settled: no app is left in
// maintenance mode, and none with a copy of what customers have entrusted.
func (s *sim) leftNothing() {
	for _, app := range apps {
		a := s.App(app)
		if a.Maintenance {
			s.fail(7, "%s was left in maintenance mode", app)
		}
		if a.Copy != nil && !s.rehearses(app) {
			s.fail(7, "%s was left with %s, a copy of the database of %s", app, a.Copy.ID, a.Copy.From)
		}
	}
}

// rehearses reports whether a promotion is under way on an app.
func (s *sim) rehearses(app string) bool {
	return slices.ContainsFunc(sorted(s.store.state.Stages), func(stage string) bool {
		p := s.store.state.Stages[stage].InFlight
		if p == nil {
			return false
		}
		_, on := p.Apps[app]
		return on
	})
}

func (p place) Inspect(ctx context.Context, app, source string) (bot.Inspected, error) {
	if source != "" {
		p.touch(source)
	}
	return read(ctx, p, app, "inspecting", func() (bot.Inspected, error) { return p.Platform.Inspect(ctx, app, source) })
}

func (p place) Maintenance(ctx context.Context, app string) (bool, error) {
	return read(ctx, p, app, "looking at the maintenance mode of", func() (bool, error) { return p.Platform.Maintenance(ctx, app) })
}

func (p place) SetMaintenance(ctx context.Context, app string, on bool) error {
	what := "turning maintenance mode off for " + app
	if on {
		what = "turning maintenance mode on for " + app
	}
	return p.change(ctx, app, what, func() error { return p.Platform.SetMaintenance(ctx, app, on) })
}

// change is a request that changes an app and answers nothing.
func (p place) change(ctx context.Context, app, what string, do func() error) error {
	p.touch(app)
	_, err := call(p.in, ask{
		what: what, job: jobOf(ctx), writes: true, late: true, refuse: &bot.Refused{Platform: true, Reason: "the platform does not do that today"},
	}, func() (bool, error) { return true, do() })
	return err
}

func (p place) MakeCopy(ctx context.Context, c platform.Copy) (bot.CopySeen, error) {
	p.touch(c.App)
	p.touch(c.From)
	s := p.in.s
	return call(p.in, ask{
		what: "copying the database of " + c.From + " for " + c.App, job: jobOf(ctx), writes: true, late: true,
		refuse: &bot.Refused{Platform: true, Reason: "the platform does not copy today"},
	}, func() (bot.CopySeen, error) {
		s.CopyTime = among(s, 0, 10*time.Second, 3*time.Minute) + time.Second
		return p.Platform.MakeCopy(ctx, c)
	})
}

func (p place) Copy(ctx context.Context, c platform.Copy) (bot.CopySeen, error) {
	return read(ctx, p, c.App, "looking at the copy for", func() (bot.CopySeen, error) { return p.Platform.Copy(ctx, c) })
}

func (p place) RemoveCopy(ctx context.Context, c platform.Copy) error {
	return p.change(ctx, c.App, "removing the copy from "+c.App, func() error { return p.Platform.RemoveCopy(ctx, c) })
}
