package heroku

import (
	"context"
	"errors"

	heroku "github.com/heroku/heroku-go/v5"
)

var errNotSet = errors.New("the maintenance mode is not what it was set to")

// Maintenance tells whether the app's maintenance mode is on.
func (h *Heroku) Maintenance(ctx context.Context, app string) (bool, error) {
	var found *heroku.App
	err := h.do(ctx, read("look at the maintenance mode of "+app, app), func(ctx context.Context) (err error) {
		if found, err = h.api.AppInfo(ctx, app); err != nil {
			return err
		}
		return checkApp(*found)
	})
	if err != nil {
		return false, err
	}
	return found.Maintenance, nil
}

// SetMaintenance turns the app's maintenance mode on or off. Heroku's router
// answers in its place from then on, with the page that the config var
// MAINTENANCE_PAGE_URL names; the app's dynos and its release phase go on.
func (h *Heroku) SetMaintenance(ctx context.Context, app string, on bool) error {
	what := "turn maintenance mode off for " + app
	if on {
		what = "turn maintenance mode on for " + app
	}
	return h.do(ctx, write(what, app), func(ctx context.Context) error {
		set, err := h.api.AppUpdate(ctx, app, heroku.AppUpdateOpts{Maintenance: &on})
		if err != nil {
			return err
		}
		if err := checkApp(*set); err != nil {
			return err
		}
		if set.Maintenance != on {
			return errNotSet
		}
		return nil
	})
}
