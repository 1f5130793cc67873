package heroku_test

import (
	"slices"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
	"github.com/headstart-cd/headstart/platform/heroku"
)

// What each thing that the bot does on Heroku costs in requests, of which an
// account has 4,500 an hour.
func TestRequestsOfEach(t *testing.T) {
	w := newWorld(t)
	h := w.platform
	costs := func(what string, do func() error, want ...string) {
		t.Helper()
		before := len(w.server.APIRequests())
		if err := do(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if got := w.asked(before); !slices.Equal(got, want) {
			t.Errorf("%s took the requests %q, it should take %q", what, got, want)
		}
	}
	var b bot.Build
	var r bot.Release
	look := func(app string) func() error {
		return func() error { _, err := h.Releases(t.Context(), app); return err }
	}
	ask := func(from, to string) func() error {
		return func() (err error) {
			r, err = h.Promote(t.Context(), platform.Promotion{Artifact: b.Artifact, Commit: sha(1), From: from, To: to})
			return err
		}
	}
	watch := func(app string) func() error {
		return func() (err error) { r, err = h.Release(t.Context(), app, r.ID); return err }
	}
	where := func(app string) func() error {
		return func() error { _, err := h.App(t.Context(), app); return err }
	}

	costs("looking for builds", func() error { _, err := h.Builds(t.Context(), "shop-prepare"); return err },
		"GET /apps/shop-prepare/builds")
	costs("starting a build after that", func() (err error) {
		b, err = h.StartBuild(t.Context(), "shop-prepare", w.source(sha(1)))
		return err
	}, "POST /apps/shop-prepare/builds")
	w.clock.Advance(time.Minute)
	costs("watching a build", func() (err error) { b, err = h.Build(t.Context(), "shop-prepare", b.ID); return err },
		"GET /apps/shop-prepare/builds/ID")

	costs("looking where staging is", where("shop-staging"), "GET /apps/shop-staging")
	costs("looking where it is again", where("shop-staging"))
	costs("looking what staging runs", look("shop-staging"), "GET /apps/shop-staging/releases")
	costs("the first promotion to it", ask("shop-prepare", "shop-staging"),
		"GET /apps/shop-prepare/pipeline-couplings", "GET /apps/shop-prepare/releases", "POST /pipeline-promotions")
	w.clock.Advance(time.Second)
	costs("watching a promotion that made its release", watch("shop-staging"), "GET /apps/shop-staging/releases")
	w.clock.Advance(5 * time.Second)
	costs("watching that release", watch("shop-staging"), "GET /apps/shop-staging/releases/ID")
	if r.Status != bot.ReleaseSucceeded || !r.Current || r.Commit != sha(1) || r.Version != 3 {
		t.Errorf("the promotion to staging ended as %+v, want v3 of the commit, live", r)
	}

	costs("looking where production is", where("shop-production"), "GET /apps/shop-production")
	costs("looking what production runs", look("shop-production"), "GET /apps/shop-production/releases")
	costs("promoting what staging was just seen to run", ask("shop-staging", "shop-production"), "POST /pipeline-promotions")
	costs("watching a promotion that has made no release", watch("shop-production"), "GET /apps/shop-production/releases")
	w.clock.Advance(time.Second)
	costs("watching it once more", watch("shop-production"), "GET /pipeline-promotions/ID/promotion-targets")
	w.clock.Advance(5 * time.Second)
	costs("watching its release", watch("shop-production"), "GET /apps/shop-production/releases/ID")
	if r.Status != bot.ReleaseSucceeded || !r.Current || r.Commit != sha(1) {
		t.Errorf("the promotion to production ended as %+v, want the commit, live", r)
	}

	// Another process knows nothing of what this one has asked for.
	w.prepare.Deploy(sha(2))
	w.clock.Advance(time.Minute)
	if b.Artifact = w.prepare.Current().Slug; b.Artifact == "" {
		t.Fatal("the prepare app should run the second commit")
	}
	if err := ask("shop-prepare", "shop-staging")(); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(5 * time.Second)
	h = w.connect(heroku.Options{})
	costs("watching what another process asked for", watch("shop-staging"),
		"GET /pipeline-promotions/ID/promotion-targets", "GET /apps/shop-staging/releases/ID", "GET /apps/shop-staging/slugs/ID")
	if r.Status != bot.ReleaseSucceeded || r.Artifact != b.Artifact {
		t.Errorf("what another process asked for ended as %+v", r)
	}
}

// An app whose pipeline was not looked up is supposed to be in that of the app
// that is promoted from. If it is not, the slug is released, and the next time
// nothing is supposed.
func TestSupposedPipeline(t *testing.T) {
	w := newWorld(t)
	w.server.AddPipeline("other").Couple(w.staging, "staging")
	if _, err := w.platform.App(t.Context(), "shop-staging"); err != nil {
		t.Fatal(err)
	}
	for i, promotions := range []int{1, 0} {
		made := w.prepare.Deploy(sha(i))
		before := len(w.server.APIRequests())
		r := w.promote(platform.Promotion{Artifact: made.Slug, Commit: sha(i), From: "shop-prepare", To: "shop-staging"})
		if r.Status != bot.ReleaseSucceeded || w.staging.Current().Commit != sha(i) {
			t.Errorf("the release on an app in another pipeline ended as %+v", r)
		}
		n := 0
		for _, line := range w.asked(before) {
			if line == "POST /pipeline-promotions" {
				n++
			}
		}
		if n != promotions {
			t.Errorf("release %d asked for %d promotions, which Heroku refuses, want %d", i+1, n, promotions)
		}
	}
}

// What somebody else releases meanwhile is not taken for the promotion's.
func TestPromotionAmongOthers(t *testing.T) {
	w := newWorld(t)
	made := w.prepare.Deploy(sha(1))
	if _, err := w.platform.Releases(t.Context(), "shop-staging"); err != nil {
		t.Fatal(err)
	}
	r, err := w.platform.Promote(t.Context(), platform.Promotion{Artifact: made.Slug, Commit: sha(1), From: "shop-prepare", To: "shop-staging"})
	if err != nil {
		t.Fatal(err)
	}
	w.staging.Deploy(sha(7))
	if r, err = w.platform.Release(t.Context(), "shop-staging", r.ID); err != nil || r.Status != bot.ReleasePending || r.Version != 0 {
		t.Errorf("a promotion is told as %+v (%v), although only somebody else released", r, err)
	}
	if r = w.released("shop-staging", r.ID); r.Commit != sha(1) || r.Artifact != made.Slug {
		t.Errorf("the promotion ended as %+v, want the first commit's slug", r)
	}
}
