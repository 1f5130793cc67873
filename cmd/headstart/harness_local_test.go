package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/bot/engine"
	botpipeline "github.com/headstart-cd/headstart/bot/pipeline"
)

// The test binary is also Headstart's own command: whether it is, the first
// variable says. What the embedded platform builds and runs is a program of its own,
// testdata/app, which takes a tenth of the time to start.
const (
	roleVar = "HEADSTART_TEST_ROLE"
	gateVar = "HEADSTART_TEST_GATE"
)

func TestMain(m *testing.M) {
	if os.Getenv(roleVar) == "headstart" {
		main()
		return
	}
	sideBySide()
	// Stories leave much behind and need little at a time.
	debug.SetGCPercent(400)
	code := m.Run()
	binaries.remove()
	os.Exit(code)
}

// localPlace is the embedded platform, with real processes. Builds and releases
// ask a gate when they may end, which is where the clock and failures come in.
type localPlace struct {
	b    *bed
	gate *httptest.Server
	app  string // the program that is every build, release and app
	ring chan struct{}
	well *health

	mu      sync.Mutex
	takes   map[string]time.Duration // "build APP", "release APP" or "copy APP"; guarded by mu
	fails   map[string]string        // "build SHA" or "release APP"; guarded by mu
	waiting map[string]time.Time     // "build APP", "release APP" or "copy APP", until when; guarded by mu
	asked   map[string]bool          // the bot asked for something on the app and has no answer yet; guarded by mu
	early   map[string]bool          // what was asked for last had ended before the bot had its answer; guarded by mu
}

func newLocalPlace(b *bed) place {
	p := &localPlace{b: b, app: binaries.path(b.t, "./testdata/app"), ring: make(chan struct{}, 1), well: newHealth(),
		takes: map[string]time.Duration{}, fails: map[string]string{}, waiting: map[string]time.Time{}, asked: map[string]bool{}, early: map[string]bool{}}
	p.gate = httptest.NewServer(http.HandlerFunc(p.serveGate))
	return p
}

func (p *localPlace) serveGate(w http.ResponseWriter, r *http.Request) {
	role, q := strings.TrimPrefix(r.URL.Path, "/"), r.URL.Query()
	if role == "health" {
		status, body := p.well.answer(q.Get("app"), q.Get("sha"))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return
	}
	key := role + " " + q.Get("app")
	p.mu.Lock()
	due := p.b.clock.Now().Add(p.takes[key])
	p.waiting[key] = due
	fails := cmp.Or(p.fails[key], p.fails[role+" "+q.Get("sha")])
	p.mu.Unlock()
	p.signal()
	alarm, stop := p.b.clock.Alarm(due)
	defer stop()
	select {
	case <-alarm:
	case <-r.Context().Done(): // killed
	}
	p.mu.Lock()
	delete(p.waiting, key)
	p.mu.Unlock()
	p.signal()
	if fails != "" {
		w.WriteHeader(http.StatusTeapot)
	}
	_, _ = io.WriteString(w, cmp.Or(fails, "good"))
}

func (p *localPlace) signal() {
	select {
	case p.ring <- struct{}{}:
	default:
	}
}

func (p *localPlace) moved() <-chan struct{} { return p.ring }

func (p *localPlace) settings(s *settings) {
	s.Local, s.LocalDir, s.LocalAddr = "true", filepath.Join(p.b.dir, "apps"), "127.0.0.1:0"
}

// run is a line that runs the app in a role.
func (p *localPlace) run(role string) string {
	return fmt.Sprintf("%s=%s exec %q %s", gateVar, p.gate.URL, p.app, role)
}

func (p *localPlace) head() string {
	return fmt.Sprintf("platform: local\nbuild: '%s'\n", p.run("build"))
}

func (p *localPlace) files() map[string]string {
	return map[string]string{"Procfile": "release: " + p.run("release") + "\nweb: " + p.run("web") + "\n"}
}

func (p *localPlace) set(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
}

func (p *localPlace) buildTakes(app string, d time.Duration) {
	p.set(func() { p.takes["build "+app] = d })
}

func (p *localPlace) releaseTakes(app string, d time.Duration) {
	p.set(func() { p.takes["release "+app] = d })
}

func (p *localPlace) failBuildOf(sha, reason string) {
	p.set(func() { p.fails["build "+sha] = reason })
}

// failBuild lets every build on the app fail; empty ends that.
func (p *localPlace) failBuild(app, reason string) {
	p.set(func() { p.fails["build "+app] = reason })
}

func (p *localPlace) failRelease(app, reason string) {
	p.set(func() { p.fails["release "+app] = reason })
}

func (p *localPlace) builds(app string) (list []built) {
	all, err := p.b.srv.local.Builds(context.Background(), app)
	p.b.must(err)
	for _, b := range slices.Backward(all) {
		list = append(list, built{b.Commit, string(b.Status), b.Artifact})
	}
	return list
}

func (p *localPlace) releases(app string) (list []released) {
	all, err := p.b.srv.local.Releases(context.Background(), app)
	p.b.must(err)
	for _, r := range slices.Backward(all) {
		list = append(list, released{r.Commit, r.Artifact, string(r.Status), r.Current})
	}
	return list
}

// destroy removes an archive from the shelf, as somebody may who needs the room.
func (p *localPlace) destroy(artifact string) {
	p.b.must(os.Remove(filepath.Join(p.b.dir, "apps", "artifacts", artifact+".tar.gz")))
}

// runs asks the app through the router.
func (p *localPlace) runs(app string) string {
	status, body := p.get(app)
	if status != http.StatusOK {
		return ""
	}
	return body
}

func (p *localPlace) get(app string) (status int, body string) {
	req, err := http.NewRequest(http.MethodGet, "http://"+p.b.srv.local.RouterAddr()+"/", nil)
	p.b.must(err)
	req.Host = app + ".localhost"
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		p.b.t.Fatalf("the router should answer for %s: %v", app, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	p.b.must(err)
	return answer.StatusCode, string(text)
}

// busy names what runs without waiting for the clock: a build or a release of
// which the bot does not know yet that it has ended.
func (p *localPlace) busy() string {
	for _, s := range p.b.all() {
		if why := p.busyIn(s); why != "" {
			return why
		}
	}
	return ""
}

func (p *localPlace) busyIn(s botpipeline.State) string {
	for _, r := range s.Builds {
		if r.Status == botpipeline.RunRunning && !p.blocked("build "+r.App) && p.willLearn(r.App, r.StartedAt) {
			return "a build runs on " + r.App
		}
	}
	for app, cp := range s.Copies {
		if cp.ID != "" && !cp.Ready && !p.blocked("copy "+app) && !cp.Since.Before(p.b.since) { // what a predecessor copied has ended with it
			return "a database is copied for " + app
		}
	}
	for _, st := range s.Stages {
		if st.Promoting == nil {
			continue
		}
		for app, a := range st.Promoting.Apps {
			if a.State == bot.ReleasePending && !p.blocked("release "+app) && p.willLearn(app, st.Promoting.StartedAt) {
				return "a release runs on " + app
			}
		}
	}
	return ""
}

// observe notes where something ended so quickly that the bot was told of the end
// before it had recorded the beginning: it finds out at its next look.
func (p *localPlace) observe(c engine.Commit) {
	p.mu.Lock()
	defer p.mu.Unlock()
	app := func(do bot.Action) string {
		switch do := do.(type) {
		case bot.StartBuild:
			return do.App
		case bot.Promote:
			return do.App
		case bot.LookAtApp:
			if do.Seeks != nil {
				return do.App
			}
		case bot.WatchBuild:
			return do.App
		case bot.WatchRelease:
			return do.App
		}
		return ""
	}
	for _, e := range c.Events {
		switch f := e.Fact.(type) {
		case bot.Started:
			p.asked[app(f.Effect.Do)], p.early[app(f.Effect.Do)] = true, false
		case bot.Finished:
			p.asked[app(f.Effect.Do)] = false
		case bot.PlatformMoved:
			p.early[f.App] = p.asked[f.App]
		}
	}
}

// willLearn reports whether the platform will tell the bot of the end of what was begun at a
// time: a predecessor was told of what ended in its days.
func (p *localPlace) willLearn(app string, began time.Time) bool {
	p.mu.Lock()
	early := p.early[app]
	p.mu.Unlock()
	if !began.Before(p.b.since) && !early {
		return true
	}
	for _, b := range p.builds(app) {
		if b.status == string(bot.BuildPending) {
			return true
		}
	}
	for _, r := range p.releases(app) {
		if r.status == string(bot.ReleasePending) {
			return true
		}
	}
	return false
}

func (p *localPlace) blocked(key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.waiting[key].After(p.b.clock.Now())
}

func (p *localPlace) times() (times []time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.waiting {
		if t.After(p.b.clock.Now()) {
			times = append(times, t)
		}
	}
	return times
}

func (p *localPlace) close() {
	p.gate.CloseClientConnections() // of what was left running by a process that was killed
	p.gate.Close()
}
