package platform

import (
	"context"
	"fmt"

	"github.com/headstart-cd/headstart/bot"
)

// Effects around a release.

// setMaintenance sets or reads maintenance mode. Setting it again changes nothing, so it does not look first.
func setMaintenance(ctx context.Context, on Platform, do bot.SetMaintenance) (bot.Fact, error) {
	if do.Look {
		was, err := on.Maintenance(ctx, do.App)
		return fact(bot.MaintenanceSet{Was: was}, err)
	}
	return fact(bot.MaintenanceSet{}, on.SetMaintenance(ctx, do.App, do.On))
}

// performCopy makes, watches or removes a copy of a database. All three use the same name, so that an unreported copy
// is found.
func performCopy(ctx context.Context, on Platform, target bot.Target, do bot.Action) (bot.Fact, error) {
	name := func(stage string, promotion int) string {
		return fmt.Sprintf("%s %s %d", target.Pipeline, stage, promotion)
	}
	switch do := do.(type) {
	case bot.MakeCopy:
		seen, err := on.MakeCopy(ctx, Copy{Name: name(do.Stage, do.Promotion), App: do.App, From: do.From, Command: do.Command})
		return fact(seen, err)
	case bot.WatchCopy:
		seen, err := on.Copy(ctx, Copy{Name: name(do.Stage, do.Promotion), App: do.App, ID: do.ID})
		return fact(seen, err)
	case bot.RemoveCopy:
		return fact(bot.Acknowledged{}, on.RemoveCopy(ctx, Copy{Name: name(do.Stage, do.Promotion), App: do.App, ID: do.ID}))
	}
	return nil, &bot.Refused{Reason: "no platform performs " + bot.NameOf(do)}
}
