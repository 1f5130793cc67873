package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

// If the prepare app cannot build for reasons of the platform, the first stage
// builds after the checks, decided within 30 s of green, and later stages get
// that artifact.
func TestFallbackToTheFirstStage(t *testing.T) {
	t.Parallel()
	for what, spoil := range map[string]func(*herokuPlace){
		"the prepare app refuses builds": func(p *herokuPlace) {
			p.apps[prepareApp].RefuseBuilds(http.StatusForbidden, "forbidden", "The app is suspended.")
		},
		"the prepare app is gone": func(p *herokuPlace) {
			p.Inject(herokutest.Fault{Match: "/apps/shop-prepare/builds", Times: -1, Status: http.StatusNotFound, Body: `{"id":"not_found","message":"Couldn't find that app."}`})
		},
		"the prepare app's API is down": func(p *herokuPlace) {
			p.Inject(herokutest.Fault{Match: "/apps/shop-prepare/builds", Times: -1, Status: http.StatusServiceUnavailable, Body: herokutest.Unavailable})
		},
	} {
		t.Run(what, func(t *testing.T) {
			onHeroku(t, choices{}, func(b *bed, p *herokuPlace) {
				spoil(p)
				p.buildTakes(stagingApp, time.Minute)
				c := b.push(change("a"))
				run := b.run(c.SHA, ciCheck)
				b.pass(3 * time.Minute)
				b.expectBuilds(stagingApp, c.SHA, 0)
				b.must(run.Complete("success"))
				took := b.until(40*time.Second, "staging builds the commit itself", func() bool { return len(p.builds(stagingApp)) == 1 })
				if took > 30*time.Second {
					t.Errorf("the fallback should be decided within 30 s of green, it took %s", took)
				}
				b.expectStatus(c.SHA, "headstart/build", "pending", "Building on shop-staging")
				b.until(5*time.Minute, "the commit is live", b.live(c.SHA))
				b.expectLive(c.SHA)
				b.expectNothingPending(c.SHA)
				if n := len(p.builds(productionApp)); n != 0 {
					t.Errorf("production should get staging's artifact and not build, it built %d times", n)
				}
			})
		})
	}
}

// A fallback whose checks never turn green builds nothing.
func TestNoFallbackBeforeGreen(t *testing.T) {
	onHeroku(t, choices{}, func(b *bed, p *herokuPlace) {
		p.apps[prepareApp].RefuseBuilds(http.StatusForbidden, "forbidden", "The app is suspended.")
		c := b.push(change("a"))
		b.report(c.SHA, "failure")
		b.pass(30 * time.Minute)
		b.expectBuilds(stagingApp, c.SHA, 0)
		b.expectNothingPending(c.SHA)
	})
}

// The embedded platform falls back as well, when it cannot fetch the source for
// the prepare app's build.
func TestFallbackOnTheEmbeddedPlatform(t *testing.T) {
	t.Parallel()
	b := newBed(t, "local", choices{})
	undo := b.gh.Inject(githubFault("GET /_codeload/*", http.StatusNotFound))
	c := b.push(change("a"))
	run := b.run(c.SHA, ciCheck)
	b.pass(time.Minute)
	undo()
	b.must(run.Complete("success"))
	b.until(2*time.Minute, "the commit is live", b.live(c.SHA))
	b.expectLive(c.SHA)
	b.expectNothingPending(c.SHA)
}
