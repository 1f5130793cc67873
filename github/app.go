package github

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	gh "github.com/google/go-github/v60/github"

	"github.com/headstart-cd/headstart/bot"
)

// App is the GitHub App of the credentials. It is read at the start of the process, and proves that they work.
type App struct {
	Slug        string // it comments as SLUG[bot]
	Name        string
	ClientID    string            `json:"client_id"` // names it where people sign in; empty on old servers
	Permissions map[string]string // read, write or admin by name, as in {"checks": "read"}
	Events      []string          // webhook events that it subscribes to
}

// Installation is the App on one account.
type Installation struct {
	ID        int64
	Account   string // login of the user or the organization
	User      bool   // the account is a person's, who has no teams
	Suspended bool
	// Permissions are those that this account has granted. They lag behind the App's until an owner accepts new ones.
	Permissions map[string]string
}

// Permissions returns the least permissions that Headstart needs. The members of an organization are read only where a
// pipeline's file has `allow: team/…`.
func Permissions() map[string]string {
	return map[string]string{
		"metadata": "read", "contents": "read", "checks": "read", "merge_queues": "read", teamPermission: "read",
		"statuses": "write", "deployments": "write", "pull_requests": "write", "issues": "write",
	}
}

const teamPermission = "members"

// ErrNoAPI means that something answers at the API's address, but not as GitHub's API does.
var ErrNoAPI = errors.New("no API of GitHub's answers there: expected https://api.github.com, or https://HOST/api/v3 for GitHub Enterprise Server")

// App reads the App. Its error says what is wrong with the credentials, or is ErrNoAPI, as a bot.Refused.
func (c *Client) App(ctx context.Context) (App, error) {
	var app App
	a := ask{what: "read the GitHub App"}
	var answered *gh.Response
	err := a.do(ctx, func(ctx context.Context) (err error) {
		answered, err = fetch(ctx, c.app.api, "app", &app)
		return err
	})
	if err != nil && answered != nil && elsewhere(answered.Response, err) {
		return App{}, &bot.Refused{Reason: fmt.Sprintf("%s answered %d", c.base.Host, answered.StatusCode), Err: ErrNoAPI}
	}
	if err == nil && app.Slug == "" {
		err = a.unreadable("the App has no slug")
	}
	if err != nil {
		return App{}, err
	}
	return app, nil
}

// elsewhere reports whether an answer about the App itself comes from another place than GitHub's API: a page for people,
// or an API without Apps. GitHub's own answers are 200 in JSON, 401, and 404 for an App that was deleted.
func elsewhere(answer *http.Response, err error) bool {
	status := answer.StatusCode
	switch {
	case strings.Contains(answer.Header.Get("Content-Type"), "json") && status/100 == 2:
		return false // it is damaged: GitHub may have a bad moment
	case status == http.StatusNotFound:
		return !strings.Contains(strings.ToLower(err.Error()), "integration not found")
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusRequestTimeout, status == http.StatusTooManyRequests:
		return false
	}
	return status < http.StatusInternalServerError
}

// Installations lists where the App is installed.
func (c *Client) Installations(ctx context.Context) ([]Installation, error) {
	type installation struct {
		ID          int64
		Account     struct{ Login, Type string }
		SuspendedAt *string `json:"suspended_at"`
		Permissions map[string]string
	}
	all, err := pages(ctx, ask{what: "list the installations of the GitHub App"},
		func(ctx context.Context, page gh.ListOptions) ([]installation, *gh.Response, error) {
			var some []installation
			resp, err := fetch(ctx, c.app.api, query("app/installations", page), &some)
			return some, resp, err
		})
	if err != nil {
		return nil, err
	}
	list := make([]Installation, len(all))
	for i, one := range all {
		list[i] = Installation{ID: one.ID, Account: one.Account.Login, User: one.Account.Type == "User", Suspended: one.SuspendedAt != nil, Permissions: one.Permissions}
	}
	return list, nil
}

// Missing lists what the App lacks, for people: permissions, and those of the given events that it does not subscribe
// to. Empty: nothing.
func (a App) Missing(events ...string) []string {
	return append(a.MissingPermissions(), a.MissingEvents(events...)...)
}

// MissingPermissions lists the permissions that the App lacks, for people.
func (a App) MissingPermissions() []string { return lacking(a.Permissions, Permissions()) }

// MissingEvents lists those of the given events that the App does not subscribe to, for people.
func (a App) MissingEvents(events ...string) (missing []string) {
	for _, event := range events {
		if !slices.Contains(a.Events, event) {
			missing = append(missing, fmt.Sprintf("the event %q", event))
		}
	}
	return missing
}

// ExcessPermissions lists the permissions of the App that Headstart does not use, for people.
func (a App) ExcessPermissions() []string { return lacking(Permissions(), a.Permissions) }

// ExcessEvents lists the events that the App subscribes to besides the given ones, for people.
func (a App) ExcessEvents(events ...string) (excess []string) {
	for _, event := range slices.Sorted(slices.Values(a.Events)) {
		if !slices.Contains(events, event) {
			excess = append(excess, fmt.Sprintf("the event %q", event))
		}
	}
	return excess
}

// Missing lists the permissions that the account has not granted, for people. A person's account cannot grant an
// organization's.
func (i Installation) Missing() []string {
	needed := Permissions()
	if i.User {
		delete(needed, teamPermission)
	}
	return lacking(i.Permissions, needed)
}

// lacking compares granted with needed permissions: each level includes those below.
func lacking(granted, needed map[string]string) []string {
	levels := []string{"", "read", "write", "admin"}
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(needed)) {
		if slices.Index(levels, granted[name]) < slices.Index(levels, needed[name]) {
			missing = append(missing, fmt.Sprintf("the permission \"%s: %s\"", strings.ReplaceAll(name, "_", " "), needed[name]))
		}
	}
	return missing
}
