package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	gh "github.com/google/go-github/v60/github"

	"github.com/headstart-cd/headstart/bot"
)

// MadeApp is a GitHub App that GitHub has just made of a manifest.
type MadeApp struct {
	ID                                    int64
	Name, Page, Owner                     string // Page: on GitHub
	ClientID, ClientSecret, WebhookSecret string
	PrivateKey                            []byte // PEM
}

// Convert exchanges the code with which GitHub sends a person back who has made an App of a manifest: docs.github.com,
// "Registering a GitHub App from a manifest". api is the API's address; empty: GitHub's own. A code is good once, for an
// hour. bot.Refused: it is not good.
func Convert(ctx context.Context, api, code string) (MadeApp, error) {
	base, err := parseBase(api)
	if err != nil {
		return MadeApp{}, err
	}
	client := gh.NewClient(&http.Client{Transport: newTransport(), Timeout: 20 * time.Second})
	client.BaseURL, client.UserAgent = base, "headstart"
	if code == "" {
		return MadeApp{}, &bot.Refused{Reason: "GitHub sent you back without a code: make the App once more."}
	}
	app, resp, err := client.Apps.CompleteAppManifest(ctx, code)
	switch {
	case resp != nil && resp.StatusCode == http.StatusNotFound:
		return MadeApp{}, &bot.Refused{Reason: "GitHub does not know the code that it sent you back with: it is good once, for an hour. If the App is on GitHub, delete it there; then make it once more."}
	case err != nil:
		return MadeApp{}, fmt.Errorf("GitHub did not hand the App's credentials over: %w", err)
	case app.GetID() == 0 || app.GetPEM() == "" || app.GetWebhookSecret() == "":
		return MadeApp{}, errors.New("GitHub handed over an App without credentials: delete it on GitHub, and make it once more")
	}
	return MadeApp{
		ID: app.GetID(), Name: app.GetName(), Page: app.GetHTMLURL(), Owner: app.GetOwner().GetLogin(),
		ClientID: app.GetClientID(), ClientSecret: app.GetClientSecret(), WebhookSecret: app.GetWebhookSecret(), PrivateKey: []byte(app.GetPEM()),
	}, nil
}

// Registered reads what GitHub tells of the App: everything but its secrets. It takes one request.
func (c *Client) Registered(ctx context.Context) (MadeApp, error) {
	var app struct {
		ID       int64
		Name     string
		Page     string `json:"html_url"`
		ClientID string `json:"client_id"`
		Owner    struct{ Login string }
	}
	a := ask{what: "read the GitHub App"}
	err := a.do(ctx, func(ctx context.Context) error {
		_, err := fetch(ctx, c.app.api, "app", &app)
		return err
	})
	return MadeApp{ID: app.ID, Name: line(app.Name, 100), Page: app.Page, Owner: app.Owner.Login, ClientID: app.ClientID}, err
}

// SetHook says where the App's webhooks go, as JSON, and with what they are signed: docs.github.com, "Update a webhook
// configuration for an app". It takes one request.
func (c *Client) SetHook(ctx context.Context, address, secret string) error {
	a := ask{what: "set the webhook configuration of the GitHub App", write: true}
	return a.do(ctx, func(ctx context.Context) error {
		_, _, err := c.app.api.Apps.UpdateHookConfig(ctx, &gh.HookConfig{URL: &address, Secret: &secret, ContentType: gh.String("json")})
		return err
	})
}

// InstalledRepository is a repository on which the App is installed.
type InstalledRepository struct {
	Name   bot.Repo
	Branch string // the default one
}

// mostInstalled bounds how many repositories are listed.
const mostInstalled = 1000

// Installed lists the repositories on which the App is installed, at most a thousand. Its errors are of bot's kinds.
func (c *Client) Installed(ctx context.Context) (list []InstalledRepository, err error) {
	installations, err := c.Installations(ctx)
	if err != nil {
		return nil, err
	}
	for _, i := range installations {
		if i.Suspended || len(list) >= mostInstalled {
			continue
		}
		api := c.conn(scope{installation: i.ID}).api
		some, err := pages(ctx, ask{what: "list the repositories of " + i.Account},
			func(ctx context.Context, page gh.ListOptions) ([]*gh.Repository, *gh.Response, error) {
				all, resp, err := api.Apps.ListRepos(ctx, &page)
				if err != nil {
					return nil, resp, err
				}
				return all.Repositories, resp, nil
			})
		if err != nil {
			return nil, err
		}
		for _, r := range some {
			list = append(list, InstalledRepository{Name: bot.Repo{Owner: r.GetOwner().GetLogin(), Name: r.GetName()}, Branch: r.GetDefaultBranch()})
		}
	}
	return list, nil
}

// Ping is the newest ping of the App's webhook.
type Ping struct {
	At     time.Time // zero: there was none in three days
	Status int       // what the server answered; 0: nothing
}

// Ping looks for GitHub's ping in its log of deliveries.
func (c *Client) Ping(ctx context.Context) (p Ping, err error) {
	_, err = c.attempts(ctx, c.now().Add(-72*time.Hour), func(a attempt) {
		if a.Event == "ping" && a.At.After(p.At) {
			p = Ping{At: a.At, Status: a.StatusCode}
		}
	})
	return p, err
}
