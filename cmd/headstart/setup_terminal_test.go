package main

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/config"
	"github.com/headstart-cd/headstart/github/githubtest"
	"github.com/headstart-cd/headstart/platform/heroku/herokutest"
	"github.com/headstart-cd/headstart/setup"
)

// answer has `headstart setup --no-browser` read the answers of a script, a line each.
func (s *settingUp) answer(args []string, lines ...string) error {
	cmd := exec.CommandContext(s.t.Context(), os.Args[0], append(s.args(), append(args, "--no-browser")...)...)
	cmd.Env = append(os.Environ(), roleVar+"=headstart", "GORACE=atexit_sleep_ms=0")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(strings.Join(lines, "\n")+"\n"), &s.screen, &s.screen
	return cmd.Run()
}

// keyFile is the App's key as GitHub lets people download it.
func (s *settingUp) keyFile() string {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "headstart.private-key.pem")
	if err := os.WriteFile(file, s.gh.PrivateKeyPEM(), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return file
}

// addresses are the web addresses that the terminal shows.
func (s *settingUp) addresses(containing string) (list []*url.URL) {
	s.t.Helper()
	for word := range strings.FieldsSeq(s.screen.String()) {
		if u, err := url.Parse(word); err == nil && strings.HasPrefix(word, "http") && strings.Contains(word, containing) {
			list = append(list, u)
		}
	}
	if len(list) == 0 {
		s.t.Fatalf("an address with %s should be shown:\n%s", containing, &s.screen)
	}
	return list
}

// The whole setup without a page: a script answers, and the first deploy follows.
func TestSetupInATerminal(t *testing.T) {
	t.Parallel()
	s := newTeam(t, githubtest.Options{})
	if err := s.answer(nil,
		"https://headstart.example.com/", "acme", "", // the server, whose App, its name
		"424242", "client-secret-81c4", s.keyFile(),
		"", // it is installed
		herokutest.DefaultToken, "y", "NPM_TOKEN", "y",
	); err != nil {
		t.Fatalf("%v:\n%s", err, &s.screen)
	}
	s.made()
	s.keepsSecrets(newNewcomer(t))
	if strings.Contains(s.screen.String(), "DATABASE_URL") {
		t.Errorf("the app that builds should not be offered a stage's database:\n%s", &s.screen)
	}

	// GitHub's form asks for what the documentation's one asks for.
	form := s.addresses("/organizations/acme/settings/apps/new")[0].Query()
	documented, err := url.Parse(regexp.MustCompile(`https://github\.com/settings/apps/new[^)]*`).FindString(read(t, "../../docs/install.md")))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range documented.Query() {
		got := form[name]
		slices.Sort(got)
		slices.Sort(want)
		if name != "name" && name != "url" && !slices.Equal(got, want) {
			t.Errorf("GitHub's form should be opened with %s=%q, as docs/install.md does, it is with %q", name, want, got)
		}
	}
	for name := range form {
		if !documented.Query().Has(name) && name != "description" {
			t.Errorf("GitHub's form is opened with %s, and not in docs/install.md", name)
		}
	}
	file := s.addresses("/acme/shop/new/main")[0].Query().Get("value")
	cfg, err := config.Parse([]byte(file), config.Path)
	if err != nil || len(cfg.Stages) != 2 || !strings.Contains(s.screen.String(), file) {
		t.Errorf("a file with two stages should be shown: %v\n%s", err, file)
	}
	values, err := setup.ReadEnv(s.file)
	if address, secret := s.gh.Webhook(); err != nil || address != "https://headstart.example.com/webhooks/github" || secret != values["GITHUB_WEBHOOK_SECRET"] {
		t.Errorf("GitHub should sign webhooks to the server with the secret of the settings: %s, %v", address, err)
	}
}

// A script's wrong answer ends the setup: the next one would go to the wrong question. What was set up is not lost.
func TestSetupInATerminalEnds(t *testing.T) {
	t.Parallel()
	s := newTeam(t, githubtest.Options{})
	key := s.keyFile()
	began := []string{"https://headstart.example.com", "", "shop bot", "424242", "client-secret-81c4"}
	for what, k := range map[string]struct {
		lines []string
		want  string
	}{
		"an address without TLS": {[]string{"http://headstart.example.com", "", ""}, "expected https, so that nobody reads"},
		"the client id":          {append(began[:3:3], "Iv23liAbc", "x", key), "the App ID is a number"},
		"no key":                 {append(began[:5:5], key+"x"), "no such file"},
		"another key":            {append(began[:5:5], "", "c2VjcmV0"), "neither PEM nor PEM in base64"},
		"no more answers":        {began[:2], "the answers have ended before the questions"},
	} {
		before := len(s.screen.String())
		err := s.answer(nil, k.lines...)
		if said := s.screen.String()[before:]; err == nil || !strings.Contains(said, k.want) {
			t.Errorf("%s: setup should end with %q, it ended with %v:\n%s", what, k.want, err, said)
		}
		if _, err := os.Stat(s.file); err == nil {
			t.Errorf("%s: nothing should be kept", what)
		}
	}
	pasted := strings.TrimSpace(string(s.gh.PrivateKeyPEM()))
	if err := s.answer(nil, append(began[:5:5], "", pasted, "", "wrong")...); err == nil {
		t.Error("a wrong authorization should end the setup")
	}
	values, err := setup.ReadEnv(s.file)
	if err != nil || values["GITHUB_APP_ID"] != "424242" || values["HEADSTART_OPERATORS"] != "@headstart-cd" || values["HEROKU_API_KEY"] != "" {
		t.Errorf("the App of a person should be kept, with the person as an operator: %v, %v", values, err)
	}
	if text := s.screen.String(); !strings.Contains(text, "begin anew with --again") || strings.Contains(text, pasted[40:90]) {
		t.Errorf("it should be said how to go on, and the key should not be shown:\n%s", text)
	}
	if err := s.answer([]string{"--again"}, append(began[:5:5], key, "", "")...); err != nil {
		t.Errorf("without Heroku the server runs the apps itself: %v", err)
	}
	if values, err = setup.ReadEnv(s.file); err != nil || values["HEADSTART_LOCAL"] != "true" {
		t.Errorf("the embedded platform should be chosen: %v, %v", values, err)
	}
}

// Where Headstart itself runs on Heroku its settings become config vars, of which only the names are shown. They are in no
// file then, and the server starts with them, also where the key has its lines.
func TestSetupOfAnAppOnHeroku(t *testing.T) {
	t.Parallel()
	s := newTeam(t, githubtest.Options{})
	host := s.heroku.AddApp("acme-headstart")
	host.SetConfig("HEADSTART_URL", "https://old.example.com")
	host.SetConfig("DATABASE_URL", "postgres://kept")
	answers := []string{
		"https://headstart.example.com/", "acme", "", "424242", "client-secret-81c4", s.keyFile(), "",
		herokutest.DefaultToken, "y", "NPM_TOKEN", "y",
	}
	if err := s.answer([]string{"--app", "acme-headstart"}, append(answers, "n")...); err == nil || len(host.Config()) != 2 {
		t.Errorf("without a yes no config var should be set: %v, %v", err, host.Config())
	}
	if err := s.answer([]string{"--app", "acme-headstart"}); err == nil || !strings.Contains(s.screen.String(), "is there already") {
		t.Errorf("settings of a setup that did not end should not be lost: %v", err)
	}
	if err := os.Remove(s.file); err != nil {
		t.Fatal(err)
	}
	if err := s.answer([]string{"--app", "acme-headstart"}, append(answers[:8:8], "y", "y")...); err != nil { // the app that builds was made
		t.Fatalf("%v:\n%s", err, &s.screen)
	}
	values := host.Config()
	for name, value := range values {
		shown := s.screen.String()
		if name != "DATABASE_URL" && !strings.Contains(shown, name) {
			t.Errorf("%s should be shown", name)
		}
		if strings.Contains(name, "SECRET") || strings.Contains(name, "KEY") {
			if strings.Contains(shown, value) {
				t.Errorf("the value of %s should not be shown:\n%s", name, shown)
			}
		}
	}
	if values["HEADSTART_URL"] != "https://headstart.example.com" || values["DATABASE_URL"] != "postgres://kept" || values["HEADSTART_TRUSTED_PROXIES"] == "" {
		t.Errorf("the settings should be set, and others stay: %v", values)
	}
	if _, err := os.Stat(s.file); err == nil {
		t.Error("the settings should be nowhere else")
	}
	if err := s.answer([]string{"--app", "acme-headstart"}, answers...); err == nil || !strings.Contains(s.screen.String(), "has a GITHUB_APP_ID already") {
		t.Errorf("another setup should not replace them unasked: %v", err)
	}

	for _, key := range []string{values["GITHUB_PRIVATE_KEY"], string(s.gh.PrivateKeyPEM())} {
		addr := freeAddress(t)
		p := &process{cmd: exec.Command(os.Args[0], "serve"), url: "http://" + addr, ended: make(chan error, 1)}
		p.cmd.Env = []string{roleVar + "=headstart", "PATH=" + os.Getenv("PATH"), "GITHUB_API_URL=" + s.gh.URL(), "HEROKU_API_URL=" + s.heroku.URL(), "HEADSTART_ADDR=" + addr}
		for name, value := range values {
			switch name {
			case "DATABASE_URL":
				value = "sqlite:" + filepath.Join(t.TempDir(), "headstart.db")
			case "GITHUB_PRIVATE_KEY":
				value = key
			}
			p.cmd.Env = append(p.cmd.Env, name+"="+value)
		}
		p.start(t)
	}
}
