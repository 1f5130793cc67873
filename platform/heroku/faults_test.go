package heroku_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
	"github.com/headstart-cd/headstart/platform/heroku"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
	"github.com/headstart-cd/headstart/platform/platformtest"
)

// Whatever goes wrong, the kind of the error says whether Heroku may have done
// what it was asked for.
func TestFaults(t *testing.T) {
	html := func(status int) herokutest.Fault {
		return herokutest.Fault{Status: status, Body: herokutest.Unavailable}
	}
	for _, c := range []struct {
		name       string
		fault      herokutest.Fault
		write      string // what a write becomes
		read       string
		mayHappen  bool // the write has its effect all the same
		retryAfter time.Duration
	}{
		{"the connection drops before the effect", herokutest.Fault{DropBefore: true, Times: -1}, "unknown", "retryable", false, 0},
		{"the connection drops after the effect", herokutest.Fault{DropAfter: true, Times: -1}, "unknown", "retryable", true, 0},
		{"503 in HTML", html(503), "unknown", "retryable", false, 0},
		{"503 in HTML after the effect", herokutest.Fault{Status: 503, Body: herokutest.Unavailable, Effect: true}, "unknown", "retryable", true, 0},
		{"500 in JSON", herokutest.Fault{Status: 500}, "unknown", "retryable", false, 0},
		{"502 in HTML", html(502), "unknown", "retryable", false, 0},
		{"503 that says when", herokutest.Fault{Status: 503, Header: http.Header{"Retry-After": {"7"}}}, "unknown", "retryable", false, 7 * time.Second},
		{"200 with HTML", herokutest.Fault{Status: 200, Body: "<html>hello</html>", Effect: true}, "unknown", "retryable", true, 0},
		{"200 with nothing", herokutest.Fault{Status: 200, Body: " ", Effect: true}, "unknown", "retryable", true, 0},
		{"200 with too much", herokutest.Fault{Status: 200, Body: `{"id":"` + strings.Repeat("x", 1<<20) + `"}`, Effect: true}, "unknown", "retryable", true, 0},
		{"400", herokutest.Fault{Status: 400, Body: `{"id":"bad_request","message":"no"}`}, "refused", "refused", false, 0},
		{"401", herokutest.Fault{Status: 401}, "refused", "refused", false, 0},
		{"402", herokutest.Fault{Status: 402}, "refused", "refused", false, 0},
		{"403", herokutest.Fault{Status: 403}, "refused", "refused", false, 0},
		{"404", herokutest.Fault{Status: 404}, "refused", "refused", false, 0},
		{"404 in HTML", html(404), "refused", "refused", false, 0},
		{"409", herokutest.Fault{Status: 409}, "retryable", "retryable", false, 0},
		{"422", herokutest.Fault{Status: 422}, "refused", "refused", false, 0},
		{"a redirect", herokutest.Fault{Status: 302, Header: http.Header{"Location": {"http://127.0.0.1:1/"}}}, "refused", "refused", false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			c.fault.Match = "POST"
			w.server.Inject(c.fault)
			_, err := w.platform.StartBuild(t.Context(), "shop-prepare", w.source(sha(1)))
			w.want("a build", err, c.write)
			w.server.ClearFaults()
			if n := len(w.prepare.Builds()); (n == 1) != c.mayHappen {
				t.Errorf("after the fault Heroku has %d builds", n)
			}

			w.prepare.Deploy(sha(2)) // so that there is something to promote
			slug := w.prepare.Current().Slug
			before := len(w.staging.Releases())
			c.fault.Match = "POST /apps/*/releases"
			w.staging.Uncouple()
			w.server.Inject(c.fault)
			_, err = w.platform.Promote(t.Context(), platform.Promotion{Artifact: slug, Commit: sha(2), From: "shop-prepare", To: "shop-staging"})
			w.want("a release", err, c.write)
			w.server.ClearFaults()
			if made := len(w.staging.Releases()) - before; (made == 1) != c.mayHappen {
				t.Errorf("after the fault %d releases were made", made)
			}

			c.fault.Match = "GET"
			c.fault.Times = -1
			w.server.Inject(c.fault)
			fresh := w.connect(heroku.Options{})
			for what, ask := range map[string]func() error{
				"describing an app":    func() error { _, err := fresh.App(t.Context(), "shop-staging"); return err },
				"listing builds":       func() error { _, err := fresh.Builds(t.Context(), "shop-prepare"); return err },
				"listing releases":     func() error { _, err := fresh.Releases(t.Context(), "shop-staging"); return err },
				"looking at a release": func() error { _, err := fresh.Release(t.Context(), "shop-staging", w.staging.Current().ID); return err },
				"a build that cannot look first": func() error {
					_, err := fresh.StartBuild(t.Context(), "shop-prepare", w.source(sha(3)))
					return err
				},
			} {
				err := ask()
				w.want(what, err, c.read)
				if retry := new(bot.Retryable); errors.As(err, &retry) && retry.After != c.retryAfter {
					t.Errorf("%s may be tried again after %v, want %v", what, retry.After, c.retryAfter)
				}
			}
		})
	}
}

// want checks the kind of an error, that refusals are not blamed on the code,
// and that nothing secret is in it.
func (w *world) want(what string, err error, kind string) {
	w.Helper()
	if got := platformtest.KindOf(err); got != kind {
		w.Errorf("%s is %s (%v), want %s", what, got, err, kind)
	}
	if refused := new(bot.Refused); errors.As(err, &refused) && !refused.Platform {
		w.Errorf("%s was refused by Heroku, and that is not the code's fault: %v", what, err)
	}
	if err != nil && (strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "source-secret")) {
		w.Errorf("%s: the error gives a secret away: %v", what, err)
	}
}

// sha is the n-th commit of the tests.
func sha(n int) string { return fmt.Sprintf("%040x", 0xabc000+n) }

// The account's rate limit is an error of its own kind, for everything.
func TestRateLimit(t *testing.T) {
	w := newWorld(t)
	w.server.SetRemaining(1)
	if _, err := w.platform.Builds(t.Context(), "shop-prepare"); err != nil {
		t.Fatalf("the last request of the hour: %v", err)
	}
	if left := w.platform.Allowance().Left; left != 0 {
		t.Errorf("the platform believes that %d requests are left, want 0", left)
	}
	for what, ask := range map[string]func() error{
		"a read": func() error { _, err := w.platform.Releases(t.Context(), "shop-staging"); return err },
		"a build": func() error {
			_, err := w.platform.StartBuild(t.Context(), "shop-prepare", w.source(sha(1)))
			return err
		},
	} {
		err := ask()
		var retry *bot.Retryable
		if !errors.As(err, &retry) || !retry.Limit || retry.After < time.Second {
			t.Errorf("%s beyond the limit is %#v; it should be retryable because of the limit, after a pause", what, err)
		}
	}
	w.server.Inject(herokutest.Fault{Status: 429, Header: http.Header{"Retry-After": {"120"}}})
	_, err := w.platform.Builds(t.Context(), "shop-prepare")
	if retry := new(bot.Retryable); !errors.As(err, &retry) || retry.After != 2*time.Minute || retry.Reason != "The account's Heroku API rate limit is exhausted" {
		t.Errorf("an answer that asks to wait 120 s gives %#v", err)
	}
	w.clock.Advance(time.Minute)
	if left := w.platform.Allowance().Left; left != 0 {
		t.Errorf("while Heroku wants to be left alone, %d requests are told to be left", left)
	}
	if _, err := w.platform.Builds(t.Context(), "shop-prepare"); err != nil {
		t.Errorf("a minute later the allowance has refilled a little: %v", err)
	}
}

// What is left of the allowance is known between answers too.
func TestAllowance(t *testing.T) {
	w := newWorld(t)
	want := func(limit, left int) {
		t.Helper()
		if got := w.platform.Allowance(); got != (bot.Allowance{Limit: limit, Left: left}) {
			t.Errorf("the allowance is told as %+v, want %d of %d left and no time of a reset", got, left, limit)
		}
	}
	ask := func() {
		t.Helper()
		if _, err := w.platform.Builds(t.Context(), "shop-prepare"); err != nil {
			t.Fatal(err)
		}
	}
	want(4500, 4500) // nothing was asked yet
	ask()
	want(4500, 4499)
	w.server.SetRemaining(101)
	ask()
	want(4500, 100)
	w.clock.Advance(2 * time.Minute)
	want(4500, 250)
	w.clock.Advance(24 * time.Hour)
	want(4500, 4500)
	w.server.Inject(herokutest.Fault{Status: 429, Times: 2})
	for range 2 {
		if _, err := w.platform.Builds(t.Context(), "shop-prepare"); platformtest.KindOf(err) != "retryable" {
			t.Fatal(err)
		}
	}
	want(4500, 0)
	w.clock.Advance(59 * time.Second)
	want(4500, 0)
	w.clock.Advance(time.Second)
	want(4500, 75)
	w.server.Inject(herokutest.Fault{Header: http.Header{"Ratelimit-Remaining": {"soon"}}})
	ask()
	want(4500, 75) // an answer that does not tell changes nothing
	w.server.Inject(herokutest.Fault{Header: http.Header{"Ratelimit-Remaining": {"9000"}}})
	ask()
	want(9000, 9000) // an account that has more
}

// What never reached Heroku had no effect, and may be tried again.
func TestNobodyListens(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + ln.Addr().String()
	ln.Close()
	h, err := heroku.New(heroku.Options{APIKey: token, URL: url, Pause: noPause})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t}
	_, err = h.Promote(t.Context(), platform.Promotion{Artifact: "01234567-89ab-cdef-0123-456789abcdef", Commit: sha(1), To: "shop-staging"})
	w.want("a release", err, "retryable")
	w.want("cancelling", h.CancelBuild(t.Context(), "shop-prepare", "01234567-89ab-cdef-0123-456789abcdef"), "retryable")
	_, err = h.App(t.Context(), "shop-staging")
	w.want("describing an app", err, "retryable")
}

// A context that ends while Heroku works leaves a write unknown.
func TestAnswerTooLate(t *testing.T) {
	w := newWorld(t)
	if _, err := w.platform.Builds(t.Context(), "shop-prepare"); err != nil {
		t.Fatal(err)
	}
	w.server.Inject(herokutest.Fault{Match: "POST", Delay: time.Minute})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := w.platform.StartBuild(ctx, "shop-prepare", w.source(sha(1)))
	w.want("a build whose answer came too late", err, "unknown")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error %v does not tell that the context's time was up", err)
	}
	w.server.Inject(herokutest.Fault{Match: "GET", Delay: time.Minute})
	ctx, cancel = context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err = w.platform.Builds(ctx, "shop-prepare")
	w.want("a read whose answer came too late", err, "retryable")
}

// Errors tell people what happened and what to do.
func TestReasons(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		fault herokutest.Fault
		want  string
	}{
		{herokutest.Fault{Status: 401}, "Heroku does not accept the API key: check HEROKU_API_KEY"},
		{herokutest.Fault{Status: 403, Body: `{"id":"two_factor","message":"A second authentication factor is required."}`}, "`heroku authorizations:create`"},
		{herokutest.Fault{Status: 403, Body: `{"id":"forbidden","message":"You do not have access."}`}, "lacks the permission (You do not have access)"},
		{herokutest.Fault{Status: 402}, "unpaid bills"},
		{herokutest.Fault{Status: 422, Body: `{"id":"invalid_params","message":"Bad key ` + token + `\n at https://x.example/y?sig=source-secret"}`}, "Heroku refused to list the builds of shop-prepare: Bad key [redacted] at https://x.example/y"},
		{herokutest.Fault{Status: 503, Body: herokutest.Unavailable}, "Heroku answered 503 when asked to list the builds of shop-prepare"},
	} {
		c.fault.Times = -1
		w.server.Inject(c.fault)
		_, err := w.platform.Builds(t.Context(), "shop-prepare")
		w.server.ClearFaults()
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("a %d is told as %q, want %q in it", c.fault.Status, err, c.want)
		}
		w.want("the list", err, platformtest.KindOf(err))
	}
}

// Neither the API key nor a signature is in a log.
func TestNoSecretsInLogs(t *testing.T) {
	w := newWorld(t)
	core, logs := observer.New(zap.DebugLevel)
	h := w.connect(heroku.Options{Logger: zap.New(core)})
	if _, err := h.StartBuild(t.Context(), "shop-prepare", w.source(sha(1))); err != nil {
		t.Fatal(err)
	}
	w.server.Inject(herokutest.Fault{DropBefore: true, Times: -1})
	if _, err := h.App(t.Context(), "shop-staging"); err == nil {
		t.Error("nobody answered, and the app is known")
	}
	w.server.ClearFaults()
	w.server.Inject(herokutest.Fault{Header: http.Header{"X-Heroku-Warning": {"mind the gap"}}})
	h.App(t.Context(), "shop-staging")
	warned := false
	for _, e := range logs.All() {
		line := fmt.Sprint(e.Message, e.ContextMap())
		if strings.Contains(line, token) || strings.Contains(line, "source-secret") {
			t.Errorf("a log line gives a secret away: %s", line)
		}
		warned = warned || strings.Contains(line, "mind the gap")
	}
	if !warned {
		t.Errorf("Heroku's warning is not in the log")
	}
	if logs.Len() < 4 {
		t.Errorf("%d lines were logged, want one for each request at least", logs.Len())
	}
}

// What cannot be a name is never put into a path.
func TestOddNames(t *testing.T) {
	w := newWorld(t)
	asked := len(w.server.Requests())
	for _, name := range []string{"", "shop/../other", "Shop", "shop-prepare/builds", "-", "shop prepare", strings.Repeat("a", 200)} {
		_, err := w.platform.App(t.Context(), name)
		w.want(fmt.Sprintf("app %q", name), err, "refused")
		if !errors.Is(err, bot.ErrNotFound) {
			t.Errorf("app %q is refused as %v, want not found", name, err)
		}
		_, err = w.platform.Release(t.Context(), "shop-staging", name)
		w.want(fmt.Sprintf("release %q", name), err, "refused")
		_, err = w.platform.Release(t.Context(), "shop-staging", "promotion:"+name)
		w.want(fmt.Sprintf("promotion %q", name), err, "refused")
		w.want(fmt.Sprintf("build %q", name), w.platform.CancelBuild(t.Context(), "shop-prepare", name), "refused")
	}
	if n := len(w.server.Requests()); n != asked {
		t.Errorf("%d requests were made for names that cannot exist: %v", n-asked, w.server.Requests()[asked:])
	}
	if _, err := heroku.New(heroku.Options{}); err == nil {
		t.Errorf("a platform without an API key was made")
	}
}
