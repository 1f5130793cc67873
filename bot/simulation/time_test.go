package simulation

import "time"

// pass moves the clock, and with it the world. The world's own time never goes
// back: a request that is on its way would come true the later, though no request
// does. What is set back is the clock of an instance.
func (s *sim) pass(t time.Time) {
	if t.Before(s.Now) {
		return
	}
	if t.After(s.Now) {
		s.ops = 0
	}
	s.World.Pass(t)
}

// setClock sets the clock of an instance, ahead or back.
func (s *sim) setClock() {
	if n := len(s.alive); n > 0 {
		in := s.alive[s.pick(n)]
		in.skew = -time.Duration(s.pick(61)) * time.Second
		in.loaded = in.now()
		s.note(in.name, "has its clock set: it is off by %s", in.skew)
	}
}

// wait lets time pass while the instances work.
func (s *sim) wait() {
	s.waitFor(time.Duration(among(s, 1, 5, 20, 60, 400, 1, 20, 60)) * time.Second)
}

func (s *sim) waitFor(d time.Duration) {
	until := s.Now.Add(d)
	s.note("", "%s pass", d)
	for {
		s.settle()
		next := s.next()
		if next.IsZero() || next.After(until) {
			s.pass(until)
			return
		}
		s.pass(next)
	}
}

// settle has the instances do everything that there is to do at this moment.
func (s *sim) settle() {
	for n := 0; len(s.alive) > 0; n++ {
		in := s.alive[s.pick(len(s.alive))]
		if s.workOne(in) {
			continue
		}
		idle := true
		for _, other := range s.alive {
			if other != in && s.workOne(other) {
				idle = false
				break
			}
		}
		if idle {
			return
		}
	}
}

// next is when there is something to do next, after now; zero if nothing is.
func (s *sim) next() time.Time {
	var at time.Time
	consider := func(t time.Time) {
		if t.After(s.Now) && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	if w := s.World.Next(); !w.IsZero() {
		consider(w)
	}
	for _, in := range s.alive {
		if !s.store.wake.IsZero() {
			consider(s.store.wake.Add(-in.skew))
		}
	}
	if len(s.alive) > 0 {
		switch in := s.alive[0]; {
		case s.hooks.failed():
			consider(in.sweeps)
		case !s.store.sweep.IsZero():
			consider(later(in.sweeps, s.store.sweep.Add(-in.skew)))
		}
	}
	for _, d := range s.store.inbox {
		consider(d.next)
	}
	for _, in := range s.alive {
		if in.freezePassedOn.Before(s.truth.frozen.At) {
			consider(in.listens)
		}
	}
	return at
}

// sleep lets time pass in which nobody works: the machine stands still.
func (s *sim) sleep() {
	d := time.Duration(among(s, 10, 45, 300, 7200)) * time.Second
	s.note("", "%s pass in which nothing runs", d)
	s.pass(s.Now.Add(d))
}
