package bottest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
)

// App is an app with everything that ever happened to it, oldest first.
type App struct {
	Name     string
	Builds   []*bot.Build
	Releases []*bot.Release

	Maintenance bool // its maintenance mode is on

	Copy      *Copy         // of another app's database; nil: it has none
	Inspected bot.Inspected // what a look before a promotion finds, but for App
}

// late is something that comes true at a later time: the end of a build or of a
// release, or an effect whose answer was lost long before.
type late struct {
	at time.Time
	do func()
}

// lateness is how long after its answer was lost a FaultLate comes true.
const lateness = 20 * time.Second

// Pass moves the clock to t, which must not lie before Now, and makes true what
// happens until then.
func (w *World) Pass(t time.Time) {
	for {
		next, ok := w.next()
		if !ok || w.late[next].at.After(t) {
			w.Now = t
			return
		}
		l := w.late[next]
		w.late = slices.Delete(w.late, next, next+1)
		w.Now = l.at
		l.do()
	}
}

// Next is when something comes true by itself; zero if nothing does.
func (w *World) Next() time.Time {
	if i, ok := w.next(); ok {
		return w.late[i].at
	}
	return time.Time{}
}

func (w *World) next() (int, bool) {
	best := -1
	for i, l := range w.late {
		if best < 0 || l.at.Before(w.late[best].at) {
			best = i
		}
	}
	return best, best >= 0
}

// After makes something true once d has passed.
func (w *World) After(d time.Duration, do func()) {
	w.late = append(w.late, late{w.Now.Add(d), do})
}

// App returns an app, which exists from then on.
func (w *World) App(name string) *App {
	if w.Apps[name] == nil {
		w.Apps[name] = &App{Name: name}
	}
	return w.Apps[name]
}

// Current is what the app runs; nil: nothing.
func (a *App) Current() *bot.Release {
	for _, r := range slices.Backward(a.Releases) {
		if r.Current {
			return r
		}
	}
	return nil
}

// Pending is the build under way; nil: none.
func (a *App) Pending() *bot.Build {
	for _, b := range slices.Backward(a.Builds) {
		if b.Status == bot.BuildPending {
			return b
		}
	}
	return nil
}

// EndBuild ends a pending build. One that succeeded makes a release on its app,
// whose release phase begins.
func (w *World) EndBuild(b *bot.Build, status bot.BuildStatus, reason string) {
	if b.Status != bot.BuildPending {
		return
	}
	b.Status, b.Reason, b.FinishedAt = status, reason, w.Now
	defer w.moved(b.App)
	if status == bot.BuildSucceeded {
		w.artifacts++
		b.Artifact = fmt.Sprintf("slug%d-%s", w.artifacts, b.Commit)
		b.Release = w.Release(b.App, b.Artifact, b.Commit).ID
	}
}

// Release begins a release on an app, by whoever.
func (w *World) Release(app, artifact, commit string) *bot.Release {
	a := w.App(app)
	v := len(a.Releases) + 1
	r := &bot.Release{
		ID: fmt.Sprintf("%s/v%d", app, v), App: app, Version: v, Artifact: artifact, Commit: commit,
		Status: bot.ReleasePending, CreatedAt: w.Now,
	}
	a.Releases = append(a.Releases, r)
	w.moved(app)
	if w.ReleaseTime > 0 {
		w.After(w.ReleaseTime, func() {
			if w.breaks(commit, false) {
				w.EndRelease(r, bot.ReleaseFailed, "the release phase failed")
			} else {
				w.EndRelease(r, bot.ReleaseSucceeded, "")
			}
		})
	}
	return r
}

// EndRelease ends a pending release. One that succeeded is what its app runs,
// unless a newer one is already.
func (w *World) EndRelease(r *bot.Release, status bot.ReleaseStatus, reason string) {
	if r.Status != bot.ReleasePending {
		return
	}
	r.Status, r.Reason = status, reason
	defer w.moved(r.App)
	if status != bot.ReleaseSucceeded {
		return
	}
	if c := w.App(r.App).Current(); c != nil {
		if c.Version > r.Version {
			return
		}
		c.Current = false
	}
	r.Current = true
}

func (w *World) moved(app string) {
	if w.Moved != nil {
		w.Moved(app)
	}
}

func (w *World) breaks(sha string, build bool) bool {
	if w.Breaks == nil {
		return false
	}
	b, r := w.Breaks(sha)
	return build && b || !build && r
}

func (w *World) onPlatform(target bot.Target, e bot.Effect, makeLate bool) (bot.Fact, error) {
	return w.performer(makeLate).Perform(context.Background(), target, e)
}

// apps is the world as a platform. With late, what is begun comes true only
// later, and the answer is lost.
type apps struct {
	w    *World
	late bool
}

// Platform is the world as a platform, for whoever brings a performer of its own.
func (w *World) Platform() platform.Platform { return &apps{w: w} }

// Tarball tells where a commit's source would be.
func (p *apps) Tarball(_ context.Context, _ bot.Target, sha string) (string, error) {
	p.w.Requests["Tarball"]++
	return "https://source.example/" + sha + ".tar.gz", nil
}

func (p *apps) App(_ context.Context, app string) (bot.App, error) {
	return bot.App{Name: app, URL: "https://" + app + ".example"}, nil
}

func (p *apps) StartBuild(_ context.Context, app string, src bot.Source) (bot.Build, error) {
	begin := func() *bot.Build {
		a := p.w.App(app)
		b := &bot.Build{
			ID: fmt.Sprintf("%s/b%d", app, len(a.Builds)+1), App: app, Commit: src.Commit, Command: src.Command, Status: bot.BuildPending,
			OutputURL: "https://output.example/" + app, CreatedAt: p.w.Now,
		}
		a.Builds = append(a.Builds, b)
		if p.w.BuildTime > 0 {
			p.w.After(p.w.BuildTime, func() {
				if p.w.breaks(src.Commit, true) {
					p.w.EndBuild(b, bot.BuildFailed, "it does not compile")
				} else {
					p.w.EndBuild(b, bot.BuildSucceeded, "")
				}
			})
		}
		return b
	}
	if p.late {
		p.w.After(lateness, func() { begin() })
		return bot.Build{}, &bot.Unknown{Reason: "the answer was lost"}
	}
	return *begin(), nil
}

func (p *apps) Builds(_ context.Context, app string) ([]bot.Build, error) {
	var list []bot.Build
	for _, b := range slices.Backward(p.w.App(app).Builds) {
		list = append(list, *b)
	}
	return list, nil
}

func (p *apps) Build(_ context.Context, app, id string) (bot.Build, error) {
	for _, b := range p.w.App(app).Builds {
		if b.ID == id {
			return *b, nil
		}
	}
	return bot.Build{}, &bot.Refused{Reason: "no such build", Err: bot.ErrNotFound}
}

func (p *apps) CancelBuild(_ context.Context, app, id string) error {
	for _, b := range p.w.App(app).Builds {
		if b.ID == id {
			p.w.EndBuild(b, bot.BuildCancelled, "")
		}
	}
	return nil
}

func (p *apps) Releases(_ context.Context, app string) ([]bot.Release, error) {
	var list []bot.Release
	for _, r := range slices.Backward(p.w.App(app).Releases) {
		list = append(list, *r)
	}
	return list, nil
}

func (p *apps) Release(_ context.Context, app, id string) (bot.Release, error) {
	for _, r := range p.w.App(app).Releases {
		if r.ID == id {
			return *r, nil
		}
	}
	return bot.Release{}, &bot.Refused{Reason: "no such release", Err: bot.ErrNotFound}
}

// Rollback releases what a release of the app ran. The world's apps have no
// config vars.
func (p *apps) Rollback(ctx context.Context, app, release string) (bot.Release, error) {
	to, err := p.Release(ctx, app, release)
	switch {
	case err != nil:
		return bot.Release{}, err
	case to.Status == bot.ReleaseExpired:
		return bot.Release{}, &bot.Refused{Reason: "what the release ran is gone", Err: bot.ErrNotFound}
	}
	return p.Promote(ctx, platform.Promotion{Artifact: to.Artifact, Commit: to.Commit, From: app, To: app})
}

func (p *apps) Inspect(ctx context.Context, app, _ string) (bot.Inspected, error) {
	found := p.w.App(app).Inspected
	found.App, _ = p.App(ctx, app)
	return found, nil
}

func (p *apps) Maintenance(_ context.Context, app string) (bool, error) {
	return p.w.App(app).Maintenance, nil
}

func (p *apps) SetMaintenance(_ context.Context, app string, on bool) error {
	if p.late {
		p.w.After(lateness, func() { p.w.App(app).Maintenance = on })
		return &bot.Unknown{Reason: "the answer was lost"}
	}
	p.w.App(app).Maintenance = on
	return nil
}

func (p *apps) Promote(_ context.Context, promotion platform.Promotion) (bot.Release, error) {
	if p.w.Gone[promotion.Artifact] {
		return bot.Release{}, &bot.Refused{Reason: "its artifact was destroyed", Err: bot.ErrNotFound}
	}
	// As on a platform that takes an artifact only from an app that has it.
	if from := p.w.App(promotion.From); !slices.ContainsFunc(from.Releases, func(r *bot.Release) bool { return r.Artifact == promotion.Artifact }) {
		return bot.Release{}, &bot.Refused{Platform: true, Reason: promotion.From + " has no " + promotion.Artifact}
	}
	if p.late {
		p.w.After(lateness, func() { p.w.Release(promotion.To, promotion.Artifact, promotion.Commit) })
		return bot.Release{}, &bot.Unknown{Reason: "the answer was lost"}
	}
	return *p.w.Release(promotion.To, promotion.Artifact, promotion.Commit), nil
}
