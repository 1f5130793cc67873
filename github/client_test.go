package github_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github"
	"github.com/headstart-cd/headstart/github/githubtest"
)

func block(t *testing.T, kind string, der []byte, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func TestKeysInEveryFormWork(t *testing.T) {
	w := start(t)
	good := w.PrivateKeyPEM()
	plain, _ := pem.Decode(good)
	key, err := x509.ParsePKCS1PrivateKey(plain.Bytes)
	w.must(err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	encoded := base64.StdEncoding.EncodeToString(good)
	for name, text := range map[string][]byte{
		"PEM":                      good,
		"PKCS 8":                   block(t, "PRIVATE KEY", pkcs8, err),
		"base64":                   []byte(encoded),
		"base64 in lines":          []byte(encoded[:60] + "\n" + encoded[60:] + "\n"),
		`\n instead of lines`:      []byte(strings.ReplaceAll(string(good), "\n", `\n`)),
		"Windows' ends of lines":   []byte(strings.ReplaceAll(string(good), "\n", "\r\n")),
		"spaces around everything": []byte("\n  " + string(good) + "  \n"),
	} {
		c, err := github.New(github.Options{AppID: w.AppID(), PrivateKey: text, URL: w.URL(), ParseConfig: parseConfig})
		if err != nil {
			t.Errorf("%s should be read: %v", name, err)
			continue
		}
		if app, err := c.App(context.Background()); err != nil || app.Slug != "headstart" {
			t.Errorf("%s should be the App's key: %v", name, err)
		}
	}
}

func TestWrongSettingsAreExplained(t *testing.T) {
	w := start(t)
	good := w.PrivateKeyPEM()
	plain, _ := pem.Decode(good)
	key, err := x509.ParsePKCS1PrivateKey(plain.Bytes)
	w.must(err)
	public, publicErr := x509.MarshalPKIXPublicKey(&key.PublicKey)
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.must(err)
	other, otherErr := x509.MarshalPKCS8PrivateKey(elliptical)
	for name, c := range map[string]struct {
		id   int64
		key  []byte
		url  string
		want string
	}{
		"no ID":             {0, good, "", "GITHUB_APP_ID"},
		"no key":            {1, nil, "", "missing"},
		"not a key":         {1, []byte("Iv1.8a61f9b3a7aba766"), "", "neither PEM nor"},
		"half a key":        {1, good[:len(good)/2], "", "damaged"},
		"nonsense in PEM":   {1, block(t, "RSA PRIVATE KEY", []byte("nonsense"), nil), "", "damaged"},
		"nonsense in PKCS8": {1, block(t, "PRIVATE KEY", []byte("nonsense"), nil), "", "damaged"},
		"a public key":      {1, block(t, "PUBLIC KEY", public, publicErr), "", "public key"},
		"another kind":      {1, block(t, "PRIVATE KEY", other, otherErr), "", "RSA"},
		"an OpenSSH key":    {1, block(t, "OPENSSH PRIVATE KEY", []byte("x"), nil), "", "openssh"},
		"no URL":            {1, good, "api.github.com", "GITHUB_API_URL"},
		"another scheme":    {1, good, "ftp://api.github.com", "GITHUB_API_URL"},
		"a URL with a user": {1, good, "https://me:hush@api.github.com", "GITHUB_API_URL"},
	} {
		_, err := github.New(github.Options{AppID: c.id, PrivateKey: c.key, URL: c.url, ParseConfig: parseConfig})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error should speak of %q, got %v", name, c.want, err)
		} else if strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "MII") {
			t.Errorf("%s: the error shows a secret: %v", name, err)
		}
	}
	if _, err := github.New(github.Options{AppID: 1, PrivateKey: good}); err == nil {
		t.Error("without ParseConfig no client can be made")
	}
	// A key of somebody else's, and an ID of somebody else's.
	stranger, err := github.New(github.Options{AppID: w.AppID() + 1, PrivateKey: good, URL: w.URL(), ParseConfig: parseConfig})
	w.must(err)
	if _, err := stranger.App(context.Background()); kind(err) != "refused" || !strings.Contains(err.Error(), "GITHUB_APP_ID") {
		t.Errorf("wrong credentials should say what to check, got %v", err)
	}
	if _, err := stranger.Perform(context.Background(), w.target, bot.Effect{Do: bot.ReadPullRequest{Number: 1}}); kind(err) != "refused" || !strings.Contains(err.Error(), "GITHUB_PRIVATE_KEY") {
		t.Errorf("wrong credentials should say what to check, got %v", err)
	}
}

func TestURLsOfEnterpriseServersKeepTheirPath(t *testing.T) {
	w := start(t)
	for url, want := range map[string]string{
		"https://github.example.com/api/v3":  "https://github.example.com/api/v3/app",
		"https://github.example.com/api/v3/": "https://github.example.com/api/v3/app",
		"https://github.example.com":         "https://github.example.com/app",
		"":                                   "https://api.github.com/app",
	} {
		var asked []string
		c, err := github.New(github.Options{
			AppID: 1, PrivateKey: w.PrivateKeyPEM(), URL: url, ParseConfig: parseConfig, Pause: w.pause,
			Transport: respond(func(r *http.Request) (*http.Response, error) {
				asked = append(asked, r.URL.String())
				return nil, fmt.Errorf("no network in this test")
			}),
		})
		w.must(err)
		_, _ = c.App(context.Background())
		_, _ = c.Perform(context.Background(), w.target, bot.Effect{Do: bot.ReadPullRequest{Number: 1}})
		token := strings.TrimSuffix(want, "app") + fmt.Sprintf("app/installations/%d/access_tokens", w.target.Installation)
		if asked = slices.Compact(asked); !slices.Equal(asked, []string{want, token}) {
			t.Errorf("GITHUB_API_URL=%q: expected %s and %s to be asked for, got %s", url, want, token, asked)
		}
	}
}

func TestWhatTheAppLacks(t *testing.T) {
	w := start(t, func(o *githubtest.Options, _ *github.Options) {
		o.Permissions = map[string]string{"metadata": "read", "contents": "write", "checks": "read", "statuses": "read", "issues": "write", "merge_queues": "read"}
		o.Events = []string{"push", "status"}
	})
	app, err := w.client.App(context.Background())
	w.must(err)
	want := []string{
		`the permission "deployments: write"`, `the permission "members: read"`, `the permission "pull requests: write"`, `the permission "statuses: write"`,
		`the event "check_suite"`,
	}
	if got := app.Missing("push", "check_suite", "status"); !slices.Equal(got, want) {
		t.Errorf("missing:\n got %q\nwant %q", got, want)
	}
	if _, err := w.CreateRepo("umbrella/shop", githubtest.RepoOptions{}); err != nil {
		t.Fatal(err)
	}
	all, err := w.client.Installations(context.Background())
	w.must(err)
	if len(all) != 2 || all[0].ID != w.InstallationID("acme") || all[0].Account != "acme" || all[0].Suspended || all[1].Account != "umbrella" || len(all[1].Missing()) != 4 {
		t.Errorf("expected acme and umbrella, each without four permissions, got %+v", all)
	}
	w.Inject(githubtest.Fault{Match: "GET /app/installations", Status: 200, Body: `[{"id":7,"account":{"login":"acme"},"suspended_at":"2026-01-01T00:00:00Z"}]`})
	all, err = w.client.Installations(context.Background())
	w.must(err)
	if len(all) != 1 || !all[0].Suspended {
		t.Errorf("expected the suspended acme, got %+v", all)
	}

	complete := start(t)
	app, err = complete.client.App(context.Background())
	complete.must(err)
	if got := app.Missing("push", "merge_group"); len(got) != 0 {
		t.Errorf("nothing should be missing, got %q", got)
	}
}

func TestRequestsAreCounted(t *testing.T) {
	w := start(t)
	for name := range w.metrics() {
		if strings.HasPrefix(name, "headstart_github_rate_remaining") {
			t.Errorf("nothing was heard of a limit yet, and %s is shown", name)
		}
	}
	c := w.commit(map[string]string{"a": "1"})
	for range 3 {
		do[bot.ChecksRead](w, bot.ReadChecks{SHA: c.SHA, Branch: "main", Required: true, Suites: true})
	}
	inject404(w, "GET *check-suites")
	_, _ = w.perform(bot.Effect{Do: bot.ReadChecks{SHA: c.SHA, Suites: true}})
	found := w.metrics()
	_, left, err := w.RateLimit("acme")
	w.must(err)
	for name, want := range map[string]float64{
		"headstart_github_requests_total GET /repos/{owner}/{repo}/commits/{ref}/check-suites 200":    3,
		"headstart_github_requests_total GET /repos/{owner}/{repo}/commits/{ref}/check-suites 404":    1,
		"headstart_github_requests_total GET /repos/{owner}/{repo}/rules/branches/{branch} 200":       3,
		"headstart_github_requests_total POST /app/installations/{installation_id}/access_tokens 201": 1,
	} {
		if found[name] != want {
			t.Errorf("%s should be %v, is %v of %v", name, want, found[name], found)
		}
	}
	remaining := found[fmt.Sprintf("headstart_github_rate_remaining %d", w.target.Installation)]
	if remaining < float64(left) || remaining > float64(left)+8 { // answers come side by side, in any order, and one that fails ends those beside it
		t.Errorf("%d requests remain, the gauge says %v", left, remaining)
	}
	// A second client may use the same registry.
	if _, err := github.New(github.Options{AppID: 1, PrivateKey: w.PrivateKeyPEM(), ParseConfig: parseConfig, Metrics: w.registry}); err != nil {
		t.Errorf("two clients can share a registry: %v", err)
	}
}

// Many effects of several installations at once, while tokens go stale: for
// the race detector, and for the number of tokens.
func TestManyAtOnce(t *testing.T) {
	w := start(t)
	c := w.commit(map[string]string{"a": "1"})
	other, err := w.CreateRepo("umbrella/shop", githubtest.RepoOptions{})
	w.must(err)
	theirs, err := other.Commit("main", map[string]string{"b": "1"})
	w.must(err)
	elsewhere := w.target
	elsewhere.Pipeline.Repo.Owner, elsewhere.Installation, elsewhere.RepoID = "umbrella", w.InstallationID("umbrella"), other.ID()

	var wait sync.WaitGroup
	for i := range 24 {
		target, sha := w.target, c.SHA
		if i%2 == 1 {
			target, sha = elsewhere, theirs.SHA
		}
		wait.Go(func() {
			for range 3 {
				if _, err := w.client.Perform(context.Background(), target, bot.Effect{Do: bot.ReadChecks{SHA: sha, Branch: "main", Required: true}}); err != nil && kind(err) != "refused" {
					t.Errorf("read the checks: %v", err)
				}
				if i == 0 {
					w.ExpireTokens()
				}
			}
		})
	}
	wait.Wait()
	if n := w.Count("POST /app/installations/*/access_tokens"); n > 24 {
		t.Errorf("a handful of tokens is enough, %d were asked for", n)
	}
}
