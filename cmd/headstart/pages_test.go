package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/config"
	"github.com/headstart-cd/headstart/github/githubtest"
)

// browser is somebody who reads the pages.
type browser struct {
	t      *testing.T
	client *http.Client
	url    string
}

func newBrowser(t *testing.T, url string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, client: &http.Client{Jar: jar}, url: url}
}

// get follows a link, and every redirect. It returns where that led to.
func (b *browser) get(path string) (status int, at, body string) {
	b.t.Helper()
	res, err := b.client.Get(b.url + path)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.read(res)
}

// press sends a form of a page.
func (b *browser) press(path string) (status int, at, body string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Origin", b.url)
	res, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.read(res)
}

func (b *browser) read(res *http.Response) (status int, at, body string) {
	b.t.Helper()
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return res.StatusCode, res.Request.URL.Path, string(text)
}

// Two people sign in with GitHub to a real server. Each sees the pipeline that GitHub shows
// them, and of the other one not even that it exists.
func TestPagesOfTwoPeople(t *testing.T) {
	t.Parallel()
	b, place := outside(t)
	till, err := b.gh.CreateRepo("far/till", githubtest.RepoOptions{})
	b.must(err)
	b.must(b.shop.SetRole("mia", "read"))
	b.must(till.SetRole("sam", "write"))
	b.gh.SetTeamMember("far", "release", "sam", "active")
	b.gh.SetTeamMember("far", "release", "mia", "pending")
	dir := t.TempDir()
	p := startProcessAs(t, b.gh, dir, exec.Command(os.Args[0], "serve"), func(url string) []string {
		return []string{"HEADSTART_URL=" + url, "GITHUB_CLIENT_SECRET=" + b.gh.ClientSecret(), "HEADSTART_ALLOW=acme/shop=shop-* far/till=till-*", "HEADSTART_OPERATORS=far/release"}
	})
	b.gh.SetCallbackURLs(p.url + "/login/callback")
	b.gh.SetWebhook(p.url+"/webhooks/github", webhookSecret)
	files := place.files()
	files[config.Path] = strings.ReplaceAll(place.head()+pipeline, "shop-", "till-")
	theirs, err := till.Commit("main", files)
	b.must(err)
	b.must(till.Check(theirs.SHA, ciCheck, "success"))
	ours := b.push(change("a"))
	b.report(ours.SHA, "success")
	eventually(t, "the commit of acme/shop is live", b.hasStatus(ours.SHA, "headstart/production", "success"))
	eventually(t, "the commit of far/till is live", func() bool {
		for _, s := range till.Statuses(theirs.SHA) {
			if s.Context == "headstart/production" && s.State == "success" {
				return true
			}
		}
		return false
	})

	nobody := newBrowser(t, p.url)
	if status, at, body := nobody.get("/"); status != http.StatusOK || at != "/" || !strings.Contains(body, "Sign in with GitHub") || strings.Contains(body, "acme") {
		t.Errorf("somebody who is not signed in should be asked to, got %d at %s:\n%s", status, at, body)
	}
	if _, at, body := nobody.get("/p/acme/shop"); at != "/login/oauth/authorize" || strings.Contains(body, "acme") {
		t.Errorf("a link should lead to GitHub's page first, got %s:\n%s", at, body)
	}

	mia, sam := newBrowser(t, p.url), newBrowser(t, p.url)
	for _, person := range []struct {
		*browser
		login, own, other string
		sha               string
	}{{mia, "mia", "/p/acme/shop", "/p/far/till", ours.SHA}, {sam, "sam", "/p/far/till", "/p/acme/shop", theirs.SHA}} {
		b.gh.SignIn(person.login)
		status, at, body := person.get(person.own)
		if status != http.StatusOK || at != person.own || !strings.Contains(body, person.sha[:7]) || !strings.Contains(body, "is live on production") {
			t.Errorf("%s should come to %s and read that %s is live, got %d at %s:\n%s", person.login, person.own, person.sha[:7], status, at, body)
		}
		if _, _, body := person.get("/"); !strings.Contains(body, person.own) || strings.Contains(body, person.other) {
			t.Errorf("%s should find %s alone at home:\n%s", person.login, person.own, body)
		}
		status, _, hidden := person.get(person.other)
		_, _, missing := person.get("/p/no/such")
		if status != http.StatusNotFound || hidden != missing {
			t.Errorf("what %s may not see should be answered as what does not exist, got %d:\n%s", person.login, status, hidden)
		}
	}
	if status, _, _ := sam.get("/deliveries"); status != http.StatusOK {
		t.Errorf("the operator should see the failed deliveries, got %d", status)
	}
	if status, _, body := sam.get("/doctor"); status != http.StatusOK || !strings.Contains(body, "The key belongs to the App") {
		t.Errorf("the operator should see what the doctor finds, got %d:\n%s", status, body)
	}
	if _, _, body := sam.get("/audit"); !strings.Contains(body, "for the first time on this database") || !strings.Contains(body, "<bdi>mia</bdi>") || !strings.Contains(body, "sign-in") {
		t.Errorf("the operator should see what was done with the server:\n%s", body)
	}
	if status, _, _ := mia.get("/audit"); status != http.StatusNotFound {
		t.Errorf("nobody else should see what was done with the server, got %d", status)
	}
	if status, _, _ := mia.get("/deliveries"); status != http.StatusNotFound {
		t.Errorf("nobody else should see them, got %d", status)
	}

	tokens := testCommandLine(t, p.url, mia, sam)
	documented := sam.token("commands")
	testDocumentedAPI(t, p.url, documented, theirs.SHA)
	tokens = append(tokens, documented)

	elsewhere := newBrowser(t, p.url)
	b.gh.SignIn("mia")
	if status, _, _ := elsewhere.get("/p/acme/shop"); status != http.StatusOK {
		t.Errorf("mia should see her pipeline in another browser, too, got %d", status)
	}
	b.gh.SignIn("")
	if _, at, _ := mia.press("/logout/everywhere"); at != "/" {
		t.Errorf("signing out should lead home, got %s", at)
	}
	for what, m := range map[string]*browser{"this browser": mia, "the other one": elsewhere} {
		if _, at, _ := m.get("/p/acme/shop"); at != "/login/oauth/authorize" {
			t.Errorf("mia should be signed out in %s, got %s", what, at)
		}
	}
	if status, _, _ := sam.get("/p/far/till"); status != http.StatusOK {
		t.Errorf("sam should still be signed in, got %d", status)
	}

	key := filepath.Join(dir, "headstart.db"+sessionKeyEnd)
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key of sessions should be this user's alone: %v, %v", info, err)
	}
	for _, secret := range append(tokens, "ghu_", "ghr_", b.gh.ClientSecret(), read(t, key)) {
		if strings.Contains(p.said(), secret) {
			t.Errorf("%.8s… should not be in the log:\n%s", secret, p.said())
		}
	}
}

// Without the App's client secret the server starts, says so once, and its page says what to set.
func TestPagesWithoutSecret(t *testing.T) {
	t.Parallel()
	b, _ := outside(t)
	p := startProcessAs(t, b.gh, t.TempDir(), exec.Command(os.Args[0], "serve"), func(url string) []string { return []string{"HEADSTART_URL=" + url} })
	if n := strings.Count(p.said(), "GITHUB_CLIENT_SECRET"); n != 1 {
		t.Errorf("the log should say once that GITHUB_CLIENT_SECRET is missing, it does %d times:\n%s", n, p.said())
	}
	for _, path := range []string{"/", "/login", "/p/acme/shop"} {
		if status, _, body := newBrowser(t, p.url).get(path); status != http.StatusOK || !strings.Contains(body, "GITHUB_CLIENT_SECRET") || strings.Contains(body, "acme") {
			t.Errorf("%s should say what to set, got %d:\n%s", path, status, body)
		}
	}
}
