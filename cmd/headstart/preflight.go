package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/github"
	"github.com/headstart-cd/headstart/platform/heroku"
	"github.com/headstart-cd/headstart/webhooks"
)

// asking bounds what is asked of GitHub before the server starts.
const asking = 15 * time.Second

// introduce asks GitHub who the App is, and Heroku whose the API key is. Wrong
// credentials and addresses are errors; what the App or an installation may not do yet
// is a warning, because part of the work goes on without it. Either of them being away
// is a warning too: it will come back.
func (srv *server) introduce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	var toGitHub, toHeroku error
	var both sync.WaitGroup
	both.Go(func() { toHeroku = srv.introduceToHeroku(ctx) })
	toGitHub = srv.introduceToGitHub(ctx)
	both.Wait()
	return errors.Join(toGitHub, toHeroku)
}

func (srv *server) introduceToHeroku(ctx context.Context) error {
	if srv.heroku == nil {
		return nil
	}
	var refused *bot.Refused
	switch err := srv.heroku.Introduce(ctx); {
	case errors.Is(err, heroku.ErrNoAPI):
		return fmt.Errorf("HEROKU_API_URL: %w", err)
	case errors.As(err, &refused):
		return fmt.Errorf("HEROKU_API_KEY: %s", refused.Reason)
	case err != nil:
		srv.log.Warn("Heroku does not tell whose the API key is; starting anyway", zap.Error(err))
	}
	return nil
}

func (srv *server) introduceToGitHub(ctx context.Context) error {
	app, err := srv.github.App(ctx)
	var refused *bot.Refused
	switch {
	case errors.As(err, &refused) && errors.Is(err, github.ErrNoAPI):
		return fmt.Errorf("GITHUB_API_URL: %w (%s)", github.ErrNoAPI, refused.Reason)
	case refused != nil:
		return fmt.Errorf("GITHUB_APP_ID or GITHUB_PRIVATE_KEY: %s", refused.Reason)
	}
	if err != nil {
		srv.log.Warn("GitHub is unreachable; starting anyway", zap.Error(err))
		return nil
	}
	srv.log.Info("authenticated as the GitHub App", zap.String("app", app.Slug))
	if missing := app.Missing(webhooks.Events()...); len(missing) > 0 {
		srv.log.Warn("the GitHub App lacks something: add it on the App's settings page, under Permissions & events; owners of the accounts then accept new permissions", zap.Strings("missing", missing))
	}
	installations, err := srv.github.Installations(ctx)
	if err != nil {
		srv.log.Warn("the App's installations could not be read", zap.Error(err))
	}
	for _, i := range installations {
		if i.Suspended {
			srv.log.Warn("the App is suspended on an account", zap.String("account", i.Account))
		}
		if missing := i.Missing(); len(missing) > 0 {
			srv.log.Warn("an installation has not granted all permissions: an owner of the account has to accept them",
				zap.String("account", i.Account), zap.Strings("missing", missing))
		}
	}
	return nil
}
