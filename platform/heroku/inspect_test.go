package heroku_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

// What is found of an app depends on the app and on the one that builds for it.
func TestInspect(t *testing.T) {
	const off = "preboot is off for shop-production: people notice its restarts"
	for name, c := range map[string]struct {
		given     func(*world)
		problem   string // a part of it
		warnings  []string
		takesOver time.Duration
	}{
		"never deployed to":        {func(*world) {}, "", nil, 0},
		"preboot is off":           {func(w *world) { w.production.Scale("web", "Standard-2X", 2) }, "", []string{off}, 0},
		"preboot before the first": {func(w *world) { w.production.SetPreboot(true) }, "", nil, 3 * time.Minute},
		"preboot is on": {func(w *world) {
			w.production.Scale("web", "Performance-M", 1)
			w.production.SetPreboot(true)
		}, "", nil, 3 * time.Minute},
		"no web dyno runs":            {func(w *world) { w.production.Scale("web", "Standard-1X", 0) }, "", nil, 0},
		"dynos without preboot":       {func(w *world) { w.production.Scale("web", "Basic", 1) }, "", nil, 0},
		"it is not the account's app": {func(w *world) { w.production.Grant("view", "deploy") }, "", nil, 0},
		"the account may not deploy":  {func(w *world) { w.production.Grant("view", "operate") }, "may not deploy to shop-production: it has the permissions view, operate", nil, 0},
		"the account may not see it":  {func(w *world) { w.production.Grant() }, "the API key's account lacks the permission", nil, 0},
		"the builder may not be seen": {func(w *world) { w.prepare.Grant() }, "look at shop-prepare", nil, 0},
		"another stack":               {func(w *world) { w.production.SetStack("heroku-22") }, "", []string{"shop-production is on the stack heroku-22, and shop-prepare builds for heroku-24"}, 0},
		"another generation":          {func(w *world) { w.production.SetGeneration("fir") }, "no build serves both", nil, 0},
		"fir, in one pipeline":        {func(w *world) { w.production.SetGeneration("fir"); w.prepare.SetGeneration("fir") }, "", nil, 0},
		"fir, in different pipelines": {func(w *world) {
			w.production.SetGeneration("fir")
			w.prepare.SetGeneration("fir")
			w.server.AddPipeline("other").Couple(w.production, "production")
		}, "only within a Heroku pipeline", nil, 0},
		"databases of their own": {func(w *world) {
			w.prepare.SetConfig("HEROKU_POSTGRESQL_AMBER_URL", "postgres://u:p@h/1")
			w.prepare.SetConfig("B_KEY", "hunter2")
			w.prepare.SetConfig("A_KEY", "hunter2")
		}, "", []string{"shop-production lacks config vars that shop-prepare has: A_KEY, B_KEY"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c.given(w)
			found, err := w.platform.Inspect(t.Context(), "shop-production", "shop-prepare")
			if err != nil {
				t.Fatal(err)
			}
			if found.Problem == "" != (c.problem == "") || !strings.Contains(found.Problem, c.problem) {
				t.Errorf("the problem is %q, want %q", found.Problem, c.problem)
			}
			if !slices.Equal(found.Warnings, c.warnings) || found.SwitchesAfter != c.takesOver {
				t.Errorf("found the warnings %q and that it takes over after %v, want %q and %v", found.Warnings, found.SwitchesAfter, c.warnings, c.takesOver)
			}
			for _, v := range w.server.ContractErrors() {
				t.Errorf("the API's contract is broken: %s", v)
			}
		})
	}
}

// A look costs five requests, of which those about the app that builds and about
// the account are not made again for the next app.
func TestRequestsOfInspect(t *testing.T) {
	w := newWorld(t)
	for i, app := range []string{"shop-staging", "shop-production"} {
		before := len(w.server.APIRequests())
		if _, err := w.platform.Inspect(t.Context(), app, "shop-prepare"); err != nil {
			t.Fatal(err)
		}
		if n, most := len(w.server.APIRequests())-before, []int{7, 4}[i]; n != most {
			t.Errorf("inspecting %s took %d requests, it should take %d: %q", app, n, most, w.asked(before))
		}
	}
	before := len(w.server.APIRequests())
	if _, err := w.platform.App(t.Context(), "shop-staging"); err != nil || len(w.server.APIRequests()) != before {
		t.Errorf("an app that was inspected is known (%v); asking where it is took %q", err, w.asked(before))
	}
}

// Trouble with Heroku is no finding about the app.
func TestInspectInTrouble(t *testing.T) {
	for _, path := range []string{"/apps/shop-staging", "/account", "/apps/shop-prepare", "/apps/shop-prepare/config-vars", "/apps/shop-staging/config-vars", "/apps/shop-staging/formation", "/apps/shop-staging/features/preboot"} {
		w := newWorld(t)
		w.server.Inject(herokutest.Fault{Match: "GET " + path, Status: 503, Body: herokutest.Unavailable, Times: -1})
		found, err := w.platform.Inspect(t.Context(), "shop-staging", "shop-prepare")
		w.server.ClearFaults()
		w.want("GET "+path+" answers 503", err, "retryable")
		if found.Problem != "" {
			t.Errorf("GET %s answers 503, and the app has the problem %q", path, found.Problem)
		}
		if found, err = w.platform.Inspect(t.Context(), "shop-staging", "shop-prepare"); err != nil || found.Problem != "" {
			t.Errorf("once Heroku answers again, the app is found as %+v (%v)", found, err)
		}
	}
	// What may not be asked says nothing.
	for _, path := range []string{"/account", "/apps/shop-staging/formation", "/apps/shop-staging/features/preboot"} {
		w := newWorld(t)
		w.server.Inject(herokutest.Fault{Match: "GET " + path, Status: 403})
		if found, err := w.platform.Inspect(t.Context(), "shop-staging", "shop-prepare"); err != nil || found.Problem != "" {
			t.Errorf("GET %s answers 403, and the app is found as %+v (%v)", path, found, err)
		}
	}
}
