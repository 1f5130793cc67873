package platformtest

import (
	"errors"

	"github.com/headstart-cd/headstart/bot"
)

// startRollback starts a rollback that the platform has to accept.
func (s *suite) startRollback(app string, to bot.Release) bot.Release {
	s.Helper()
	r, err := s.Platform.Rollback(s.ctx, app, to.ID)
	if err != nil {
		s.Fatalf("roll %s back to v%d: %v", app, to.Version, err)
	}
	if r.ID == "" || r.App != app {
		s.Errorf("roll %s back to v%d: the answer %+v does not name the release and its app", app, to.Version, r)
	}
	return r
}

// wantConfig checks a config var, on a platform that has them.
func (s *suite) wantConfig(app, name, want string) {
	s.Helper()
	if s.Config == nil {
		return
	}
	if got := s.Config(app, name); got != want {
		s.Errorf("the config var %s of %s is %q; it should be %q", name, app, got, want)
	}
}

func (s *suite) setConfig(app, name, value string) {
	if s.SetConfig != nil {
		s.SetConfig(app, name, value)
	}
}

// goodThenBad releases two builds on production, with different config vars.
func (s *suite) goodThenBad() (good, bad bot.Build, first, second bot.Release) {
	s.Helper()
	good, bad = s.buildAndSettle(s.Prepare, commit(1)), s.buildAndSettle(s.Prepare, commit(2))
	s.setConfig(s.Production, "COLOR", "red")
	first = s.promote(good, s.Production)
	s.setConfig(s.Production, "COLOR", "blue")
	second = s.promote(bad, s.Production)
	s.wantConfig(s.Production, "COLOR", "blue")
	return good, bad, first, second
}

func (s *suite) rollbackWithConfig() {
	good, bad, first, second := s.goodThenBad()

	letGo := s.HoldNextRelease(s.Production)
	r := s.startRollback(s.Production, first)
	if r.Current {
		s.Errorf("a rollback that just began is current; what ran before runs until it has ended")
	}
	s.wantCurrent(s.Production, bad)
	letGo()
	third := s.awaitRelease(s.Production, r.ID)
	if third.Status != bot.ReleaseSucceeded || third.Version <= second.Version || third.Artifact != first.Artifact {
		s.Errorf("rolling back to v%d made v%d with artifact %s, %q (%s); it should make a new release after v%d with artifact %s",
			first.Version, third.Version, third.Artifact, third.Status, third.Reason, second.Version, first.Artifact)
	}
	s.wantCurrent(s.Production, good)
	s.wantConfig(s.Production, "COLOR", "red")

	// And forward again, the same way.
	if r := s.awaitRelease(s.Production, s.startRollback(s.Production, second).ID); r.Status != bot.ReleaseSucceeded {
		s.Errorf("going on to v%d again ended as %q (%s)", second.Version, r.Status, r.Reason)
	}
	s.wantCurrent(s.Production, bad)
	s.wantConfig(s.Production, "COLOR", "blue")
}

func (s *suite) rollbackOfCodeAlone() {
	good, _, first, _ := s.goodThenBad()
	s.promote(good, s.Production)
	s.wantConfig(s.Production, "COLOR", "blue")
	// The same code, and only the config vars of another time.
	if r := s.awaitRelease(s.Production, s.startRollback(s.Production, first).ID); r.Status != bot.ReleaseSucceeded {
		s.Errorf("the rollback ended as %q (%s)", r.Status, r.Reason)
	}
	s.wantCurrent(s.Production, good)
	s.wantConfig(s.Production, "COLOR", "red")
}

func (s *suite) failedRollback() {
	_, bad, first, _ := s.goodThenBad()
	s.FailNextRelease(s.Production)
	failed := s.awaitRelease(s.Production, s.startRollback(s.Production, first).ID)
	s.wantFailed(failed)
	s.wantCurrent(s.Production, bad)

	before := len(s.releases(s.Production))
	_, err := s.Platform.Rollback(s.ctx, s.Production, failed.ID)
	if kind := KindOf(err); kind != "refused" {
		s.Errorf("rolling back to a release that failed is %s (%v); it should be refused", kind, err)
	}
	if after := len(s.releases(s.Production)); after != before {
		s.Errorf("a rollback that was refused left %d releases", after-before)
	}
}

func (s *suite) artifactIsGone() {
	good, bad, first, _ := s.goodThenBad()
	s.Expire(s.Production, first)
	before := len(s.releases(s.Production))
	_, err := s.Platform.Rollback(s.ctx, s.Production, first.ID)
	s.wantGone("rolling back to a release whose artifact is gone", err)
	p := s.promotion(good, s.Production)
	p.From = s.Production
	_, err = s.Platform.Promote(s.ctx, p)
	s.wantGone("promoting an artifact that is gone", err)
	if after := len(s.releases(s.Production)); after != before {
		s.Errorf("what was refused left %d releases", after-before)
	}
	for _, r := range s.releases(s.Production) {
		if r.Version == first.Version && r.Status != bot.ReleaseExpired {
			s.Errorf("a release whose artifact is gone is listed as %q; it should be expired", r.Status)
		}
	}
	s.wantCurrent(s.Production, bad)
}

func (s *suite) wantGone(what string, err error) {
	s.Helper()
	if kind := KindOf(err); kind != "refused" || !errors.Is(err, bot.ErrNotFound) {
		s.Errorf("%s is %s (%v); it should be refused as not found, so that another one may be tried", what, kind, err)
	}
}

func (s *suite) lostRollback() {
	good, _, first, second := s.goodThenBad()
	before := len(s.releases(s.Production))
	if s.LoseNextAnswer != nil {
		s.LoseNextAnswer()
	}
	_, err := s.Platform.Rollback(s.ctx, s.Production, first.ID)
	if kind := KindOf(err); s.LoseNextAnswer != nil && kind != "unknown" {
		s.Errorf("a rollback whose answer was lost is %s (%v); it should be unknown", kind, err)
	}
	list := s.releases(s.Production)
	if len(list) != before+1 || list[0].Artifact != first.Artifact || list[0].Version <= second.Version {
		s.Fatalf("after one lost answer the newest of %d releases is %+v; it should be the rollback to v%d", len(list), list[0], first.Version)
	}
	if r := s.awaitRelease(s.Production, list[0].ID); r.Status != bot.ReleaseSucceeded {
		s.Errorf("the rollback that was found ended as %q (%s)", r.Status, r.Reason)
	}
	s.wantCurrent(s.Production, good)
	s.wantConfig(s.Production, "COLOR", "red")
}
