package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// Something answers at an API's address that is no API: the server ends, and says which address it was.
func TestAddressWithoutAnAPIIsRefused(t *testing.T) {
	t.Parallel()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/page") { // a page for people, with any status
			fmt.Fprint(w, "<html>Sign in</html>")
			return
		}
		http.Error(w, "<html>Not found</html>", http.StatusNotFound)
	}))
	t.Cleanup(page.Close)
	gh, err := githubtest.New(githubtest.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { gh.Close() })
	for what, c := range map[string]struct {
		github, heroku, key string
		want                string
	}{
		"GitHub answers 404":       {github: page.URL, heroku: "http://127.0.0.1:1", want: "GITHUB_API_URL: no API of GitHub's answers there"},
		"GitHub shows a page":      {github: page.URL + "/page", heroku: "http://127.0.0.1:1", want: "GITHUB_API_URL: no API of GitHub's answers there"},
		"Heroku answers 404":       {github: gh.URL(), heroku: page.URL, want: "HEROKU_API_URL: no API of Heroku's answers there"},
		"Heroku shows a page":      {github: gh.URL(), heroku: page.URL + "/page", want: "HEROKU_API_URL: no API of Heroku's answers there"},
		"both answer 404":          {github: page.URL, heroku: page.URL, want: "GITHUB_API_URL: no API of GitHub's answers there: expected https://api.github.com, or https://HOST/api/v3 for GitHub Enterprise Server"},
		"a key of another account": {github: gh.URL(), heroku: "http://127.0.0.1:1", key: "other", want: "GITHUB_APP_ID or GITHUB_PRIVATE_KEY: GitHub does not accept the App's credentials"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "serve")
			id := gh.AppID()
			if c.key != "" {
				id++
			}
			cmd.Env = []string{
				roleVar + "=headstart", "PATH=" + os.Getenv("PATH"), "HEADSTART_ADDR=127.0.0.1:0", "HEADSTART_ALLOW=acme/shop=shop-*",
				"DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "headstart.db"), "HEROKU_API_KEY=0af1-key-of-heroku", "HEROKU_API_URL=" + c.heroku,
				fmt.Sprintf("GITHUB_APP_ID=%d", id), "GITHUB_PRIVATE_KEY=" + string(gh.PrivateKeyPEM()), "GITHUB_WEBHOOK_SECRET=" + webhookSecret, "GITHUB_API_URL=" + c.github,
			}
			said, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(said), c.want) {
				t.Errorf("it should end with %q, it ended with %v and said:\n%s", c.want, err, said)
			}
		})
	}
}

// The server is not ready any more when the database's file was removed: SQLite itself goes on with it. And a level of the
// log is one in any case.
func TestReadyKnowsThatTheDatabaseIsGone(t *testing.T) {
	t.Parallel()
	gh, err := githubtest.New(githubtest.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { gh.Close() })
	dir := t.TempDir()
	p := startProcessAs(t, gh, dir, exec.Command(os.Args[0], "serve"), func(string) []string {
		return []string{"LOG_LEVEL=Warn", "LOG_FORMAT=Console"}
	})
	if said := p.said(); strings.Contains(said, "info") || !strings.Contains(said, "warn") {
		t.Errorf("LOG_LEVEL=Warn should leave warnings alone, it said:\n%s", said)
	}
	file := filepath.Join(dir, "headstart.db")
	if err := os.Rename(file, file+".moved"); err != nil {
		t.Fatal(err)
	}
	expectReady(t, p, http.StatusServiceUnavailable, "the database's file was removed or replaced")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	expectReady(t, p, http.StatusServiceUnavailable, "the database's file was removed or replaced")
	if err := os.Rename(file+".moved", file); err != nil {
		t.Fatal(err)
	}
	expectReady(t, p, http.StatusOK, "ready")
}

func expectReady(t *testing.T, p *process, status int, text string) {
	t.Helper()
	res, err := http.Get(p.url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != status || !strings.Contains(string(body), text) {
		t.Errorf("/readyz should say %d %q, it says %d %q (%v)", status, text, res.StatusCode, body, err)
	}
}
