package herokutest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/internal/clocktest"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
)

const (
	one = "1111111111111111111111111111111111111111"
	two = "2222222222222222222222222222222222222222"
)

func buildOf(commit string) string {
	return fmt.Sprintf(`{"source_blob":{"url":"https://example.com/x.tgz","version":%q}}`, commit)
}

// A build takes its time, and then there are a slug, a release and its phase.
func TestBuildTakesTime(t *testing.T) {
	clk := clocktest.New()
	s := newServer(t, herokutest.Options{Clock: clk.Now, SkipDownload: true, Contract: true})
	c := client{T: t, s: s}
	a := s.AddApp("shop")
	a.BuildTakes(2 * time.Minute)
	a.ReleaseTakes(30 * time.Second)
	b := c.want(201, "POST", "/apps/shop/builds", buildOf(one)).object()
	if b["status"] != "pending" || b["slug"] != nil || b["release"] != nil {
		t.Errorf("a new build is %v", b)
	}
	look := func() map[string]any { return c.want(200, "GET", "/apps/shop/builds/"+b["id"].(string), "").object() }
	clk.Advance(119 * time.Second)
	if got := look()["status"]; got != "pending" {
		t.Errorf("after 119 of 120 seconds the build is %v", got)
	}
	clk.Advance(time.Second)
	b = look()
	if b["status"] != "succeeded" || b["updated_at"] != "2026-03-02T09:02:00Z" {
		t.Errorf("after 120 seconds the build is %v", b)
	}
	slug := c.want(200, "GET", "/apps/shop/slugs/"+b["slug"].(map[string]any)["id"].(string), "").object()
	if slug["commit"] != one {
		t.Errorf("the slug is of commit %v, want the build's version", slug["commit"])
	}
	release := "/apps/shop/releases/" + b["release"].(map[string]any)["id"].(string)
	if r := c.want(200, "GET", release, "").object(); r["status"] != "pending" || r["current"] != false || r["version"] != 3.0 {
		t.Errorf("while its phase runs the release is %v", r)
	}
	clk.Advance(time.Hour)
	r := c.want(200, "GET", release, "").object()
	if r["status"] != "succeeded" || r["current"] != true || r["updated_at"] != "2026-03-02T09:02:30Z" {
		t.Errorf("after its phase the release is %v; it ended on its own time", r)
	}

	// A build that succeeded is not a release that succeeded.
	a.FailNextRelease("migration failed")
	c.want(201, "POST", "/apps/shop/builds", buildOf(two))
	clk.Advance(time.Hour)
	if got := a.Builds()[1].Status; got != "succeeded" {
		t.Errorf("a build whose release failed is %s", got)
	}
	if got := a.Releases()[3]; got.Status != "failed" || a.Current().Commit != one {
		t.Errorf("the failed release is %+v and the app runs %s, want what ran before", got, a.Current().Commit)
	}
	if got := c.want(200, "GET", "/apps/shop/formation", "").objects(); len(got) != 1 || got[0]["type"] != "web" {
		t.Errorf("the formation is %v", got)
	}
	if got := c.want(200, "GET", "/apps/shop/dynos", "").objects(); len(got) != 1 || got[0]["name"] != "web.1" {
		t.Errorf("the dynos are %v", got)
	}
	obeys(t, s)
}

// What happens to a build beside a pending one can be chosen, and is counted.
func TestBusyApp(t *testing.T) {
	for busy, want := range map[herokutest.Busy]struct {
		status int
		ended  time.Duration
	}{
		herokutest.SideBySide:  {201, time.Minute},
		herokutest.QueueBuild:  {201, 2 * time.Minute},
		herokutest.RefuseBuild: {409, 0},
	} {
		clk := clocktest.New()
		s := newServer(t, herokutest.Options{Clock: clk.Now, SkipDownload: true})
		c := client{T: t, s: s}
		a := s.AddApp("shop")
		a.BuildTakes(time.Minute)
		a.WhenBusy(busy)
		c.want(201, "POST", "/apps/shop/builds", buildOf(one))
		c.want(want.status, "POST", "/apps/shop/builds", buildOf(two))
		if a.BusyBuilds() != 1 {
			t.Errorf("%d builds are counted that came while another one was pending, want 1", a.BusyBuilds())
		}
		if want.ended > 0 {
			clk.Advance(want.ended - time.Second)
			if got := a.Builds()[1].Status; got != "pending" {
				t.Errorf("mode %d: a second before its time the second build is %s", busy, got)
			}
			clk.Advance(time.Second)
			if got := a.Builds()[1].Status; got != "succeeded" {
				t.Errorf("mode %d: at its time the second build is %s", busy, got)
			}
		}
	}
}

// Sources are fetched for real, and only from where Heroku would.
func TestSources(t *testing.T) {
	clk := clocktest.New()
	s := newServer(t, herokutest.Options{Clock: clk.Now, Contract: true})
	c := client{T: t, s: s}
	a := s.AddApp("shop")
	for _, wrong := range []string{"http://example.com/x.tgz", "ftp://127.0.0.1/x", "x.tgz", "http://127.0.0.1.example.com/x"} {
		c.want(422, "POST", "/apps/shop/builds", fmt.Sprintf(`{"source_blob":{"url":%q}}`, wrong))
	}
	c.want(422, "POST", "/apps/shop/builds", `{}`)
	c.want(400, "POST", "/apps/shop/builds", `{`)
	c.want(404, "POST", "/apps/none/builds", buildOf(one))

	missing := httptest.NewServer(http.NotFoundHandler())
	defer missing.Close()
	c.want(201, "POST", "/apps/shop/builds", fmt.Sprintf(`{"source_blob":{"url":%q,"version":%q}}`, missing.URL, one))
	if got := a.Builds()[0].Status; got != "failed" {
		t.Errorf("a build without a source is %s", got)
	}
	src := c.want(201, "POST", "/apps/shop/sources", "").object()["source_blob"].(map[string]any)
	c.want(200, "PUT", strings.TrimPrefix(src["put_url"].(string), s.URL()), "no tarball", "Authorization", "")
	c.want(201, "POST", "/apps/shop/builds", fmt.Sprintf(`{"source_blob":{"url":%q}}`, src["get_url"]))
	if got := a.Builds()[1].Status; got != "failed" {
		t.Errorf("a build of something that is no tarball is %s", got)
	}
	a.RefuseBuilds(403, "suspended", "This app is suspended.")
	if got := c.want(403, "POST", "/apps/shop/builds", buildOf(one)).object(); got["id"] != "suspended" {
		t.Errorf("a refused build is answered with %v", got)
	}
	obeys(t, s)
}

// Pending builds are cancelled, others are not.
func TestCancel(t *testing.T) {
	clk := clocktest.New()
	s := newServer(t, herokutest.Options{Clock: clk.Now, SkipDownload: true, Contract: true})
	c := client{T: t, s: s}
	a := s.AddApp("shop")
	a.BuildTakes(time.Minute)
	b := c.want(201, "POST", "/apps/shop/builds", buildOf(one)).object()
	c.want(200, "DELETE", "/apps/shop/builds/"+b["id"].(string), "")
	clk.Advance(time.Hour)
	if got := a.Builds()[0]; got.Status != "failed" || got.Slug != "" {
		t.Errorf("a cancelled build is %+v", got)
	}
	c.want(422, "DELETE", "/apps/shop/builds/"+b["id"].(string), "")
	obeys(t, s)
}

// A rollback brings back code and config vars, if there is something to bring
// back.
func TestRollback(t *testing.T) {
	s := newServer(t, herokutest.Options{Contract: true})
	c := client{T: t, s: s}
	a := s.AddApp("shop")
	a.SetConfig("COLOR", "red")
	first := a.Deploy(one)
	c.want(200, "PATCH", "/apps/shop/config-vars", `{"COLOR":"blue","SIZE":"L"}`)
	a.Deploy(two)
	rolled := c.want(201, "POST", "/apps/shop/releases", fmt.Sprintf(`{"release":%q}`, first.ID)).object()
	if rolled["version"] != 6.0 || rolled["description"] != "Rollback to v3" || rolled["status"] != "succeeded" {
		t.Errorf("the rollback is %v, want v6 that succeeded", rolled)
	}
	if got := a.Config(); a.Current().Slug != first.Slug || got["COLOR"] != "red" || got["SIZE"] != "" {
		t.Errorf("after the rollback the app runs %s with %v", a.Current().Slug, got)
	}
	if got := c.want(200, "GET", "/apps/shop/releases/5/config-vars", "").object(); got["COLOR"] != "blue" {
		t.Errorf("v5 had the config vars %v", got)
	}
	a.FailNextRelease("no")
	c.want(201, "POST", "/apps/shop/releases", fmt.Sprintf(`{"slug":%q}`, first.Slug))
	failed := a.Releases()[6]
	a.Expire(3)
	for what, id := range map[string]string{"without code": a.Releases()[0].ID, "expired": first.ID, "failed": failed.ID} {
		got := c.want(422, "POST", "/apps/shop/releases", fmt.Sprintf(`{"release":%q}`, id)).object()
		if !strings.Contains(got["message"].(string), what) {
			t.Errorf("rolling back to a release that is %s is refused as %v", what, got["message"])
		}
	}
	c.want(404, "POST", "/apps/shop/releases", fmt.Sprintf(`{"slug":%q}`, first.Slug))
	c.want(422, "POST", "/apps/shop/releases", `{}`)
	if got := c.want(200, "GET", "/apps/shop/releases/v3", "").object(); got["status"] != "expired" || got["eligible_for_rollback"] != false {
		t.Errorf("an expired release is %v", got)
	}
	obeys(t, s)
}

// Slugs are tied to a stack.
func TestStack(t *testing.T) {
	s := newServer(t, herokutest.Options{})
	c := client{T: t, s: s}
	from, to := s.AddApp("shop"), s.AddApp("shop-old")
	to.SetStack("heroku-22")
	c.want(422, "POST", "/apps/shop-old/releases", fmt.Sprintf(`{"slug":%q}`, from.Deploy(one).Slug))
}

// A promotion copies what the source runs when it is asked for, or the release
// that it names; and each target has an end of its own.
func TestPromotion(t *testing.T) {
	clk := clocktest.New()
	s := newServer(t, herokutest.Options{Clock: clk.Now, Contract: true})
	c := client{T: t, s: s}
	p := s.AddPipeline("shop")
	from, us, ca, eu := s.AddApp("shop-staging"), s.AddApp("shop-us"), s.AddApp("shop-ca"), s.AddApp("shop-eu")
	p.Couple(from, "staging")
	for _, a := range []*herokutest.App{us, ca, eu} {
		p.Couple(a, "production")
		a.PromotionTakes(time.Second)
	}
	us.ReleaseTakes(time.Minute)
	ca.FailRelease("migration failed")
	eu.FailPromotion("eu is locked")
	body := func(release string, targets ...*herokutest.App) string {
		o := map[string]any{"pipeline": map[string]any{"id": p.ID()}}
		source := map[string]any{"app": map[string]any{"id": from.ID()}}
		if release != "" {
			source["release"] = map[string]any{"id": release}
		}
		list := []any{}
		for _, a := range targets {
			list = append(list, map[string]any{"app": map[string]any{"id": a.ID()}})
		}
		o["source"], o["targets"] = source, list
		text, _ := json.Marshal(o)
		return string(text)
	}
	c.want(422, "POST", "/pipeline-promotions", body("", us)) // nothing was deployed to staging
	first := from.Deploy(one)
	from.Deploy(two)
	c.want(422, "POST", "/pipeline-promotions", body("", from))
	c.want(422, "POST", "/pipeline-promotions", body(""))
	made := c.want(201, "POST", "/pipeline-promotions", body(first.ID, us, ca, eu)).object()
	path := "/pipeline-promotions/" + made["id"].(string)
	states := func() []string { // of us, ca and eu: status, whether there is a release, message
		all := make([]string, 3)
		for _, o := range c.want(200, "GET", path+"/promotion-targets", "").objects() {
			for i, a := range []*herokutest.App{us, ca, eu} {
				if o["app"].(map[string]any)["id"] == a.ID() {
					all[i] = fmt.Sprint(o["status"], " ", o["release"] != nil, " ", o["error_message"])
				}
			}
		}
		return all
	}
	if got := strings.Join(states(), ", "); got != "pending false <nil>, pending false <nil>, pending false <nil>" {
		t.Errorf("the targets begin as %s", got)
	}
	clk.Advance(time.Second)
	if got := states(); got[0] != "pending true <nil>" || got[2] != "failed false eu is locked" {
		t.Errorf("with their releases made the targets are %q", got)
	}
	if got := c.want(200, "GET", path, "").object()["status"]; got != "pending" {
		t.Errorf("while a target is pending the promotion is %v", got)
	}
	clk.Advance(time.Minute)
	if got := states(); got[0] != "succeeded true <nil>" || got[1] != "failed true Release command failed" {
		t.Errorf("in the end the targets are %q", got)
	}
	if got := c.want(200, "GET", path, "").object()["status"]; got != "completed" {
		t.Errorf("in the end the promotion is %v; completed is not success", got)
	}
	if us.Current().Commit != one || ca.Current().Commit != "" || eu.Current().Commit != "" {
		t.Errorf("the apps run %q, %q and %q", us.Current().Commit, ca.Current().Commit, eu.Current().Commit)
	}
	us.Uncouple()
	c.want(422, "POST", "/pipeline-promotions", body("", us))
	c.want(404, "GET", "/apps/shop-us/pipeline-couplings", "")
	obeys(t, s)
}

// Webhooks tell what happened, signed.
func TestWebhooks(t *testing.T) {
	clk := clocktest.New()
	s := newServer(t, herokutest.Options{Clock: clk.Now, SkipDownload: true, Contract: true})
	c := client{T: t, s: s}
	a := s.AddApp("shop")
	a.BuildTakes(time.Minute)
	got := make(chan string, 20)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mac := hmac.New(sha256.New, []byte("s3cret"))
		mac.Write(body)
		if r.Header.Get("Heroku-Webhook-Hmac-SHA256") != base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
			got <- "a wrong signature"
			return
		}
		var e struct {
			Action, Resource string
			Data             struct{ Status string }
		}
		json.Unmarshal(body, &e)
		got <- e.Resource + " " + e.Action + " " + e.Data.Status
	}))
	defer receiver.Close()
	hook := fmt.Sprintf(`{"include":["api:build","api:release"],"level":"notify","url":%q,"secret":"s3cret"}`, receiver.URL)
	id := c.want(201, "POST", "/apps/shop/webhooks", hook).object()["id"].(string)
	c.want(201, "POST", "/apps/shop/builds", buildOf(one))
	clk.Advance(time.Minute)
	s.Settle()
	for _, want := range []string{"build create pending", "release create pending", "release update succeeded", "build update succeeded"} {
		select {
		case event := <-got:
			if event != want {
				t.Errorf("the webhook brought %q, want %q", event, want)
			}
		case <-t.Context().Done():
		case <-time.After(10 * time.Second):
			t.Fatalf("the webhook did not bring %q", want)
		}
	}
	c.want(200, "DELETE", "/apps/shop/webhooks/"+id, "")
	for range 10 {
		c.want(201, "POST", "/apps/shop/webhooks", hook)
	}
	c.want(422, "POST", "/apps/shop/webhooks", hook)
	c.want(422, "POST", "/apps/shop/webhooks", `{"include":[],"level":"loud","url":"x"}`)
	if got := len(c.want(200, "GET", "/apps/shop/webhooks", "").objects()); got != 10 {
		t.Errorf("the app has %d webhooks, want 10", got)
	}
	obeys(t, s)
}

// What else the API tells and changes obeys the schema too.
func TestRest(t *testing.T) {
	s := newServer(t, herokutest.Options{Contract: true})
	c := client{T: t, s: s}
	a := s.AddApp("shop")
	a.Deploy(one)
	p := s.AddPipeline("shop")
	p.Couple(a, "production")
	c.want(200, "GET", "/apps", "")
	c.want(200, "GET", "/pipelines", "")
	c.want(200, "GET", "/pipelines/shop", "")
	c.want(200, "GET", "/pipelines/"+p.ID()+"/pipeline-couplings", "")
	c.want(200, "GET", "/apps/shop/pipeline-couplings", "")
	c.want(200, "POST", "/filters/apps", fmt.Sprintf(`{"in":{"id":[%q]}}`, a.ID()))
	c.want(200, "PATCH", "/apps/shop", `{"maintenance":true}`)
	if !a.Maintenance() {
		t.Errorf("maintenance mode is off")
	}
	c.want(200, "PATCH", "/apps/shop/features/preboot", `{"enabled":true}`)
	if got := c.want(200, "GET", "/apps/shop/features/preboot", "").object()["enabled"]; got != true {
		t.Errorf("preboot is %v", got)
	}
	c.want(404, "GET", "/apps/shop/features/none", "")
	c.want(200, "GET", "/apps/shop/features", "")
	got := c.want(200, "PATCH", "/apps/shop/formation", `{"updates":[{"type":"web","quantity":3}]}`).objects()
	if len(got) != 1 || got[0]["quantity"] != 3.0 {
		t.Errorf("the formation is %v", got)
	}
	c.want(404, "PATCH", "/apps/shop/formation", `{"updates":[{"type":"none"}]}`)
	c.want(201, "POST", "/apps/shop/dynos", `{"command":"bin/migrate","attach":false,"time_to_live":600}`)
	if got := c.want(200, "GET", "/apps/shop/dynos", "").objects(); len(got) != 4 {
		t.Errorf("%d dynos run, want three and one that migrates", len(got))
	}
	c.want(422, "POST", "/apps/shop/dynos", `{}`)
	c.want(422, "PATCH", "/apps/shop/config-vars", `{"NOT A NAME":"x"}`)
	if c.want(200, "GET", "/apps/shop/config-vars", "").text == "" {
		t.Errorf("there are no config vars at all")
	}
	obeys(t, s)
}

// A served app answers with the commit that takes its traffic: with preboot the
// old one, for a while.
func TestServe(t *testing.T) {
	clk := clocktest.New()
	s := newServer(t, herokutest.Options{Clock: clk.Now, Contract: true})
	c := client{T: t, s: s}
	a := s.AddApp("shop")
	path := strings.TrimPrefix(a.Serve(), s.URL()) + "/healthz"
	c.want(503, "GET", path, "")
	a.Deploy(one)
	if got := c.want(200, "GET", path, ""); got.header.Get("X-Revision") != one || !strings.Contains(got.text, one) {
		t.Errorf("the app answers %q with the revision %q", got.text, got.header.Get("X-Revision"))
	}
	c.want(200, "PATCH", "/apps/shop/features/preboot", `{"enabled":true}`)
	clk.Advance(time.Hour)
	a.Deploy(two)
	clk.Advance(3*time.Minute - time.Second)
	if got := c.want(200, "GET", path, "").header.Get("X-Revision"); got != one {
		t.Errorf("a second before preboot is over the app answers as %q, want the old code", got)
	}
	clk.Advance(time.Second)
	if got := c.want(200, "GET", path, "").header.Get("X-Revision"); got != two {
		t.Errorf("after preboot the app answers as %q, want the new code", got)
	}
	a.Answer(func(commit string) (int, string) { return 500, "broken at " + commit })
	if got := c.want(500, "GET", path, "").text; got != "broken at "+two {
		t.Errorf("a broken app answers %q", got)
	}
	c.want(200, "PATCH", "/apps/shop", `{"maintenance":true}`)
	c.want(503, "GET", path, "")
	c.want(404, "GET", "/web/none/", "")
	c.want(200, "GET", "/apps/shop", "")
	obeys(t, s)
}
