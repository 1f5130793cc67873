package heroku_test

import (
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform/heroku"
)

// reads waits until the output of a build is as expected, in all.
func (l listener) reads(b bot.Build, want string, ended bool) {
	l.Helper()
	l.eventually("the output is "+want, func() bool {
		log := l.h.Output(b.App, b.ID)
		if log == nil {
			return false
		}
		p := log.From(0)
		return p.Text == want && p.Ended == ended
	})
}

// What a build writes can be read while it runs, and what it is cut off from is not read twice. It costs no request.
func TestOutputIsReadAlong(t *testing.T) {
	w := newWorld(t)
	l := w.listen(heroku.Options{})
	w.prepare.BuildTakes(3 * time.Minute)
	w.prepare.FailNextBuild("the key " + token + " is no good; neither is ghs_0123456789abcdefghij,\n !     says https://x:secret@example.com")
	b := l.start("shop-prepare")
	const begin = "-----> Building on the heroku-24 stack\n"
	l.reads(b, begin, false)
	before := len(w.server.APIRequests())
	w.server.CutStreams()
	l.wait(time.Second)
	l.following(1)
	l.reads(b, begin, false)
	w.clock.Advance(3 * time.Minute)
	l.hears("shop-prepare")
	all := begin + " !     the key [redacted] is no good; neither is [redacted],\n !     says https://[redacted]@example.com\n !     Push failed\n"
	l.reads(b, all, true)
	if asked := w.asked(before); len(asked) != 0 {
		t.Errorf("to read it Heroku was asked %q, want nothing", asked)
	}
	opened := l.opened()
	l.look(b, bot.BuildFailed)
	if n := l.opened() - opened; n != 0 {
		t.Errorf("an output that was read to its end was asked for %d times more", n)
	}
	l.ends()

	// Another process has not read it, and reads its end when a look finds the failure.
	l = w.listen(heroku.Options{})
	if l.h.Output(b.App, b.ID) != nil {
		t.Error("there is an output that nobody has read")
	}
	l.look(b, bot.BuildFailed)
	l.reads(b, all, true)
	l.ends()
}

// Of a failure whose output was not read to its end, the end is read.
func TestOutputThatWasCutOffIsReadAtTheEnd(t *testing.T) {
	w := newWorld(t)
	l := w.listen(heroku.Options{})
	w.staging.ReleaseTakes(time.Minute)
	w.staging.Deploy(sha(1))
	good := w.staging.Deploy(sha(2))
	w.staging.FailNextRelease("bin/migrate: permission denied")
	r, err := l.h.Rollback(t.Context(), "shop-staging", good.ID)
	if err != nil {
		t.Fatal(err)
	}
	l.following(1)
	w.server.CutStreams()
	l.pauses(1)
	w.clock.Advance(time.Minute) // its end and the end of the pause
	if r, err = l.h.Release(t.Context(), "shop-staging", r.ID); err != nil || r.Status != bot.ReleaseFailed {
		t.Fatalf("the release should have failed: %+v, %v", r, err)
	}
	text, cut, complete := l.h.Output("shop-staging", r.ID).Last()
	if !strings.HasSuffix(text, "bin/migrate: permission denied\n") || cut || !complete {
		t.Errorf("the output should be there to its end, got %q, cut: %t, complete: %t", text, cut, complete)
	}
	l.h.Close()
}
