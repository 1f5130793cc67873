package platform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
)

// Source provides the tarball of a commit.
type Source interface {
	// Tarball returns a URL that works for minutes, without further credentials.
	Tarball(ctx context.Context, target bot.Target, sha string) (string, error)
}

// Performer performs the effects on apps. Every effect looks before it acts: an existing build or release is the
// answer, and is not repeated.
type Performer struct {
	Platforms map[string]Platform // by the name that a pipeline's file uses
	Allow     Allow
	Source    Source
	Keeper    Keeper      // nil: no output is kept
	Log       *zap.Logger // nil: none
}

// Perform performs one effect on an app and returns what was learned. If that is a failed build or release, its output is
// kept before.
func (p *Performer) Perform(ctx context.Context, target bot.Target, e bot.Effect) (bot.Fact, error) {
	traits := bot.TraitsOf(e.Do)
	name := cmp.Or(traits.Platform, target.Platform)
	on, ok := p.Platforms[name]
	if !ok {
		missing := fmt.Sprintf("this server has no platform %q: its operator has to give it the credentials", name)
		if name == bot.PlatformLocal {
			missing = "the embedded platform of this server is off: its operator can turn it on with HEADSTART_LOCAL=true"
		}
		return nil, &bot.Refused{Platform: true, Reason: missing}
	}
	if err := p.Allow.Check(target.Pipeline.Repo, traits.Apps...); err != nil {
		return nil, err
	}
	learned, err := p.perform(ctx, on, target, e)
	if err == nil {
		p.keep(ctx, on, target, e, learned)
	}
	return learned, err
}

func (p *Performer) perform(ctx context.Context, on Platform, target bot.Target, e bot.Effect) (bot.Fact, error) {
	switch do := e.Do.(type) {
	case bot.StartBuild:
		return p.startBuild(ctx, on, target, e, do)
	case bot.WatchBuild:
		b, err := on.Build(ctx, do.App, do.ID)
		return fact(bot.BuildSeen{Build: b}, err)
	case bot.CancelBuild:
		if err := on.CancelBuild(ctx, do.App, do.ID); err != nil {
			return nil, err
		}
		b, err := on.Build(ctx, do.App, do.ID)
		return fact(bot.BuildSeen{Build: b}, err)
	case bot.Promote:
		return p.promote(ctx, on, e, do)
	case bot.WatchRelease:
		r, err := on.Release(ctx, do.App, do.ID)
		return fact(bot.ReleaseSeen{Release: r}, err)
	case bot.Inspect:
		found, err := on.Inspect(ctx, do.App, do.Source)
		return fact(found, err)
	case bot.MakeCopy, bot.WatchCopy, bot.RemoveCopy:
		return performCopy(ctx, on, target, do)
	case bot.SetMaintenance:
		return setMaintenance(ctx, on, do)
	case bot.LookAtApp:
		return look(ctx, on, e, do)
	}
	return nil, &bot.Refused{Reason: fmt.Sprintf("no platform performs %s", bot.NameOf(e.Do))}
}

func (p *Performer) startBuild(ctx context.Context, on Platform, target bot.Target, e bot.Effect, do bot.StartBuild) (bot.Fact, error) {
	builds, err := on.Builds(ctx, do.App)
	if err != nil {
		return nil, err
	}
	for _, b := range builds {
		if b.Commit != do.SHA || b.Command != do.Command || isGone(do, b) {
			continue
		}
		// A build that failed before the request is no answer. A build begun since the first attempt is that attempt's.
		ours := e.Unsure && b.CreatedAt.After(e.Since.Add(-bot.PlatformDoubt))
		if ours || b.Status == bot.BuildPending || b.Status == bot.BuildSucceeded && b.Artifact != "" && do.Stage == "" {
			return bot.BuildSeen{Build: b, Adopted: !ours}, nil
		}
	}
	if do.Look {
		return fact(bot.BuildSeen{}, mayStillLand(e, "the build"))
	}
	for _, b := range builds {
		if b.Status == bot.BuildPending {
			return nil, &bot.Retryable{Reason: fmt.Sprintf("%s is busy with a build of %s", do.App, nameOr(bot.Short(b.Commit), "another source"))}
		}
	}
	if do.Stage != "" {
		releases, err := on.Releases(ctx, do.App)
		if err != nil {
			return nil, err
		}
		if newest, _ := summary(releases); newest != do.Base {
			return seen(bot.App{}, releases), nil
		}
	}
	if err := mayStillLand(e, "the build"); err != nil {
		return nil, err
	}
	url, err := p.Source.Tarball(ctx, target, do.SHA)
	if err != nil {
		return nil, err
	}
	b, err := on.StartBuild(ctx, do.App, bot.Source{Commit: do.SHA, URL: url, Command: do.Command})
	return fact(bot.BuildSeen{Build: b}, err)
}

// isGone reports whether a build is from before its artifact was found to be gone. A later build may have the same
// artifact, if the artifact is named by its contents.
func isGone(do bot.StartBuild, b bot.Build) bool {
	return slices.Contains(do.Gone, b.Artifact) && !b.CreatedAt.After(do.GoneAt)
}

// promote releases an artifact on an app, or rolls the app back to one of its releases. It does so only if the app's
// newest release is still the one of the decision. It is refused as not found only where the artifact or the release is
// gone: then another one may be tried.
func (p *Performer) promote(ctx context.Context, on Platform, e bot.Effect, do bot.Promote) (bot.Fact, error) {
	releases, err := on.Releases(ctx, do.App)
	if err != nil {
		return nil, appMissing(err)
	}
	if found, err := made(ctx, on, e, do, releases); found != nil || err != nil {
		return found, err
	}
	newest, _ := summary(releases)
	if newest != do.Base {
		app, err := on.App(ctx, do.App)
		return fact(seen(app, releases), err)
	}
	if err := mayStillLand(e, "the release"); err != nil {
		return nil, err
	}
	if do.Restore != "" {
		r, err := on.Rollback(ctx, do.App, do.Restore)
		return fact(bot.ReleaseSeen{Release: r}, err)
	}
	r, err := on.Promote(ctx, Promotion{
		Artifact: do.Artifact, Commit: do.SHA, From: do.From, To: do.App,
		Description: fmt.Sprintf("Headstart: %s to %s", bot.Short(do.SHA), do.Stage),
	})
	return fact(bot.ReleaseSeen{Release: r}, err)
}

// look reads what an app runs, and whether a sought release exists.
func look(ctx context.Context, on Platform, e bot.Effect, do bot.LookAtApp) (bot.Fact, error) {
	releases, err := on.Releases(ctx, do.App)
	if do.Seeks == nil {
		return fact(seen(bot.App{}, releases), err)
	}
	if err != nil {
		return nil, appMissing(err)
	}
	if found, err := made(ctx, on, e, *do.Seeks, releases); found != nil || err != nil {
		return found, err
	}
	app, err := on.App(ctx, do.App)
	return fact(seen(app, releases), err)
}

// made returns the requested release if it exists already: an earlier attempt made it, or the app runs the artifact
// anyway. Nil: it does not exist.
func made(ctx context.Context, on Platform, e bot.Effect, do bot.Promote, releases []bot.Release) (bot.Fact, error) {
	newest, _ := summary(releases)
	for _, r := range releases {
		if r.ID == do.Restore && r.Artifact != do.Artifact {
			return nil, &bot.Refused{Reason: fmt.Sprintf("release v%d of %s does not run what was to be brought back", r.Version, do.App)}
		}
		if r.Artifact != do.Artifact {
			continue
		}
		since := do.Base >= 0 && r.Version > do.Base         // made after the decision: by an attempt whose answer was lost
		young := e.At.Sub(r.CreatedAt) < bot.ReleaseDeadline // otherwise it was given up, and is no answer
		settled := r.Version == newest && r.Status == bot.ReleasePending && young || runs(releases, r)
		if do.Restore != "" {
			// The same artifact may run with other config vars: only a release of ours counts.
			since, settled = since && e.Unsure, false
		}
		if since || settled {
			app, err := on.App(ctx, do.App)
			return fact(bot.ReleaseSeen{Release: r, App: app}, err)
		}
	}
	return nil, nil
}

// seen returns what an app runs, by its releases.
func seen(app bot.App, releases []bot.Release) bot.AppSeen {
	f := bot.AppSeen{App: app}
	f.Newest, f.Current = summary(releases)
	for _, r := range releases {
		if r.Current {
			f.Runs = bot.PastRelease{ID: r.ID, Version: r.Version}
		}
	}
	return f
}

// runs reports whether an app runs the release r, and no newer one is about to replace it: any newer ones have failed.
func runs(releases []bot.Release, r bot.Release) bool {
	return r.Current && r.Status == bot.ReleaseSucceeded && !slices.ContainsFunc(releases, func(o bot.Release) bool {
		return o.Version > r.Version && (o.Status == bot.ReleasePending || o.Status == bot.ReleaseSucceeded)
	})
}

// summary returns the version of the newest release, and the release that brought the running artifact. Later releases,
// if any, only changed the configuration.
func summary(releases []bot.Release) (newest int, brought bot.Release) {
	for _, r := range releases {
		newest = max(newest, r.Version)
		if r.Current {
			brought = r
		}
	}
	if brought.Artifact == "" {
		return newest, brought
	}
	older := slices.DeleteFunc(slices.Clone(releases), func(r bot.Release) bool {
		return r.Version >= brought.Version || r.Status != bot.ReleaseSucceeded
	})
	slices.SortFunc(older, func(a, b bot.Release) int { return cmp.Compare(b.Version, a.Version) })
	for _, r := range older {
		if r.Artifact != brought.Artifact {
			break
		}
		r.Commit = cmp.Or(r.Commit, brought.Commit)
		brought = r
	}
	return newest, brought
}

// appMissing removes ErrNotFound from the refusal of an app that does not exist: ErrNotFound marks a missing artifact.
func appMissing(err error) error {
	var refused *bot.Refused
	if !errors.As(err, &refused) {
		return err
	}
	return &bot.Refused{Reason: refused.Reason, Platform: refused.Platform}
}

// mayStillLand keeps an effect whose answer was lost from being repeated while the lost request may still take effect.
func mayStillLand(e bot.Effect, what string) error {
	if e.Unsure && e.At.Sub(e.LostAt) < bot.PlatformDoubt {
		return &bot.Retryable{Reason: "the answer was lost; looking whether " + what + " was begun"}
	}
	return nil
}

// fact returns f, or nothing if there was an error.
func fact(f bot.Fact, err error) (bot.Fact, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}

func nameOr(name, other string) string {
	if name == "" {
		return other
	}
	return name
}
