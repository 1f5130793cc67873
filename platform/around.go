package platform

import (
	"context"

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
