package platform

import (
	"context"
	"fmt"

	"github.com/headstart-cd/headstart/bot"
)

// What is done around a release.

// setMaintenance sets maintenance mode as it should be, or only looks. To set it
// once more changes nothing, so that there is nothing to look for first.
func setMaintenance(ctx context.Context, on Platform, do bot.SetMaintenance) (bot.Fact, error) {
	if do.Look {
		was, err := on.Maintenance(ctx, do.App)
		return fact(bot.MaintenanceSet{Was: was}, err)
	}
	return fact(bot.MaintenanceSet{}, on.SetMaintenance(ctx, do.App, do.On))
}

// performCopy makes, watches or removes a copy of a database. Its name is the same
// for all three, so that one that nobody has told of is found by it.
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
