package main

import (
	"encoding/base64"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// serveWith calls serve with these variables and no others, which must be refused.
func serveWith(t *testing.T, variables map[string]string) string {
	t.Helper()
	for _, name := range []string{
		"PORT", "HEADSTART_ADDR", "HEADSTART_ALLOW", "DATABASE_URL", "GITHUB_APP_ID", "GITHUB_PRIVATE_KEY", "GITHUB_PRIVATE_KEY_FILE",
		"GITHUB_WEBHOOK_SECRET", "GITHUB_API_URL", "HEROKU_API_KEY", "HEROKU_API_URL", "HEROKU_WEBHOOK_SECRET", "HEADSTART_PRIVATE_URLS",
		"HEADSTART_SWEEP", "LOG_LEVEL", "LOG_FORMAT", "HEADSTART_TRUSTED_PROXIES", "HEADSTART_METRICS_ADDR", "HEADSTART_METRICS_TOKEN", "HEADSTART_OPERATORS",
		"HEADSTART_URL", "HEADSTART_SESSION_KEY", "GITHUB_URL", "GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET",
		"HEADSTART_HISTORY", "HEADSTART_LOCAL", "HEADSTART_LOCAL_ADDR", "HEADSTART_LOCAL_DIR",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("DATABASE_URL", "sqlite:"+filepath.Join(t.TempDir(), "x.db"))
	for _, usual := range []struct{ name, value string }{
		{"PORT", "8080"}, {"HEADSTART_SWEEP", "2m"}, {"HEADSTART_PRIVATE_URLS", "false"}, {"LOG_LEVEL", "info"}, {"LOG_FORMAT", "json"},
		{"GITHUB_API_URL", "https://api.github.com"}, {"HEROKU_API_URL", "https://api.heroku.com"}, {"GITHUB_WEBHOOK_SECRET", webhookSecret},
	} {
		t.Setenv(usual.name, usual.value)
	}
	for name, value := range variables {
		t.Setenv(name, value)
	}
	out, errs, err := headstart(t, "serve")
	if err == nil {
		t.Fatal("serve should refuse to start")
	}
	return out + errs + err.Error()
}

// Every mistake is told at once, under its variable, and no value is repeated.
func TestMistakesAreToldAtOnce(t *testing.T) {
	const leak = "hunter2hunter2"
	variables := map[string]string{
		"GITHUB_APP_ID": leak, "GITHUB_PRIVATE_KEY": leak, "GITHUB_WEBHOOK_SECRET": ",", "HEADSTART_SWEEP": leak, "HEADSTART_PRIVATE_URLS": leak,
		"LOG_LEVEL": leak, "LOG_FORMAT": leak, "PORT": leak, "HEADSTART_METRICS_ADDR": leak, "DATABASE_URL": leak,
		"GITHUB_API_URL": "ftp://" + leak, "HEROKU_API_URL": leak, "HEADSTART_ALLOW": "acme", "HEADSTART_OPERATORS": "ada#x", "HEADSTART_TRUSTED_PROXIES": "everybody",
		"HEROKU_API_KEY": "ghp_" + leak + leak, "HEADSTART_URL": "http://" + leak, "HEADSTART_SESSION_KEY": leak, "GITHUB_URL": "ftp://" + leak,
		"GITHUB_CLIENT_ID": "ghp_" + leak + leak, "GITHUB_CLIENT_SECRET": "github_pat_" + leak,
		"HEADSTART_HISTORY": leak,
	}
	said := serveWith(t, variables)
	for name := range variables {
		if !strings.Contains(said, name) {
			t.Errorf("%s should be named among what is wrong, serve says:\n%s", name, said)
		}
	}
	if strings.Contains(said, leak) {
		t.Errorf("no value should be repeated, serve says:\n%s", said)
	}
}

// What was put into the wrong variable is recognised.
func TestValueOfAnotherSettingIsRecognised(t *testing.T) {
	gh, err := githubtest.New(githubtest.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := gh.Close(); err != nil {
			t.Error(err)
		}
	})
	key := string(gh.PrivateKeyPEM())
	line := strings.ReplaceAll(key, "\n", `\n`)
	coded := base64.StdEncoding.EncodeToString([]byte(key))
	part := func(s string) string { return s[60:90] }
	for what, k := range map[string]struct {
		set  map[string]string
		want string
	}{
		"id and key are swapped":           {map[string]string{"GITHUB_APP_ID": key, "GITHUB_PRIVATE_KEY": "12345"}, "GITHUB_APP_ID and GITHUB_PRIVATE_KEY are swapped"},
		"so they are, in one line":         {map[string]string{"GITHUB_APP_ID": line, "GITHUB_PRIVATE_KEY": "12345"}, "are swapped"},
		"so they are, in base64":           {map[string]string{"GITHUB_APP_ID": coded, "GITHUB_PRIVATE_KEY": "12345"}, "are swapped"},
		"the key is in both":               {map[string]string{"GITHUB_APP_ID": key, "GITHUB_PRIVATE_KEY": key}, "GITHUB_APP_ID holds a private key"},
		"the id is in both":                {map[string]string{"GITHUB_APP_ID": "1", "GITHUB_PRIVATE_KEY": "12345"}, "GITHUB_PRIVATE_KEY holds a number"},
		"a client id is no App id":         {map[string]string{"GITHUB_APP_ID": "Iv23liAbCdEfGhIjKlMn", "GITHUB_PRIVATE_KEY": key}, "GITHUB_APP_ID holds the App's client id"},
		"nor is an older one":              {map[string]string{"GITHUB_APP_ID": "Iv1.0123456789abcdef", "GITHUB_PRIVATE_KEY": key}, "GITHUB_APP_ID holds the App's client id"},
		"a client id is no key":            {map[string]string{"GITHUB_APP_ID": "1", "GITHUB_PRIVATE_KEY": "Iv23liAbCdEfGhIjKlMn"}, "GITHUB_PRIVATE_KEY holds the App's client id"},
		"a file's name is no key":          {map[string]string{"GITHUB_APP_ID": "1", "GITHUB_PRIVATE_KEY": "/run/secrets/app.pem"}, "GITHUB_PRIVATE_KEY_FILE"},
		"a key is no file's name":          {map[string]string{"GITHUB_APP_ID": "1", "GITHUB_PRIVATE_KEY_FILE": key}, "GITHUB_PRIVATE_KEY_FILE holds the key itself"},
		"a file that is not there":         {map[string]string{"GITHUB_APP_ID": "1", "GITHUB_PRIVATE_KEY_FILE": "/nowhere/app.pem"}, "GITHUB_PRIVATE_KEY_FILE"},
		"a key is no webhook secret":       {map[string]string{"GITHUB_APP_ID": "1", "GITHUB_PRIVATE_KEY": key, "GITHUB_WEBHOOK_SECRET": key}, "GITHUB_WEBHOOK_SECRET holds a private key"},
		"a key is no key of Heroku's":      {map[string]string{"GITHUB_APP_ID": "1", "GITHUB_PRIVATE_KEY": key, "HEROKU_API_KEY": coded}, "HEROKU_API_KEY holds a private key"},
		"half a key":                       {map[string]string{"GITHUB_APP_ID": "1", "GITHUB_PRIVATE_KEY": key[:800]}, "GITHUB_PRIVATE_KEY: "},
		"a client id is no secret":         {map[string]string{"GITHUB_APP_ID": "1", "GITHUB_PRIVATE_KEY": key, "GITHUB_CLIENT_SECRET": "Iv23liAbCdEfGhIjKlMn"}, "GITHUB_CLIENT_SECRET holds the App's client id"},
		"a client secret is no id":         {map[string]string{"GITHUB_APP_ID": "1", "GITHUB_PRIVATE_KEY": key, "GITHUB_CLIENT_ID": strings.Repeat("0af1", 10)}, "belongs into GITHUB_CLIENT_SECRET"},
		"an App id is no client id":        {map[string]string{"GITHUB_APP_ID": "1", "GITHUB_PRIVATE_KEY": key, "GITHUB_CLIENT_ID": "12345"}, "GITHUB_CLIENT_ID holds a number"},
		"a key is no key of sessions":      {map[string]string{"GITHUB_APP_ID": "1", "GITHUB_PRIVATE_KEY": key, "HEADSTART_SESSION_KEY": key}, "HEADSTART_SESSION_KEY holds a private key"},
		"a secret of the App is no number": {map[string]string{"GITHUB_APP_ID": "k" + part(key), "GITHUB_PRIVATE_KEY": key}, "GITHUB_APP_ID is not a number"},
	} {
		t.Run(what, func(t *testing.T) {
			said := serveWith(t, k.set)
			if !strings.Contains(said, k.want) {
				t.Errorf("expected %q, serve says:\n%s", k.want, said)
			}
			for _, secret := range []string{part(key), part(coded), key[200:230]} {
				if strings.Contains(said, secret) {
					t.Errorf("nothing of the key should be repeated, serve says:\n%s", said)
				}
			}
		})
	}
}

func TestShortSecretsAreWarnedOf(t *testing.T) {
	var s settings
	s.GitHub.WebhookSecret, s.Heroku.WebhookSecret, s.MetricsToken = "sixteen-or-more-, fifteen-or-less", "secret", "token"
	warnings := strings.Join(s.warnings(), "\n")
	for _, want := range []string{"GITHUB_WEBHOOK_SECRET", "HEROKU_WEBHOOK_SECRET", "HEADSTART_METRICS_TOKEN"} {
		if strings.Count(warnings, want) != 1 {
			t.Errorf("%s should be warned of once: %s", want, warnings)
		}
	}
	if strings.Contains(warnings, "fifteen") {
		t.Errorf("no secret should be repeated: %s", warnings)
	}
	s.GitHub.WebhookSecret, s.Heroku.WebhookSecret, s.MetricsToken = "sixteen-or-more-,sixteen-or-more2", "", "1234567890123456"
	s.Heroku.APIKey = "key"
	if list := s.warnings(); len(list) > 0 {
		t.Errorf("secrets of sixteen characters should do, got %q", list)
	}
}

// usable are settings with which serve starts, for a GitHub that does not answer.
func usable(t *testing.T) map[string]string {
	t.Helper()
	gh, err := githubtest.New(githubtest.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { gh.Close() })
	return map[string]string{
		"HEADSTART_ALLOW": "acme/shop=shop-*", "GITHUB_APP_ID": "1", "GITHUB_PRIVATE_KEY": string(gh.PrivateKeyPEM()), "HEROKU_API_KEY": "0af1-key-of-heroku",
	}
}

// Settings with which a server would start, and deploy nothing, are refused: each under its variable, all at once, and
// before a database is made.
func TestSettingsThatWouldDeployNothingAreRefused(t *testing.T) {
	good := usable(t)
	for what, k := range map[string]struct {
		set   map[string]string
		lines int
		want  []string
	}{
		"no rule":                   {map[string]string{"HEADSTART_ALLOW": " "}, 1, []string{"HEADSTART_ALLOW is missing"}},
		"rules with commas":         {map[string]string{"HEADSTART_ALLOW": "acme/shop=shop-*,acme/api=api-*"}, 1, []string{"HEADSTART_ALLOW: ", "separate rules by spaces"}},
		"an app that cannot be":     {map[string]string{"HEADSTART_ALLOW": "acme/shop=Shop_*"}, 1, []string{"HEADSTART_ALLOW: ", "lowercase"}},
		"no platform":               {map[string]string{"HEROKU_API_KEY": ""}, 1, []string{"HEROKU_API_KEY is missing", "HEADSTART_LOCAL=true"}},
		"a database in memory":      {map[string]string{"DATABASE_URL": "sqlite::memory:"}, 1, []string{"DATABASE_URL: a database in memory is forgotten"}},
		"a path as others write it": {map[string]string{"DATABASE_URL": "sqlite://headstart.db"}, 1, []string{"DATABASE_URL: sqlite:// would be a path from the root", "sqlite:headstart.db"}},
		"no path":                   {map[string]string{"DATABASE_URL": "sqlite:"}, 1, []string{"DATABASE_URL names no file"}},
		"a port that is none":       {map[string]string{"DATABASE_URL": "postgres://shop@127.0.0.1:port/shop"}, 1, []string{"DATABASE_URL is no valid PostgreSQL URL"}},
		"quotes of an env file": {
			map[string]string{"HEADSTART_ALLOW": `"acme/shop=shop-*"`, "GITHUB_APP_ID": `"1"`, "LOG_LEVEL": `'info'`}, 3,
			[]string{"HEADSTART_ALLOW is in quotes", "GITHUB_APP_ID is in quotes", "LOG_LEVEL is in quotes"},
		},
		"the router's address": {map[string]string{"HEADSTART_LOCAL_ADDR": "localhost"}, 1, []string{"HEADSTART_LOCAL_ADDR: expected an address"}},
		"everything at once": {
			map[string]string{"HEADSTART_ALLOW": "", "GITHUB_APP_ID": "Iv23liAbCdEfGhIjKlMn", "HEROKU_API_KEY": "", "PORT": "http", "LOG_LEVEL": "loud"}, 5,
			[]string{"HEADSTART_ALLOW is missing", "GITHUB_APP_ID holds the App's client id", "HEROKU_API_KEY is missing", "PORT: expected", "LOG_LEVEL: expected"},
		},
	} {
		t.Run(what, func(t *testing.T) {
			set := maps.Clone(good)
			file := filepath.Join(t.TempDir(), "headstart.db")
			set["DATABASE_URL"] = "sqlite:" + file
			maps.Copy(set, k.set)
			said := serveWith(t, set)
			for _, want := range k.want {
				if !strings.Contains(said, want) {
					t.Errorf("expected %q, serve says:\n%s", want, said)
				}
			}
			if lines := len(strings.Split(strings.TrimSpace(said), "\n")); lines != k.lines {
				t.Errorf("expected %d mistakes, each on a line, serve says:\n%s", k.lines, said)
			}
			if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("no database should be made while settings are wrong: %v", err)
			}
		})
	}
}
