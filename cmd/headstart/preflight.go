package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/headstart-cd/headstart/bot"
	"github.com/headstart-cd/headstart/webhooks"
)

// asking bounds what is asked of GitHub before the server starts.
const asking = 15 * time.Second

// introduce asks GitHub who the App is. Wrong credentials are an error; what the
// App or an installation may not do yet is a warning, because part of the work
// goes on without it. GitHub being away is a warning too: it will come back.
func (srv *server) introduce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	app, err := srv.github.App(ctx)
	var refused *bot.Refused
	if errors.As(err, &refused) {
		return fmt.Errorf("GitHub does not take the App's credentials: %w", err)
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
