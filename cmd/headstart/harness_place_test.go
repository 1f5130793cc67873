package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/headstart-cd/headstart/bot"
	botpipeline "github.com/headstart-cd/headstart/bot/pipeline"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

// place is where a world's apps run, as tests see it: from outside, and with the
// levers that make builds and releases take their time or fail.
type place interface {
	settings(*settings)
	head() string             // the lines of the pipeline's file that name the platform
	files() map[string]string // that an app needs there

	buildTakes(app string, d time.Duration)
	releaseTakes(app string, d time.Duration)
	failBuildOf(sha, reason string) // of every build of the commit
	failRelease(app, reason string) // of every release on the app; empty ends that

	builds(app string) []built       // oldest first
	releases(app string) []released  // of code, oldest first
	runs(app string) (commit string) // asked of the app itself
	destroy(artifact string)         // the platform removes it, as old ones are

	address(app string) string // at which it answers
	command() string           // what a rehearsal has to say about copying a database; may be empty
	maintain(app string)       // somebody turns maintenance mode on by hand
	under(app string) bool     // it is in maintenance mode, as visitors see it
	database(app string)       // gives it one that can be copied
	copyTakes(app string, d time.Duration)
	failCopy(app string)             // the next one fails
	copied(app string) (from string) // whose database it has a copy of; empty: nobody's
	add(app string)                  // makes it exist
	health() *health

	busy() string           // what goes on though the clock stands still; empty if nothing does
	moved() <-chan struct{} // may get a value when that has changed
	times() []time.Time     // at which something will happen by itself
	close()
}

type built struct{ commit, status, artifact string }

type released struct {
	commit, artifact, status string
	current                  bool
}

// herokuPlace is the stand-in for Heroku. Its state moves on whenever it is
// asked, so that nothing happens there while the clock stands still.
type herokuPlace struct {
	*herokutest.Server
	b    *bed
	apps map[string]*herokutest.App
	pipe *herokutest.Pipeline
	well *health
	lost []string // apps that the pipeline's file names and that do not exist

	hooked   bool // it sends webhooks
	notified bool // the bot learns of every end without asking, by webhooks or by following outputs
}

const herokuSecret = "a-heroku-secret-91ab"

// foreignApp is next to the others on Heroku, and not allowed.
const foreignApp = "payroll-production"

func newHerokuPlace(b *bed) place {
	s, err := herokutest.New(herokutest.Options{Clock: b.clock.Now, Contract: true})
	if err != nil {
		b.t.Fatal(err)
	}
	p := &herokuPlace{Server: s, b: b, apps: map[string]*herokutest.App{}, pipe: s.AddPipeline("shop"), well: newHealth()}
	for app, stage := range map[string]string{prepareApp: "development", stagingApp: "staging", productionApp: "production"} {
		p.apps[app] = s.AddApp(app)
		p.pipe.Couple(p.apps[app], stage)
	}
	p.pipe.Couple(s.AddApp(foreignApp), "production")
	return p
}

func (p *herokuPlace) settings(s *settings) {
	s.Heroku.APIKey, s.Heroku.APIURL = p.Token(), p.URL()
	s.PrivateURLs = true // the stand-in's apps answer on this machine
}

func (p *herokuPlace) head() string { return "" }
func (p *herokuPlace) files() map[string]string {
	return map[string]string{"Procfile": "web: ./shop\n"}
}

func (p *herokuPlace) buildTakes(app string, d time.Duration)   { p.apps[app].BuildTakes(d) }
func (p *herokuPlace) releaseTakes(app string, d time.Duration) { p.apps[app].ReleaseTakes(d) }
func (p *herokuPlace) failRelease(app, reason string)           { p.apps[app].FailRelease(reason) }

func (p *herokuPlace) failBuildOf(sha, reason string) {
	for _, a := range p.apps {
		a.FailCommit(sha, reason)
	}
}

func (p *herokuPlace) builds(app string) (list []built) {
	for _, b := range p.apps[app].Builds() {
		list = append(list, built{b.Commit, b.Status, b.Slug})
	}
	return list
}

func (p *herokuPlace) releases(app string) (list []released) {
	for _, r := range p.apps[app].Releases() {
		if r.Slug != "" {
			list = append(list, released{r.Commit, r.Slug, r.Status, r.Current})
		}
	}
	return list
}

// destroy expires every release of a slug, which destroys the slug.
func (p *herokuPlace) destroy(slug string) {
	for _, a := range p.apps {
		for _, r := range a.Releases() {
			if r.Slug == slug {
				a.Expire(r.Version)
			}
		}
	}
}

func (p *herokuPlace) runs(app string) string { return p.apps[app].Current().Commit }
func (p *herokuPlace) moved() <-chan struct{} { return nil }

// busy waits until the bot knows of every end, where it learns of them without
// asking.
func (p *herokuPlace) busy() string {
	if !p.notified {
		return ""
	}
	p.Settle()
	for _, s := range p.b.all() {
		if why := p.busyIn(s); why != "" {
			return why
		}
	}
	return ""
}

func (p *herokuPlace) busyIn(s botpipeline.State) string {
	for _, r := range s.Builds {
		if r.Status == botpipeline.RunRunning {
			for _, x := range p.apps[r.App].Builds() {
				if x.ID == r.ID && x.Status != "pending" {
					return "the bot does not know that a build ended on " + r.App
				}
			}
		}
	}
	for _, st := range s.Stages {
		if st.Promoting == nil {
			continue
		}
		for app, a := range st.Promoting.Apps {
			if a.State != bot.ReleasePending || !p.hooked && a.Looks < 2 {
				continue // the answer to a promotion names no output that could be followed
			}
			for _, x := range p.apps[app].Releases() {
				if x.Commit == st.Promoting.SHA && x.Status != "pending" {
					return "the bot does not know that a release ended on " + app
				}
			}
		}
	}
	return ""
}

// times are every second where Heroku speaks by itself, and else none: it only
// answers.
func (p *herokuPlace) times() []time.Time {
	if !p.notified {
		return nil
	}
	return []time.Time{p.b.clock.Now().Truncate(time.Second).Add(time.Second)}
}

// hook has Heroku tell the bot of every build and release, as people who give
// the bot a HEROKU_WEBHOOK_SECRET set it up.
func (p *herokuPlace) hook() {
	p.notified, p.hooked = true, true
	for app := range p.apps {
		body := fmt.Sprintf(`{"include":["api:build","api:release"],"level":"notify","secret":%q,"url":%q}`, herokuSecret, p.b.url+"/webhooks/heroku")
		req, err := http.NewRequest(http.MethodPost, p.URL()+"/apps/"+app+"/webhooks", strings.NewReader(body))
		p.b.must(err)
		p.call(req, http.StatusCreated)
	}
}

// call asks the API for something, as people do with the API key.
func (p *herokuPlace) call(req *http.Request, want int) {
	p.b.t.Helper()
	req.Header.Set("Accept", "application/vnd.heroku+json; version=3")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+p.Token())
	answer, err := http.DefaultClient.Do(req)
	p.b.must(err)
	answer.Body.Close()
	if answer.StatusCode != want {
		p.b.t.Fatalf("%s %s should be answered with %d, it is with %s", req.Method, req.URL.Path, want, answer.Status)
	}
}

// close holds the bot against what must hold on Heroku in every world.
func (p *herokuPlace) close() {
	t := p.b.t
	for _, err := range p.ContractErrors() {
		t.Errorf("Heroku's contract is broken: %s", err)
	}
	allowed := map[string]bool{}
	for _, name := range p.lost {
		allowed[name] = true
	}
	for name, a := range p.apps {
		allowed[name], allowed[a.ID()] = true, true
		if n := a.BusyBuilds(); n > 0 {
			t.Errorf("%s was asked %d times for a build while another one was pending there; it should be asked for one at a time", name, n)
		}
		if n := a.Overlaps(); n > 0 {
			t.Errorf("%s got %d releases while another one was under way; a stage has one promotion at a time", name, n)
		}
	}
	foreign := p.App(foreignApp)
	for _, r := range p.APIRequests() {
		rest, ok := strings.CutPrefix(r.Path, "/apps/")
		app, _, _ := strings.Cut(rest, "/")
		if ok && !allowed[app] || strings.Contains(string(r.Body), foreign.ID()) || strings.Contains(string(r.Body), foreignApp) {
			t.Errorf("the bot named an app that it is not allowed in a call to Heroku: %s", r)
		}
	}
	if t.Failed() {
		for _, r := range p.Requests() {
			t.Logf("heroku %s %s", r.Time.Format("15:04:05.000"), r)
		}
	}
	p.Close()
}

// asked lists the requests that match a method (empty: any) and a piece of the
// path.
func (p *herokuPlace) asked(method, path string) (list []herokutest.Request) {
	return slices.DeleteFunc(p.APIRequests(), func(r herokutest.Request) bool {
		return method != "" && r.Method != method || !strings.Contains(r.Path, path)
	})
}
