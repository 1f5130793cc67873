package engine

import (
	"context"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
)

// handClock is a clock that is set by hand.
type handClock struct{ now time.Time }

func (c *handClock) Now() time.Time                           { return c.now }
func (*handClock) Alarm(time.Time) (<-chan time.Time, func()) { return nil, func() {} }

// outOfOrder is a performer that notes what it is asked for, and does something meanwhile.
type outOfOrder struct {
	effects   []bot.Effect
	meanwhile func()
}

func (a *outOfOrder) Perform(_ context.Context, _ bot.Target, e bot.Effect) (bot.Fact, error) {
	a.effects = append(a.effects, e)
	a.meanwhile()
	return nil, &bot.Retryable{Reason: "it is out of order"}
}

// After hours in which nothing ran, an attempt that waited begins at the moment at which it
// counts as lost: whichever comes first, it is not performed beside another one.
func TestAnAttemptThatWaitedIsAloneInTheAir(t *testing.T) {
	for _, lost := range []bool{false, true} {
		clock := &handClock{now: noon}
		kept := newShelf()
		performer := &outOfOrder{}
		e := New(Options{Store: kept, Perform: performer, Clock: clock})
		decide := func() {
			if err := e.update(t.Context(), shop, 0, nil); err != nil {
				t.Fatal(err)
			}
		}
		push := bot.Pushed{Branch: "main", After: "a1", Tree: "t1", PushedAt: noon}
		if err := e.Deliver(t.Context(), Delivery{Repo: shop.Repo, Facts: []bot.Fact{bot.Installed{DefaultBranch: "main"}, push}}); err != nil {
			t.Fatal(err)
		}
		first, target := kept.effects[0], kept.targets[0]
		attempts := func() (n int) {
			for _, o := range kept.effects {
				if o.Key == first.Key {
					n++
				}
			}
			return n
		}
		clock.now = noon.Add(2 * time.Hour)
		if lost {
			decide()
		}
		performer.meanwhile = decide
		if err := e.Perform(t.Context(), target, first, false); err != nil {
			t.Fatal(err)
		}
		switch {
		case lost && (attempts() != 2 || len(performer.effects) != 0):
			t.Errorf("an attempt that was given up should not be performed: of %s there are %d attempts, and %d were performed", first.Key, attempts(), len(performer.effects))
		case !lost && (attempts() != 1 || len(performer.effects) != 1):
			t.Errorf("an attempt that is performed should not be given up: of %s there are %d attempts, and %d were performed", first.Key, attempts(), len(performer.effects))
		}
	}
}
