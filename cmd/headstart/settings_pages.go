package main

import (
	"errors"
	"net"
	"net/url"
	"regexp"
	"strings"

	"github.com/headstart-cd/headstart/github"
)

// Whether the pages are on, and what signing in to them takes.

// pagesURL is where people find the pages; nil: they are off.
func (s settings) pagesURL() (*url.URL, error) {
	if s.URL == "" {
		return nil, nil
	}
	u, err := url.Parse(strings.TrimSuffix(s.URL, "/"))
	switch {
	case err != nil, u.Host == "", u.Scheme != "https" && u.Scheme != "http", u.User != nil, u.Path != "", u.RawQuery != "", u.Fragment != "":
		return nil, errors.New("expected the address where people find this server, as in https://headstart.example.com")
	case u.Scheme == "http" && !onThisMachine(u.Hostname()):
		return nil, errors.New("expected https: over http, anybody on the way can read the sessions (http is for this machine alone, as in http://localhost:8080)")
	}
	return u, nil
}

func onThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || strings.HasSuffix(strings.ToLower(host), ".localhost") || ip != nil && ip.IsLoopback()
}

// githubPages is where GitHub's pages are, without a slash at the end.
func (s settings) githubPages() string {
	if s.GitHub.URL != "" {
		return strings.TrimSuffix(s.GitHub.URL, "/")
	}
	return github.PagesURL(s.GitHub.APIURL)
}

// unset lists the settings without which nobody can sign in.
func (s settings) unset() []string {
	if s.GitHub.ClientSecret == "" {
		return []string{"GITHUB_CLIENT_SECRET"}
	}
	return nil
}

var clientSecret = regexp.MustCompile(`^[0-9a-f]{40}$`)

// checkPages looks at the settings of the pages, which are looked at also while these are off.
func (s settings) checkPages(wrong func(string, ...any)) {
	if _, err := s.pagesURL(); err != nil {
		wrong("HEADSTART_URL: %w", err)
	}
	switch k := kindOf(s.GitHub.ClientID); {
	case clientSecret.MatchString(s.GitHub.ClientID):
		wrong("GITHUB_CLIENT_ID holds a client secret: that belongs into GITHUB_CLIENT_SECRET")
	case k != isUnknown && k != isClientID:
		wrong("GITHUB_CLIENT_ID holds %s: expected the text beside \"Client ID\" on the GitHub App's settings page", k)
	}
	for _, v := range []struct{ variable, value, what string }{
		{"GITHUB_CLIENT_SECRET", s.GitHub.ClientSecret, "generate one under \"Client secrets\" on the GitHub App's settings page"},
		{"HEADSTART_SESSION_KEY", s.SessionKey, "make a long random one (openssl rand -hex 32)"},
	} {
		if k := kindOf(v.value); k == isKey || k == isClientID || k == isToken || k == isNumber {
			wrong("%s holds %s: %s", v.variable, k, v.what)
		}
	}
	if s.SessionKey != "" && len(s.SessionKey) < shortest {
		wrong("HEADSTART_SESSION_KEY: a key of fewer than %d characters can be guessed; make a long random one (openssl rand -hex 32)", shortest)
	}
	if s.URL != "" && s.SessionKey == "" && strings.HasPrefix(s.DatabaseURL, "postgres") {
		wrong("HEADSTART_SESSION_KEY is missing: instances that share a PostgreSQL database need the same one; make it with openssl rand -hex 32")
	}
}

// pagesWarnings says what of the pages does not work, and what is set for nothing.
func (s settings) pagesWarnings() (list []string) {
	switch {
	case s.URL != "" && s.GitHub.ClientSecret == "":
		list = append(list, "GITHUB_CLIENT_SECRET: it is missing, so nobody can sign in to the pages: generate one under \"Client secrets\" on the GitHub App's settings page")
	case s.URL == "" && (s.GitHub.ClientSecret != "" || s.SessionKey != ""):
		list = append(list, "HEADSTART_URL: it is missing, so the pages are off, though GITHUB_CLIENT_SECRET or HEADSTART_SESSION_KEY is set")
	}
	return list
}
