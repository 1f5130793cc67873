package heroku_test

import (
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform/heroku"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

// An output that cannot be opened is tried again, and then left alone.
func TestOutputRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault herokutest.Fault
	}{
		{"not there", herokutest.Fault{Status: 404}},
		{"expired", herokutest.Fault{Status: 403}},
		{"out of order", herokutest.Fault{Status: 503, Body: herokutest.Unavailable}},
		{"dropped", herokutest.Fault{DropBefore: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			l := w.listen(heroku.Options{})
			w.prepare.BuildTakes(3 * time.Minute)
			c.fault.Match, c.fault.Times = "/streams/build/*", 2
			w.server.Inject(c.fault)
			l.start("shop-prepare")
			l.wait(time.Second)
			l.wait(2 * time.Second)
			l.following(1)
			w.clock.Advance(3 * time.Minute)
			l.hears("shop-prepare")
			l.ends()

			w.server.ClearFaults()
			c.fault.Times = -1
			w.server.Inject(c.fault)
			l = w.listen(heroku.Options{})
			opened := l.opened()
			b := l.start("shop-prepare")
			for _, d := range []time.Duration{1, 2, 4, 8, 16} {
				l.wait(d * time.Second)
			}
			l.eventually("it is tried six times", func() bool { return l.opened()-opened == 6 })
			w.server.ClearFaults()
			l.eventually("the follower gives up", func() bool { return !strings.Contains(stacks(), "heroku.(*follower)") })
			l.look(b, bot.BuildPending) // which is no reason to begin anew
			l.ends()
			if n := l.opened() - opened; n != 6 {
				t.Errorf("an output that cannot be had was asked for %d times, want 6", n)
			}
		})
	}
}

// An output that is cut off is opened again, as often as it takes if each time it
// was open for long, and by the newest link.
func TestOutputCutOff(t *testing.T) {
	w := newWorld(t)
	l := w.listen(heroku.Options{})
	w.prepare.BuildTakes(40 * time.Minute)
	b := l.start("shop-prepare")
	for range 9 {
		l.following(1)
		w.clock.Advance(2 * time.Minute)
		l.look(b, bot.BuildPending)
		w.server.CutStreams()
		l.wait(time.Second)
	}
	l.following(1)
	w.clock.Advance(16 * time.Minute) // the link has expired
	w.server.CutStreams()
	l.wait(time.Second)
	l.eventually("the follower pauses", func() bool { return w.clock.waited() == 1 })
	l.look(b, bot.BuildPending) // brings a fresh one
	l.wait(2 * time.Second)
	l.following(1)
	w.clock.Advance(10 * time.Minute)
	l.hears("shop-prepare")
	l.look(b, bot.BuildSucceeded)
	l.ends()
}

// The output may end before the API says so: the end is told again until a look
// finds it.
func TestOutputEndsEarly(t *testing.T) {
	w := newWorld(t)
	l := w.listen(heroku.Options{})
	w.prepare.BuildTakes(time.Minute)
	w.prepare.OutputEndsEarly(2500 * time.Millisecond)
	b := l.start("shop-prepare")
	l.following(1)
	w.clock.Advance(time.Minute - 2500*time.Millisecond)
	l.hears("shop-prepare")
	l.look(b, bot.BuildPending)
	l.wait(time.Second)
	l.hears("shop-prepare")
	l.look(b, bot.BuildPending)
	l.wait(2 * time.Second)
	l.hears("shop-prepare")
	l.look(b, bot.BuildSucceeded)
	l.eventually("nobody waits any more", func() bool { return w.clock.waited() == 0 })
	l.ends()

	// If no look ever finds it, three times are enough.
	l = w.listen(heroku.Options{})
	b = l.start("shop-prepare")
	l.following(1)
	w.clock.Advance(time.Minute - 2500*time.Millisecond)
	l.hears("shop-prepare")
	for _, d := range []time.Duration{1, 2, 4} {
		l.wait(d * time.Second)
		l.hears("shop-prepare")
	}
	l.eventually("the follower gives up", func() bool { return !strings.Contains(stacks(), "heroku.(*follower)") })
	l.ends()
}

// A look that finds the end first leaves nothing to tell, and nothing to try.
func TestLookIsFirst(t *testing.T) {
	w := newWorld(t)
	l := w.listen(heroku.Options{})
	w.prepare.BuildTakes(time.Minute)
	b := l.start("shop-prepare")
	l.following(1)
	w.server.Inject(herokutest.Fault{Match: "/streams/build/*", Status: 404, Times: -1})
	w.server.CutStreams()
	l.eventually("the follower pauses", func() bool { return w.clock.waited() == 1 })
	if err := l.h.CancelBuild(t.Context(), b.App, b.ID); err != nil {
		t.Fatal(err)
	}
	l.look(b, bot.BuildCancelled)
	l.eventually("nobody waits any more", func() bool { return w.clock.waited() == 0 })
	l.ends()
}
