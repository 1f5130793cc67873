package platformtest

import (
	"errors"

	"github.com/headstart-cd/headstart/bot"
)

// setMaintenance sets maintenance mode, which the platform has to accept.
func (s *suite) setMaintenance(app string, on bool) {
	s.Helper()
	if err := s.Platform.SetMaintenance(s.ctx, app, on); err != nil {
		s.Fatalf("set the maintenance mode of %s to %v: %v", app, on, err)
	}
}

// wantMaintenance checks maintenance mode, by the platform's word and for
// whoever asks the app.
func (s *suite) wantMaintenance(app string, want bool) {
	s.Helper()
	on, err := s.Platform.Maintenance(s.ctx, app)
	if err != nil {
		s.Fatalf("look at the maintenance mode of %s: %v", app, err)
	}
	if on != want {
		s.Errorf("the maintenance mode of %s is on by the platform's word: %v; it should be %v", app, on, want)
	}
	if closed := s.Closed(app); closed != want {
		s.Errorf("whoever asks %s gets a maintenance page: %v; it should be %v", app, closed, want)
	}
}

func (s *suite) maintenance() {
	b := s.buildAndSettle(s.Prepare, commit(1))
	s.promote(b, s.Production)
	s.promote(b, s.Staging)
	before := len(s.releases(s.Production))
	s.wantMaintenance(s.Production, false)
	for range 2 { // setting what is set changes nothing
		s.setMaintenance(s.Production, true)
		s.wantMaintenance(s.Production, true)
	}
	s.wantMaintenance(s.Staging, false)
	for range 2 {
		s.setMaintenance(s.Production, false)
		s.wantMaintenance(s.Production, false)
	}
	if after := len(s.releases(s.Production)); after != before {
		s.Errorf("maintenance mode made %d releases; it makes none", after-before)
	}
	_, err := s.Platform.Maintenance(s.ctx, s.UnknownApp)
	for _, err := range []error{err, s.Platform.SetMaintenance(s.ctx, s.UnknownApp, true)} {
		if KindOf(err) != "refused" || !errors.Is(err, bot.ErrNotFound) {
			s.Errorf("the maintenance mode of %s, which does not exist, is %s (%v); it should be refused as not found", s.UnknownApp, KindOf(err), err)
		}
	}
}

func (s *suite) maintenanceDuringRelease() {
	s.setMaintenance(s.Production, true)
	b := s.buildAndSettle(s.Prepare, commit(1))
	if r := s.awaitRelease(s.Production, s.startPromotion(b, s.Production).ID); r.Status != bot.ReleaseSucceeded {
		s.Errorf("a release in maintenance mode ended as %q (%s); it should succeed", r.Status, r.Reason)
	}
	s.wantMaintenance(s.Production, true)
	s.setMaintenance(s.Production, false)
	s.wantMaintenance(s.Production, false)
	s.wantCurrent(s.Production, b)
}

func (s *suite) lostMaintenance() {
	if s.LoseNextAnswer != nil {
		s.LoseNextAnswer()
		if kind := KindOf(s.Platform.SetMaintenance(s.ctx, s.Production, true)); kind != "unknown" {
			s.Errorf("maintenance mode whose answer was lost is %s; it should be unknown", kind)
		}
		s.wantMaintenance(s.Production, true)
	}
	s.setMaintenance(s.Production, true)
	s.setMaintenance(s.Production, false)
	s.wantMaintenance(s.Production, false)
}
