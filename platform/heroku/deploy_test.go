package heroku_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
	"github.com/headstart-cd/headstart/platform/heroku"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

// promote promotes and waits for the end.
func (w *world) promote(p platform.Promotion) bot.Release {
	w.Helper()
	r, err := w.platform.Promote(w.Context(), p)
	if err != nil {
		w.Fatalf("promote %s to %s: %v", p.Artifact, p.To, err)
	}
	return w.released(p.To, r.ID)
}

func (w *world) released(app, id string) (r bot.Release) {
	w.Helper()
	w.until("the release on "+app+" ends", func() bool {
		var err error
		if r, err = w.platform.Release(w.Context(), app, id); err != nil {
			w.Fatalf("look at the release of %s: %v", app, err)
		}
		id = r.ID
		return r.Status != bot.ReleasePending
	})
	return r
}

// asked lists the requests since the n-th, as method and path without ids.
func (w *world) asked(n int) []string {
	var lines []string
	for _, r := range w.server.APIRequests()[n:] {
		path := r.Path
		for _, id := range strings.Split(path, "/") {
			if len(id) == 36 {
				path = strings.Replace(path, id, "ID", 1)
			}
		}
		lines = append(lines, r.Method+" "+path)
	}
	return lines
}

// Where the source runs the artifact and both apps are in one pipeline, the
// promotion names that very release.
func TestPromoteInPipeline(t *testing.T) {
	w := newWorld(t)
	made := w.prepare.Deploy(sha(1))
	r, err := w.platform.Promote(t.Context(), platform.Promotion{Artifact: made.Slug, Commit: sha(1), From: "shop-prepare", To: "shop-staging"})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(r.ID, "promotion:") || r.Status != bot.ReleasePending || r.Artifact != made.Slug || r.Version != 0 {
		t.Errorf("a promotion that has made no release yet is told as %+v", r)
	}
	if early, err := w.platform.Release(t.Context(), "shop-staging", r.ID); err != nil || early.ID != r.ID || early.Status != bot.ReleasePending {
		t.Errorf("before Heroku makes the release it is told as %+v (%v), want the same handle, pending", early, err)
	}
	// The source moves on: what was asked for is promoted all the same.
	w.prepare.Deploy(sha(2))
	r = w.released("shop-staging", r.ID)
	if r.Status != bot.ReleaseSucceeded || r.Commit != sha(1) || !r.Current || r.Version != 3 {
		t.Errorf("the promotion ended as %+v, want v3 of the first commit, live", r)
	}
	if !strings.HasPrefix(r.Description, "Promote shop-prepare v3") {
		t.Errorf("Heroku describes the release as %q, not as a promotion", r.Description)
	}
}

// Where there is nothing to promote, exactly the slug is released.
func TestReleaseSlug(t *testing.T) {
	for name, arrange := range map[string]func(*world){
		"the source has moved on":      func(w *world) { w.prepare.Deploy(sha(9)) },
		"the source is in no pipeline": func(w *world) { w.prepare.Uncouple() },
		"the target is in no pipeline": func(w *world) { w.staging.Uncouple() },
		"the target is in another pipeline": func(w *world) {
			w.server.AddPipeline("other").Couple(w.staging, "staging")
		},
		"the source's release phase failed": func(w *world) {},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.prepare.FailRelease("bin/migrate: exit status 1")
			b, err := w.platform.StartBuild(t.Context(), "shop-prepare", w.source(sha(1)))
			if err != nil {
				t.Fatal(err)
			}
			w.until("the build has ended", func() bool {
				b, err = w.platform.Build(t.Context(), "shop-prepare", b.ID)
				return err != nil || b.Status.Ended()
			})
			arrange(w)
			before := len(w.server.APIRequests())
			r := w.promote(platform.Promotion{Artifact: b.Artifact, Commit: sha(1), From: "shop-prepare", To: "shop-staging", Description: "Deploy it"})
			if r.Status != bot.ReleaseSucceeded || r.Artifact != b.Artifact || r.Commit != sha(1) || r.Description != "Deploy it" {
				t.Errorf("the slug's release ended as %+v", r)
			}
			if got := w.staging.Current().Slug; got != b.Artifact {
				t.Errorf("staging runs %s, want %s", got, b.Artifact)
			}
			for _, line := range w.asked(before) {
				if line == "POST /pipeline-promotions" {
					t.Errorf("a promotion was asked for, although there is nothing to promote")
				}
			}
		})
	}
}

// What was remembered of a pipeline may be out of date.
func TestStalePipeline(t *testing.T) {
	w := newWorld(t)
	first := w.prepare.Deploy(sha(1))
	w.promote(platform.Promotion{Artifact: first.Slug, Commit: sha(1), From: "shop-prepare", To: "shop-staging"})
	w.staging.Uncouple()
	second := w.prepare.Deploy(sha(2))
	r := w.promote(platform.Promotion{Artifact: second.Slug, Commit: sha(2), From: "shop-prepare", To: "shop-staging"})
	if r.Status != bot.ReleaseSucceeded || w.staging.Current().Commit != sha(2) {
		t.Errorf("after staging left the pipeline the promotion ended as %+v", r)
	}
	before := len(w.server.APIRequests())
	third := w.prepare.Deploy(sha(3))
	w.promote(platform.Promotion{Artifact: third.Slug, Commit: sha(3), From: "shop-prepare", To: "shop-staging"})
	for _, line := range w.asked(before) {
		if line == "POST /pipeline-promotions" {
			t.Errorf("the pipeline that staging left is still believed in")
		}
	}
}

// A promotion that completed is not one that succeeded.
func TestPromotionFails(t *testing.T) {
	w := newWorld(t)
	made := w.prepare.Deploy(sha(1))
	p := platform.Promotion{Artifact: made.Slug, Commit: sha(1), From: "shop-prepare", To: "shop-staging"}

	w.staging.FailPromotion("The target app is locked by token " + token)
	r := w.promote(p)
	if r.Status != bot.ReleaseFailed || !strings.Contains(r.Reason, "The target app is locked") || strings.Contains(r.Reason, token) {
		t.Errorf("a promotion that made no release is told as %+v", r)
	}
	w.staging.FailPromotion("")

	w.staging.FailNextRelease("bin/migrate: exit status 1")
	r = w.promote(p)
	if r.Status != bot.ReleaseFailed || r.Version == 0 || r.Current || r.Reason == "" || r.OutputURL == "" {
		t.Errorf("a promotion whose release phase failed is told as %+v", r)
	}
	if w.staging.Current().Slug != "" {
		t.Errorf("staging runs a release that failed")
	}
}

// Heroku says in several ways that a slug is gone. Each is told from other refusals, so
// that it is built again: as a release that is expired, or as not found.
func TestSlugIsGone(t *testing.T) {
	w := newWorld(t)
	made := w.prepare.Deploy(sha(1))
	p := platform.Promotion{Artifact: made.Slug, Commit: sha(1), From: "shop-prepare", To: "shop-staging"}

	w.staging.FailPromotion("Couldn't find that slug.")
	if r := w.promote(p); r.Status != bot.ReleaseExpired || !strings.Contains(r.Reason, "find that slug") {
		t.Errorf("a promotion whose slug is gone is told as %+v", r)
	}
	w.staging.FailPromotion("")

	w.staging.Uncouple()
	w.platform = w.connect(heroku.Options{}) // which knows nothing of the pipeline
	w.server.Inject(herokutest.Fault{Match: "POST /apps/*/releases", Status: 422, Body: `{"id":"invalid_params","message":"Couldn't find that slug."}`})
	if _, err := w.platform.Promote(t.Context(), p); !errors.Is(err, bot.ErrNotFound) {
		t.Errorf("a slug that Heroku cannot find is refused as gone, got %v", err)
	}
	w.server.Inject(herokutest.Fault{Match: "POST /apps/*/releases", Status: 422, Body: `{"id":"invalid_params","message":"The stack does not fit."}`})
	if _, err := w.platform.Promote(t.Context(), p); err == nil || errors.Is(err, bot.ErrNotFound) {
		t.Errorf("another refusal says nothing about the slug, which is there; got %v", err)
	}
}

// Should Heroku promote something else than it was asked to, that is no success.
func TestPromotesSomethingElse(t *testing.T) {
	w := newWorld(t)
	w.server.IgnoreSourceRelease()
	asked := w.prepare.Deploy(sha(1))
	if _, err := w.platform.Releases(t.Context(), "shop-prepare"); err != nil {
		t.Fatal(err)
	}
	w.prepare.Deploy(sha(2)) // within the seconds in which the first is believed to run
	_, err := w.platform.Promote(t.Context(), platform.Promotion{Artifact: asked.Slug, Commit: sha(1), From: "shop-prepare", To: "shop-staging"})
	w.want("a promotion of another release than the named one", err, "unknown")
}

// A promotion that somebody else made to several apps has a target for each.
func TestSeveralTargets(t *testing.T) {
	w := newWorld(t)
	w.prepare.Deploy(sha(1))
	w.production.FailPromotion("production is locked")
	body := fmt.Sprintf(`{"pipeline":{"id":%q},"source":{"app":{"id":%q}},"targets":[{"app":{"id":%q}},{"app":{"id":%q}}]}`,
		w.pipeline.ID(), w.prepare.ID(), w.staging.ID(), w.production.ID())
	req, err := http.NewRequestWithContext(t.Context(), "POST", w.server.URL()+"/pipeline-promotions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/vnd.heroku+json; version=3")
	req.SetBasicAuth("", token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var made struct{ ID string }
	if err := json.NewDecoder(resp.Body).Decode(&made); err != nil {
		t.Fatal(err)
	}
	if r := w.released("shop-staging", "promotion:"+made.ID); r.Status != bot.ReleaseSucceeded || r.App != "shop-staging" || r.Commit != sha(1) {
		t.Errorf("staging's part of the promotion is told as %+v", r)
	}
	if r := w.released("shop-production", "promotion:"+made.ID); r.Status != bot.ReleaseFailed || r.Reason != "production is locked" {
		t.Errorf("production's part of the promotion is told as %+v", r)
	}
	other := w.server.AddApp("shop-other")
	_, err = w.platform.Release(t.Context(), other.Name(), "promotion:"+made.ID)
	w.want("the part of an app that was no target", err, "refused")
}

// Fir apps have OCI images, which only a promotion can carry.
func TestFir(t *testing.T) {
	w := newWorld(t)
	w.prepare.SetGeneration("fir")
	w.staging.SetGeneration("fir")
	b, err := w.platform.StartBuild(t.Context(), "shop-prepare", w.source(sha(1)))
	if err != nil {
		t.Fatal(err)
	}
	w.until("the build has ended", func() bool {
		b, err = w.platform.Build(t.Context(), "shop-prepare", b.ID)
		return err != nil || b.Status.Ended()
	})
	if err != nil || !strings.HasPrefix(b.Artifact, "oci:") {
		t.Fatalf("the build of a Fir app left artifact %q (%v), want an OCI image", b.Artifact, err)
	}
	w.until("the build's release has ended", func() bool { return w.prepare.Current().Slug != "" })
	p := platform.Promotion{Artifact: b.Artifact, Commit: sha(1), From: "shop-prepare", To: "shop-staging"}
	if r := w.promote(p); r.Status != bot.ReleaseSucceeded || r.Artifact != b.Artifact || r.Commit != sha(1) {
		t.Errorf("the image's promotion ended as %+v", r)
	}
	w.prepare.Deploy(sha(2))
	w.clock.Advance(time.Hour)
	_, err = w.platform.Promote(t.Context(), p)
	w.want("promoting an image that its app no longer runs", err, "refused")
	if err != nil && !strings.Contains(err.Error(), "Fir app") {
		t.Errorf("the refusal %q does not say that this is about Fir apps", err)
	}
}

// A build is told by its output: whose fault it is, and why.
func TestFailedBuilds(t *testing.T) {
	w := newWorld(t)
	for i, c := range []struct {
		output string
		status bot.BuildStatus
		reason string
	}{
		{"Push rejected, failed to compile Go app.", bot.BuildFailed, "Push rejected, failed to compile Go app."},
		{"Unable to fetch source from: " + w.sources + "?token=source-secret", bot.BuildErrored, "Unable to fetch source from"},
		{"main.go:7: undefined: x " + token, bot.BuildFailed, "main.go:7: undefined: x [redacted]"},
	} {
		w.prepare.FailNextBuild(c.output)
		b, err := w.platform.StartBuild(t.Context(), "shop-prepare", w.source(sha(i)))
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(time.Minute)
		for what, h := range map[string]*heroku.Heroku{"the same process": w.platform, "another process": w.connect(heroku.Options{})} {
			one, err := h.Build(t.Context(), "shop-prepare", b.ID)
			list, listErr := h.Builds(t.Context(), "shop-prepare")
			if err != nil || listErr != nil {
				t.Fatal(err, listErr)
			}
			for _, got := range []bot.Build{one, list[0]} {
				if got.Status != c.status || !strings.Contains(got.Reason, c.reason) || strings.Contains(got.Reason, "secret") {
					t.Errorf("%s tells the build as %s (%s), want %s (%s)", what, got.Status, got.Reason, c.status, c.reason)
				}
			}
		}
	}
	// A build that the source could not be had for, for real.
	b, err := w.platform.StartBuild(t.Context(), "shop-prepare", bot.Source{Commit: sha(8), URL: w.server.URL() + "/sources/none"})
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Minute)
	if b, err = w.platform.Build(t.Context(), "shop-prepare", b.ID); err != nil || b.Status != bot.BuildErrored {
		t.Errorf("a build without a source is told as %s (%s, %v), want errored", b.Status, b.Reason, err)
	}
	// Without its output a failed build is simply failed.
	w.prepare.FailNextBuild("Unable to fetch source")
	if b, err = w.platform.StartBuild(t.Context(), "shop-prepare", w.source(sha(9))); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Minute)
	w.server.Inject(herokutest.Fault{Match: "/streams/build/*", Status: 500, Times: -1})
	if b, err = w.platform.Build(t.Context(), "shop-prepare", b.ID); err != nil || b.Status != bot.BuildFailed || b.Reason == "" {
		t.Errorf("a build whose output cannot be had is told as %s (%s, %v), want failed", b.Status, b.Reason, err)
	}
}

// A build that was cancelled is no failure of the code, in any process.
func TestCancelledElsewhere(t *testing.T) {
	w := newWorld(t)
	b, err := w.platform.StartBuild(t.Context(), "shop-prepare", w.source(sha(1)))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.connect(heroku.Options{}).CancelBuild(t.Context(), "shop-prepare", b.ID); err != nil {
		t.Fatal(err)
	}
	if b, err = w.platform.Build(t.Context(), "shop-prepare", b.ID); err != nil || b.Status != bot.BuildCancelled {
		t.Errorf("a build that another process cancelled is told as %s (%v)", b.Status, err)
	}
}

// Commits are known without asking for each.
func TestCommitsOfReleases(t *testing.T) {
	w := newWorld(t)
	for i := range 6 {
		w.staging.Deploy(sha(i))
	}
	w.staging.Deploy("not a commit")
	h := w.connect(heroku.Options{})
	before := len(w.server.APIRequests())
	for range 3 {
		list, err := h.Releases(t.Context(), "shop-staging")
		if err != nil {
			t.Fatal(err)
		}
		if len(list) != 9 || !list[0].Current || list[0].Commit != "" || list[1].Current || list[8].Artifact != "" {
			t.Errorf("staging's releases are told as %+v", list)
		}
	}
	if n := len(w.asked(before)); n != 4 {
		t.Errorf("listing releases three times took %d requests, want 3 and one for the slug that runs: %v", n, w.asked(before))
	}
	last := w.staging.Releases()[4]
	r, err := h.Release(t.Context(), "shop-staging", last.ID)
	if err != nil || r.Commit != last.Commit || r.Version != 5 {
		t.Errorf("a release by itself is told as %+v (%v), want v5 of %s", r, err, last.Commit)
	}
	w.staging.Expire(4)
	list, err := h.Releases(t.Context(), "shop-staging")
	if err != nil || list[5].Status != bot.ReleaseExpired || list[5].Reason == "" {
		t.Errorf("an expired release is told as %+v (%v)", list[5], err)
	}
}

// A complete deploy through two stages stays inside the request budget: 25
// with a build of three minutes that is looked at every 15 s.
func TestRequestBudget(t *testing.T) {
	w := newWorld(t)
	w.prepare.BuildTakes(3 * time.Minute)
	deploy := func(commit string) []string {
		before := len(w.server.APIRequests())
		if _, err := w.platform.Builds(t.Context(), "shop-prepare"); err != nil { // is it there already?
			t.Fatal(err)
		}
		b, err := w.platform.StartBuild(t.Context(), "shop-prepare", w.source(commit))
		if err != nil {
			t.Fatal(err)
		}
		for !b.Status.Ended() {
			w.clock.Advance(15 * time.Second)
			if b, err = w.platform.Build(t.Context(), "shop-prepare", b.ID); err != nil {
				t.Fatal(err)
			}
		}
		w.clock.Advance(5 * time.Second) // the prepare app's release phase
		for _, to := range []string{"shop-staging", "shop-production"} {
			if _, err := w.platform.Releases(t.Context(), to); err != nil { // what runs there now?
				t.Fatal(err)
			}
			r, err := w.platform.Promote(t.Context(), platform.Promotion{Artifact: b.Artifact, Commit: commit, From: "shop-prepare", To: to})
			if err != nil {
				t.Fatal(err)
			}
			for wait := time.Second; r.Status == bot.ReleasePending; wait *= 2 {
				w.clock.Advance(wait)
				if r, err = w.platform.Release(t.Context(), to, r.ID); err != nil {
					t.Fatal(err)
				}
			}
			if !r.Current || r.Commit != commit {
				t.Fatalf("%s ended with %+v", to, r)
			}
		}
		return w.asked(before)
	}
	cold, warm := deploy(sha(1)), deploy(sha(2))
	t.Logf("requests of a deploy: the first %d, each further one %d", len(cold), len(warm))
	if len(warm) > 25 {
		t.Errorf("a deploy took %d requests, want at most 25:\n%s", len(warm), strings.Join(warm, "\n"))
	}
	if len(cold) > 28 {
		t.Errorf("the first deploy took %d requests, want at most 3 more for the pipeline:\n%s", len(cold), strings.Join(cold, "\n"))
	}
}
