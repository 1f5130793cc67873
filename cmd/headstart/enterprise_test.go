package main

import (
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/headstart-cd/headstart/github/githubtest"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
	"github.com/headstart-cd/headstart/setup"
	"github.com/headstart-cd/headstart/webhooks"
)

// On GitHub Enterprise Server the API is a path of the host that has the pages. The setup takes its address, the server
// and the doctor find it in the settings, and people sign in on the pages.
func TestEnterpriseServer(t *testing.T) {
	t.Parallel()
	s := newTeam(t, githubtest.Options{Enterprise: true, Events: webhooks.Events()})
	s.serve()
	if !strings.HasSuffix(s.gh.URL(), "/api/v3") {
		t.Fatalf("the API should be below the pages: %s", s.gh.URL())
	}
	n := newNewcomer(t)
	n.open(s.printed())
	n.press("Begin")
	n.press("Go on", "url", "https://headstart.example.com/", "organization", "acme")
	n.reads(s.gh.PagesURL() + "/organizations/acme/settings/apps/new")
	n.press("Make it on GitHub")
	n.reads(s.gh.PagesURL() + "/github-apps/headstart")
	n.press("List its pipelines", "key", herokutest.DefaultToken)
	n.press("Do it", "var", "NPM_TOKEN")
	s.made()
	editor, err := url.Parse(n.link("Open it in GitHub’s editor"))
	if err != nil || editor.Scheme+"://"+editor.Host != s.gh.PagesURL() {
		t.Errorf("the editor should be on the pages, it is at %s: %v", editor, err)
	}
	n.press("End the setup")
	if err := <-s.ended; err != nil {
		t.Fatal(err)
	}
	s.keepsSecrets(n)

	p := s.serves()
	commit := s.merges(editor)
	eventually(t, "the commit is built", func() bool {
		return len(s.apps[prepareApp].Builds()) == 1 && s.shop.Statuses(commit.SHA)["headstart/build"].State != ""
	})
	client := http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get(p.url + "/login")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if to := res.Header.Get("Location"); !strings.HasPrefix(to, s.gh.PagesURL()+"/login/oauth/authorize?") {
		t.Errorf("people should sign in on the pages of GitHub, not at %d %q", res.StatusCode, to)
	}

	doctor := exec.CommandContext(t.Context(), os.Args[0], "doctor", "--env-file", s.file)
	doctor.Env = []string{roleVar + "=headstart", "GORACE=atexit_sleep_ms=0", "PATH=" + os.Getenv("PATH"), "DATABASE_URL=" + p.databaseURL()}
	report, _ := doctor.CombinedOutput() // it exits with 1: the server's address is an example
	for _, want := range []string{
		"✓ This machine's clock agrees with GitHub's", "✓ The key belongs to the App 424242", "✓ The App is installed on acme",
		"✓ acme/shop: The pipeline's file is valid", "✓ acme/shop: GitHub requires no status",
	} {
		if !strings.Contains(string(report), want) {
			t.Errorf("the doctor should find %q:\n%s", want, report)
		}
	}
}

// The same without a page.
func TestEnterpriseServerInATerminal(t *testing.T) {
	t.Parallel()
	s := newTeam(t, githubtest.Options{Enterprise: true})
	if err := s.answer(nil, "https://headstart.example.com/", "", "", "424242", "client-secret-81c4", s.keyFile(), "", herokutest.DefaultToken, "n", "n"); err != nil {
		t.Fatalf("%v:\n%s", err, &s.screen)
	}
	for _, want := range []string{"/settings/apps/new?", "/github-apps/headstart/installations/new", "/acme/shop/new/main?"} {
		if !strings.HasPrefix(s.addresses(want)[0].String(), s.gh.PagesURL()+want) {
			t.Errorf("%s should be an address on the pages", want)
		}
	}
	values, err := setup.ReadEnv(s.file)
	if err != nil || values["GITHUB_API_URL"] != s.gh.URL() {
		t.Errorf("the settings should say where the API is: %v, %v", values, err)
	}
}
