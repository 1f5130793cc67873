package platformtest

import (
	"fmt"
	"strings"

	"github.com/headstart-cd/headstart/bot"
)

func (s *suite) inspect(app, source string) bot.Inspected {
	s.Helper()
	found, err := s.Platform.Inspect(s.ctx, app, source)
	if err != nil {
		s.Fatalf("inspect %s beside %q: %v", app, source, err)
	}
	return found
}

func (s *suite) inspected() {
	b := s.buildAndSettle(s.Prepare, commit(1))
	before := s.inspect(s.Production, s.Prepare)
	s.promote(b, s.Production)
	releases := len(s.releases(s.Production))
	for _, found := range []bot.Inspected{before, s.inspect(s.Production, s.Prepare), s.inspect(s.Production, "")} {
		if found.Problem != "" || found.App.Name != s.Production || found.SwitchesAfter < 0 {
			s.Errorf("%s, which can take releases, is found as %+v; it should have no problem", s.Production, found)
		}
	}
	if after := len(s.releases(s.Production)); after != releases {
		s.Errorf("looking made %d releases", after-releases)
	}
	s.wantCurrent(s.Production, b)
}

func (s *suite) inspectedMissing() {
	if found := s.inspect(s.UnknownApp, s.Prepare); found.Problem == "" {
		s.Errorf("%s, which does not exist, is found as %+v; that should be a problem", s.UnknownApp, found)
	}
}

func (s *suite) inspectedVars() {
	if s.SetConfig == nil {
		return
	}
	const secret = "wJalrXUtnFEMI-value"
	s.setConfig(s.Prepare, "PAYMENT_KEY", secret)
	names := func(found bot.Inspected) bool {
		if all := fmt.Sprint(found); strings.Contains(all, secret) {
			s.Errorf("the value of a config var is told: %s", all)
		}
		return strings.Contains(strings.Join(found.Warnings, "\n"), "PAYMENT_KEY")
	}
	if !names(s.inspect(s.Staging, s.Prepare)) {
		s.Errorf("%s lacks PAYMENT_KEY, which %s has, and nobody says so", s.Staging, s.Prepare)
	}
	if names(s.inspect(s.Staging, "")) {
		s.Errorf("%s is found to lack a config var, beside no other app", s.Staging)
	}
	s.setConfig(s.Production, "PAYMENT_KEY", "another-value")
	if names(s.inspect(s.Production, s.Prepare)) {
		s.Errorf("%s has PAYMENT_KEY, and is said to lack it", s.Production)
	}
}
