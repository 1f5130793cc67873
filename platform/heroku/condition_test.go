package heroku_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/platform/heroku"
)

// What the doctor asks of Heroku, held against its schema. Nothing of it changes anything.
func TestHowHerokuIsSetUp(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	if packs, err := w.platform.Buildpacks(ctx, "shop-production"); err != nil || len(packs) > 0 {
		t.Errorf("a new app has no buildpacks, got %q, %v", packs, err)
	}
	w.production.SetBuildpacks("heroku/nodejs", "heroku/go")
	if packs, err := w.platform.Buildpacks(ctx, "shop-production"); err != nil || !slices.Equal(packs, []string{"heroku/nodejs", "heroku/go"}) {
		t.Errorf("the buildpacks should come in their order, got %q, %v", packs, err)
	}
	if hooks, err := w.platform.Webhooks(ctx, "shop-production"); err != nil || len(hooks) > 0 {
		t.Errorf("there is no webhook yet, got %+v, %v", hooks, err)
	}
	if branch, err := w.platform.AutomaticDeploys(ctx, "shop-production"); err != nil || branch != "" {
		t.Errorf("an app that is connected to nothing is not deployed to, got %q, %v", branch, err)
	}
	w.production.DeployAutomatically("main")
	if branch, err := w.platform.AutomaticDeploys(ctx, "shop-production"); err != nil || branch != "main" {
		t.Errorf("main is deployed by Heroku itself, got %q, %v", branch, err)
	}
	if _, err := w.platform.Buildpacks(ctx, "no-such-app"); err == nil || !strings.Contains(err.Error(), "find that app") {
		t.Errorf("an app that does not exist should be told, got %v", err)
	}
	for _, q := range w.server.Requests() {
		if q.Method != "GET" {
			t.Errorf("looking should change nothing: %s", q)
		}
	}
}

// The scope is what Heroku's answers name, and one that reads cannot deploy.
func TestScopeOfTheKey(t *testing.T) {
	for _, scope := range []string{"write-protected", "global", "read"} {
		w := newWorld(t)
		w.server.SetScope(scope)
		w.server.SetRemaining(1234)
		want := heroku.Credentials{Email: "deploys@example.com", Scope: scope, Left: 1234, Limit: 4500}
		if got, err := w.platform.Credentials(t.Context()); err != nil || got != want {
			t.Errorf("the key is %+v, got %+v, %v", want, got, err)
		}
		found, err := w.platform.Inspect(t.Context(), "shop-production", "shop-prepare")
		if refused := err != nil || found.Problem != ""; refused != (scope == "read") {
			t.Errorf("with the scope %s an app can be looked at: got %+v, %v", scope, found, err)
		}
	}
}
