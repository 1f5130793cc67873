package heroku_test

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
	"github.com/headstart-cd/headstart/platform/heroku"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

// listener is a platform that tells of changes.
type listener struct {
	*world
	h     *heroku.Heroku
	heard chan string // the apps that changed
}

func (w *world) listen(o heroku.Options) listener {
	w.Helper()
	l := listener{world: w, heard: make(chan string, 100)}
	o.OnChange = func(app string) { l.heard <- app }
	l.h = w.connect(o)
	return l
}

// eventually waits for what happens by itself, in real time.
func (l listener) eventually(what string, condition func() bool) {
	l.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	limit := time.After(20 * time.Second)
	for !condition() {
		select {
		case <-tick.C:
		case <-limit:
			l.Fatalf("it did not come true that %s", what)
		}
	}
}

// following waits until so many outputs are being followed.
func (l listener) following(n int) {
	l.Helper()
	l.eventually("the outputs of what is pending are followed", func() bool { return l.server.Streams() == n })
}

// pauses waits until so many outputs are waited for.
func (l listener) pauses(n int) {
	l.Helper()
	l.eventually("the follower pauses", func() bool { return len(l.clock.Waits()) == n })
}

// wait lets the follower's next pause pass.
func (l listener) wait(d time.Duration) {
	l.Helper()
	l.pauses(1)
	if got := l.clock.Waits()[0]; got != d {
		l.Errorf("the follower pauses for %v, want %v", got, d)
	}
	l.clock.Advance(d)
}

// hears waits for a change of an app.
func (l listener) hears(app string) {
	l.Helper()
	select {
	case got := <-l.heard:
		if got != app {
			l.Fatalf("a change of %s is told, want one of %s", got, app)
		}
	case <-time.After(20 * time.Second):
		l.Fatalf("the end of what runs on %s is not told", app)
	}
}

// ends closes the platform, which has nothing more to tell.
func (l listener) ends() {
	l.Helper()
	l.h.Close()
	select {
	case app := <-l.heard:
		l.Errorf("another change of %s was told, of which nothing was to be told", app)
	default:
	}
	if stacks := stacks(); strings.Contains(stacks, "heroku.(*follower)") {
		l.Errorf("a goroutine is left after Close:\n%s", stacks)
	}
	l.following(0)
}

func stacks() string {
	buf := make([]byte, 4<<20)
	return string(buf[:runtime.Stack(buf, true)])
}

// opened is how often outputs were asked for.
func (l listener) opened() int {
	n := 0
	for _, r := range l.server.Requests() {
		if strings.HasPrefix(r.Path, "/streams/") {
			n++
		}
	}
	return n
}

func (l listener) start(app string) bot.Build {
	l.Helper()
	b, err := l.h.StartBuild(l.Context(), app, l.world.source(sha(1)))
	if err != nil {
		l.Fatalf("start a build on %s: %v", app, err)
	}
	return b
}

// look looks at a build, which has to be as expected.
func (l listener) look(b bot.Build, want bot.BuildStatus) {
	l.Helper()
	if got, err := l.h.Build(l.Context(), b.App, b.ID); err != nil || got.Status != want {
		l.Errorf("the build is told as %s (%v), want %s", got.Status, err, want)
	}
}

// The end of a three-minute build is heard without asking for it.
func TestEndOfBuildIsHeard(t *testing.T) {
	w := newWorld(t)
	l := w.listen(heroku.Options{})
	w.prepare.BuildTakes(3 * time.Minute)
	b := l.start("shop-prepare")
	l.following(1)
	before := len(w.server.APIRequests())
	w.clock.Advance(3*time.Minute - time.Second)
	l.following(1)
	w.clock.Advance(time.Second)
	l.hears("shop-prepare")
	if asked := w.asked(before); len(asked) != 0 {
		t.Errorf("to hear of the end Heroku was asked %q, want nothing", asked)
	}
	l.look(b, bot.BuildSucceeded)
	l.ends()
}

// So are the ends of release phases, whatever made the release.
func TestEndOfReleaseIsHeard(t *testing.T) {
	w := newWorld(t)
	l := w.listen(heroku.Options{})
	w.staging.ReleaseTakes(10 * time.Minute)
	good := w.staging.Deploy(sha(1))
	w.staging.Deploy(sha(2))
	ends := func(what string, r bot.Release, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		l.following(1)
		w.clock.Advance(10 * time.Minute)
		l.hears("shop-staging")
		if r, err = l.h.Release(t.Context(), "shop-staging", r.ID); err != nil || r.Status != bot.ReleaseSucceeded {
			t.Errorf("%s ends as %s (%v), want succeeded", what, r.Status, err)
		}
	}
	r, err := l.h.Rollback(t.Context(), "shop-staging", good.ID)
	ends("a rollback", r, err)

	// Of a promotion it is known once a look finds the release that it made.
	if _, err = l.h.Releases(t.Context(), "shop-staging"); err != nil {
		t.Fatal(err)
	}
	from := w.prepare.Deploy(sha(3))
	if r, err = l.h.Promote(t.Context(), platform.Promotion{Artifact: from.Slug, Commit: sha(3), From: "shop-prepare", To: "shop-staging"}); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Second)
	r, err = l.h.Release(t.Context(), "shop-staging", r.ID)
	ends("a promotion", r, err)

	w.staging.Uncouple()
	r, err = l.h.Promote(t.Context(), platform.Promotion{Artifact: good.Slug, Commit: sha(1), To: "shop-staging"})
	ends("a release of a slug", r, err)

	// Without a release phase there is nothing to follow.
	w.staging.ReleaseTakes(0)
	opened := l.opened()
	if _, err = l.h.Rollback(t.Context(), "shop-staging", good.ID); err != nil {
		t.Fatal(err)
	}
	l.ends()
	if n := l.opened() - opened; n != 0 {
		t.Errorf("%d outputs of a release without a release phase were asked for", n)
	}
}

// A build that has ended before its output is opened has ended all the same, and
// a failure is an end.
func TestEndBeforeOpening(t *testing.T) {
	w := newWorld(t)
	l := w.listen(heroku.Options{})
	w.prepare.FailNextBuild("cannot compile")
	w.server.Inject(herokutest.Fault{Match: "/streams/build/*", Status: 404})
	b := l.start("shop-prepare")
	l.eventually("the output is refused", func() bool { return l.opened() == 1 })
	l.pauses(1)
	w.clock.Advance(time.Minute)
	l.hears("shop-prepare")
	l.look(b, bot.BuildFailed)
	l.ends()
}

// However often it is looked at, an output is followed once; and not more than 32
// at a time.
func TestOutputsAreBounded(t *testing.T) {
	w := newWorld(t)
	l := w.listen(heroku.Options{})
	w.prepare.BuildTakes(10 * time.Minute)
	b := l.start("shop-prepare")
	var looks sync.WaitGroup
	for range 20 {
		looks.Go(func() {
			l.look(b, bot.BuildPending)
			if _, err := l.h.Builds(t.Context(), b.App); err != nil {
				t.Errorf("list the builds: %v", err)
			}
		})
	}
	looks.Wait()
	l.following(1)
	if n := l.opened(); n != 1 {
		t.Errorf("the output of one build was opened %d times", n)
	}
	var last bot.Build
	for i := range 32 {
		a := w.server.AddApp("shop-" + string(rune('a'+i/26)) + string(rune('a'+i%26)))
		a.BuildTakes(20 * time.Minute)
		last = l.start(a.Name())
	}
	l.following(32)
	w.clock.Advance(10 * time.Minute)
	l.hears("shop-prepare")
	l.look(b, bot.BuildSucceeded)
	l.eventually("there is room for one more", func() bool {
		l.look(last, bot.BuildPending)
		return w.server.Streams() == 32
	})
	if n := l.opened(); n != 33 {
		t.Errorf("the outputs of 33 builds were opened %d times", n)
	}
	l.ends()
}

// Close ends what is followed, what pauses, and what would begin.
func TestCloseEndsFollowing(t *testing.T) {
	w := newWorld(t)
	l := w.listen(heroku.Options{})
	w.prepare.BuildTakes(3 * time.Minute)
	w.staging.BuildTakes(3 * time.Minute)
	l.start("shop-prepare")
	l.following(1)
	w.server.Inject(herokutest.Fault{Match: "/streams/build/*", Status: 404, Times: -1})
	l.start("shop-staging")
	l.pauses(1)
	l.h.Close()
	opened := l.opened()
	b := l.start("shop-production")
	w.clock.Advance(3 * time.Minute)
	l.look(b, bot.BuildSucceeded)
	l.ends()
	if n := l.opened() - opened; n != 0 {
		t.Errorf("%d outputs were opened after Close", n)
	}

	// It waits for who is being told.
	w.server.ClearFaults()
	told, proceed := make(chan string), make(chan struct{})
	h := w.connect(heroku.Options{OnChange: func(app string) { told <- app; <-proceed }})
	if _, err := h.StartBuild(t.Context(), "shop-prepare", w.source(sha(2))); err != nil {
		t.Fatal(err)
	}
	l.following(1)
	w.clock.Advance(3 * time.Minute)
	<-told
	closed := make(chan struct{})
	go func() { h.Close(); close(closed) }()
	l.eventually("Close waits", func() bool { return strings.Contains(stacks(), "heroku.(*Heroku).Close") })
	select {
	case <-closed:
		t.Errorf("Close returned while OnChange was running")
	default:
	}
	close(proceed)
	<-closed
}

// Without an alarm time passes as it does; without anybody to tell nothing is
// followed.
func TestFollowingByDefault(t *testing.T) {
	w := newWorld(t)
	w.server.Inject(herokutest.Fault{Match: "/streams/build/*", Status: 404})
	l := w.listen(heroku.Options{Clock: time.Now})
	w.prepare.BuildTakes(0)
	l.start("shop-prepare")
	l.hears("shop-prepare")
	if n := l.opened(); n != 2 {
		t.Errorf("the output was asked for %d times, want once in vain and once more", n)
	}
	l.h.Close()
	if _, err := w.platform.StartBuild(t.Context(), "shop-staging", w.source(sha(1))); err != nil {
		t.Fatal(err)
	}
	w.platform.Close()
	if n := l.opened(); n != 2 {
		t.Errorf("an output was asked for although nobody wants to hear")
	}
	if slices.Contains(w.server.ContractErrors(), "the API key was sent to an output stream") {
		t.Errorf("an output got the API key")
	}
}
