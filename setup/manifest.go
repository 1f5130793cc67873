package setup

import (
	"encoding/json"
	"net/url"
)

// manifest describes an App to GitHub, which makes the webhook's secret itself: it refuses a manifest that brings one.
type manifest struct {
	Name        string            `json:"name"`
	URL         string            `json:"url"`
	Description string            `json:"description"`
	Hook        hook              `json:"hook_attributes"`
	Redirect    string            `json:"redirect_url"`
	Callbacks   []string          `json:"callback_urls"`
	Public      bool              `json:"public"`
	Permissions map[string]string `json:"default_permissions"`
	Events      []string          `json:"default_events"`
}

type hook struct {
	URL    string `json:"url"`
	Active bool   `json:"active"`
}

// Wants is what the App asks for.
type Wants struct {
	Permissions map[string]string
	Events      []string
}

const description = "Builds each commit while its checks run, and promotes the finished build once they pass."

// hookOf is where a server takes GitHub's webhooks.
func hookOf(server *url.URL) string { return server.JoinPath("webhooks", "github").String() }

// callbackOf is where people are sent back to who sign in on GitHub.
func callbackOf(server *url.URL) string { return server.JoinPath("login", "callback").String() }

// manifestFor is the manifest of an App for a server, as GitHub's form takes it.
func manifestFor(own, server *url.URL, name string, w Wants) (string, error) {
	data, err := json.Marshal(manifest{
		Name: name, URL: server.String(), Description: description,
		Hook: hook{URL: hookOf(server), Active: true}, Redirect: own.JoinPath("setup", "created").String(),
		Callbacks: []string{callbackOf(server)}, Permissions: w.Permissions, Events: w.Events,
	})
	return string(data), err
}

// formAddress is GitHub's page that takes a manifest. GitHub sends the person back with state.
func formAddress(github, organization, state string) string {
	return formOf(github, organization) + "?" + url.Values{"state": {state}}.Encode()
}

// filledIn is GitHub's form of a new App with everything filled in: docs.github.com, "Registering a GitHub App using URL
// parameters". It can be opened on any machine. It names no secret: addresses are kept by browsers.
func filledIn(github, organization string, server *url.URL, name string, w Wants) string {
	q := url.Values{
		"name": {name}, "url": {server.String()}, "description": {description}, "public": {"false"}, "webhook_active": {"true"},
		"webhook_url": {hookOf(server)}, "callback_urls[]": {callbackOf(server)}, "events[]": w.Events,
	}
	for permission, level := range w.Permissions {
		q.Set(permission, level)
	}
	return formOf(github, organization) + "?" + q.Encode()
}

// formOf is GitHub's form of a new App; organization is empty for the person's own.
func formOf(github, organization string) string {
	if organization == "" {
		return github + "/settings/apps/new"
	}
	return github + "/organizations/" + url.PathEscape(organization) + "/settings/apps/new"
}
