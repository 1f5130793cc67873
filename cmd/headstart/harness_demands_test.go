package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

// What stories about safe releases need on top of a bed: apps that answer, well or
// not, at addresses that the pipeline's file names.

// health is how well the apps of a place are. All are, unless a story says
// otherwise.
type health struct {
	mu  sync.Mutex
	ill map[string]illness // by app and commit; guarded by mu
}

type illness struct {
	status int
	body   string
}

func newHealth() *health { return &health{ill: map[string]illness{}} }

// answer is what an app that runs a commit says of itself.
func (h *health) answer(app, sha string) (status int, body string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ill, ok := h.ill[app+" "+sha]; ok {
		return ill.status, ill.body
	}
	return http.StatusOK, app + " is well with " + sha
}

// sick has an app answer badly whenever it runs a commit.
func (b *bed) sick(app, sha string, status int, body string) {
	h := b.place.health()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ill[app+" "+sha] = illness{status, body}
}

// well ends that.
func (b *bed) well(app, sha string) {
	h := b.place.health()
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.ill, app+" "+sha)
}

var (
	addressOf = regexp.MustCompile(`https://([a-z-]+)\.example\.com`)
	copyFrom  = regexp.MustCompile(`\{copy_from: ([a-z-]+)\}`)
)

// file is a pipeline's file for the place: https://APP.example.com stands for where
// the app answers there. On the embedded platform that is the router, whose port
// changes with a restart.
func (b *bed) file(text string) string {
	text = addressOf.ReplaceAllStringFunc(text, func(at string) string { return b.place.address(addressOf.FindStringSubmatch(at)[1]) })
	text = copyFrom.ReplaceAllString(text, "{copy_from: $1"+strings.ReplaceAll(b.place.command(), "$", "$$")+"}")
	return b.place.head() + text
}

func (p *herokuPlace) health() *health { return p.well }
func (p *herokuPlace) command() string { return "" }

func (p *herokuPlace) address(app string) string {
	p.add(app)
	return p.apps[app].Serve()
}

func (p *herokuPlace) add(app string) {
	if p.apps[app] == nil {
		p.apps[app] = p.AddApp(app)
		p.pipe.Couple(p.apps[app], "production")
	}
	p.apps[app].Answer(func(commit string) (int, string) { return p.well.answer(app, commit) })
}

func (p *herokuPlace) under(app string) bool { return p.apps[app].Maintenance() }

func (p *herokuPlace) maintain(app string) {
	req, err := http.NewRequest(http.MethodPatch, p.URL()+"/apps/"+app, strings.NewReader(`{"maintenance":true}`))
	p.b.must(err)
	p.call(req, http.StatusOK)
}

func (p *herokuPlace) database(app string) { p.apps[app].AddDatabase("standard-0") }

func (p *herokuPlace) copyTakes(_ string, d time.Duration) { p.ForksTake(d) }

func (p *herokuPlace) failCopy(string) { p.FailNextFork() }

func (p *herokuPlace) copied(app string) (from string) {
	for _, d := range p.apps[app].Databases() {
		for name, of := range p.apps {
			if name != app && d.Attached == "DATABASE" && slices.ContainsFunc(of.Databases(), func(o herokutest.Database) bool { return o.Name == d.Fork }) {
				from = name
			}
		}
	}
	return from
}

func (p *localPlace) health() *health { return p.well }
func (p *localPlace) add(string)      {} // any app that could exist does
func (p *localPlace) command() string { return ", command: '" + p.run("copy") + "'" }

func (p *localPlace) address(app string) string {
	_, port, _ := strings.Cut(p.b.srv.local.RouterAddr(), ":")
	return "http://" + app + ".localhost:" + port
}

func (p *localPlace) under(app string) bool {
	status, body := p.get(app)
	return status == http.StatusServiceUnavailable && strings.Contains(body, "maintenance mode")
}

func (p *localPlace) maintain(app string) {
	p.b.must(p.b.srv.local.SetMaintenance(context.Background(), app, true))
}

// database needs nothing: only the command that copies knows what a database is.
func (p *localPlace) database(string) {}

func (p *localPlace) copyTakes(app string, d time.Duration) {
	p.set(func() { p.takes["copy "+app] = d })
}

func (p *localPlace) failCopy(app string) {
	p.set(func() { p.fails["copy "+app] = "the database is away" })
}

func (p *localPlace) copied(app string) (from string) {
	of, err := os.ReadFile(filepath.Join(p.b.dir, "apps", "apps", app, "copy", "of"))
	if os.IsNotExist(err) {
		return ""
	}
	p.b.must(err)
	return string(of)
}

// mergeFiles opens a pull request with these files and merges it.
func (b *bed) mergeFiles(name string, files map[string]string) mergedPull {
	b.t.Helper()
	p := b.open(name, files)
	b.settle()
	c, err := p.Merge(githubtest.MergeOptions{Method: "squash", DeleteBranch: true})
	b.must(err)
	return mergedPull{p, c}
}

// clockTo lets time pass until a time of the first day, which begins at 09:00 UTC.
func (b *bed) clockTo(hour, minute, second int) {
	b.t.Helper()
	b.pass(time.Date(2026, 3, 2, hour, minute, second, 0, time.UTC).Sub(b.clock.Now()))
}

// remembered is all that the bot knows of the repository, as it is stored.
func (b *bed) remembered() string {
	b.t.Helper()
	text, err := json.Marshal(b.known())
	b.must(err)
	return string(text)
}

// current is the commit of an app's current release, whatever the app answers.
func (b *bed) current(app string) string {
	for _, r := range b.place.releases(app) {
		if r.current {
			return r.commit
		}
	}
	return ""
}

// expectCurrent holds an app's current release against a commit.
func (b *bed) expectCurrent(app, sha string) {
	b.t.Helper()
	if got := b.current(app); got != sha {
		b.t.Errorf("the release of %s should be of %s, it is of %q", app, sha[:7], got)
	}
}

// expectAnswer holds the bot's newest answer, or alert, on a pull request against
// pieces of it.
func (b *bed) expectAnswer(number int, pieces ...string) {
	b.t.Helper()
	list := b.replies(number)
	if len(list) == 0 {
		b.t.Errorf("the bot should have said something on #%d", number)
		return
	}
	for _, p := range pieces {
		if last := list[len(list)-1]; !strings.Contains(last, p) {
			b.t.Errorf("what the bot said last on #%d should have %q, it is:\n%s", number, p, last)
		}
	}
}
