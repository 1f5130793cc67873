package heroku_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

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
	l.pauses(1)
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
	l.pauses(0)
	l.ends()

	// If no look ever finds it, three times are enough.
	l = w.listen(heroku.Options{})
	l.start("shop-prepare")
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
	l.pauses(1)
	if err := l.h.CancelBuild(t.Context(), b.App, b.ID); err != nil {
		t.Fatal(err)
	}
	l.look(b, bot.BuildCancelled)
	l.pauses(0)
	l.ends()
}

// Links to outputs are secrets, wherever in them the secret is: no log has one,
// and they lead to where they may and nowhere else.
func TestOutputLinksAreSecret(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		t.Errorf("%s, which is neither encrypted nor the API, was asked for an output", r.Host)
	}))
	defer elsewhere.Close()
	w := newWorld(t)
	core, logs := observer.New(zap.DebugLevel)
	l := w.listen(heroku.Options{Logger: zap.New(core)})
	w.prepare.BuildTakes(3 * time.Minute)
	for _, f := range []herokutest.Fault{
		{Status: 302, Header: http.Header{"Location": {elsewhere.URL + "/secret-key/logs"}}},
		{Status: 302, Header: http.Header{"Location": {"http://%zz/secret-key"}}},
		{Status: 302, Header: http.Header{"Location": {w.server.URL() + "/web/secret-key/"}}}, // where nothing is
		{DropAfter: true},
		{Status: 403, Body: "secret-key"},
	} {
		f.Match = "/streams/build/*"
		w.server.Inject(f)
	}
	l.start("shop-prepare")
	for _, d := range []time.Duration{1, 2, 4, 8, 16} {
		l.wait(d * time.Second)
	}
	l.following(1)
	w.clock.Advance(3 * time.Minute)
	l.hears("shop-prepare")
	l.ends()

	// A link that leads elsewhere from the start.
	l = w.listen(heroku.Options{Logger: zap.New(core)})
	for _, link := range []string{elsewhere.URL + "/secret-key", "file:///secret-key", "https://127.0.0.1:1/secret-key", "https://%zz/secret-key", "secret-key"} {
		opened := l.opened()
		b := bot.Build{App: "shop-prepare", ID: fmt.Sprintf("01234567-89ab-cdef-0123-%012x", len(link))}
		w.server.Inject(herokutest.Fault{Match: "GET /apps/*/builds/*", Status: 200, Body: fmt.Sprintf(
			`{"id":%q,"status":"pending","created_at":"2026-03-02T09:00:00Z","output_stream_url":%q}`, b.ID, link)})
		l.look(b, bot.BuildPending)
		if l.opened() != opened {
			t.Errorf("the link %q led to the stand-in", link)
		}
	}
	l.pauses(2) // two could not be opened
	l.ends()
	for _, line := range logs.All() {
		text := fmt.Sprint(line.Message, line.ContextMap())
		for _, secret := range []string{token, "secret-key", "signature", "expires=", "/streams/"} {
			if strings.Contains(text, secret) {
				t.Errorf("a log has %q: %s", secret, text)
			}
		}
	}
	if logs.FilterMessageSnippet("could not be followed").Len() < 7 || logs.FilterMessageSnippet("has ended").Len() != 1 {
		t.Errorf("the log does not tell what became of the outputs: %v", logs.All())
	}
}
