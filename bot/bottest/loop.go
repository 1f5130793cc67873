package bottest

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/apply"
	"github.com/headstart-cd/headstart/bot/decide"
	"github.com/headstart-cd/headstart/bot/history"
	"github.com/headstart-cd/headstart/bot/pipeline"
)

// Loop reconciles one pipeline of a World as bot/engine does, one step at a
// time: effects wait in Underway until the test has one of them performed.
type Loop struct {
	*World
	State pipeline.State
	Plan  decide.Plan // of the last decision
	Wake  time.Time
	Sweep time.Time // when lost webhooks are looked for, which Wait does
	Out   []bot.Effect
	Lost  []bot.Effect // whose performers never came back

	// Performed, if not nil, is told of each outcome.
	Performed func(bot.Finished)
	// Moved, if not nil, is told of each stage that runs something else.
	Moved func(bot.Need) error
	// Intact holds each decision to leave the state that it began with as it was, to the
	// byte as it is stored.
	Intact bool
	// Turns are the queues in which it stands; nil: it shares no app.
	Turns *Turns

	History History
	Events  []bot.Event // all that were folded in
	// Recorded, if not nil, is told of the rows of each commit.
	Recorded func([]history.Entry)

	claims  []bot.QueueClaim // where it stands in the queues of prepare apps
	settled []bot.Event      // of the last decision
}

// seenComment is a comment that a pipeline has seen.
type seenComment struct {
	pipeline string
	comment  int64
}

// NewLoop returns a loop around a pipeline that nothing is known of.
func NewLoop(w *World) *Loop {
	return &Loop{World: w, State: pipeline.State{Pipeline: bot.Key{Repo: w.Repo}}}
}

// Deliver folds facts and decides. The error says what must never happen: a
// decision that does not settle, or one that would be taken again and again.
func (l *Loop) Deliver(facts ...bot.Fact) error {
	was := l.State
	if err := l.reconcile(facts); err != nil {
		return err
	}
	l.Events = append(l.Events, l.settled...)
	rows := history.Chronicle(was, l.State)
	if l.Recorded != nil {
		l.Recorded(rows)
	}
	if err := l.History.Take(rows, l.State); err != nil {
		return err
	}
	if l.Moved == nil {
		return nil
	}
	for _, stage := range pipeline.StagesMoved(was, l.State) {
		if err := l.Moved(stage); err != nil {
			return err
		}
	}
	return nil
}

func (l *Loop) reconcile(facts []bot.Fact) error {
	if l.Turns != nil {
		return l.decideInTurn(facts)
	}
	return l.decide(facts)
}

func (l *Loop) decide(facts []bot.Fact) error {
	var fresh []bot.Fact
	for _, f := range facts {
		if id := l.State.Pipeline.CommentOf(f); id != 0 && l.State.TakesComments() {
			by := seenComment{l.State.Pipeline.Name, id}
			if l.World.seen[by] {
				continue
			}
			if l.World.seen == nil {
				l.World.seen = map[seenComment]bool{}
			}
			l.World.seen[by] = true
		}
		fresh = append(fresh, f)
	}
	before := l.stored()
	done := decide.Settle(l.State, l.Now, fresh...)
	if after := l.stored(); after != before {
		return fmt.Errorf("the state that events were folded into should be as it was, …%s\nit is now …%s", since(before, after), since(after, before))
	}
	if err := sound(l.State, done.Events); err != nil {
		return err
	}
	l.State, l.Plan, l.claims, l.settled = done.State, done.Plan, done.Claims, done.Events
	l.Out = append(l.Out, done.Effects...)
	if done.Unstable {
		return fmt.Errorf("the decision is still not stable: it wants %s", l.Plan.Effects[0].Key)
	}
	l.Wake, l.Sweep = l.Plan.Wake, l.Plan.Sweep
	if !l.Wake.IsZero() && !l.Wake.After(l.Now) {
		return fmt.Errorf("the decision asks to be taken again at once: at %s for %s", l.Now, l.Wake)
	}
	return nil
}

// stored is the state as it is stored, if anybody wants to see whether that changes.
func (l *Loop) stored() string {
	if !l.Intact {
		return ""
	}
	data, err := json.Marshal(l.State)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// since is what a text says from a little before where it differs from another one.
func since(text, other string) string {
	i := 0
	for i < min(len(text), len(other)) && text[i] == other[i] {
		i++
	}
	return text[max(i-100, 0):min(i+100, len(text))]
}

// sound holds a state to its invariants after each of the events.
func sound(s pipeline.State, events []bot.Event) error {
	for _, e := range events {
		s = apply.Apply(s, e)
		if err := s.Check(); err != nil {
			return fmt.Errorf("after %s the state contradicts itself: %w", bot.NameOf(e.Fact), err)
		}
	}
	return nil
}

// Perform has one of the effects in Underway performed, and folds its outcome in.
func (l *Loop) Perform(i int) error {
	e := l.Out[i]
	l.Out = slices.Delete(l.Out, i, i+1)
	if turn, ok := e.Do.(bot.TakeTurn); ok {
		return l.Deliver(bot.Called(turn))
	}
	fact, err, back := l.World.Perform(l.State.Target(), e)
	if !back {
		l.Lost = append(l.Lost, e)
		return nil
	}
	if fact != nil && !slices.ContainsFunc(bot.TraitsOf(e.Do).Answers, func(f bot.Fact) bool { return bot.NameOf(f) == bot.NameOf(fact) }) {
		return fmt.Errorf("%s was answered by %s, which is none of its answers", e.Key, bot.NameOf(fact))
	}
	f := bot.Conclude(e, fact, err)
	if l.Performed != nil {
		l.Performed(f)
	}
	return l.Deliver(f)
}

// storm bounds what may happen without time passing.
const storm = 1000

// Drain performs everything in Underway, in order, and what follows from it.
func (l *Loop) Drain() error {
	for n := 0; len(l.Out) > 0; n++ {
		if n > storm {
			return fmt.Errorf("after %d effects at one moment it still wants %s", n, l.Out[0].Key)
		}
		if err := l.Perform(0); err != nil {
			return err
		}
	}
	return nil
}

// Wait lets time pass: what the world does by itself happens, the pipeline is
// looked at whenever it asked to be, and swept whenever that is due.
func (l *Loop) Wait(d time.Duration) error {
	until := l.Now.Add(d)
	for n := 0; ; n++ {
		if err := l.Drain(); err != nil {
			return err
		}
		at, facts := l.next()
		if at.IsZero() || at.After(until) {
			l.Pass(until)
			return nil
		}
		if n > storm*10 {
			return fmt.Errorf("it woke %d times within %s", n, d)
		}
		if at.After(l.Now) {
			l.Pass(at)
		}
		if err := l.Deliver(facts...); err != nil {
			return err
		}
	}
}

// next is when the pipeline is to be looked at, and what it is told then; zero:
// never.
func (l *Loop) next() (at time.Time, facts []bot.Fact) {
	if !l.Sweep.IsZero() && (l.Wake.IsZero() || l.Sweep.Before(l.Wake)) {
		return l.Sweep, []bot.Fact{bot.Swept{Apps: true}}
	}
	return l.Wake, nil
}

// Crash ends whoever performs effects. What was being performed, or was about to
// be, is performed again by the next one, who does not know what became of it.
func (l *Loop) Crash() error {
	again := append(l.Lost, l.Out...)
	l.Lost, l.Out = nil, nil
	for _, e := range again {
		if _, turn := e.Do.(bot.TakeTurn); turn {
			l.Out = append(l.Out, e)
			continue
		}
		if f := l.State.Pending[e.Key]; !f.Underway || f.Attempt != e.Attempt {
			continue // it was given up before
		}
		e.Unsure, e.LostAt, e.At = true, l.Now, l.Now
		l.Out = append(l.Out, e)
	}
	return l.Deliver()
}
