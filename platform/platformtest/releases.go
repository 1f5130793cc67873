package platformtest

import (
	"context"
	"errors"
	"sync"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
)

func (s *suite) neverDeployed() {
	for _, r := range s.releases(s.Production) {
		if r.Artifact != "" {
			s.Errorf("an app that was never deployed to lists v%d with artifact %s", r.Version, r.Artifact)
		}
	}
	if runs := s.Runs(s.Production); runs != "" {
		s.Errorf("an app that was never deployed to runs %s", runs)
	}
}

func (s *suite) buildToProduction() {
	b := s.build(s.Prepare, commit(1))
	staging := s.promote(b, s.Staging)
	p := s.promotion(b, s.Production)
	p.From = s.Staging // what staging proved
	r, err := s.Platform.Promote(s.ctx, p)
	if err != nil {
		s.Fatalf("promote from %s to %s: %v", s.Staging, s.Production, err)
	}
	production := s.awaitRelease(s.Production, r.ID)
	if production.Status != bot.ReleaseSucceeded {
		s.Fatalf("the release on %s ended as %q (%s)", s.Production, production.Status, production.Reason)
	}
	s.wantCurrent(s.Production, b)
	if staging.Artifact != b.Artifact || production.Artifact != b.Artifact {
		s.Errorf("built %s, staging took %s, production took %s; all three should be the same artifact",
			b.Artifact, staging.Artifact, production.Artifact)
	}
}

func (s *suite) releasesNumbered() {
	last := 0
	for i := range 3 {
		b := s.buildAndSettle(s.Prepare, commit(i))
		r := s.promote(b, s.Staging)
		if r.Version <= last {
			s.Errorf("the release after v%d is v%d; versions count up", last, r.Version)
		}
		last = r.Version
		if r.CreatedAt.IsZero() {
			s.Errorf("v%d does not say when it was made", r.Version)
		}
		list := s.releases(s.Staging)
		if len(list) == 0 || list[0].ID != r.ID {
			s.Fatalf("the release just made is not the first of the list")
		}
		if !list[0].Current || list[0].Status != bot.ReleaseSucceeded || list[0].Artifact != b.Artifact {
			s.Errorf("the newest release is listed as %+v; it should be told as fully as by itself", list[0])
		}
	}
}

func (s *suite) pendingRelease() {
	old := s.buildAndSettle(s.Prepare, commit(1))
	s.promote(old, s.Staging)
	next := s.buildAndSettle(s.Prepare, commit(2))

	letGo := s.HoldNextRelease(s.Staging)
	r := s.startPromotion(next, s.Staging)
	if r.Status != bot.ReleasePending || r.Current {
		s.Errorf("a release that just began is %q, current: %v; it should be pending and not current", r.Status, r.Current)
	}
	s.wantCurrent(s.Staging, old)
	letGo()
	if r = s.awaitRelease(s.Staging, r.ID); r.Status != bot.ReleaseSucceeded {
		s.Errorf("the release ended as %q (%s)", r.Status, r.Reason)
	}
	s.wantCurrent(s.Staging, next)
}

func (s *suite) failedRelease() {
	old := s.buildAndSettle(s.Prepare, commit(1))
	s.promote(old, s.Staging)
	bad := s.buildAndSettle(s.Prepare, commit(2))

	s.FailNextRelease(s.Staging)
	s.wantFailed(s.awaitRelease(s.Staging, s.startPromotion(bad, s.Staging).ID))
	s.wantCurrent(s.Staging, old)
	if list := s.releases(s.Staging); list[0].Status != bot.ReleaseFailed || list[0].Artifact != bad.Artifact {
		s.Errorf("the newest release is listed as %q with artifact %s; it should be the failed one, with %s",
			list[0].Status, list[0].Artifact, bad.Artifact)
	}
}

func (s *suite) wantFailed(r bot.Release) {
	s.Helper()
	if r.Status != bot.ReleaseFailed || r.Current {
		s.Errorf("a release whose release phase failed is %q, current: %v; it should be failed and not current", r.Status, r.Current)
	}
	if r.Reason == "" && r.OutputURL == "" {
		s.Errorf("a failed release gives people neither a reason nor its output")
	}
}

func (s *suite) releaseAfterFailure() {
	b := s.buildAndSettle(s.Prepare, commit(1))
	s.FailNextRelease(s.Staging)
	s.wantFailed(s.awaitRelease(s.Staging, s.startPromotion(b, s.Staging).ID))
	if runs := s.Runs(s.Staging); runs != "" {
		s.Errorf("the app runs %s after its first release failed; it should run nothing", runs)
	}
	s.promote(b, s.Staging)
}

// exactArtifact promotes a build after its app has built something newer.
func (s *suite) exactArtifact() {
	older := s.buildAndSettle(s.Prepare, commit(1))
	newer := s.buildAndSettle(s.Prepare, commit(2))
	if older.Artifact == newer.Artifact {
		s.Fatalf("two different commits left the same artifact %s", older.Artifact)
	}
	s.promote(older, s.Staging)
	s.promote(newer, s.Production)
	s.wantCurrent(s.Staging, older)
}

func (s *suite) rollback() {
	good := s.buildAndSettle(s.Prepare, commit(1))
	first := s.promote(good, s.Production)
	bad := s.buildAndSettle(s.Prepare, commit(2))
	second := s.promote(bad, s.Production)

	r, err := s.Platform.Promote(s.ctx, platform.Promotion{Artifact: good.Artifact, Commit: good.Commit,
		From: s.Production, To: s.Production, Description: "Rollback to " + good.Commit[32:]})
	if err != nil {
		s.Fatalf("promote the older artifact to its own app: %v", err)
	}
	third := s.awaitRelease(s.Production, r.ID)
	if third.Status != bot.ReleaseSucceeded || third.Version <= second.Version {
		s.Errorf("rolling back made v%d, %q (%s); it should make a new release after v%d that succeeds",
			third.Version, third.Status, third.Reason, second.Version)
	}
	s.wantCurrent(s.Production, good)
	if was, err := s.Platform.Release(s.ctx, s.Production, first.ID); err != nil || was.Current {
		s.Errorf("the first release is current: %v, error: %v; the new release of its artifact is", was.Current, err)
	}
	if fourth := s.promote(bad, s.Production); fourth.Version <= third.Version {
		s.Errorf("promoting the newer artifact again made v%d; it should make a new release after v%d", fourth.Version, third.Version)
	}
}

func (s *suite) lostPromotion() {
	old := s.buildAndSettle(s.Prepare, commit(1))
	s.promote(old, s.Staging)
	next := s.buildAndSettle(s.Prepare, commit(2))
	before := len(s.releases(s.Staging))

	if s.LoseNextAnswer != nil {
		s.LoseNextAnswer()
	}
	_, err := s.Platform.Promote(s.ctx, s.promotion(next, s.Staging))
	if kind := KindOf(err); s.LoseNextAnswer != nil && kind != "unknown" {
		s.Errorf("a promotion whose answer was lost is %s (%v); it should be unknown", kind, err)
	}
	var found bot.Release
	s.Until("the release is listed", func() bool {
		list := s.releases(s.Staging)
		if len(list) > 0 && list[0].Artifact == next.Artifact {
			found = list[0]
		}
		return found.ID != ""
	})
	if r := s.awaitRelease(s.Staging, found.ID); r.Status != bot.ReleaseSucceeded {
		s.Errorf("the release that was found ended as %q (%s)", r.Status, r.Reason)
	}
	s.wantCurrent(s.Staging, next)
	if after := len(s.releases(s.Staging)); after != before+1 {
		s.Errorf("one lost answer left %d more releases; exactly one was made", after-before)
	}
}

func (s *suite) concurrentPromotions() {
	built := []bot.Build{s.buildAndSettle(s.Prepare, commit(1)), s.buildAndSettle(s.Prepare, commit(2))}
	byArtifact := map[string]bot.Build{built[0].Artifact: built[0], built[1].Artifact: built[1]}

	const n = 6
	var (
		wg    sync.WaitGroup
		made  [n]bot.Release
		errs  [n]error
		taken int
	)
	for i := range n {
		wg.Go(func() { made[i], errs[i] = s.Platform.Promote(s.ctx, s.promotion(built[i%2], s.Staging)) })
	}
	wg.Wait()
	for i := range n {
		switch kind := KindOf(errs[i]); kind {
		case "done":
			taken++
			s.awaitRelease(s.Staging, made[i].ID)
		case "retryable", "refused":
		default:
			s.Errorf("one of %d promotions at once was %s (%v)", n, kind, errs[i])
		}
	}
	if taken == 0 {
		s.Fatalf("none of %d promotions at once was accepted", n)
	}
	for _, r := range s.releases(s.Staging) {
		if r.Status == bot.ReleaseSucceeded && r.Artifact != "" {
			s.wantCurrent(s.Staging, byArtifact[r.Artifact]) // the newest that succeeded
			if !r.Current {
				s.Errorf("v%d is the newest release that succeeded, but not the current one", r.Version)
			}
			return
		}
	}
	s.Errorf("%d promotions were accepted, and none of them succeeded", taken)
}

func (s *suite) notFound() {
	b := s.build(s.Prepare, commit(1))
	for what, ask := range map[string]func() error{
		"an app that does not exist": func() error { _, err := s.Platform.App(s.ctx, s.UnknownApp); return err },
		"the builds of an app that does not exist": func() error {
			_, err := s.Platform.Builds(s.ctx, s.UnknownApp)
			return err
		},
		"the releases of an app that does not exist": func() error {
			_, err := s.Platform.Releases(s.ctx, s.UnknownApp)
			return err
		},
		"building on an app that does not exist": func() error {
			_, err := s.Platform.StartBuild(s.ctx, s.UnknownApp, s.Source(commit(2)))
			return err
		},
		"promoting to an app that does not exist": func() error {
			_, err := s.Platform.Promote(s.ctx, s.promotion(b, s.UnknownApp))
			return err
		},
		"a build that does not exist": func() error { _, err := s.Platform.Build(s.ctx, s.Prepare, missing); return err },
		"a build of another app":      func() error { _, err := s.Platform.Build(s.ctx, s.Staging, b.ID); return err },
		"cancelling a build that does not exist": func() error {
			return s.Platform.CancelBuild(s.ctx, s.Prepare, missing)
		},
		"a release that does not exist": func() error { _, err := s.Platform.Release(s.ctx, s.Staging, missing); return err },
		"rolling back an app that does not exist": func() error {
			_, err := s.Platform.Rollback(s.ctx, s.UnknownApp, missing)
			return err
		},
		"rolling back to a release that does not exist": func() error {
			_, err := s.Platform.Rollback(s.ctx, s.Staging, missing)
			return err
		},
	} {
		err := ask()
		if kind := KindOf(err); kind != "refused" || !errors.Is(err, bot.ErrNotFound) {
			s.Errorf("%s is %s (%v); it should be refused as not found", what, kind, err)
		}
	}
}

func (s *suite) unknownArtifact() {
	b := s.buildAndSettle(s.Prepare, commit(1))
	s.promote(b, s.Staging)
	for _, artifact := range []string{missing, "../" + b.Artifact, ""} {
		p := s.promotion(b, s.Staging)
		p.Artifact = artifact
		_, err := s.Platform.Promote(s.ctx, p)
		if kind := KindOf(err); kind != "refused" {
			s.Errorf("promoting artifact %q, which does not exist, is %s (%v); it should be refused", artifact, kind, err)
		}
	}
	s.wantCurrent(s.Staging, b)
}

func (s *suite) endedContext() {
	b := s.buildAndSettle(s.Prepare, commit(1))
	r := s.promote(b, s.Staging)
	builds, releases := len(s.builds(s.Prepare)), len(s.releases(s.Staging))

	gone, cancel := context.WithCancel(s.ctx)
	cancel()
	for what, read := range map[string]func() error{
		"describing an app":    func() error { _, err := s.Platform.App(gone, s.Staging); return err },
		"listing builds":       func() error { _, err := s.Platform.Builds(gone, s.Prepare); return err },
		"looking at a build":   func() error { _, err := s.Platform.Build(gone, s.Prepare, b.ID); return err },
		"listing releases":     func() error { _, err := s.Platform.Releases(gone, s.Staging); return err },
		"looking at a release": func() error { _, err := s.Platform.Release(gone, s.Staging, r.ID); return err },
	} {
		if kind := KindOf(read()); kind != "retryable" {
			s.Errorf("%s with an ended context is %s; not having read is retryable", what, kind)
		}
	}
	_, err := s.Platform.StartBuild(gone, s.Prepare, s.Source(commit(2)))
	s.wantNothing("starting a build", err, builds, func() int { return len(s.builds(s.Prepare)) })
	_, err = s.Platform.Promote(gone, s.promotion(b, s.Staging))
	s.wantNothing("a promotion", err, releases, func() int { return len(s.releases(s.Staging)) })
	_, err = s.Platform.Rollback(gone, s.Staging, r.ID)
	s.wantNothing("a rollback", err, releases, func() int { return len(s.releases(s.Staging)) })
}

// wantNothing checks a call that was made with an ended context: it is
// retryable or unknown, and if it is retryable nothing happened.
func (s *suite) wantNothing(what string, err error, before int, count func() int) {
	s.Helper()
	kind := KindOf(err)
	if kind != "retryable" && kind != "unknown" {
		s.Errorf("%s with an ended context is %s; it should be retryable, or unknown if it left", what, kind)
	}
	if after := count(); kind == "retryable" && after != before {
		s.Errorf("%s with an ended context is retryable, but had an effect", what)
	}
}
