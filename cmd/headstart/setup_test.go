package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/config"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
	"github.com/headstart-cd/headstart/setup"
)

// newcomer is somebody with a browser who sets Headstart up. Commands, links and forms are counted.
type newcomer struct {
	t      *testing.T
	client *http.Client
	at     *url.URL
	doc    *html.Node
	body   string
	seen   []string // all pages, in order
	steps  int
}

func newNewcomer(t *testing.T) *newcomer {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &newcomer{t: t, client: &http.Client{Jar: jar, Timeout: time.Minute}}
}

func (n *newcomer) take(res *http.Response, err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	n.at, n.body = res.Request.URL, string(body)
	n.seen = append(n.seen, n.body)
	if n.doc, err = html.Parse(bytes.NewReader(body)); err != nil {
		n.t.Fatal(err)
	}
}

func (n *newcomer) open(address string) {
	n.t.Helper()
	n.steps++
	n.take(n.client.Get(address))
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// press sends the form that has a button, with what its fields hold and what is typed into some of them.
func (n *newcomer) press(button string, typed ...string) {
	n.t.Helper()
	n.steps++
	for form := range n.doc.Descendants() {
		if form.Type != html.ElementNode || form.Data != "form" {
			continue
		}
		values, found := url.Values{}, false
		for field := range form.Descendants() {
			switch {
			case field.Data == "button" && field.FirstChild != nil && field.FirstChild.Data == button:
				found = true
				if name := attribute(field, "name"); name != "" {
					values.Set(name, attribute(field, "value"))
				}
			case field.Data == "input" && attribute(field, "type") == "radio":
				if slices.ContainsFunc(field.Attr, func(a html.Attribute) bool { return a.Key == "checked" }) {
					values.Set(attribute(field, "name"), attribute(field, "value"))
				}
			case field.Data == "input":
				values.Set(attribute(field, "name"), attribute(field, "value"))
			case field.Data == "select":
				for option := range field.Descendants() {
					if option.Data == "option" && !values.Has(attribute(field, "name")) {
						value := attribute(option, "value")
						if value == "" {
							value = option.FirstChild.Data
						}
						values.Set(attribute(field, "name"), value)
					}
				}
			}
		}
		if !found {
			continue
		}
		for i := 0; i < len(typed); i += 2 {
			values.Set(typed[i], typed[i+1])
		}
		to, err := n.at.Parse(attribute(form, "action"))
		if err != nil {
			n.t.Fatal(err)
		}
		req, err := http.NewRequest(http.MethodPost, to.String(), strings.NewReader(values.Encode()))
		if err != nil {
			n.t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		n.take(n.client.Do(req))
		return
	}
	n.t.Fatalf("there is no button %q:\n%s", button, n.body)
}

func (n *newcomer) reads(want string) {
	n.t.Helper()
	if !strings.Contains(n.body, want) {
		n.t.Fatalf("the page at %s should say %q:\n%s", n.at, want, n.body)
	}
}

// link returns where a link leads to.
func (n *newcomer) link(text string) string {
	n.t.Helper()
	for a := range n.doc.Descendants() {
		if a.Data == "a" && a.FirstChild != nil && a.FirstChild.Data == text {
			return attribute(a, "href")
		}
	}
	n.t.Fatalf("there is no link %q:\n%s", text, n.body)
	return ""
}

// screen is a terminal that another goroutine writes to.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// A team with a pipeline on Heroku and a repository on GitHub is live in ten minutes: three commands, and a merge.
func TestSetup(t *testing.T) {
	t.Parallel()
	began := time.Now()
	s := newSettingUp(t)
	n := newNewcomer(t)
	n.steps++ // headstart setup
	n.open(s.printed())
	n.press("Begin")
	n.press("Go on", "url", "http://headstart.example.com", "organization", "acme")
	n.reads("expected https, so that nobody reads")
	n.steps-- // that was a mistake
	n.press("Go on", "url", "https://headstart.example.com/", "organization", "acme")
	n.reads(s.gh.URL() + "/organizations/acme/settings/apps/new")
	first := n.doc
	n.press("Make it on GitHub")
	late := &newcomer{t: t, client: n.client, at: n.at, doc: first, body: n.body}
	late.press("Change the address or the name") // in another tab, which has nothing to say any more
	late.reads("1 repository")
	n.steps++ // installs it there; the stand-in's App is installed on every account that has a repository
	n.reads("1 repository")
	n.press("List its pipelines", "key", "wrong")
	n.reads("List its pipelines") // the step stays open
	n.steps--
	n.steps++ // heroku authorizations:create
	n.press("List its pipelines", "key", herokutest.DefaultToken)
	n.reads("deploys@example.com, 1 pipeline") // and one repository: there is no choice
	n.reads("<code>shop-staging</code> from <code>main</code>")
	n.reads("heroku-22, in us, with heroku/nodejs")
	n.press("Do it", "var", "NPM_TOKEN")
	s.made()
	n.reads("Open it in GitHub’s editor")
	editor, err := url.Parse(n.link("Open it in GitHub’s editor"))
	if err != nil {
		t.Fatal(err)
	}
	n.steps += 3 // starts the server, proposes the file, merges
	took := time.Since(began)
	t.Logf("%d steps of a person, %s of the machine's time", n.steps, took.Round(time.Millisecond))
	if n.steps > 12 || took > time.Minute {
		t.Errorf("it should take at most 12 steps and a minute of the machine's time, it took %d and %s", n.steps, took)
	}
	n.press("End the setup")
	if err := <-s.ended; err != nil {
		t.Fatal(err)
	}
	s.keepsSecrets(n)
	s.deploys(editor)
}

// Without Heroku the server runs the apps itself.
func TestSetupWithoutHeroku(t *testing.T) {
	t.Parallel()
	s := newSettingUp(t)
	n := newNewcomer(t)
	n.open(s.printed())
	n.press("Begin")
	n.press("Go on", "url", "https://headstart.example.com", "whose", "person")
	n.press("Make it on GitHub")
	n.press("Run the apps on the server itself")
	editor, err := url.Parse(n.link("Open it in GitHub’s editor"))
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse([]byte(editor.Query().Get("value")), config.Path)
	if err != nil || len(cfg.Stages) != 2 || cfg.Platform != bot.PlatformLocal {
		t.Errorf("the file should have two stages on the embedded platform, and be valid: %+v, %v", cfg, err)
	}
	values, err := setup.ReadEnv(s.file)
	if err != nil || values["HEADSTART_LOCAL"] != "true" || values["HEADSTART_ALLOW"] != "acme/shop=shop-prepare,shop-staging,shop-production" || values["HEADSTART_OPERATORS"] != "@headstart-cd" {
		t.Errorf("the settings should be those of an embedded platform, and of whose the App is: %v, %v", values, err)
	}
}

// Without the link there is nothing to see, and the link is good once.
func TestSetupIsForOne(t *testing.T) {
	t.Parallel()
	s := newSettingUp(t)
	link := s.printed()
	stranger, first, second := newNewcomer(t), newNewcomer(t), newNewcomer(t)
	page := strings.Split(link, "?")[0]
	for _, address := range []string{page, page + "?token=x", page + "/created?code=x&state="} {
		stranger.open(address)
		stranger.reads("Not from here")
	}
	first.open(link)
	second.open(link) // a preview of the link does not use it up
	first.press("Begin")
	first.reads("Where will GitHub and your team reach it?")
	second.press("Begin")
	second.reads("Not from here")
	second.open(link)
	second.reads("Not from here")
	res, err := first.client.Post(page+"/server", "application/x-www-form-urlencoded", strings.NewReader("url=https://evil.example&whose=person&name=x"))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	req, err := http.NewRequest(http.MethodPost, page+"/server", strings.NewReader("url=https://evil.example&whose=person&name=x"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	if res, err = first.client.Do(req); err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("another site's form should be refused, got %s", res.Status)
	}
}

// An App that is there is not replaced by mistake.
func TestSetupRefusesASecondApp(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "headstart.env")
	if err := setup.SaveEnv(file, map[string]string{"GITHUB_APP_ID": "77"}); err != nil {
		t.Fatal(err)
	}
	_, _, err := headstart(t, "setup", "--file", file)
	if err == nil || !strings.Contains(err.Error(), "the GitHub App 77 already") || !strings.Contains(err.Error(), "--again") {
		t.Errorf("setup should refuse, and say how to go on: %v", err)
	}
	if err := setup.SaveEnv(file, map[string]string{"GITHUB_APP_ID": "78", "PORT": "8080"}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil || string(text) != "GITHUB_APP_ID=78\nPORT=8080\n" {
		t.Errorf("a value should be replaced in its place: %q, %v", text, err)
	}
}
