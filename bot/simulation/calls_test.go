package simulation

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
)

// How requests to the world go wrong.

// ask is a request of an instance.
type ask struct {
	what   string
	writes bool         // it changes something
	late   bool         // it may come true after its answer was lost
	leaves func()       // checks whether it may be made; called when it certainly or possibly takes effect
	job    *job         // whose request it is
	secret string       // what is in the request and must not come out
	refuse *bot.Refused // how it may be refused; nil: it is not
}

// call makes a request, with everything that may happen to an instance and to a
// request on the way there and back.
func call[T any](in *instance, a ask, do func() (T, error)) (T, error) {
	s := in.s
	var none T
	act := func() (T, error) {
		before := s.acting
		s.acting = a.job
		defer func() { s.acting = before }()
		return do()
	}
	leave := func() {
		if a.leaves != nil {
			a.leaves()
		}
	}
	later := func(d time.Duration) {
		leave()
		s.After(d, func() { _, _ = act() })
	}
	in.maybeDie("before " + a.what)
	if s.may.slow && s.once(4) {
		s.takeTime(in)
	}
	s.interleave(in)
	if s.losing != "" && strings.HasPrefix(a.what, s.losing) {
		s.losing = ""
		later(25 * time.Second)
		s.note(in.name, "%s: no answer, and it comes true much later", a.what)
		return none, &bot.Unknown{Reason: "no answer"}
	}
	soon := func() time.Duration { return time.Duration(1+s.pick(24)) * time.Second }
	if a.writes && s.may.crashes && s.may.late && a.late && s.once(6) {
		later(soon())
		s.note(in.name, "dies while %s is on its way", a.what)
		in.die()
	}
	if s.may.limits && s.once(6) {
		s.note(in.name, "%s: a rate limit is exhausted", a.what)
		return none, &bot.Retryable{Reason: "the rate limit is exhausted", After: time.Duration(1+s.pick(600)) * time.Second, Limit: true}
	}
	// Whatever a room learns of a request that went wrong stays in the cause.
	cause := fmt.Errorf("Post %q: connection reset", a.secret)
	if s.may.calls && s.once(4) {
		switch kind := s.pick(8); {
		case !a.writes || kind < 2:
			s.note(in.name, "%s: fails", a.what)
			return none, &bot.Retryable{Reason: "GitHub or the platform is out of order", Err: cause}
		case kind < 4:
			s.note(in.name, "%s: no answer, and nothing came of it", a.what)
			return none, &bot.Unknown{Reason: "no answer", Err: cause}
		case kind == 4 && a.late && s.may.late:
			later(soon())
			s.note(in.name, "%s: no answer, and it comes true later", a.what)
			return none, &bot.Unknown{Reason: "no answer", Err: cause}
		case kind == 5:
			s.note(in.name, "%s: never comes back", a.what)
			if coin.Draw(s.t, "") {
				leave()
				_, _ = act()
				s.note(in.name, "%s: was done", a.what)
			}
			panic(hang{in})
		case kind == 6 && a.refuse != nil && s.may.endless:
			s.note(in.name, "%s: refused", a.what)
			return none, a.refuse
		default:
			leave()
			_, err := act()
			s.note(in.name, "%s: done, but the answer is lost", a.what)
			if err != nil {
				return none, err
			}
			return none, &bot.Unknown{Reason: "no answer", Err: cause}
		}
	}
	leave()
	v, err := act()
	if a.writes {
		s.note(in.name, "%s: done", a.what)
		in.maybeDie("after " + a.what)
	}
	return v, err
}

// takeTime lets a request take some time, in which other instances work.
func (s *sim) takeTime(in *instance) {
	d := time.Duration(1+s.pick(20)) * time.Second
	s.note(in.name, "waits %s for an answer", d)
	s.pass(s.Now.Add(d))
}

// hub is GitHub as one instance sees it.
type hub struct{ in *instance }

func (h hub) Perform(ctx context.Context, _ bot.Target, e bot.Effect) (bot.Fact, error) {
	h.in.turn(ctx)
	s := h.in.s
	a := ask{what: e.Key, job: jobOf(ctx), leaves: func() { s.publishes(jobOf(ctx), e) }}
	switch e.Do.(type) {
	case bot.SetStatus, bot.CreateDeployment, bot.SetDeploymentStatus, bot.WriteComment, bot.React, bot.Reply:
		a.writes = true
	}
	return call(h.in, a, func() (bot.Fact, error) {
		if err := s.unknown(e.Do, s.named(e.Do)...); err != nil {
			return nil, err
		}
		fact, err := s.GitHub(e)
		if read, ok := fact.(bot.ConfigRead); ok && read.Found && read.Problem == "" {
			// As whoever reads the file does, it is held against the allow-list.
			if err := s.allowList().Check(key.Repo, read.Config.Apps()...); err != nil {
				fact = bot.ConfigRead{Ref: read.Ref, Found: true, Problem: err.Error()}
			}
		}
		if err == nil {
			s.publishedTruly(e)
		}
		if do, ok := e.Do.(bot.ReadConfig); ok && err == nil {
			s.truth.shown[do.Ref] = true
		}
		return fact, err
	})
}

// token is in the address of every source tarball. Nobody may ever read it.
const token = "ghs_planted"

// source tells where tarballs are.
type source struct{ in *instance }

func (p source) Tarball(ctx context.Context, _ bot.Target, sha string) (string, error) {
	p.in.turn(ctx)
	return call(p.in, ask{what: "the tarball of " + sha, job: jobOf(ctx)}, func() (string, error) {
		if err := p.in.s.unknown(bot.StartBuild{}, sha); err != nil {
			return "", err
		}
		return "https://source.example/" + sha + "?token=" + token, nil
	})
}

// platformView is the platform as one instance sees it.
type platformView struct {
	in *instance
	platform.Platform
}

// touch is the beginning of every request that names an app.
func (p platformView) touch(ctx context.Context, app string) {
	p.in.turn(ctx)
	p.in.s.mayTouch(p.in, app)
}

func read[T any](ctx context.Context, p platformView, app, what string, do func() (T, error)) (T, error) {
	p.touch(ctx, app)
	return call(p.in, ask{what: what + " " + app, job: jobOf(ctx)}, do)
}

func (p platformView) App(ctx context.Context, app string) (bot.App, error) {
	return read(ctx, p, app, "looking at", func() (bot.App, error) { return p.Platform.App(ctx, app) })
}

func (p platformView) Builds(ctx context.Context, app string) ([]bot.Build, error) {
	return read(ctx, p, app, "listing the builds of", func() ([]bot.Build, error) { return p.Platform.Builds(ctx, app) })
}

func (p platformView) Build(ctx context.Context, app, id string) (bot.Build, error) {
	return read(ctx, p, app, "looking at a build of", func() (bot.Build, error) { return p.Platform.Build(ctx, app, id) })
}

func (p platformView) Releases(ctx context.Context, app string) ([]bot.Release, error) {
	return read(ctx, p, app, "listing the releases of", func() ([]bot.Release, error) {
		p.in.s.noteAdopted(app)
		return p.Platform.Releases(ctx, app)
	})
}

func (p platformView) Release(ctx context.Context, app, id string) (bot.Release, error) {
	return read(ctx, p, app, "looking at a release of", func() (bot.Release, error) { return p.Platform.Release(ctx, app, id) })
}

func (p platformView) CancelBuild(ctx context.Context, app, id string) error {
	p.touch(ctx, app)
	_, err := call(p.in, ask{what: "cancelling " + id, job: jobOf(ctx), writes: true}, func() (bool, error) {
		return true, p.Platform.CancelBuild(ctx, app, id)
	})
	return err
}

func (p platformView) StartBuild(ctx context.Context, app string, src bot.Source) (bot.Build, error) {
	p.touch(ctx, app)
	s, j := p.in.s, jobOf(ctx)
	var r *request
	return call(p.in, ask{
		what: "building " + src.Commit + " on " + app, job: j, writes: true, late: true, secret: src.URL,
		refuse: &bot.Refused{Platform: true, Reason: "the platform does not build today"},
		leaves: func() { r = s.mayBuild(j, app, src.Commit) },
	}, func() (bot.Build, error) {
		if s.App(app).Pending() != nil {
			r.never = true
			return bot.Build{}, &bot.Retryable{Reason: app + " is busy"}
		}
		return s.beginBuild(ctx, p, r, app, src)
	})
}

func (p platformView) Promote(ctx context.Context, to platform.Promotion) (bot.Release, error) {
	p.touch(ctx, to.To)
	s, j := p.in.s, jobOf(ctx)
	var r *request
	return call(p.in, ask{
		what: "releasing " + to.Artifact + " on " + to.To, job: j, writes: true, late: true,
		refuse: &bot.Refused{Platform: true, Reason: "the platform does not release today"},
		leaves: func() { r = s.mayPromote(j, to) },
	}, func() (bot.Release, error) {
		if s.Now.Before(s.busy) && stageOf[to.To] == "production" {
			r.never = true
			return bot.Release{}, &bot.Retryable{Reason: "the platform is busy"}
		}
		return s.beginRelease(ctx, p, r, to)
	})
}

func (p platformView) Rollback(ctx context.Context, app, id string) (bot.Release, error) {
	p.touch(ctx, app)
	s, j := p.in.s, jobOf(ctx)
	to := platform.Promotion{From: app, To: app}
	for _, r := range s.App(app).Releases {
		if r.ID == id {
			to.Artifact, to.Commit = r.Artifact, r.Commit
		}
	}
	var r *request
	return call(p.in, ask{
		what: "rolling " + app + " back to " + id, job: j, writes: true, late: true, leaves: func() { r = s.mayPromote(j, to) },
	}, func() (bot.Release, error) { return s.beginRelease(ctx, p, r, to) })
}

// beginBuild begins a build, which may have an end of its own.
func (s *sim) beginBuild(ctx context.Context, p platformView, r *request, app string, src bot.Source) (bot.Build, error) {
	took := s.BuildTime
	if s.may.endless && s.once(3) {
		s.BuildTime = 0
	}
	_, err := p.Platform.StartBuild(ctx, app, src)
	endless := s.BuildTime == 0
	s.BuildTime = took
	if err != nil {
		return bot.Build{}, err
	}
	a := s.App(app)
	r.build = a.Builds[len(a.Builds)-1]
	if endless && s.once(1) {
		b := r.build
		s.After(took, func() { s.EndBuild(b, bot.BuildErrored, "the platform was restarted") })
	} else if endless {
		// It does not end before the bot gives it up.
		b := r.build
		s.note("", "the build of %s on %s does not end", src.Commit, app)
		s.After(2*time.Hour, func() { s.EndBuild(b, bot.BuildErrored, "it took too long") })
		r.endless = true
	}
	return *r.build, nil
}

// beginRelease begins a release, which may have an end of its own.
func (s *sim) beginRelease(ctx context.Context, p platformView, r *request, to platform.Promotion) (bot.Release, error) {
	took := s.ReleaseTime
	if s.may.endless && s.once(3) {
		s.ReleaseTime = 0
	}
	_, err := p.Platform.Promote(ctx, to)
	endless := s.ReleaseTime == 0
	s.ReleaseTime = took
	if err != nil {
		r.never = true
		return bot.Release{}, err
	}
	a := s.App(to.To)
	r.release = a.Releases[len(a.Releases)-1]
	if endless && s.once(1) {
		b := r.release
		s.After(took, func() { s.EndRelease(b, bot.ReleaseErrored, "the platform was restarted") })
	} else if endless {
		s.note("", "the release of %s on %s never ends", to.Artifact, to.To)
		r.endless = true
	}
	return *r.release, nil
}
