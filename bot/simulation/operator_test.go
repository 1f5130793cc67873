package simulation

import (
	"context"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// The operator freezes everything, and each instance passes that on.

// operate has the operator freeze everything, or end that.
func (s *sim) operate() {
	s.pass(s.Now.Add(time.Second)) // no two words at the same time
	w := bot.OperatorFreeze{At: s.Now, By: "root"}
	if !s.truth.frozen.On {
		w.On, w.Reason = true, "an incident"
		if s.once(1) {
			w.Until = s.Now.Add(time.Duration(1+s.pick(8)) * time.Minute)
		}
	}
	s.truth.frozen, s.truth.reachedAll = w, time.Time{}
	s.note("operator", "freezes everything: %t, until %s", w.On, w.Until.Format(time.TimeOnly))
}

// looksForFreeze reports whether an instance has not passed the operator's word on yet, and
// is about to look.
func (s *sim) looksForFreeze(in *instance) bool {
	return in.freezePassedOn.Before(s.truth.frozen.At) && !in.listens.After(s.Now)
}

// passFreezeOn has an instance pass the operator's word on.
func (s *sim) passFreezeOn(in *instance) {
	in.listens = s.Now.Add(time.Second)
	word := s.truth.frozen
	s.by(in, func() {
		if err := in.engine.LookAtFreeze(context.Background()); err != nil {
			return // it looks again in a second
		}
		in.freezePassedOn = word.At
		s.note(in.name, "has passed on the operator's word")
		if s.truth.frozen.At.Equal(word.At) && s.truth.reachedAll.IsZero() && s.store.version > 0 {
			s.truth.reachedAll = s.Now
		}
	})
}

// Freeze is the operator's newest word.
func (p port) Freeze(ctx context.Context) (bot.OperatorFreeze, error) {
	p.in.turn(ctx)
	if s := p.in.s; s.may.commits && s.once(5) {
		return bot.OperatorFreeze{}, errDatabase
	}
	return p.in.s.truth.frozen, nil
}

// Passed is the time of the newest word that has reached the pipeline.
func (p port) Passed(ctx context.Context) (time.Time, error) {
	p.in.turn(ctx)
	return p.in.s.truth.passed, nil
}

// SetPassed notes that a word has.
func (p port) SetPassed(ctx context.Context, said time.Time) error {
	p.in.turn(ctx)
	p.in.s.truth.passed = said
	return nil
}

// All lists the one pipeline, once there is one.
func (p port) All(ctx context.Context) ([]bot.Key, error) { return p.Pipelines(ctx, key.Repo) }
