// Package platformtest holds the one suite that every platform passes, so that
// the bot can rely on the same promises wherever an app runs.
//
// A platform's own test calls [Run] with a function that makes a [Harness]:
// a fresh platform with three apps, and the levers that a test needs to make
// builds and releases fail, wait or lose their answer. The suite asks nothing
// about how a platform works inside. What platforms may legitimately do
// differently is a field of Harness.
package platformtest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
)

// Harness is one fresh platform under test. All functions are required unless
// their comment says otherwise, and report their own trouble through the
// testing.TB that the harness was made with.
type Harness struct {
	Platform platform.Platform

	// Prepare is where the suite builds; Staging and Production receive. All
	// three may be used from the start, were never deployed to, and may take
	// artifacts from one another (on Heroku: one pipeline, one token).
	Prepare, Staging, Production string

	// Source makes a commit available and returns what StartBuild is to be
	// asked with. Two commits give different artifacts, and an app that runs
	// one of them can tell which (see Runs).
	Source func(commit string) bot.Source

	// Until lets time pass until the condition holds: it polls, or advances a
	// stand-in's clock in steps. It fails the test when the condition does not
	// come true in a time that is ample for the platform.
	Until func(what string, condition func() bool)

	// FailNextBuild makes the next build of the app end with the status:
	// BuildFailed as if the code did not build, or BuildErrored as if the
	// platform could not build it.
	FailNextBuild func(app string, status bot.BuildStatus)
	// HoldNextBuild keeps the next build of the app pending until letGo is
	// called, or until it is cancelled. Where nothing moves unless Until
	// advances a clock, there may be nothing to do.
	HoldNextBuild func(app string) (letGo func())

	// FailNextRelease makes the next release phase on the app fail.
	FailNextRelease func(app string)
	// HoldNextRelease keeps the next release of the app pending until letGo is
	// called. As with HoldNextBuild, there may be nothing to do.
	HoldNextRelease func(app string) (letGo func())

	// LoseNextAnswer makes the next call that changes something take its
	// effect while its answer is lost on the way, so that the caller gets
	// bot.Unknown. Nil where no answer can be lost, because the platform is
	// called in the same process; the suite then forgets the answer itself.
	LoseNextAnswer func()

	// SetConfig changes a config var of the app, as its owner does, and Config
	// tells what it is; empty if it is not set. Both are nil where a platform has
	// no config vars.
	SetConfig func(app, name, value string)
	Config    func(app, name string) string
	// Expire removes what a release of the app ran, as the platform does by
	// itself with what is old.
	Expire func(app string, r bot.Release)

	// Runs tells the commit that the app really runs, asked from the app or
	// from the stand-in's own books and not through Platform; empty if it runs
	// nothing.
	Runs func(app string) string

	// Closed reports whether whoever asks the app gets a maintenance page in its
	// place, asked as Runs is.
	Closed func(app string) bool

	// GiveDatabase gives an app a database that can be copied. CopyCommand is what
	// MakeCopy is to be asked with. HasCopy reports whether an app has a copy of
	// another app's database now, and HasDatabase whether the original is there, by
	// the stand-in's own books or by the files.
	GiveDatabase         func(app string)
	CopyCommand          string
	HasCopy, HasDatabase func(app string) bool
	// FailNextCopy makes the next copy fail after it was begun.
	FailNextCopy func()
	// HoldNextCopy keeps the next copy unready until letGo is called. As with
	// HoldNextBuild, there may be nothing to do.
	HoldNextCopy func() (letGo func())

	// UnknownApp names an app that does not exist, or whose name cannot exist.
	UnknownApp string
	// BuildReleases says that a build that succeeded makes a release on its own
	// app, as on Heroku.
	BuildReleases bool
}

// Run holds a platform against the suite. Each case gets a harness of its own.
func Run(t *testing.T, newHarness func(t *testing.T) Harness) {
	for _, c := range []struct {
		name string
		test func(*suite)
	}{
		{"an app says where it is", (*suite).appSaysWhereItIs},
		{"an app that was never deployed to has no artifact", (*suite).neverDeployed},
		{"a build leaves an artifact that two apps take", (*suite).buildToProduction},
		{"a build releases by itself only where it says so", (*suite).buildReleases},
		{"a build that succeeded counts although its own release failed", (*suite).buildWithFailedRelease},
		{"builds are listed newest first", (*suite).buildsNewestFirst},
		{"code that does not build is failed", (*suite).buildFails},
		{"a platform that cannot build is errored", (*suite).buildErrors},
		{"an app builds one commit at a time", (*suite).oneBuildAtATime},
		{"of many builds asked for at once one starts", (*suite).concurrentBuilds},
		{"a pending build is cancelled", (*suite).cancelPending},
		{"cancelling a build that ended changes nothing", (*suite).cancelEnded},
		{"a build whose answer was lost is found", (*suite).lostBuild},
		{"releases are numbered and newest first", (*suite).releasesNumbered},
		{"a pending release leaves the old one current", (*suite).pendingRelease},
		{"a failed release leaves the old one current", (*suite).failedRelease},
		{"what failed tells why in its output", (*suite).outputOfFailures},
		{"an app works again after a failed release", (*suite).releaseAfterFailure},
		{"exactly the named artifact is promoted", (*suite).exactArtifact},
		{"an older artifact is promoted again", (*suite).rollback},
		{"a rollback brings back code and config vars", (*suite).rollbackWithConfig},
		{"promoting an older artifact leaves the config vars", (*suite).rollbackOfCodeAlone},
		{"a failed rollback leaves what ran", (*suite).failedRollback},
		{"what is gone is refused as not found", (*suite).artifactIsGone},
		{"a rollback whose answer was lost is found", (*suite).lostRollback},
		{"a promotion whose answer was lost is found", (*suite).lostPromotion},
		{"promotions at once end with one current release", (*suite).concurrentPromotions},
		{"what does not exist is refused as not found", (*suite).notFound},
		{"an artifact that does not exist is refused", (*suite).unknownArtifact},
		{"an app that can take releases has no problem", (*suite).inspected},
		{"an app that cannot be there is a problem", (*suite).inspectedMissing},
		{"config vars that are missing are named, without values", (*suite).inspectedVars},
		{"a copy of a database is made, used and removed", (*suite).copy},
		{"a copy that was asked for twice is made once", (*suite).copyOnce},
		{"a copy whose answer was lost is found, and removed by its name", (*suite).lostCopy},
		{"a copy that fails says so, and is removed", (*suite).failedCopy},
		{"a copy that is being made is removed", (*suite).removeUnready},
		{"nothing but the copy is removed", (*suite).removeNothingElse},
		{"maintenance mode is turned on and off", (*suite).maintenance},
		{"a release changes nothing about maintenance mode", (*suite).maintenanceDuringRelease},
		{"maintenance mode whose answer was lost is set again", (*suite).lostMaintenance},
		{"a call whose context ended fails with the right kind", (*suite).endedContext},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.test(&suite{T: t, Harness: newHarness(t), ctx: t.Context()})
		})
	}
}

// suite is one case at work: the harness, and the steps that cases share.
type suite struct {
	*testing.T
	Harness
	ctx context.Context
}

// commit returns the full SHA of the suite's n-th commit.
func commit(n int) string { return fmt.Sprintf("%040x", 0xc0ffee00+n) }

// missing is an ID that no build and no release has.
const missing = "00000000-0000-4000-8000-000000000000"

// startBuild starts a build that the platform has to accept.
func (s *suite) startBuild(app, commit string) bot.Build {
	s.Helper()
	b, err := s.Platform.StartBuild(s.ctx, app, s.Source(commit))
	if err != nil {
		s.Fatalf("build %.8s on %s: %v", commit, app, err)
	}
	if b.ID == "" || b.App != app || b.Commit != commit {
		s.Errorf("build %.8s on %s: the answer %+v does not name the build, the app and the commit", commit, app, b)
	}
	return b
}

// awaitBuild lets time pass until the build ended.
func (s *suite) awaitBuild(app, id string) (b bot.Build) {
	s.Helper()
	s.Until("the build on "+app+" ends", func() bool {
		var err error
		if b, err = s.Platform.Build(s.ctx, app, id); err != nil {
			s.Fatalf("look at build %s of %s: %v", id, app, err)
		}
		return b.Status.Ended()
	})
	return b
}

// build builds a commit to its good end.
func (s *suite) build(app, commit string) bot.Build {
	s.Helper()
	b := s.awaitBuild(app, s.startBuild(app, commit).ID)
	if b.Status != bot.BuildSucceeded || b.Artifact == "" {
		s.Fatalf("build %.8s on %s ended as %q (%s) with artifact %q; it should succeed and leave one",
			commit, app, b.Status, b.Reason, b.Artifact)
	}
	if b.Commit != commit || b.FinishedAt.IsZero() || b.CreatedAt.IsZero() {
		s.Errorf("build %.8s on %s: %+v should name its commit, when it began and when it ended", commit, app, b)
	}
	return b
}

// buildAndSettle builds a commit and waits until the release that the build made by
// itself, if any, has ended too.
func (s *suite) buildAndSettle(app, commit string) bot.Build {
	s.Helper()
	b := s.build(app, commit)
	if s.BuildReleases {
		s.Until("the build's own release ends", func() bool {
			now, err := s.Platform.Build(s.ctx, app, b.ID)
			if err != nil {
				s.Fatalf("look at build %s: %v", b.ID, err)
			}
			if now.Release == "" {
				return false
			}
			r, err := s.Platform.Release(s.ctx, app, now.Release)
			if err != nil {
				s.Fatalf("look at release %s, which build %s named: %v", now.Release, b.ID, err)
			}
			b = now
			return ended(r)
		})
	}
	return b
}

func (s *suite) promotion(b bot.Build, to string) platform.Promotion {
	return platform.Promotion{Artifact: b.Artifact, Commit: b.Commit, From: s.Prepare, To: to,
		Description: "Deploy " + b.Commit[32:]}
}

// startPromotion starts a promotion that the platform has to accept.
func (s *suite) startPromotion(b bot.Build, to string) bot.Release {
	s.Helper()
	r, err := s.Platform.Promote(s.ctx, s.promotion(b, to))
	if err != nil {
		s.Fatalf("promote %.8s to %s: %v", b.Commit, to, err)
	}
	if r.ID == "" || r.App != to {
		s.Errorf("promote %.8s to %s: the answer %+v does not name the release and its app", b.Commit, to, r)
	}
	return r
}

// awaitRelease lets time pass until the release ended, following its ID.
func (s *suite) awaitRelease(app, id string) (r bot.Release) {
	s.Helper()
	s.Until("the release on "+app+" ends", func() bool {
		var err error
		if r, err = s.Platform.Release(s.ctx, app, id); err != nil {
			s.Fatalf("look at release %s of %s: %v", id, app, err)
		}
		id = r.ID
		return ended(r)
	})
	return r
}

// promote puts a build on an app, to its good end, and checks that it runs.
func (s *suite) promote(b bot.Build, to string) bot.Release {
	s.Helper()
	r := s.awaitRelease(to, s.startPromotion(b, to).ID)
	if r.Status != bot.ReleaseSucceeded {
		s.Fatalf("the release of %.8s on %s ended as %q (%s); it should succeed", b.Commit, to, r.Status, r.Reason)
	}
	s.wantCurrent(to, b)
	return r
}

// wantCurrent checks that the app runs the build, by its own word and by the
// platform's, and returns the platform's word.
func (s *suite) wantCurrent(app string, b bot.Build) (current bot.Release) {
	s.Helper()
	n := 0
	for _, r := range s.releases(app) {
		if r.Current {
			current, n = r, n+1
		}
	}
	switch {
	case n != 1:
		s.Errorf("%s has %d current releases; an app that was deployed to runs exactly one", app, n)
	case current.Artifact != b.Artifact:
		s.Errorf("%s runs artifact %s by the platform's word; it should run %s", app, current.Artifact, b.Artifact)
	case current.Commit != "" && current.Commit != b.Commit:
		s.Errorf("%s runs commit %s by the platform's word; it should run %s", app, current.Commit, b.Commit)
	}
	if runs := s.Runs(app); runs != b.Commit {
		s.Errorf("%s really runs commit %q; it should run %s", app, runs, b.Commit)
	}
	return current
}

// releases lists an app's releases and checks what holds for every list:
// newest first, each numbered release with a number of its own.
func (s *suite) releases(app string) []bot.Release {
	s.Helper()
	list, err := s.Platform.Releases(s.ctx, app)
	if err != nil {
		s.Fatalf("list the releases of %s: %v", app, err)
	}
	last := 0
	for _, r := range list {
		if r.Version == 0 {
			continue
		}
		if last != 0 && r.Version >= last {
			s.Errorf("%s lists v%d after v%d; the newest comes first, and each has its own number", app, r.Version, last)
		}
		last = r.Version
	}
	return list
}

func (s *suite) builds(app string) []bot.Build {
	s.Helper()
	list, err := s.Platform.Builds(s.ctx, app)
	if err != nil {
		s.Fatalf("list the builds of %s: %v", app, err)
	}
	return list
}

func ended(r bot.Release) bool { return r.Status != bot.ReleasePending && r.Status != "" }

// KindOf names an error's kind; every error of a platform has one.
func KindOf(err error) string {
	switch {
	case err == nil:
		return "done"
	case errors.As(err, new(*bot.Refused)):
		return "refused"
	case errors.As(err, new(*bot.Retryable)):
		return "retryable"
	case errors.As(err, new(*bot.Unknown)):
		return "unknown"
	}
	return fmt.Sprintf("without a kind (%T)", err)
}
