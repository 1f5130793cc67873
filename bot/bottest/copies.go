package bottest

import (
	"context"
	"fmt"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
)

// Copy is a copy of a database that an app has.
type Copy struct {
	ID, Name, From string
	Ready          bool
	Failed         string // why it cannot be made; empty if it can
}

// EndCopy makes an app's copy ready, or fails it for a reason.
func (w *World) EndCopy(app, failed string) {
	if c := w.App(app).Copy; c != nil {
		c.Ready, c.Failed = failed == "", failed
	}
}

// attached makes the release that a platform makes when an app's databases
// change: of what it runs.
func (w *World) attached(app string) {
	a := w.App(app)
	r := &bot.Release{ID: fmt.Sprintf("%s/v%d", app, len(a.Releases)+1), App: app, Version: len(a.Releases) + 1, Status: bot.ReleaseSucceeded, CreatedAt: w.Now}
	if c := a.Current(); c != nil {
		c.Current, r.Current, r.Artifact, r.Commit = false, true, c.Artifact, c.Commit
	}
	a.Releases = append(a.Releases, r)
	w.moved(app)
}

func (p *apps) MakeCopy(_ context.Context, c platform.Copy) (bot.CopySeen, error) {
	a := p.w.App(c.App)
	if a.Copy != nil && a.Copy.Name != c.Name {
		return bot.CopySeen{}, &bot.Refused{Reason: c.App + " has a database of its own"}
	}
	begin := func() {
		if a.Copy != nil {
			return
		}
		p.w.copies++
		made := &Copy{ID: fmt.Sprintf("copy%d", p.w.copies), Name: c.Name, From: c.From}
		a.Copy = made
		p.w.attached(c.App)
		if p.w.CopyTime > 0 {
			p.w.After(p.w.CopyTime, func() { made.Ready = made.Failed == "" })
		}
	}
	if p.late {
		p.w.After(lateness, begin)
		return bot.CopySeen{}, &bot.Unknown{Reason: "the answer was lost"}
	}
	begin()
	return bot.CopySeen{ID: a.Copy.ID, Ready: a.Copy.Ready}, nil
}

func (p *apps) Copy(_ context.Context, c platform.Copy) (bot.CopySeen, error) {
	made := p.w.App(c.App).Copy
	switch {
	case made == nil || made.Name != c.Name:
		return bot.CopySeen{}, &bot.Refused{Reason: "the copy is gone", Err: bot.ErrNotFound}
	case made.Failed != "":
		return bot.CopySeen{}, &bot.Refused{Reason: made.Failed}
	}
	return bot.CopySeen{ID: made.ID, Ready: made.Ready}, nil
}

func (p *apps) RemoveCopy(_ context.Context, c platform.Copy) error {
	if a := p.w.App(c.App); a.Copy != nil && a.Copy.Name == c.Name {
		a.Copy = nil
		p.w.attached(c.App)
	}
	return nil
}
