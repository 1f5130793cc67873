package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// Nothing but HEADSTART_LOCAL starts the embedded platform, and never beside Heroku's
// key unless that is said.
func TestTheEmbeddedPlatformIsOffUnlessItIsAskedFor(t *testing.T) {
	gh, err := githubtest.New(githubtest.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { gh.Close() })
	good := settings{Sweep: 120e9, Allow: "acme/shop=shop-*", DatabaseURL: "sqlite:headstart.db"}
	good.GitHub = githubFlags{AppID: 1, PrivateKey: string(gh.PrivateKeyPEM()), WebhookSecret: webhookSecret}
	for name, c := range map[string]struct {
		change  func(*settings)
		starts  bool
		refused string // in the error; empty: none
		warned  string // in a warning
	}{
		"nothing is set":        {func(s *settings) {}, false, "there is no platform to build on", ""},
		"a folder":              {func(s *settings) { s.LocalDir = "apps" }, false, "there is no platform to build on", "HEADSTART_LOCAL=true to start it"},
		"an address":            {func(s *settings) { s.LocalAddr, s.Heroku.APIKey = ":8081", "key" }, false, "", "HEADSTART_LOCAL=true to start it"},
		"asked for":             {func(s *settings) { s.Local = "true" }, true, "", "as this server's user"},
		"switched off":          {func(s *settings) { s.Local, s.Heroku.APIKey = "false", "key" }, false, "", ""},
		"Heroku alone":          {func(s *settings) { s.Heroku.APIKey = "key" }, false, "", ""},
		"beside Heroku":         {func(s *settings) { s.Local, s.Heroku.APIKey = "true", "key" }, true, "HEADSTART_LOCAL=beside-heroku if you mean both", "as this server's user"},
		"beside Heroku, meant":  {func(s *settings) { s.Local, s.Heroku.APIKey = "beside-heroku", "key" }, true, "", "as this server's user"},
		"something else":        {func(s *settings) { s.Local = "yes" }, false, "expected true, false or beside-heroku", ""},
		"something in capitals": {func(s *settings) { s.Local = "TRUE" }, false, "expected true, false or beside-heroku", ""},
	} {
		s := good
		c.change(&s)
		err := s.check()
		if (err == nil) != (c.refused == "") || err != nil && !strings.Contains(err.Error(), c.refused) {
			t.Errorf("%s: refused with %v, want %q", name, err, c.refused)
		}
		if s.usesLocal() != c.starts {
			t.Errorf("%s: the embedded platform starts: %v", name, s.usesLocal())
		}
		warnings := s.warnings()
		if c.warned == "" && len(warnings) > 0 && err == nil || c.warned != "" && !slices.ContainsFunc(warnings, func(w string) bool { return strings.Contains(w, c.warned) }) {
			t.Errorf("%s: warned of %q, want %q", name, warnings, c.warned)
		}
	}
}

// A process that serves closes itself, and says what the embedded platform means.
func TestServeKeepsItsSecrets(t *testing.T) {
	t.Parallel()
	gh, err := githubtest.New(githubtest.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { gh.Close() })
	dir := t.TempDir()
	p := startProcess(t, gh, dir)
	if said := p.said(); !strings.Contains(said, "as this server's user") {
		t.Errorf("it should say that it runs code with its own rights; it said:\n%s", said)
	}
	if info, err := os.Stat(filepath.Join(dir, "apps")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("its apps' folder is open to other users: %v (%v)", info, err)
	}
	checkClosed(t, p.cmd.Process.Pid)
}
