package platformtest

import (
	"errors"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
)

// copyOf is a copy of production's database for staging.
func (s *suite) copyOf(name string) platform.Copy {
	return platform.Copy{Name: "acme/shop " + name, App: s.Staging, From: s.Production, Command: s.CopyCommand}
}

// startCopy begins a copy that the platform has to accept.
func (s *suite) startCopy(c platform.Copy) bot.CopySeen {
	s.Helper()
	seen, err := s.Platform.MakeCopy(s.ctx, c)
	if err != nil || seen.ID == "" {
		s.Fatalf("copy the database of %s for %s: %+v, %v", c.From, c.App, seen, err)
	}
	return seen
}

// awaitCopy lets time pass until the copy is ready.
func (s *suite) awaitCopy(c platform.Copy) {
	s.Helper()
	s.Until("the copy for "+c.App+" is ready", func() bool {
		seen, err := s.Platform.Copy(s.ctx, c)
		if err != nil {
			s.Fatalf("look at the copy for %s: %v", c.App, err)
		}
		return seen.Ready
	})
	if !s.HasCopy(c.App) {
		s.Errorf("the copy for %s is ready, and the app does not have it", c.App)
	}
}

// removeCopy removes a copy, twice, and checks that it is gone.
func (s *suite) removeCopy(c platform.Copy) {
	s.Helper()
	for range 2 { // one that is gone is no error
		if err := s.Platform.RemoveCopy(s.ctx, c); err != nil {
			s.Fatalf("remove the copy from %s: %v", c.App, err)
		}
		if s.HasCopy(c.App) {
			s.Errorf("%s still has the copy that was removed", c.App)
		}
	}
	if !s.HasDatabase(s.Production) {
		s.Errorf("%s lost its own database with the copy of it", s.Production)
	}
	if _, err := s.Platform.Copy(s.ctx, c); KindOf(err) != "refused" || !errors.Is(err, bot.ErrNotFound) {
		s.Errorf("looking at a copy that was removed is %s (%v); it should be refused as not found", KindOf(err), err)
	}
}

func (s *suite) copy() {
	s.GiveDatabase(s.Production)
	c := s.copyOf("rehearsal 1")
	letGo := s.HoldNextCopy()
	seen := s.startCopy(c)
	if seen.Ready {
		s.Errorf("a copy that just began is ready")
	}
	letGo()
	c.ID = seen.ID
	s.awaitCopy(c)
	b := s.buildAndSettle(s.Prepare, commit(1))
	s.promote(b, s.Staging)
	if !s.HasCopy(s.Staging) {
		s.Errorf("a release took the copy away from %s", s.Staging)
	}
	s.removeCopy(c)
	s.wantCurrent(s.Staging, b)

	next := s.copyOf("rehearsal 2")
	next.ID = s.startCopy(next).ID
	s.awaitCopy(next)
	s.removeCopy(next)
}

func (s *suite) copyOnce() {
	s.GiveDatabase(s.Production)
	c := s.copyOf("rehearsal 1")
	first, second := s.startCopy(c), s.startCopy(c)
	if first.ID != second.ID {
		s.Errorf("asked for twice, a copy is %s and then %s; it should be the same", first.ID, second.ID)
	}
	s.awaitCopy(c)
	s.removeCopy(c)
}

func (s *suite) lostCopy() {
	s.GiveDatabase(s.Production)
	c := s.copyOf("rehearsal 1")
	if s.LoseNextAnswer != nil {
		s.LoseNextAnswer()
	}
	_, err := s.Platform.MakeCopy(s.ctx, c)
	if kind := KindOf(err); s.LoseNextAnswer != nil && kind != "unknown" {
		s.Errorf("a copy whose answer was lost is %s (%v); it should be unknown", kind, err)
	}
	s.startCopy(c)
	s.awaitCopy(c)
	s.removeCopy(c) // without its ID
}

func (s *suite) failedCopy() {
	s.GiveDatabase(s.Production)
	c := s.copyOf("rehearsal 1")
	s.FailNextCopy()
	c.ID = s.startCopy(c).ID
	var err error
	s.Until("the copy fails", func() bool { _, err = s.Platform.Copy(s.ctx, c); return err != nil })
	if KindOf(err) != "refused" {
		s.Errorf("a copy that failed is %s (%v); it should be refused", KindOf(err), err)
	}
	s.removeCopy(c)

	without := platform.Copy{Name: "acme/shop rehearsal 2", App: s.Production, From: s.UnknownApp, Command: s.CopyCommand}
	if _, err := s.Platform.MakeCopy(s.ctx, without); KindOf(err) != "refused" {
		s.Errorf("a copy of the database of %s, which does not exist, is %s (%v); it should be refused", s.UnknownApp, KindOf(err), err)
	}
}

func (s *suite) removeUnready() {
	s.GiveDatabase(s.Production)
	letGo := s.HoldNextCopy()
	defer letGo()
	c := s.copyOf("rehearsal 1")
	s.startCopy(c)
	s.removeCopy(c)
}

func (s *suite) removeNothingElse() {
	s.GiveDatabase(s.Production)
	c := s.copyOf("rehearsal 2")
	c.ID = s.startCopy(c).ID
	s.awaitCopy(c)
	other := s.copyOf("rehearsal 1")
	if err := s.Platform.RemoveCopy(s.ctx, other); err != nil || !s.HasCopy(s.Staging) {
		s.Errorf("removing a copy of an earlier rehearsal (%v) left %s without its own", err, s.Staging)
	}
	original := platform.Copy{Name: "acme/shop rehearsal 1", App: s.Production, From: s.Staging, ID: c.ID}
	if err := s.Platform.RemoveCopy(s.ctx, original); err != nil || !s.HasDatabase(s.Production) {
		s.Errorf("removing a copy from an app that has none (%v) removed its database: it is there: %v", err, s.HasDatabase(s.Production))
	}
	s.removeCopy(c)
}
