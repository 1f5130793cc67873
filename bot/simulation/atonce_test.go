package simulation

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// An instance does many things at the same time. Here they take turns, which the
// history draws: each waits wherever it asks for something from outside, and one of
// those that wait goes on. Where one waits for another within the engine, it is
// passed over.

// lane is one of the things that an instance does at once.
type lane struct {
	goOn    chan struct{}
	waits   bool      // for its turn; read by who gives turns while no lane runs
	commits bool      // what it waits with; likewise
	over    bool      // likewise
	loaded  time.Time // when it last loaded the state, by the instance's clock
}

type laneKey struct{}

// stopped is the panic that ends a lane whose history has ended.
type stopped struct{}

// turn is the beginning of everything that an instance asks for from outside.
func (in *instance) turn(ctx context.Context) {
	if l, ok := ctx.Value(laneKey{}).(*lane); ok {
		l.waits = true
		<-l.goOn
		if in.s.ended != nil {
			panic(stopped{})
		}
	}
	in.mustLive()
}

// turnToCommit is the same for a commit.
func (in *instance) turnToCommit(ctx context.Context) {
	if l, ok := ctx.Value(laneKey{}).(*lane); ok {
		l.commits = true
		defer func() { l.commits = false }()
	}
	in.turn(ctx)
}

// atOnce has an instance do several things at once, and survives its death.
func (s *sim) atOnce(in *instance, do []func(context.Context)) {
	s.by(in, func() {
		synctest.Test(s.test, func(*testing.T) { s.takeTurns(in, do) })
		if s.ended != nil {
			panic(s.ended)
		}
		in.mustLive()
	})
}

// takeTurns runs within a bubble, whose Wait returns when each lane waits for
// something: its turn, or another lane.
func (s *sim) takeTurns(in *instance, do []func(context.Context)) {
	lanes := make([]*lane, len(do))
	for i := range do {
		l := &lane{goOn: make(chan struct{})}
		lanes[i] = l
		go func() {
			defer func() { l.over = true }()
			defer s.survive(in)
			ctx := context.WithValue(context.Background(), laneKey{}, l)
			in.turn(ctx)
			do[i](ctx)
		}()
	}
	for {
		synctest.Wait()
		var wait []*lane
		over := 0
		for _, l := range lanes {
			if l.over {
				over++
			} else if l.waits {
				wait = append(wait, l)
			}
		}
		if over == len(lanes) {
			return
		}
		if len(wait) == 0 {
			panic("what an instance does at once waits for each other")
		}
		next := s.whoGoesOn(in, wait)
		next.waits = false
		next.goOn <- struct{}{}
	}
}

// whoGoesOn draws one of those that wait. Mostly commits are the last, so that
// others come while one is on its way. Without a history there is nothing to draw.
func (s *sim) whoGoesOn(in *instance, wait []*lane) (next *lane) {
	next = wait[0]
	if s.ended != nil {
		return next
	}
	defer s.survive(in) // drawing may end the history
	if !s.once(2) {
		if begin := slices.DeleteFunc(slices.Clone(wait), func(l *lane) bool { return l.commits }); len(begin) > 0 {
			wait = begin
		}
	}
	return wait[s.pick(len(wait))]
}

// survive ends a lane that panics. The death of its instance, or a request that
// never comes back, is a part of the history; anything else ends that.
func (s *sim) survive(in *instance) {
	switch p := recover().(type) {
	case nil, stopped:
	case death:
		if p.in != in {
			s.ended = p
		}
	case hang:
		if p.in != in {
			s.ended = p
		}
	default:
		s.ended = p
	}
}

// beginMany has an instance begin some of the deliveries and effects that wait, at once.
func (s *sim) beginMany(in *instance, deliveries []*delivery, jobs []*job) {
	var do []func(context.Context)
	for n := 2 + s.pick(4); n > 0 && len(deliveries)+len(jobs) > 0; n-- {
		if i := s.pick(len(deliveries) + len(jobs)); i < len(deliveries) {
			d := deliveries[i]
			deliveries = slices.Delete(deliveries, i, i+1)
			s.note(in.name, "processes %s at once with", d.guid)
			do = append(do, func(ctx context.Context) { s.process(ctx, in, d) })
		} else {
			i -= len(deliveries)
			j := jobs[i]
			jobs = slices.Delete(jobs, i, i+1)
			do = append(do, func(ctx context.Context) { s.perform(ctx, in, j) })
		}
	}
	s.atOnce(in, do)
}

// A history that is drawn again is the same, also where an instance does several
// things at once: else its seed would be worth nothing.
func TestHistoriesRepeat(t *testing.T) {
	g := rapid.Custom(histories(t))
	for i := range 15 {
		first, again := strings.Split(g.Example(i).story(), "\n"), strings.Split(g.Example(i).story(), "\n")
		for n := range min(len(first), len(again)) {
			if first[n] != again[n] {
				t.Errorf("the history %d should be the same when it is drawn again. After\n%s\nwas first:\n%s\nand then:\n%s", i, strings.Join(first[max(0, n-5):n], "\n"), first[n], again[n])
				break
			}
		}
		if len(first) != len(again) {
			t.Errorf("the history %d has %d lines, and then %d", i, len(first), len(again))
		}
	}
}
