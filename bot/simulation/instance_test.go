package simulation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
	"github.com/headstart-cd/headstart/platform"
)

// instance is one process of Headstart.
type instance struct {
	s              *sim
	name           string
	skew           time.Duration // of its clock against the world's
	dead           bool
	busy           bool // it is in the middle of something
	engine         *engine.Engine
	freezePassedOn time.Time // when the operator's word was said that it has passed on
	listens        time.Time // when it looks for that next
	sweeper        *engine.Sweeper
	sweeps         time.Time // when it sweeps next
	loaded         time.Time // when it last loaded the state, by its clock
	allowed        []string  // apps, by the operator's list as it was when the instance started
}

// death is the panic that ends an instance wherever it is.
type death struct{ in *instance }

// hang is the panic of a call that never comes back: its job stays claimed.
type hang struct{ in *instance }

// clock is an instance's.
type clock struct{ in *instance }

func (c clock) Now() time.Time { return c.in.now() }

// Alarm never rings: the history drives the engine.
func (c clock) Alarm(time.Time) (<-chan time.Time, func()) { return nil, func() {} }

func (in *instance) now() time.Time { return in.s.Now.Add(in.skew) }

// start starts another instance.
func (s *sim) start() *instance {
	s.started++
	in := &instance{s: s, name: fmt.Sprintf("i%d", s.started), allowed: s.allowed}
	if s.may.clocks && s.once(1) {
		in.skew = -time.Duration(s.pick(61)) * time.Second
	} else if s.once(2) {
		in.skew = time.Duration(s.pick(7)-3) * time.Second
	}
	in.engine = engine.New(engine.Options{
		Store: port{in}, Freezes: port{in}, Clock: clock{in}, Logger: zap.New(log{s}),
		Perform: engine.Router{
			GitHub:   hub{in},
			Web:      web{in},
			Platform: &platform.Performer{Platforms: map[string]platform.Platform{"heroku": platformView{in, s.Platform()}}, Allow: s.allowList(), Source: source{in}},
		},
	})
	allowance := func() bot.Allowance {
		if s.may.limits && s.once(1) {
			return bot.Allowance{Limit: 5000, Left: s.pick(2000), Reset: s.Now.Add(time.Hour)}
		}
		return bot.Allowance{Limit: 5000, Left: 4000}
	}
	in.sweeper = engine.NewSweeper(engine.SweepOptions{
		Engine: in.engine, Sweeps: port{in}, Hooks: hookLog{in}, Every: sweepEvery, Clock: clock{in}, Logger: zap.New(log{s}),
		GitHub: func(int64) bot.Allowance { return allowance() }, App: allowance, Platform: func(string) bot.Allowance { return allowance() },
	})
	in.sweeps = s.Now
	s.alive = append(s.alive, in)
	s.note(in.name, "starts, its clock off by %s", in.skew)
	return in
}

// allowList is the operator's, as an instance reads it when it starts.
func (s *sim) allowList() platform.Allow {
	rules := ""
	for _, app := range s.allowed {
		rules += key.Repo.String() + "=" + app + " "
	}
	allow, err := platform.ParseAllow(rules)
	if err != nil {
		panic(err)
	}
	return allow
}

func (in *instance) mustLive() {
	if in.dead {
		panic(death{in})
	}
}

// maybeDie ends the instance here, sometimes.
func (in *instance) maybeDie(where string) {
	if in.s.may.crashes && in.s.once(7) {
		in.s.note(in.name, "dies %s", where)
		in.die()
	}
}

// die ends the instance here, and everything else that it does at the next
// occasion.
func (in *instance) die() {
	in.dead = true
	panic(death{in})
}

// by has an instance do something, and survives its death.
func (s *sim) by(in *instance, do func()) {
	in.busy = true
	s.depth++
	defer func() {
		in.busy = false
		s.depth--
		switch p := recover().(type) {
		case nil:
		case death:
			if p.in != in {
				panic(p)
			}
			s.bury(in)
		case hang:
			if p.in != in {
				panic(p)
			}
		default:
			panic(p)
		}
	}()
	do()
}

// bury gives what a dead instance was doing to the others.
func (s *sim) bury(in *instance) {
	in.dead = true
	s.alive = slices.DeleteFunc(s.alive, func(o *instance) bool { return o == in })
	for _, j := range s.store.jobs {
		if j.by == in {
			j.by = nil
		}
	}
	for _, d := range s.store.inbox {
		if d.by == in {
			d.by = nil
		}
	}
}

// crash ends an instance that is not in the middle of anything, or all of them with
// the machine.
func (s *sim) crash() {
	s.crashes++
	if n := len(s.alive); n > 0 {
		in := s.alive[s.pick(n)]
		if s.crashes%3 == 0 && s.store.durable != nil {
			s.cutPower()
			return
		}
		s.note(in.name, "is killed")
		s.bury(in)
	}
}

func (s *sim) restart() {
	if len(s.alive) < 3 {
		s.start()
	}
}

// work has some instance do one piece of work.
func (s *sim) work() {
	if n := len(s.alive); n > 0 {
		s.workOne(s.alive[s.pick(n)])
	}
}

// storm bounds what may happen without time passing.
const storm = 1500

// workOne has an instance do one of the things that wait to be done, and reports
// whether there was any.
func (s *sim) workOne(in *instance) bool {
	var jobs []*job
	for _, j := range s.store.jobs {
		if j.by == nil {
			jobs = append(jobs, j)
		}
	}
	var deliveries []*delivery
	for _, d := range s.store.inbox {
		if d.by == nil && !d.next.After(s.Now) {
			deliveries = append(deliveries, d)
		}
	}
	n := len(jobs) + len(deliveries)
	due := !s.store.wake.IsZero() && !s.store.wake.After(in.now())
	if due {
		n++
	}
	sweeps := !in.sweeps.After(s.Now) && s.toSweep(in)
	if sweeps {
		n++
	}
	if s.looksForFreeze(in) {
		s.passFreezeOn(in)
		return true
	}
	if n == 0 {
		return false
	}
	if s.ops++; s.ops > storm {
		s.breaks(everythingArrives, "it never comes to rest: after %d pieces of work at one moment there are %d more", s.ops, n)
	}
	if len(deliveries)+len(jobs) > 1 && s.may.atOnce && s.depth == 0 && s.once(1) {
		s.beginMany(in, deliveries, jobs)
		return true
	}
	ctx := context.Background()
	switch i := s.pick(n); {
	case i < len(deliveries):
		s.note(in.name, "processes %s", deliveries[i].guid)
		s.by(in, func() { s.process(ctx, in, deliveries[i]) })
	case i < len(deliveries)+len(jobs):
		j := jobs[i-len(deliveries)]
		s.by(in, func() { s.perform(ctx, in, j) })
	case i == n-1 && sweeps:
		in.sweeps = s.Now.Add(sweepEvery)
		s.by(in, func() {
			// What it could not do is done in the next round.
			_, _ = in.sweeper.Sweep(ctx)
		})
	default:
		s.by(in, func() {
			// An error is tried again: the wake time stands.
			_, _, _ = in.engine.Tick(ctx)
		})
	}
	return true
}

// sweepEvery is how often an instance sweeps, as by HEADSTART_SWEEP.
const sweepEvery = 2 * time.Minute

// toSweep reports whether a round of an instance would find anything: it leads,
// and a pipeline's time has come or a webhook did not arrive.
func (s *sim) toSweep(in *instance) bool {
	return s.alive[0] == in && (!s.store.sweep.IsZero() && !s.store.sweep.After(in.now()) || s.hooks.failed())
}

// interleave lets another instance do something while one is in the middle of
// something, or lets time pass.
func (s *sim) interleave(in *instance) {
	if !s.may.races || s.depth > 1 || !s.once(4) {
		return
	}
	for _, other := range s.alive {
		if !other.busy {
			s.note(in.name, "is overtaken by %s", other.name)
			for range 1 + s.pick(4) {
				if other.dead || !s.workOne(other) {
					break
				}
			}
			return
		}
	}
}

// log takes what an instance logs, which nobody reads but the check on secrets.
type log struct{ s *sim }

func (l log) Enabled(zapcore.Level) bool        { return true }
func (l log) With([]zapcore.Field) zapcore.Core { return l }
func (l log) Sync() error                       { return nil }
func (l log) Check(e zapcore.Entry, c *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return c.AddCore(e, l)
}

func (l log) Write(e zapcore.Entry, fields []zapcore.Field) error {
	l.s.leaks(e.Message, "the log")
	for _, f := range fields {
		l.s.leaks(f.String, "the log")
		if err, ok := f.Interface.(error); ok {
			l.s.leaks(err.Error(), "the log")
		}
	}
	return nil
}
