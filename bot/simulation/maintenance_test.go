package simulation

import (
	"context"
	"fmt"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
)

// What happens around releases: maintenance mode, looks at apps before anything is
// promoted to them, and copies of databases.

func (p platformView) Inspect(ctx context.Context, app, source string) (bot.Inspected, error) {
	if source != "" {
		p.touch(ctx, source)
	}
	return read(ctx, p, app, "inspecting", func() (bot.Inspected, error) { return p.Platform.Inspect(ctx, app, source) })
}

func (p platformView) Maintenance(ctx context.Context, app string) (bool, error) {
	return read(ctx, p, app, "looking at the maintenance mode of", func() (bool, error) { return p.Platform.Maintenance(ctx, app) })
}

func (p platformView) SetMaintenance(ctx context.Context, app string, on bool) error {
	p.touch(ctx, app)
	s := p.in.s
	_, err := call(p.in, ask{
		what: fmt.Sprintf("setting the maintenance mode of %s to %t", app, on), job: jobOf(ctx), writes: true, late: true,
		refuse: &bot.Refused{Platform: true, Reason: "the platform leaves maintenance mode as it is today"},
	}, func() (bool, error) {
		s.note("", "the maintenance mode of %s is %t now", app, on)
		return on, p.Platform.SetMaintenance(ctx, app, on)
	})
	return err
}

// maintained is the part of [gatesOpen] about maintenance mode: an app is in it when
// a release is asked for that wants it.
func (s *sim) maintained(r *request) {
	stage, _ := r.job.config.Stage(r.stage)
	if s.rollsBack(r.stage, r.sha, r.artifact) || s.goesBack(r.stage, r.n, r.sha, r.artifact) {
		return
	}
	for _, class := range stage.Maintenance {
		if s.counts(class, r.sha, r.stage, []string{r.app}) && !s.App(r.app).Maintenance {
			s.breaks(gatesOpen, "%s is released on %s, which is not in maintenance mode, and it is a %s", r.sha, r.app, class)
		}
	}
}

// copying stands for the artifact of a promotion that begins with a copy.
const copying = "a copy"

func promotionKey(stage string, n int) string { return fmt.Sprintf("%s %d", stage, n) }

// copied reports whether a promotion has entered its stage by asking for a copy.
func (s *sim) copied(stage string, n int) bool {
	return !s.truth.copies[promotionKey(stage, n)].IsZero()
}

// copiesDecided holds promotions that begin with a copy against [gatesOpen], when
// they are decided.
func (s *sim) copiesDecided(effects []bot.Effect) {
	for _, e := range effects {
		do, ok := e.Do.(bot.MakeCopy)
		if !ok || s.copied(do.Stage, do.Promotion) {
			continue
		}
		for _, j := range s.store.jobs {
			if j.effect.Key == e.Key {
				s.mayEnter(j, do.Stage, do.Promotion, do.SHA, copying)
			}
		}
		s.truth.copies[promotionKey(do.Stage, do.Promotion)] = s.Now
	}
}

func (p platformView) MakeCopy(ctx context.Context, c platform.Copy) (bot.CopySeen, error) {
	p.touch(ctx, c.App)
	p.touch(ctx, c.From)
	s := p.in.s
	return call(p.in, ask{
		what: "copying the database of " + c.From + " for " + c.Name, job: jobOf(ctx), writes: true, late: true,
		refuse: &bot.Refused{Platform: true, Reason: "the platform copies nothing today"},
	}, func() (bot.CopySeen, error) {
		if other := s.App(c.App).Copy; other != nil && other.Name != c.Name {
			s.breaks(nothingTwice, "%s gets a copy for %s while it has the one for %s", c.App, c.Name, other.Name)
		}
		s.CopyTime = among(s, 0, 10*time.Second, 3*time.Minute) + time.Second
		return p.Platform.MakeCopy(ctx, c)
	})
}

func (p platformView) Copy(ctx context.Context, c platform.Copy) (bot.CopySeen, error) {
	return read(ctx, p, c.App, "looking at the copy of", func() (bot.CopySeen, error) { return p.Platform.Copy(ctx, c) })
}

func (p platformView) RemoveCopy(ctx context.Context, c platform.Copy) error {
	p.touch(ctx, c.App)
	_, err := call(p.in, ask{
		what: "removing the copy of " + c.Name, job: jobOf(ctx), writes: true, late: true,
		refuse: &bot.Refused{Platform: true, Reason: "the platform removes nothing today"},
	}, func() (bool, error) { return true, p.Platform.RemoveCopy(ctx, c) })
	return err
}

// unsettle changes something about an app that the bot should notice, or leave
// alone.
func (s *sim) unsettle() {
	app := among(s, "staging", "eu", "us", "ca")
	a := s.App(app)
	switch s.pick(5) {
	case 0:
		a.Inspected.Warnings = []string{app + " lacks the config var TOKEN"}
	case 1:
		a.Inspected.Problem = app + " is of another stack"
	case 2:
		a.Inspected = bot.Inspected{SwitchesAfter: time.Duration(s.pick(2)) * 20 * time.Second}
	case 3:
		s.EndCopy("staging", "the disk is full")
	case 4:
		// An address that is asked would never answer again.
		if _, touched := s.store.state.Maintenance["ca"]; !touched && !s.truth.humanOn["ca"] {
			s.App("ca").Maintenance, s.truth.humanOn["ca"] = true, true
			s.note("zoe", "turns the maintenance mode of ca on")
		}
	}
	s.note("", "%s is unsettled: %+v", app, a.Inspected)
}

// endMaintenance makes everything as it should be.
func (s *sim) endMaintenance() {
	for _, app := range sorted(s.Apps) {
		s.App(app).Inspected = bot.Inspected{}
	}
	if s.truth.frozen.On {
		s.operate()
	}
}

// leftBehind is the part of [everythingArrives] about what is put around a release: at the
// end nothing is left of it, and what somebody else has done is as they left it.
func (s *sim) leftBehind() {
	for _, app := range sorted(s.Apps) {
		switch a := s.App(app); {
		case a.Maintenance && !s.truth.humanOn[app]:
			s.breaks(everythingArrives, "the maintenance mode of %s is still on at the end", app)
		case !a.Maintenance && s.truth.humanOn[app]:
			s.breaks(everythingArrives, "somebody has turned the maintenance mode of %s on, and it is off at the end", app)
		case a.Copy != nil:
			s.breaks(everythingArrives, "%s still has the copy for %s at the end", app, a.Copy.Name)
		}
	}
}
