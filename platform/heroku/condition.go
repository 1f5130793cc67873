package heroku

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	heroku "github.com/heroku/heroku-go/v5"

	"github.com/headstart-cd/headstart/bot"
)

// What is asked to find out whether Heroku is set up well. Nothing here changes anything.

// integrations is where Heroku keeps which app is connected to which repository. It is no part of the documented API:
// Heroku's own command line and dashboard use it.
const integrations = "https://kolkrabbi.heroku.com"

// Credentials are what the API key is good for.
type Credentials struct {
	Email string // of the account; empty: the key may not ask
	Scope string // such as write-protected, several separated by spaces; empty: Heroku does not say
	Left  int    // requests of this hour
	Limit int    // requests an hour
}

// scope remembers which scope the answers name that the API key has.
type scope struct{ last atomic.Pointer[string] }

func (s *scope) note(h http.Header) {
	if told := h.Get("Oauth-Scope"); told != "" {
		s.last.Store(&told)
	}
}

// Credentials reads what the API key is good for, in two requests, one of which is free.
func (h *Heroku) Credentials(ctx context.Context) (Credentials, error) {
	var found Credentials
	err := h.do(ctx, operation{what: "look at the API key's rate limit"}, func(ctx context.Context) error {
		limit, err := h.api.RateLimitInfo(ctx)
		if err == nil {
			found.Left = limit.Remaining
		}
		return err
	})
	if err != nil {
		return Credentials{}, err
	}
	err = h.do(ctx, operation{what: "look at the API key's account"}, func(ctx context.Context) error {
		account, err := h.api.AccountInfo(ctx)
		if err == nil {
			found.Email = h.clean(account.Email)
		}
		return err
	})
	if told := h.scope.last.Load(); told != nil {
		found.Scope = h.clean(*told)
	}
	found.Limit = max(hourly, found.Left)
	return found, unlessRefused(err)
}

// Buildpacks lists the buildpacks of an app in their order, by name or address; empty: Heroku chooses. It takes one
// request.
func (h *Heroku) Buildpacks(ctx context.Context, app string) (names []string, err error) {
	var found heroku.BuildpackInstallationListResult
	err = h.do(ctx, read("list the buildpacks of "+app, app), func(ctx context.Context) (err error) {
		found, err = h.api.BuildpackInstallationList(ctx, app, nil)
		return err
	})
	slices.SortFunc(found, func(a, b heroku.BuildpackInstallation) int { return a.Ordinal - b.Ordinal })
	for _, b := range found {
		name := b.Buildpack.Name
		if name == "" {
			name = b.Buildpack.URL
		}
		names = append(names, h.clean(name))
	}
	return names, err
}

// Webhook is a subscription to what happens to an app.
type Webhook struct {
	URL     string
	Include []string // such as api:release
}

// Webhooks lists the webhooks of an app. It takes one request.
func (h *Heroku) Webhooks(ctx context.Context, app string) (list []Webhook, err error) {
	var found heroku.AppWebhookListResult
	err = h.do(ctx, read("list the webhooks of "+app, app), func(ctx context.Context) (err error) {
		found, err = h.api.AppWebhookList(ctx, app, nil)
		return err
	})
	for _, w := range found {
		list = append(list, Webhook{URL: h.clean(w.URL), Include: w.Include})
	}
	return list, err
}

// AutomaticDeploys returns the branch that Heroku deploys to an app by itself; empty: it does not. It takes up to two
// requests, one of which is not counted.
func (h *Heroku) AutomaticDeploys(ctx context.Context, app string) (branch string, err error) {
	p, known := recall(&h.memory, h.memory.places, app)
	if !known {
		found, err := h.appAsItIs(ctx, app)
		if err != nil {
			return "", err
		}
		p = h.learnPlace(app, found.App)
	}
	var connected struct {
		Auto   bool   `json:"auto_deploy"`
		Branch string `json:"branch"`
	}
	err = h.do(ctx, read("look whether Heroku deploys "+app+" by itself", app, p.id), func(ctx context.Context) error {
		return h.connections.Get(ctx, &connected, "/apps/"+p.id+"/github", nil, nil)
	})
	switch {
	case errors.Is(err, bot.ErrNotFound):
		return "", nil // no repository is connected
	case err != nil || !connected.Auto:
		return "", err
	}
	return h.clean(strings.TrimSpace(connected.Branch)), nil
}
