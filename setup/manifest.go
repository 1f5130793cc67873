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

// manifestFor is the manifest of an App for a server, as GitHub's form takes it.
func manifestFor(own, server *url.URL, name string, w Wants) (string, error) {
	data, err := json.Marshal(manifest{
		Name: name, URL: server.String(), Description: "Builds each commit while its checks run, and promotes the finished build once they pass.",
		Hook: hook{URL: server.JoinPath("webhooks", "github").String(), Active: true}, Redirect: own.JoinPath("setup", "created").String(),
		Callbacks: []string{server.JoinPath("login", "callback").String()}, Permissions: w.Permissions, Events: w.Events,
	})
	return string(data), err
}

// formAddress is GitHub's page that takes a manifest. GitHub sends the person back with state.
func formAddress(github, organization, state string) string {
	path := "/settings/apps/new"
	if organization != "" {
		path = "/organizations/" + url.PathEscape(organization) + path
	}
	return github + path + "?" + url.Values{"state": {state}}.Encode()
}
