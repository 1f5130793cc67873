package simulation

import (
	"maps"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/bottest"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// durable is what is on disk, where what came later is not: a power cut leaves this.
type durable struct {
	state       pipeline.State
	version     int64
	wake, sweep time.Time
	jobs        []*job
	inbox       []*delivery
	deliveries  map[*delivery]delivery // as they were
	inLog       map[bot.Fact]bool
	queues      map[string]bot.BuildQueue
	history     bottest.History
	events      int
}

// mayForget notes what is on disk before a write that does not wait for it.
func (s *sim) mayForget() {
	st := s.store
	if st.durable != nil {
		return
	}
	d := &durable{
		state: st.state, version: st.version, wake: st.wake, sweep: st.sweep,
		jobs: slices.Clone(st.jobs), inbox: slices.Clone(st.inbox), deliveries: map[*delivery]delivery{},
		inLog: maps.Clone(st.inLog), queues: map[string]bot.BuildQueue{},
		history: st.history.Clone(), events: len(st.events),
	}
	for _, one := range st.inbox {
		d.deliveries[one] = *one
	}
	for app, q := range s.turns.Queues {
		d.queues[app] = slices.Clone(q)
	}
	st.durable = d
}

// cutPower ends all instances, and undoes what was not on disk.
func (s *sim) cutPower() {
	for _, in := range slices.Clone(s.alive) {
		s.bury(in)
	}
	st, d := s.store, s.store.durable
	s.note("", "the power fails: version %d is undone, %d is on disk", st.version, d.version)
	st.state, st.version, st.wake, st.sweep = d.state, d.version, d.wake, d.sweep
	st.history, st.events = d.history, st.events[:d.events:d.events]
	st.jobs, st.inbox, st.inLog, st.durable = d.jobs, d.inbox, d.inLog, nil
	for _, j := range st.jobs {
		j.done, j.by = false, nil
	}
	for one, was := range d.deliveries {
		*one = was
		one.by = nil
	}
	s.turns.Queues = d.queues
}
