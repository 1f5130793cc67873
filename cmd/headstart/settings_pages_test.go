package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-cd/headstart/github/githubtest"
)

// The pages are at an address that is safe, or they are off.
func TestPagesURL(t *testing.T) {
	for address, want := range map[string]string{
		"": "", "https://headstart.example.com": "https://headstart.example.com", "https://headstart.example.com/": "https://headstart.example.com",
		"https://headstart.example.com:8443": "https://headstart.example.com:8443", "http://localhost:8080": "http://localhost:8080",
		"http://127.0.0.1:8080": "http://127.0.0.1:8080", "http://[::1]:8080": "http://[::1]:8080", "http://headstart.localhost": "http://headstart.localhost",
		"http://headstart.example.com": "refused", "http://10.0.0.7": "refused", "headstart.example.com": "refused", "ftp://localhost": "refused",
		"https://mia@headstart.example.com": "refused", "https://headstart.example.com/pages": "refused", "https://headstart.example.com?x": "refused",
	} {
		u, err := settings{URL: address}.pagesURL()
		got := "refused"
		if err == nil && u == nil {
			got = ""
		} else if err == nil {
			got = u.String()
		}
		if got != want {
			t.Errorf("HEADSTART_URL=%s should be %q, got %q, %v", address, want, got, err)
		}
	}
}

// What the pages lack is refused where nothing could work, and warned of where deploys go on.
func TestSettingsOfPages(t *testing.T) {
	gh, err := githubtest.New(githubtest.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { gh.Close() })
	good := settings{Sweep: 120e9, Allow: "acme/shop=shop-*", DatabaseURL: "sqlite:headstart.db", URL: "https://headstart.example.com"}
	good.GitHub = githubFlags{AppID: 1, PrivateKey: string(gh.PrivateKeyPEM()), WebhookSecret: webhookSecret, ClientSecret: gh.ClientSecret()}
	good.Heroku.APIKey = "key"
	const postgres = "postgres://headstart@db/headstart"
	for name, c := range map[string]struct {
		change          func(*settings)
		refused, warned string // empty: it is not
	}{
		"all is set":                       {func(*settings) {}, "", ""},
		"no client secret":                 {func(s *settings) { s.GitHub.ClientSecret = "" }, "", "GITHUB_CLIENT_SECRET: it is missing"},
		"PostgreSQL without a key":         {func(s *settings) { s.DatabaseURL = postgres }, "HEADSTART_SESSION_KEY is missing", ""},
		"PostgreSQL with a key":            {func(s *settings) { s.DatabaseURL, s.SessionKey = postgres, strings.Repeat("k", 16) }, "", ""},
		"PostgreSQL without pages":         {func(s *settings) { s.DatabaseURL, s.URL, s.GitHub.ClientSecret = postgres, "", "" }, "", ""},
		"a short key":                      {func(s *settings) { s.SessionKey = "short" }, "HEADSTART_SESSION_KEY: a key of fewer than 16", ""},
		"a secret without pages":           {func(s *settings) { s.URL = "" }, "", "HEADSTART_URL: it is missing"},
		"http that others can listen to":   {func(s *settings) { s.URL = "http://headstart.example.com" }, "HEADSTART_URL: expected https", ""},
		"GitHub's pages at no web address": {func(s *settings) { s.GitHub.URL = "github.com" }, "GITHUB_URL is no address", ""},
	} {
		s := good
		c.change(&s)
		if err := s.check(); (err == nil) != (c.refused == "") || err != nil && !strings.Contains(err.Error(), c.refused) {
			t.Errorf("%s: refused with %v, want %q", name, err, c.refused)
		}
		if warned := strings.Join(s.warnings(), "; "); (warned == "") != (c.warned == "") || !strings.Contains(warned, c.warned) {
			t.Errorf("%s: warned of %q, want %q", name, warned, c.warned)
		}
	}
}

// The key of sessions is made once, for this user alone, and lives as long as its file.
func TestSessionKeyIsMadeOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "headstart.db")
	s := settings{DatabaseURL: "sqlite:" + file}
	first, err := s.sessionKey()
	if err != nil || len(first) < 32 {
		t.Fatalf("a key should be made, got %d bytes, %v", len(first), err)
	}
	if info, err := os.Stat(file + sessionKeyEnd); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its file should be this user's alone: %v, %v", info, err)
	}
	if again, err := s.sessionKey(); err != nil || !bytes.Equal(again, first) {
		t.Errorf("the key should be the same at the next start: %v", err)
	}
	s.SessionKey = "a key of the operator's"
	if set, err := s.sessionKey(); err != nil || string(set) != s.SessionKey {
		t.Errorf("the setting should win: %q, %v", set, err)
	}
	s.SessionKey = ""
	if err := os.WriteFile(file+sessionKeyEnd, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.sessionKey(); err == nil || !strings.Contains(err.Error(), "holds no key: remove it") {
		t.Errorf("an empty file should be refused, and say what to do: %v", err)
	}
}
