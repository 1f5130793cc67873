package heroku_test

import (
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/platform"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

var rehearsal = platform.Copy{Name: "acme/shop rehearsal 1", App: "shop-staging", From: "shop-production"}

// A copy has the plan of the original, is DATABASE_URL while it is there, and goes
// with everything that came with it.
func TestCopyOfADatabase(t *testing.T) {
	w := newWorld(t)
	original := w.production.AddDatabase("standard-2")
	if seen, err := w.platform.MakeCopy(t.Context(), rehearsal); err != nil || seen.Ready {
		t.Fatalf("a copy that just began is %+v (%v)", seen, err)
	}
	w.clock.Advance(19 * time.Minute)
	seen, err := w.platform.Copy(t.Context(), rehearsal)
	if err != nil || seen.Ready || w.staging.Config()["DATABASE_URL"] != "" {
		t.Errorf("after 19 of 20 minutes the copy is %+v (%v)", seen, err)
	}
	w.clock.Advance(time.Minute)
	if seen, err = w.platform.Copy(t.Context(), rehearsal); err != nil || !seen.Ready {
		t.Errorf("after 20 minutes the copy is %+v (%v), it should be ready", seen, err)
	}
	copies := w.staging.Databases()
	if len(copies) != 1 || copies[0].Fork != original || copies[0].Plan != "heroku-postgresql:standard-2" || copies[0].Attached != "DATABASE" {
		t.Errorf("staging has the databases %+v, it should have one copy of %s", copies, original)
	}
	if url := w.staging.Config()["DATABASE_URL"]; !strings.Contains(url, copies[0].Name) || url == w.production.Config()["DATABASE_URL"] {
		t.Errorf("DATABASE_URL of staging is %q, it should be the copy's", url)
	}
	if err := w.platform.RemoveCopy(t.Context(), rehearsal); err != nil {
		t.Fatal(err)
	}
	if list, url := w.staging.Databases(), w.staging.Config()["DATABASE_URL"]; len(list) != 0 || url != "" {
		t.Errorf("after the copy was removed staging has %+v and DATABASE_URL %q", list, url)
	}
	if list := w.production.Databases(); len(list) != 1 || list[0].Name != original {
		t.Errorf("production has the databases %+v, it should have its own", list)
	}
	for _, v := range w.server.ContractErrors() {
		t.Errorf("the API's contract is broken: %s", v)
	}
}

// What cannot be copied is refused, with the app and the reason.
func TestNoCopy(t *testing.T) {
	for name, c := range map[string]struct {
		given  func(*world)
		reason string
	}{
		"there is no database":      {func(*world) {}, "shop-production has no database as DATABASE_URL"},
		"its plan cannot be forked": {func(w *world) { w.production.AddDatabase("essential-0") }, "only Standard-tier plans and higher can be forked"},
		"the app has its own": {func(w *world) {
			w.production.AddDatabase("standard-0")
			w.staging.AddDatabase("essential-0")
		}, "shop-staging has a database of its own"},
		"the account may not": {func(w *world) {
			w.production.AddDatabase("standard-0")
			w.staging.Grant("view", "deploy")
		}, "the API key's account lacks the permission"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c.given(w)
			_, err := w.platform.MakeCopy(t.Context(), rehearsal)
			w.want(name, err, "refused")
			if err == nil || !strings.Contains(err.Error(), c.reason) {
				t.Errorf("it is refused with %v, which should say %q", err, c.reason)
			}
		})
	}
}

// A request that comes true while it is made again is found, and made once.
func TestCopyWhoseNameIsTaken(t *testing.T) {
	w := newWorld(t)
	w.production.AddDatabase("standard-0")
	w.server.Inject(herokutest.Fault{Match: "POST /apps/*/addons", Status: 422, Effect: true})
	seen, err := w.platform.MakeCopy(t.Context(), rehearsal)
	if err != nil || seen.ID == "" {
		t.Errorf("a copy whose name is taken by itself is %+v (%v); it should be found", seen, err)
	}
	if n := len(w.staging.Databases()); n != 1 {
		t.Errorf("staging has %d databases, it should have one copy", n)
	}
}

// Trouble leaves it open what is there; nothing is deleted that is not the copy.
func TestCopyInTrouble(t *testing.T) {
	w := newWorld(t)
	own := w.production.AddDatabase("standard-0")
	for _, match := range []string{"GET /apps/*/addons/*", "GET /apps/shop-staging/addon-attachments", "GET /apps/shop-production/addon-attachments", "GET /addons/*"} {
		w.server.Inject(herokutest.Fault{Match: match, Status: 503, Body: herokutest.Unavailable, Times: -1})
		_, err := w.platform.MakeCopy(t.Context(), rehearsal)
		w.server.ClearFaults()
		w.want(match+" answers 503", err, "retryable")
	}
	w.server.Inject(herokutest.Fault{Match: "POST /apps/*/addons", DropAfter: true})
	_, err := w.platform.MakeCopy(t.Context(), rehearsal)
	w.want("the answer is lost", err, "unknown")
	c := rehearsal
	c.ID = "00000000-0000-4000-8000-000000000000"
	w.want("another add-on has its name", w.platform.RemoveCopy(t.Context(), c), "refused")
	w.server.Inject(herokutest.Fault{Match: "DELETE", DropAfter: true})
	w.want("the answer of the removal is lost", w.platform.RemoveCopy(t.Context(), rehearsal), "unknown")
	if err := w.platform.RemoveCopy(t.Context(), rehearsal); err != nil {
		t.Errorf("removing it again: %v", err)
	}
	if list := w.production.Databases(); len(list) != 1 || list[0].Name != own {
		t.Errorf("production has the databases %+v", list)
	}
}
