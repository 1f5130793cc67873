package githubtest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v4"
	"github.com/google/go-github/v60/github"
	"github.com/headstart-cd/headstart/github/githubtest"
	"github.com/headstart-cd/headstart/internal/clocktest"
)

// status of a request with an Authorization header.
func (w *world) status(method, path, authorization string) int {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.ctx, method, w.URL()+path, nil)
	w.must(err)
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := http.DefaultClient.Do(req)
	w.must(err)
	defer resp.Body.Close()
	return resp.StatusCode
}

func TestTokensAreNeededAndExpire(t *testing.T) {
	now := clocktest.New()
	w := start(t, func(o *githubtest.Options) { o.AuthClock = now.Now })
	w.commit("a", "1")
	secret, err := w.IssueToken("acme")
	w.must(err)
	if !strings.HasPrefix(secret, "ghs_") || len(secret) < 500 {
		t.Errorf("a token has %d characters, want about 520", len(secret))
	}
	for authorization, want := range map[string]int{"token " + secret: 200, "Bearer " + secret: 200, "": 401, "token ghs_wrong": 401} {
		if got := w.status("GET", "/repos/acme/shop", authorization); got != want {
			t.Errorf("with %.12q… GitHub answers %d, want %d", authorization, got, want)
		}
	}
	now.Advance(time.Hour)
	if got := w.status("GET", "/repos/acme/shop", "token "+secret); got != 401 {
		t.Errorf("after an hour a token answers %d, want 401", got)
	}
}

func TestOnlyTheAppsOwnJWTIsBelieved(t *testing.T) {
	w := start(t)
	key, err := jwt.ParseRSAPrivateKeyFromPEM(w.PrivateKeyPEM())
	w.must(err)
	claims := func(iss int64, iat, exp time.Duration) jwt.MapClaims {
		return jwt.MapClaims{"iss": iss, "iat": time.Now().Add(iat).Unix(), "exp": time.Now().Add(exp).Unix()}
	}
	for name, c := range map[string]struct {
		claims jwt.MapClaims
		want   int
	}{
		"good":         {claims(w.AppID(), -time.Minute, 9*time.Minute), 200},
		"other app":    {claims(1, -time.Minute, 9*time.Minute), 401},
		"too long":     {claims(w.AppID(), -time.Minute, 11*time.Minute), 401},
		"expired":      {claims(w.AppID(), -time.Hour, -time.Minute), 401},
		"not yet made": {claims(w.AppID(), time.Minute, 9*time.Minute), 401},
	} {
		signed, err := jwt.NewWithClaims(jwt.SigningMethodRS256, c.claims).SignedString(key)
		w.must(err)
		if got := w.status("GET", "/app", "Bearer "+signed); got != c.want {
			t.Errorf("%s: GitHub answers %d, want %d", name, got, c.want)
		}
	}
	forged, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims(w.AppID(), 0, time.Minute)).SignedString([]byte("x"))
	w.must(err)
	if got := w.status("GET", "/app", "Bearer "+forged); got != 401 {
		t.Errorf("a JWT signed otherwise answers %d, want 401", got)
	}
}

func TestAppAndInstallations(t *testing.T) {
	w := start(t)
	if _, err := w.CreateRepo("other/thing", githubtest.RepoOptions{}); err != nil {
		t.Fatal(err)
	}
	app, _, err := w.app.Apps.Get(w.ctx, "")
	if err != nil || app.GetID() != w.AppID() || app.GetSlug() != "headstart" {
		t.Errorf("GET /app = %v, %v", app, err)
	}
	all, _, err := w.app.Apps.ListInstallations(w.ctx, nil)
	if err != nil || len(all) != 2 || all[0].GetAccount().GetLogin() != "acme" {
		t.Errorf("installations = %v, %v", all, err)
	}
	repos, _, err := w.api.Apps.ListRepos(w.ctx, nil)
	if err != nil || repos.GetTotalCount() != 1 || repos.Repositories[0].GetFullName() != "acme/shop" {
		t.Errorf("repositories = %v, %v", repos, err)
	}
	if _, resp, err := w.api.Repositories.Get(w.ctx, "other", "thing"); err == nil || resp.StatusCode != 404 {
		t.Errorf("another installation's repository answers %v, want 404", err)
	}
	if i, _, err := w.app.Apps.FindRepositoryInstallation(w.ctx, "acme", "shop"); err != nil || i.GetID() != w.InstallationID("acme") {
		t.Errorf("the repository's installation = %v, %v", i, err)
	}
	w.must(w.Suspend("acme", true))
	if _, resp, err := w.api.Repositories.Get(w.ctx, "acme", "shop"); err == nil || resp.StatusCode != 403 {
		t.Errorf("a suspended installation answers %v, want 403", err)
	}
	if all, _, err := w.app.Apps.ListInstallations(w.ctx, nil); err != nil || all[0].SuspendedAt == nil || all[1].SuspendedAt != nil {
		t.Errorf("installations do not tell who is suspended: %v, %v", all, err)
	}
}

func TestPermissionsAreEnforced(t *testing.T) {
	w := start(t)
	c := w.commit("a", "1")
	_, resp, err := w.api.Checks.CreateCheckRun(w.ctx, "acme", "shop", github.CreateCheckRunOptions{Name: "x", HeadSHA: c.SHA})
	if err == nil || resp.StatusCode != 403 || !strings.Contains(err.Error(), "Resource not accessible by integration") {
		t.Errorf("writing checks with checks:read answers %v, want 403", err)
	}
}

func TestManifestConversion(t *testing.T) {
	w := start(t)
	code, err := w.NewManifestCode()
	w.must(err)
	config, _, err := based(t, http.DefaultTransport, w.URL()).Apps.CompleteAppManifest(w.ctx, code)
	if err != nil || config.GetPEM() != string(w.PrivateKeyPEM()) || config.GetWebhookSecret() != "s3cret" {
		t.Errorf("conversion = %v, %v", config, err)
	}
	if _, resp, err := based(t, http.DefaultTransport, w.URL()).Apps.CompleteAppManifest(w.ctx, code); err == nil || resp.StatusCode != 404 {
		t.Errorf("a second conversion answers %v, want 404", err)
	}
}

func TestPeople(t *testing.T) {
	w := start(t)
	for login, role := range map[string]string{"ada": "maintain", "bob": "triage", "cy": "admin"} {
		w.must(w.shop.SetRole(login, role))
	}
	for login, want := range map[string][2]string{"ada": {"write", "maintain"}, "bob": {"read", "triage"}, "CY": {"admin", "admin"}} {
		level, _, err := w.api.Repositories.GetPermissionLevel(w.ctx, "acme", "shop", login)
		if err != nil || level.GetPermission() != want[0] || level.GetUser().GetRoleName() != want[1] {
			t.Errorf("%s has %s (%s), %v; want %v", login, level.GetPermission(), level.GetUser().GetRoleName(), err, want)
		}
	}
	if _, resp, err := w.api.Repositories.GetPermissionLevel(w.ctx, "acme", "shop", "stranger"); err == nil || resp.StatusCode != 404 {
		t.Errorf("a stranger's permission answers %v, want 404", err)
	}
	w.SetTeamMember("acme", "releasers", "ada", "active")
	if m, _, err := w.api.Teams.GetTeamMembershipBySlug(w.ctx, "acme", "releasers", "ada"); err != nil || m.GetState() != "active" {
		t.Errorf("team membership = %v, %v", m, err)
	}
	if _, resp, err := w.api.Teams.GetTeamMembershipBySlug(w.ctx, "acme", "releasers", "bob"); err == nil || resp.StatusCode != 404 {
		t.Errorf("no team membership answers %v, want 404", err)
	}
}

func TestRateLimit(t *testing.T) {
	w := start(t)
	w.must(w.SetRateLimit("acme", 5000, 2))
	_, resp, err := w.api.Repositories.Get(w.ctx, "acme", "shop")
	if err != nil || resp.Rate.Limit != 5000 || resp.Rate.Remaining != 1 {
		t.Errorf("rate = %v, %v, want 1 of 5000 left", resp.Rate, err)
	}
	limits, _, err := w.api.RateLimit.Get(w.ctx)
	if err != nil || limits.GetCore().Remaining != 1 {
		t.Errorf("GET /rate_limit = %v, %v; it must cost nothing", limits, err)
	}
	_, _, err = w.api.Repositories.Get(w.ctx, "acme", "shop")
	w.must(err)
	_, _, err = w.client("acme").Repositories.Get(w.ctx, "acme", "shop")
	if limited := new(github.RateLimitError); !errors.As(err, &limited) {
		t.Errorf("beyond the limit: %v, want a rate limit error", err)
	}
	w.clock.Advance(time.Hour)
	if _, _, err := w.client("acme").Repositories.Get(w.ctx, "acme", "shop"); err != nil {
		t.Errorf("after the hour: %v", err)
	}
}

func TestSecondaryLimitsAreEnforcedOnRequest(t *testing.T) {
	w := start(t, func(o *githubtest.Options) { o.EnforceSecondaryLimits = true })
	c := w.commit("a", "1")
	var err error
	n := 0
	for ; err == nil && n < 100; n++ {
		_, _, err = w.api.Repositories.CreateStatus(w.ctx, "acme", "shop", c.SHA, &github.RepoStatus{State: github.String("pending")})
	}
	if abuse := new(github.AbuseRateLimitError); n != 81 || !errors.As(err, &abuse) || abuse.GetRetryAfter() != time.Minute {
		t.Errorf("after %d statuses in a minute: %v, want the 81st refused for a minute", n, err)
	}
}

func TestETagsSaveTheBudget(t *testing.T) {
	w := start(t)
	secret, err := w.IssueToken("acme")
	w.must(err)
	etag := ""
	for i, want := range []int{200, 304} {
		req, err := http.NewRequestWithContext(w.ctx, "GET", w.URL()+"/repos/acme/shop", nil)
		w.must(err)
		req.Header.Set("Authorization", "token "+secret)
		req.Header.Set("If-None-Match", etag)
		resp, err := http.DefaultClient.Do(req)
		w.must(err)
		resp.Body.Close()
		if etag = resp.Header.Get("ETag"); resp.StatusCode != want {
			t.Errorf("request %d answers %d, want %d", i+1, resp.StatusCode, want)
		}
	}
	if _, remaining, err := w.RateLimit("acme"); err != nil || remaining != 4999 {
		t.Errorf("%d requests left (%v), want 4999: a 304 costs nothing", remaining, err)
	}
}

func TestWhatIsNotThereIs404InJSON(t *testing.T) {
	w := start(t)
	resp, err := http.Get(w.URL() + "/nothing")
	w.must(err)
	defer resp.Body.Close()
	var said struct {
		Message string
		Docs    string `json:"documentation_url"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&said); err != nil || resp.StatusCode != 404 || said.Message != "Not Found" || said.Docs == "" {
		t.Errorf("GET /nothing = %d %+v, %v", resp.StatusCode, said, err)
	}
	secret, err := w.IssueToken("acme")
	w.must(err)
	req, err := http.NewRequestWithContext(w.ctx, "POST", w.URL()+"/repos/acme/shop/deployments", bytes.NewReader([]byte(`{"ref":`)))
	w.must(err)
	req.Header.Set("Authorization", "token "+secret)
	bad, err := http.DefaultClient.Do(req)
	w.must(err)
	defer bad.Body.Close()
	if bad.StatusCode != 400 {
		t.Errorf("broken JSON answers %d, want 400", bad.StatusCode)
	}
}
