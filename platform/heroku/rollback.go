package heroku

import (
	"context"
	"errors"
	"fmt"

	heroku "github.com/heroku/heroku-go/v5"

	"github.com/headstart-cd/headstart/bot"
)

// Rollback takes an app back to one of its releases by Heroku's own rollback,
// which makes a new release of the same code and brings the config vars back
// too.
func (h *Heroku) Rollback(ctx context.Context, app, release string) (bot.Release, error) {
	op := write("roll back "+app, app, release)
	target, err := h.releaseByID(ctx, app, release)
	if err != nil {
		return bot.Release{}, err
	}
	if err := noWayBack(app, target); err != nil {
		return bot.Release{}, err
	}
	var made wireRelease
	err = h.do(ctx, op, func(ctx context.Context) error {
		if err := h.api.Post(ctx, &made, "/apps/"+app+"/releases", &heroku.ReleaseRollbackOpts{Release: target.ID}); err != nil {
			return err
		}
		return checkRelease(made)
	})
	var refused *bot.Refused
	if errors.As(err, &refused) {
		// It may have expired since it was looked at.
		if again, lookErr := h.releaseByID(ctx, app, release); lookErr == nil {
			if gone := noWayBack(app, again); gone != nil {
				return bot.Release{}, gone
			}
		}
	}
	if err != nil {
		return bot.Release{}, err
	}
	if took := made.artifact(); took != "" && took != target.artifact() {
		return bot.Release{}, &bot.Unknown{Reason: fmt.Sprintf("Heroku was asked to roll %s back to v%d and took another artifact", app, target.Version)}
	}
	h.learnCommit(ctx, app, target)
	return h.release(app, made), nil
}

// noWayBack says why an app cannot be rolled back to a release; nil if it can.
// Heroku goes back to releases that succeeded and whose slug it has not
// destroyed, which it does with old ones.
func noWayBack(app string, r wireRelease) error {
	refused := func(why string, cause error) error {
		return &bot.Refused{Reason: fmt.Sprintf("Cannot roll %s back to v%d: %s", app, r.Version, why), Platform: true, Err: cause}
	}
	switch {
	case r.Status == "expired":
		return refused("Heroku has destroyed what it ran, because it is old", bot.ErrNotFound)
	case r.Status == "failed":
		return refused("that release failed", nil)
	case r.Status == "pending":
		return refused("that release has not ended yet", nil)
	case r.artifact() == "":
		return refused("that release has no code", nil)
	case r.Eligible != nil && !*r.Eligible:
		return refused("Heroku says that it is not eligible any more", bot.ErrNotFound)
	}
	return nil
}
