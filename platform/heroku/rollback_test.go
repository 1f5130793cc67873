package heroku_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/platform"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
	"github.com/headstart-cd/headstart/platform/platformtest"
)

// twoReleases lets production run a good release, v3, and then another one, v4,
// each with its own color.
func (w *world) twoReleases() (good, bad herokutest.ReleaseInfo) {
	w.Helper()
	w.production.SetConfig("COLOR", "red")
	good = w.production.Deploy(sha(1))
	w.production.SetConfig("COLOR", "blue")
	return good, w.production.Deploy(sha(2))
}

func TestWhatCannotBeGoneBackTo(t *testing.T) {
	for name, c := range map[string]struct {
		answer string // of looking at the release, besides id and version
		gone   bool
		says   string
	}{
		"expired":      {`"status":"expired","slug":{"id":"%s"},"eligible_for_rollback":false`, true, "has destroyed"},
		"not eligible": {`"status":"succeeded","slug":{"id":"%s"},"eligible_for_rollback":false`, true, "not eligible"},
		"failed":       {`"status":"failed","slug":{"id":"%s"},"eligible_for_rollback":false`, false, "failed"},
		"pending":      {`"status":"pending","slug":{"id":"%s"}`, false, "not ended"},
		"without code": {`"status":"succeeded","slug":null,"description":"%.0s"`, false, "no code"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			good, _ := w.twoReleases()
			body := fmt.Sprintf(`{"id":%q,"version":3,`+c.answer+`}`, good.ID, good.Slug)
			w.server.Inject(herokutest.Fault{Match: "GET /apps/*/releases/*", Status: 200, Body: body})
			before := len(w.production.Releases())
			_, err := w.platform.Rollback(t.Context(), "shop-production", good.ID)
			var refused *bot.Refused
			if !errors.As(err, &refused) || !strings.Contains(refused.Reason, c.says) || !strings.Contains(refused.Reason, "v3") {
				t.Fatalf("the refusal should name v3 and say %q: %v", c.says, err)
			}
			if errors.Is(err, bot.ErrNotFound) != c.gone {
				t.Errorf("gone for good: %v, expected %v: %v", !c.gone, c.gone, err)
			}
			if len(w.production.Releases()) != before {
				t.Error("it was asked for all the same")
			}
		})
	}
}

// Heroku destroys the slug between the look and the request.
func TestReleaseThatExpiresMeanwhile(t *testing.T) {
	w := newWorld(t)
	good, _ := w.twoReleases()
	body := fmt.Sprintf(`{"id":%q,"version":3,"status":"succeeded","slug":{"id":%q},"eligible_for_rollback":true}`, good.ID, good.Slug)
	w.server.Inject(herokutest.Fault{Match: "GET /apps/*/releases/*", Status: 200, Body: body})
	w.production.Expire(3)
	_, err := w.platform.Rollback(t.Context(), "shop-production", good.ID)
	if platformtest.KindOf(err) != "refused" || !errors.Is(err, bot.ErrNotFound) || !strings.Contains(err.Error(), "destroyed") {
		t.Errorf("the release has expired: %v", err)
	}
}

// A slug that is gone is told from one that may not be released here, whatever
// status Heroku refuses it with.
func TestSlugThatIsGone(t *testing.T) {
	w := newWorld(t)
	good, _ := w.twoReleases()
	p := platform.Promotion{Artifact: good.Slug, Commit: sha(1), From: "shop-production", To: "shop-production"}
	refuse := herokutest.Fault{Match: "POST /apps/*/releases", Status: 422, Body: `{"id":"invalid_params","message":"The slug cannot be released"}`}
	w.server.Inject(refuse)
	if _, err := w.platform.Promote(t.Context(), p); platformtest.KindOf(err) != "refused" || errors.Is(err, bot.ErrNotFound) {
		t.Errorf("the slug is there and only refused: %v", err)
	}
	w.production.Expire(3)
	w.server.Inject(refuse)
	if _, err := w.platform.Promote(t.Context(), p); platformtest.KindOf(err) != "refused" || !errors.Is(err, bot.ErrNotFound) {
		t.Errorf("the slug is gone: %v", err)
	}
}

func (w *world) perform(e bot.Effect) (bot.Fact, error) {
	w.Helper()
	allow, err := platform.ParseAllow("acme/shop=shop-*")
	if err != nil {
		w.Fatal(err)
	}
	p := platform.Performer{Platforms: map[string]platform.Platform{bot.PlatformHeroku: w.platform}, Allow: allow}
	return p.Perform(w.Context(), bot.Target{Pipeline: bot.Key{Repo: bot.Repo{Owner: "acme", Name: "shop"}}, Platform: bot.PlatformHeroku}, e)
}

// The bot's rollback looks before it acts, like every promotion, but takes no
// release of the same code for its own that may have other config vars.
func TestPerformRollback(t *testing.T) {
	w := newWorld(t)
	good, bad := w.twoReleases()
	w.production.SetConfig("COLOR", "green")
	same := w.production.Deploy(sha(2)) // v5, which runs by now
	do := bot.Promote{Stage: "production", App: "shop-production", From: "shop-production", Artifact: good.Slug, SHA: sha(1), Base: bad.Version, Restore: good.ID}
	now := w.clock.Now()
	effect := bot.Effect{Do: do, At: now, Since: now}

	fact, err := w.perform(effect)
	if seen, ok := fact.(bot.AppSeen); err != nil || !ok || seen.Newest != same.Version {
		t.Fatalf("somebody released v%d meanwhile, which is the answer: %+v, %v", same.Version, fact, err)
	}
	do.Base = same.Version
	effect.Do = do
	w.server.Inject(herokutest.Fault{Match: "POST", DropAfter: true})
	if _, err := w.perform(effect); platformtest.KindOf(err) != "unknown" {
		t.Fatalf("the answer was lost: %v", err)
	}
	effect.Unsure, effect.Attempt, effect.At = true, 2, now.Add(time.Second)
	fact, err = w.perform(effect)
	seen, ok := fact.(bot.ReleaseSeen)
	if err != nil || !ok || seen.Release.Version != same.Version+1 || seen.App.URL == "" {
		t.Fatalf("the rollback that was lost is found: %+v, %v", fact, err)
	}
	if r := w.released("shop-production", seen.Release.ID); r.Status != bot.ReleaseSucceeded || w.production.Config()["COLOR"] != "red" {
		t.Errorf("the rollback ended as %+v with %v", r, w.production.Config())
	}

	// What runs is v3's code. Its config vars of v4's time are still another thing.
	w.production.SetConfig("COLOR", "black")
	do.Base, do.Restore, do.Artifact = seen.Release.Version, w.production.Releases()[2].ID, good.Slug
	now = w.clock.Now()
	fact, err = w.perform(bot.Effect{Do: do, At: now, Since: now})
	seen, ok = fact.(bot.ReleaseSeen)
	if err != nil || !ok || seen.Release.Version != same.Version+2 {
		t.Errorf("going back to the config vars alone makes a release: %+v, %v", fact, err)
	}
	w.released("shop-production", seen.Release.ID)

	do.Base, do.Artifact = same.Version+2, bad.Slug
	if fact, err = w.perform(bot.Effect{Do: do, At: now, Since: now}); platformtest.KindOf(err) != "refused" || errors.Is(err, bot.ErrNotFound) {
		t.Errorf("v3 does not run what was asked for, which is refused: %+v, %v", fact, err)
	}
	w.production.Expire(3)
	do.Artifact = good.Slug
	if _, err := w.perform(bot.Effect{Do: do, At: now, Since: now}); platformtest.KindOf(err) != "refused" || !errors.Is(err, bot.ErrNotFound) {
		t.Errorf("v3 is gone: %v", err)
	}
	do.App, do.From = "shop-nowhere", "shop-nowhere"
	if _, err := w.perform(bot.Effect{Do: do, At: now, Since: now}); platformtest.KindOf(err) != "refused" || errors.Is(err, bot.ErrNotFound) {
		t.Errorf("that the app is missing does not mean that another release is worth a try: %v", err)
	}
}
