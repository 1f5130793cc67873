package heroku_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/internal/clocktest"
	"github.com/headstart-cd/headstart/platform/heroku"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
	"github.com/headstart-cd/headstart/platform/platformtest"
)

// token is the API key of the tests. It must not appear anywhere but in the
// Authorization header.
const token = "HRKU-0b9b7f3c-not-to-be-seen"

// world is a stand-in with a pipeline of three apps, and the platform that
// speaks to it.
type world struct {
	*testing.T
	server                       *herokutest.Server
	clock                        *clocktest.Clock
	platform                     *heroku.Heroku
	pipeline                     *herokutest.Pipeline
	prepare, staging, production *herokutest.App
	sources                      string // where tarballs are served, ends with /
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, clock: clocktest.New()}
	server, err := herokutest.New(herokutest.Options{Clock: w.clock.Now, Token: token, Contract: true})
	if err != nil {
		t.Fatalf("start the stand-in: %v", err)
	}
	w.server = server
	sources := httptest.NewServer(http.HandlerFunc(serveSource))
	t.Cleanup(func() {
		server.Close()
		sources.Close()
		for _, v := range server.ContractErrors() {
			t.Errorf("the API's contract is broken: %s", v)
		}
	})
	w.sources = sources.URL + "/"
	w.pipeline = server.AddPipeline("shop")
	for _, a := range []struct {
		app         **herokutest.App
		name, stage string
	}{
		{&w.prepare, "shop-prepare", "development"}, {&w.staging, "shop-staging", "staging"}, {&w.production, "shop-production", "production"},
	} {
		*a.app = server.AddApp(a.name)
		w.pipeline.Couple(*a.app, a.stage)
		(*a.app).BuildTakes(20 * time.Second)
		(*a.app).ReleaseTakes(3 * time.Second)
		(*a.app).PromotionTakes(time.Second)
	}
	w.server.ForksTake(20 * time.Minute)
	w.platform = w.connect(heroku.Options{})
	return w
}

// connect makes a platform that speaks to the stand-in, as a process does that
// was started anew.
func (w *world) connect(o heroku.Options) *heroku.Heroku {
	w.Helper()
	if o.APIKey == "" {
		o.APIKey = token
	}
	o.URL = w.server.URL()
	if o.Clock == nil {
		o.Clock, o.Alarm = w.clock.Now, w.clock.Alarm
	}
	if o.Pause == nil {
		o.Pause = noPause
	}
	h, err := heroku.New(o)
	if err != nil {
		w.Fatalf("prepare to speak to Heroku: %v", err)
	}
	w.Cleanup(h.Close)
	return h
}

// noPause lets no time pass between two tries.
func noPause(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// source is a commit's source. Its link is signed, as GitHub's are.
func (w *world) source(commit string) bot.Source {
	return bot.Source{Commit: commit, URL: w.sources + commit + ".tar.gz?token=source-secret"}
}

// serveSource serves a tarball like GitHub's for any commit.
func serveSource(rw http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "" {
		http.Error(rw, "no credentials are wanted here", http.StatusBadRequest)
		return
	}
	commit := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/"), ".tar.gz")
	var buf bytes.Buffer
	gz := gzip.NewWriter(&buf)
	tw := tar.NewWriter(gz)
	for name, text := range map[string]string{"Procfile": "web: bin/web\nrelease: bin/migrate\n", "REVISION": commit} {
		tw.WriteHeader(&tar.Header{Name: "acme-shop-" + commit + "/" + name, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg})
		tw.Write([]byte(text))
	}
	tw.Close()
	gz.Close()
	rw.Write(buf.Bytes())
}

// until advances the stand-in's clock second by second until the condition
// holds, for an hour of its time at most.
func (w *world) until(what string, condition func() bool) {
	w.Helper()
	for range 3600 {
		if condition() {
			return
		}
		w.clock.Advance(time.Second)
	}
	w.Fatalf("in an hour it did not come true that %s", what)
}

// hasDatabase reports whether an app's DATABASE_URL is a copy, or an original.
func hasDatabase(app *herokutest.App, copied bool) bool {
	return slices.ContainsFunc(app.Databases(), func(d herokutest.Database) bool {
		return d.Attached == "DATABASE" && (d.Fork != "") == copied
	})
}

// Heroku passes the suite of every platform.
func TestPlatform(t *testing.T) {
	platformtest.Run(t, func(t *testing.T) platformtest.Harness {
		w := newWorld(t)
		for _, a := range []*herokutest.App{w.prepare, w.staging, w.production} {
			t.Cleanup(func() {
				if n := a.BusyBuilds(); n > 0 {
					t.Errorf("%s was asked for %d builds while another one was pending; Heroku does not say what happens then", a.Name(), n)
				}
			})
		}
		hold := func(string) func() { return func() {} } // nothing moves but in until
		return platformtest.Harness{
			Platform: w.platform, Prepare: "shop-prepare", Staging: "shop-staging", Production: "shop-production",
			Source: w.source, Until: w.until,
			FailNextBuild: func(app string, status bot.BuildStatus) {
				reason := "Push rejected, failed to compile Go app."
				if status == bot.BuildErrored {
					reason = "Unable to fetch source from: the source URL has expired"
				}
				w.server.App(app).FailNextBuild(reason)
			},
			HoldNextBuild:   hold,
			FailNextRelease: func(app string) { w.server.App(app).FailNextRelease("bin/migrate: exit status 1") },
			HoldNextRelease: hold,
			LoseNextAnswer:  func() { w.server.Inject(herokutest.Fault{Match: "POST,PATCH,DELETE", DropAfter: true}) },
			SetConfig:       func(app, name, value string) { w.server.App(app).SetConfig(name, value) },
			Config:          func(app, name string) string { return w.server.App(app).Config()[name] },
			Expire:          func(app string, r bot.Release) { w.server.App(app).Expire(r.Version) },
			Runs:            func(app string) string { return w.server.App(app).Current().Commit },
			GiveDatabase:    func(app string) { w.server.App(app).AddDatabase("standard-0") },
			HasCopy:         func(app string) bool { return hasDatabase(w.server.App(app), true) },
			HasDatabase:     func(app string) bool { return hasDatabase(w.server.App(app), false) },
			FailNextCopy:    w.server.FailNextFork,
			HoldNextCopy:    func() func() { return func() {} },
			Closed:          func(app string) bool { return w.server.App(app).Maintenance() },
			UnknownApp:      "shop-nowhere",
			BuildReleases:   true,
		}
	})
}
